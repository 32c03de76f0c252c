"""teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Key, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SINGLE = sa.text("single AND kind = 'holder' AND valid_to IS NULL")


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_team_place",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("object_id", Key(), nullable=False),
        sa.Column("function", sa.String(length=60), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("organisation_id", Key(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_end_reason", sa.LargeBinary(), nullable=True),
        sa.Column("stands_for", Key(), nullable=True),
        sa.Column("given_by", Key(), nullable=True),
        sa.Column("given_by_name", sa.String(length=200), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", Key(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["core_account.id"], name=op.f("fk_core_team_place_account_id")),
        sa.ForeignKeyConstraint(
            ["district_id", "stands_for"],
            ["core_team_place.district_id", "core_team_place.id"],
            name=op.f("fk_core_team_place_district_id_stands_for"),
        ),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_team_place")),
    )
    with op.batch_alter_table("core_team_place", schema=None) as batch_op:
        batch_op.create_index("ix_core_team_place_object", ["district_id", "resource", "object_id"], unique=False)
        batch_op.create_index("ix_core_team_place_account", ["district_id", "account_id", "resource"], unique=False)
        batch_op.create_index(
            "uq_core_team_place_single",
            ["district_id", "resource", "object_id", "function"],
            unique=True,
            sqlite_where=SINGLE,
            postgresql_where=SINGLE,
        )

    op.create_table(
        "core_access_request",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("resource", sa.String(length=60), nullable=False),
        sa.Column("object_id", Key(), nullable=True),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", Key(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["core_account.id"], name=op.f("fk_core_access_request_account_id")),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_access_request")),
    )
    with op.batch_alter_table("core_access_request", schema=None) as batch_op:
        batch_op.create_index("ix_core_access_request_account", ["district_id", "account_id", "asked_at"], unique=False)
        batch_op.create_index("ix_core_access_request_open", ["district_id", "state", "asked_at"], unique=False)


def downgrade() -> None:
    """Undo the step."""
    with op.batch_alter_table("core_access_request", schema=None) as batch_op:
        batch_op.drop_index("ix_core_access_request_open")
        batch_op.drop_index("ix_core_access_request_account")
    op.drop_table("core_access_request")
    with op.batch_alter_table("core_team_place", schema=None) as batch_op:
        batch_op.drop_index("uq_core_team_place_single")
        batch_op.drop_index("ix_core_team_place_account")
        batch_op.drop_index("ix_core_team_place_object")
    op.drop_table("core_team_place")
