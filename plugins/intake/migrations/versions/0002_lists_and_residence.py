"""indexes in the order of the list, residence outside the district."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCOPES = (
    ("ix_intake_person_organisation", "in_charge_organisation_id"),
    ("ix_intake_person_municipality", "in_charge_municipality"),
)


def upgrade() -> None:
    """Run the step."""
    op.add_column(
        "intake_person", sa.Column("other_municipality", sa.String(length=100), nullable=False, server_default="")
    )
    for name, column in SCOPES:
        op.drop_index(f"ix_intake_person_district_id_{column}", "intake_person")
        op.create_index(name, "intake_person", ["district_id", column, "sort_name", "id"])
    # Sort names are words with spaces between: what stood between letters of one word ends it.
    person = sa.table("intake_person", sa.column("sort_name", sa.String))
    for mark in ("'", "’", "-"):
        op.execute(person.update().values(sort_name=sa.func.replace(person.c.sort_name, mark, " ")))


def downgrade() -> None:
    """Undo the step."""
    for name, column in SCOPES:
        op.drop_index(name, "intake_person")
        op.create_index(f"ix_intake_person_district_id_{column}", "intake_person", ["district_id", column])
    op.drop_column("intake_person", "other_municipality")
