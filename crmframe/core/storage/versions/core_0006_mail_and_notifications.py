"""Mail and notifications."""

import sqlalchemy as sa
from alembic import op

from crmframe.core.storage.types import Id, Instant, JsonText

revision = "core_0006"
down_revision = "core_0005"


def upgrade() -> None:
    op.create_table(
        "core_notification",
        sa.Column("id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("about", sa.String(length=100), nullable=False),
        sa.Column("data", JsonText(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_notification"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_core_notification_unread",
        "core_notification",
        ["user_id", "id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        "ix_core_notification_untold",
        "core_notification",
        ["user_id", "id"],
        sqlite_where=sa.text("mail = 'now'"),
        postgresql_where=sa.text("mail = 'now'"),
    )
    op.create_index("ix_core_notification_user_id_id", "core_notification", ["user_id", "id"])
    op.create_table(
        "core_notification_choice",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=120), nullable=False),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_core_notification_choice"),
    )
    op.create_table(
        "core_notification_digest",
        sa.Column("user_id", Id(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_core_notification_digest"),
    )
    op.create_table(
        "core_outgoing_mail",
        sa.Column("id", Id(), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_core_outgoing_mail"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_core_outgoing_mail_reference", "core_outgoing_mail", ["reference"])
    op.create_index(
        "ix_core_outgoing_mail_waiting",
        "core_outgoing_mail",
        ["run_at", "id"],
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
