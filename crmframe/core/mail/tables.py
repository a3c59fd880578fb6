"""The mails that wait, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant

INFO = {"plugin": "core"}
# What waits is looked for all the time; what was sent stays in its thousands.
WAITING = sa.text("state IN ('queued', 'sending')")

outgoing = sa.Table(
    "core_outgoing_mail",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("recipient", sa.String(254), nullable=False),
    sa.Column("subject", sa.String(300), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    # What it is about, such as core.user:7 or sales.quote:3.
    sa.Column("reference", sa.String(120), nullable=False, index=True),
    # queued, sending, sent, failed or unknown: handed over, but the answer never came.
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_at", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Index("ix_core_outgoing_mail_waiting", "run_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    info=INFO,
    sqlite_autoincrement=True,
)
