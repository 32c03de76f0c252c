"""files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Key, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_file",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("object_id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("field_class", sa.String(length=20), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("uploaded_by", Key(), nullable=True),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_file")),
    )
    with op.batch_alter_table("core_file", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_core_file_district_id_resource_object_id"),
            ["district_id", "resource", "object_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_core_file_district_id_state_uploaded_at"),
            ["district_id", "state", "uploaded_at"],
            unique=False,
        )
    op.create_table(
        "core_record_creation",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("token_id", Key(), nullable=False),
        sa.Column("word", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "record_id"],
            ["core_record.district_id", "core_record.id"],
            name=op.f("fk_core_record_creation_district_id_record_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_record_creation")),
        sa.UniqueConstraint(
            "district_id", "token_id", "word", name=op.f("uq_core_record_creation_district_id_token_id_word")
        ),
    )
    with op.batch_alter_table("core_record_creation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_core_record_creation_district_id_at"), ["district_id", "at"], unique=False)


def downgrade() -> None:
    """Undo the step."""
    op.drop_table("core_record_creation")
    op.drop_table("core_file")
