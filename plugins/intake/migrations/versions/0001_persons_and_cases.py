"""persons and cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Key, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PLAIN_ORDER = sa.String(220).with_variant(sa.String(220, collation="C"), "postgresql")
CURRENT = sa.text("is_current")


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "intake_person",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("given_name", sa.String(length=100), nullable=False),
        sa.Column("family_name", sa.String(length=100), nullable=False),
        sa.Column("sort_name", PLAIN_ORDER, nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("tax_code_kind", sa.String(length=10), nullable=False),
        sa.Column("tax_code_reason", sa.String(length=20), nullable=False),
        sa.Column("tax_code", sa.LargeBinary(), nullable=True),
        sa.Column("tax_code_blind", sa.LargeBinary(length=32), nullable=True),
        sa.Column("citizenship", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("disadvantage", sa.LargeBinary(), nullable=True),
        sa.Column("followed_by", sa.LargeBinary(), nullable=True),
        sa.Column("health_notes", sa.LargeBinary(), nullable=True),
        sa.Column("penal_notes", sa.LargeBinary(), nullable=True),
        sa.Column("in_charge_organisation_id", Key(), nullable=True),
        sa.Column("in_charge_municipality", sa.String(length=6), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", Key(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_intake_person")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_intake_person_district_id_code")),
        sa.UniqueConstraint("district_id", "tax_code_blind", name=op.f("uq_intake_person_district_id_tax_code_blind")),
        sa.UniqueConstraint("district_id", "account_id", name=op.f("uq_intake_person_district_id_account_id")),
    )
    op.create_index("ix_intake_person_sort_name", "intake_person", ["district_id", "sort_name", "id"])
    for column in ("in_charge_organisation_id", "in_charge_municipality"):
        op.create_index(f"ix_intake_person_district_id_{column}", "intake_person", ["district_id", column])
    op.create_table(
        "intake_person_word",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("person_id", Key(), nullable=False),
        sa.Column("word", PLAIN_ORDER, nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "person_id"],
            ["intake_person.district_id", "intake_person.id"],
            name=op.f("fk_intake_person_word_district_id_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_intake_person_word")),
    )
    op.create_index("ix_intake_person_word_word", "intake_person_word", ["district_id", "word", "person_id"])
    op.create_index("ix_intake_person_word_person_id", "intake_person_word", ["district_id", "person_id"])
    op.create_table(
        "intake_case",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("person_id", Key(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", Key(), nullable=True),
        sa.Column("municipality", sa.String(length=6), nullable=False),
        sa.Column("registered_at", UtcDateTime(), nullable=False),
        sa.Column("registered_by", Key(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("opened_by", Key(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", Key(), nullable=True),
        sa.Column("close_reason", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id", "person_id"],
            ["intake_person.district_id", "intake_person.id"],
            name=op.f("fk_intake_case_district_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_intake_case")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_intake_case_district_id_code")),
    )
    for column in ("person_id", "organisation_id", "municipality"):
        op.create_index(f"ix_intake_case_{column}", "intake_case", ["district_id", column])
    op.create_index(
        "uq_intake_case_current",
        "intake_case",
        ["district_id", "person_id"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
    op.create_table(
        "intake_counter",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_intake_counter")),
        sa.UniqueConstraint("district_id", "year", name=op.f("uq_intake_counter_district_id_year")),
    )


def downgrade() -> None:
    """Take the step back."""
    for table in ("intake_counter", "intake_case", "intake_person_word", "intake_person"):
        op.drop_table(table)
