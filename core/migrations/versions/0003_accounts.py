"""accounts: sessions, single-use codes, second factor, personal tokens, kept forms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import Json, Key, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the step."""
    op.create_table(
        "core_session",
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("locked_at", UtcDateTime(), nullable=True),
        sa.Column("two_factor_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("district", sa.SmallInteger(), nullable=True),
        _account("core_session"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_session")),
    )
    op.create_index("ix_core_session_account", "core_session", ["account_id", "ended_at"], unique=False)
    op.create_table(
        "core_account_code",
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("about", sa.String(length=254), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", Key(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        _account("core_account_code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_account_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_core_account_code_code_hash")),
    )
    op.create_index("ix_core_account_code_account", "core_account_code", ["account_id", "purpose"], unique=False)
    op.create_table(
        "core_second_factor",
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        _account("core_second_factor"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_second_factor")),
        sa.UniqueConstraint("account_id", name=op.f("uq_core_second_factor_account_id")),
    )
    op.create_table(
        "core_token",
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("member_of", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        _account("core_token"),
        sa.ForeignKeyConstraint(
            ["member_of"], ["core_district.id"], name=op.f("fk_core_token_member_of_core_district")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_core_token_token_hash")),
    )
    op.create_index("ix_core_token_account", "core_token", ["account_id"], unique=False)
    op.create_table(
        "core_kept_form",
        sa.Column("id", Key(), nullable=False),
        sa.Column("account_id", Key(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        _account("core_kept_form"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_kept_form")),
    )
    op.create_index("ix_core_kept_form_expires", "core_kept_form", ["expires_at"], unique=False)
    with op.batch_alter_table("core_account", schema=None) as batch_op:
        batch_op.drop_column("tf_totp_secret")
        batch_op.drop_column("tf_primary_method")


def downgrade() -> None:
    """Undo the step."""
    with op.batch_alter_table("core_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tf_primary_method", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("tf_totp_secret", sa.String(length=255), nullable=True))
    op.drop_index("ix_core_kept_form_expires", table_name="core_kept_form")
    op.drop_table("core_kept_form")
    op.drop_index("ix_core_token_account", table_name="core_token")
    op.drop_table("core_token")
    op.drop_table("core_second_factor")
    op.drop_index("ix_core_account_code_account", table_name="core_account_code")
    op.drop_table("core_account_code")
    op.drop_index("ix_core_session_account", table_name="core_session")
    op.drop_table("core_session")


def _account(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_account_id_core_account")
    return sa.ForeignKeyConstraint(["account_id"], ["core_account.id"], name=name)
