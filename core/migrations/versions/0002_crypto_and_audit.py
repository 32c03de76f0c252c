"""crypto and audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.audit.triggers import add_triggers, drop_triggers
from core.db import DistrictKey, Json, Key, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_data_key",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("owner_id", Key(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("ring_key", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("destroyed_at", UtcDateTime(), nullable=True),
        sa.Column("destroyed_because", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_data_key")),
        sa.UniqueConstraint(
            "district_id", "owner_id", "purpose", name=op.f("uq_core_data_key_district_id_owner_id_purpose")
        ),
    )
    op.create_index("ix_core_data_key_ring", "core_data_key", ["district_id", "ring_key"], unique=False)
    op.create_table(
        "core_installation_key",
        sa.Column("id", Key(), nullable=False),
        sa.Column("purpose", sa.String(length=60), nullable=False),
        sa.Column("ring_key", sa.String(length=40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_installation_key")),
        sa.UniqueConstraint("purpose", name=op.f("uq_core_installation_key_purpose")),
    )
    op.create_table(
        "core_audit_entry",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("function", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("object_id", Key(), nullable=True),
        sa.Column("subject_id", Key(), nullable=True),
        sa.Column("part", sa.String(length=60), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("purpose", sa.String(length=120), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("details", Json(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_audit_entry")),
    )
    op.create_index("uq_core_audit_entry_seq", "core_audit_entry", ["district_id", "seq"], unique=True)
    op.create_index("ix_core_audit_entry_at", "core_audit_entry", ["district_id", "at"], unique=False)
    op.create_index(
        "ix_core_audit_entry_subject", "core_audit_entry", ["district_id", "subject_id", "at"], unique=False
    )
    op.create_index("ix_core_audit_entry_object", "core_audit_entry", ["district_id", "object_id", "at"], unique=False)
    op.create_table(
        "core_audit_chain",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        *_head_columns(),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_audit_chain")),
    )
    op.create_table(
        "core_access_chain",
        sa.Column("id", Key(), nullable=False),
        *_head_columns(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_access_chain")),
    )
    op.add_column("core_access_log", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("core_access_log", sa.Column("mac", sa.LargeBinary(length=32), nullable=True))
    op.create_index("uq_core_access_log_seq", "core_access_log", ["seq"], unique=True)
    for table in ("core_audit_entry", "core_access_log"):
        add_triggers(op.get_bind(), table)


def _head_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("head_seq", sa.BigInteger(), nullable=False),
        sa.Column("head_at", UtcDateTime(), nullable=True),
    ]


def downgrade() -> None:
    """Undo the step."""
    for table in ("core_audit_entry", "core_access_log"):
        drop_triggers(op.get_bind(), table)
    op.drop_index("uq_core_access_log_seq", table_name="core_access_log")
    with op.batch_alter_table("core_access_log", schema=None) as batch_op:
        batch_op.drop_column("mac")
        batch_op.drop_column("seq")
    op.drop_table("core_access_chain")
    op.drop_table("core_audit_chain")
    op.drop_table("core_audit_entry")
    op.drop_table("core_installation_key")
    op.drop_table("core_data_key")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS core_audit_refuse()")
