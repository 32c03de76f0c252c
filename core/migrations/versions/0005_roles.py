"""Functions, two-factor roles, and the body or municipality for which a role is held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Json, Key, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_function",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", Json(), nullable=False),
        sa.Column("unique_in", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_function")),
        sa.UniqueConstraint("district_id", "key", name=op.f("uq_core_function_district_id_key")),
    )
    with op.batch_alter_table("core_role", schema=None) as batch_op:
        batch_op.add_column(sa.Column("functions", Json(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("two_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("retired_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("core_role_holder", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", Key(), nullable=True))
        batch_op.add_column(sa.Column("municipality", sa.String(length=6), nullable=False, server_default=""))


def downgrade() -> None:
    """Undo the step."""
    with op.batch_alter_table("core_role_holder", schema=None) as batch_op:
        batch_op.drop_column("municipality")
        batch_op.drop_column("organisation_id")
    with op.batch_alter_table("core_role", schema=None) as batch_op:
        for name in ("retired_at", "version", "two_factor", "functions"):
            batch_op.drop_column(name)
    op.drop_table("core_function")
