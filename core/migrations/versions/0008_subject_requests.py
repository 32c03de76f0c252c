"""subject requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Json, Key, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_public_code",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("object_id", Key(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_public_code")),
        sa.UniqueConstraint("district_id", "hash", name=op.f("uq_core_public_code_district_id_hash")),
    )
    with op.batch_alter_table("core_public_code", schema=None) as batch_op:
        batch_op.create_index("ix_core_public_code_object", ["district_id", "object_id"], unique=False)

    op.create_table(
        "core_subject_request",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("subject_resource", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Key(), nullable=True),
        sa.Column("assigned_to", Key(), nullable=True),
        sa.Column("identity", sa.String(length=20), nullable=False),
        sa.Column("names_disclosed", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", Key(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("form", sa.LargeBinary(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["assigned_to"], ["core_account.id"], name=op.f("fk_core_subject_request_assigned_to")),
        sa.ForeignKeyConstraint(["created_by"], ["core_account.id"], name=op.f("fk_core_subject_request_created_by")),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_subject_request")),
        sa.UniqueConstraint("district_id", "form", name=op.f("uq_core_subject_request_district_id_form")),
        sa.UniqueConstraint(
            "district_id", "year", "serial", name=op.f("uq_core_subject_request_district_id_year_serial")
        ),
    )
    with op.batch_alter_table("core_subject_request", schema=None) as batch_op:
        batch_op.create_index("ix_core_subject_request_queue", ["district_id", "state", "due_on"], unique=False)
        batch_op.create_index("ix_core_subject_request_subject", ["district_id", "subject_id"], unique=False)

    op.create_table(
        "core_subject_request_step",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("request_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id", "request_id"],
            ["core_subject_request.district_id", "core_subject_request.id"],
            name=op.f("fk_core_subject_request_step_district_id_request_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_subject_request_step")),
    )
    with op.batch_alter_table("core_subject_request_step", schema=None) as batch_op:
        batch_op.create_index("ix_core_subject_request_step_request", ["district_id", "request_id", "at"], unique=False)

    op.create_table(
        "core_restriction",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("request_id", Key(), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_restriction")),
    )
    with op.batch_alter_table("core_restriction", schema=None) as batch_op:
        batch_op.create_index(
            "uq_core_restriction_running",
            ["district_id", "subject_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "core_legal_hold",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_legal_hold")),
    )
    with op.batch_alter_table("core_legal_hold", schema=None) as batch_op:
        batch_op.create_index("ix_core_legal_hold_subject", ["district_id", "subject_id", "released_at"], unique=False)

    op.create_table(
        "core_erasure",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("cause_id", Key(), nullable=True),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_erasure")),
        sa.UniqueConstraint("district_id", "subject_id", name=op.f("uq_core_erasure_district_id_subject_id")),
    )
    op.create_table(
        "core_retention_run",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("details", Json(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_retention_run")),
    )
    with op.batch_alter_table("core_retention_run", schema=None) as batch_op:
        batch_op.create_index("ix_core_retention_run_at", ["district_id", "at"], unique=False)

    op.create_table(
        "core_company_registration",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("vat_number", sa.String(length=11), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("contact_name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", Key(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("organisation_id", Key(), nullable=True),
        sa.Column("account_id", Key(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_account.id"], name=op.f("fk_core_company_registration_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["core_account.id"], name=op.f("fk_core_company_registration_decided_by")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_company_registration")),
        sa.UniqueConstraint(
            "district_id", "code_hash", name=op.f("uq_core_company_registration_district_id_code_hash")
        ),
    )
    with op.batch_alter_table("core_company_registration", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_company_registration_state", ["district_id", "state", "created_at"], unique=False
        )
        batch_op.create_index("ix_core_company_registration_vat", ["district_id", "vat_number"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    op.drop_table("core_company_registration")
    op.drop_table("core_retention_run")
    op.drop_table("core_erasure")
    op.drop_table("core_legal_hold")
    op.drop_table("core_restriction")
    op.drop_table("core_subject_request_step")
    op.drop_table("core_subject_request")
    op.drop_table("core_public_code")
