"""notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import DistrictKey, Json, Key, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_mail",
        sa.Column("id", Key(), nullable=False),
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("account_id", Key(), nullable=True),
        sa.Column("hint", sa.String(length=260), nullable=False),
        sa.Column("letter", sa.LargeBinary(), nullable=True),
        sa.Column("dedupe", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("waiting_since", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("given_up_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_mail")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_core_mail_dedupe")),
    )
    with op.batch_alter_table("core_mail", schema=None) as batch_op:
        batch_op.create_index("ix_core_mail_waiting", ["sent_at", "given_up_at", "next_try_at"], unique=False)
    op.create_table(
        "core_notice",
        sa.Column("district_id", DistrictKey(), autoincrement=False, nullable=False),
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("sentence", Json(), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district_id", "id", name=op.f("pk_core_notice")),
    )
    with op.batch_alter_table("core_notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_core_notice_account", ["district_id", "account_id", "read_at", "created_at"], unique=False
        )


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("core_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_core_notice_account")
    op.drop_table("core_notice")
    with op.batch_alter_table("core_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_core_mail_waiting")
    op.drop_table("core_mail")
