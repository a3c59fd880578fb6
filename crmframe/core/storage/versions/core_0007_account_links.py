"""Links to an account, and second factors."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant

revision = "core_0007"
down_revision = "core_0006"


def upgrade() -> None:
    op.create_table(
        "core_account_link",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_account_link"),
        sa.UniqueConstraint("secret_hash", name="uq_core_account_link_secret_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_account_link_user_id", "core_account_link", ["user_id"])
    op.create_index("ix_core_account_link_expires_at", "core_account_link", ["expires_at"])
    op.create_table(
        "core_second_factor",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.String(length=255), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("last_counter", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_core_second_factor"),
    )
    op.create_table(
        "core_recovery_code",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_core_recovery_code"),
    )
