"""privacy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Json, Key, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_processing",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("purpose", Json(), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("organisation_id", Key(), nullable=True),
        sa.Column("controller", sa.String(length=200), nullable=False),
        sa.Column("processor", sa.String(length=200), nullable=False),
        sa.Column("dpo_contact", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("articles", Json(), nullable=False),
        sa.Column("kept", Json(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_core_processing_valid_range")),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_processing")),
    )
    with op.batch_alter_table("core_processing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_processing_district_id_organisation_id", ["district_id", "organisation_id"], unique=False
        )
    op.create_table(
        "core_notice_given",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_notice_given")),
    )
    with op.batch_alter_table("core_notice_given", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_notice_given_district_id_subject_id_given_on",
            ["district_id", "subject_id", "given_on"],
            unique=False,
        )
    op.create_table(
        "core_consent",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "withdrawn_on IS NULL OR withdrawn_on >= given_on", name=op.f("ck_core_consent_withdrawn_after")
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_consent")),
    )
    with op.batch_alter_table("core_consent", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_consent_district_id_subject_id_kind", ["district_id", "subject_id", "kind"], unique=False
        )
    op.create_table(
        "core_sharing",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("subject_id", Key(), nullable=False),
        sa.Column("organisation_id", Key(), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("articles", Json(), nullable=False),
        sa.Column("consent_id", Key(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_core_sharing_valid_range")),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_sharing")),
    )
    with op.batch_alter_table("core_sharing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_sharing_district_id_subject_id_organisation_id",
            ["district_id", "subject_id", "organisation_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_core_sharing_district_id_organisation_id", ["district_id", "organisation_id"], unique=False
        )


def downgrade() -> None:
    """Undo the step."""
    with op.batch_alter_table("core_sharing", schema=None) as batch_op:
        batch_op.drop_index("ix_core_sharing_district_id_organisation_id")
        batch_op.drop_index("ix_core_sharing_district_id_subject_id_organisation_id")
    op.drop_table("core_sharing")
    with op.batch_alter_table("core_consent", schema=None) as batch_op:
        batch_op.drop_index("ix_core_consent_district_id_subject_id_kind")
    op.drop_table("core_consent")
    with op.batch_alter_table("core_notice_given", schema=None) as batch_op:
        batch_op.drop_index("ix_core_notice_given_district_id_subject_id_given_on")
    op.drop_table("core_notice_given")
    with op.batch_alter_table("core_processing", schema=None) as batch_op:
        batch_op.drop_index("ix_core_processing_district_id_organisation_id")
    op.drop_table("core_processing")
