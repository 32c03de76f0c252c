"""The register of processing comes from the model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    with op.batch_alter_table("core_processing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("status", sa.String(length=20), nullable=False, server_default="confirmed"))
        batch_op.add_column(sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "uq_core_processing_key",
        "core_processing",
        ["district_id", "key"],
        unique=True,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )


def downgrade() -> None:
    """Undo the step."""
    op.drop_index("uq_core_processing_key", table_name="core_processing")
    with op.batch_alter_table("core_processing", schema=None) as batch_op:
        for name in ("source", "status", "by_hand", "key"):
            batch_op.drop_column(name)
