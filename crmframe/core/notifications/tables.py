"""What people were told. It is no record: nobody but its reader ever sees it, and nobody takes it back."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

INFO = {"plugin": "core"}
UNREAD = sa.text("read_at IS NULL")
UNTOLD = sa.text("mail = 'now'")

notification = sa.Table(
    "core_notification",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("user_id", Id(), nullable=False),
    sa.Column("kind", sa.String(120), nullable=False),
    # Such as sales.deal:7, empty for what is about no record.
    sa.Column("about", sa.String(100), nullable=False),
    sa.Column("data", JsonText, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("read_at", Instant),
    # now, digest or off, as the reader wanted it then; told once it has gone out.
    sa.Column("mail", sa.String(10), nullable=False),
    sa.Index("ix_core_notification_user_id_id", "user_id", "id"),
    sa.Index("ix_core_notification_unread", "user_id", "id", sqlite_where=UNREAD, postgresql_where=UNREAD),
    sa.Index("ix_core_notification_untold", "user_id", "id", sqlite_where=UNTOLD, postgresql_where=UNTOLD),
    info=INFO,
    sqlite_autoincrement=True,
)

choice = sa.Table(
    "core_notification_choice",
    METADATA,
    sa.Column("user_id", Id(), primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(120), primary_key=True),
    sa.Column("mail", sa.String(10), nullable=False),
    info=INFO,
)

digest = sa.Table(
    "core_notification_digest",
    METADATA,
    sa.Column("user_id", Id(), primary_key=True, autoincrement=False),
    # The reader's day of the last digest: once a day, wherever the reader is.
    sa.Column("day", sa.Date, nullable=False),
    info=INFO,
)
