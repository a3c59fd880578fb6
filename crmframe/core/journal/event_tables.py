"""The tables of event delivery: each subscription's place in the stream, and the batches that failed."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.journal.tables import INFO
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

subscription = sa.Table(
    "core_subscription",
    METADATA,
    sa.Column("key", sa.String(120), primary_key=True),
    # The last commit that was delivered or passed over (events.Cursor).
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("txid", sa.BigInteger, nullable=False),
    sa.Column("commit_id", Id(), nullable=False),
    sa.Column("lease_owner", sa.String(80)),
    sa.Column("lease_until", Instant),
    # How often the lease ran out, one time after the other, without a step forward.
    sa.Column("takeovers", sa.Integer, nullable=False),
    # The plugin is off or gone: its place is kept.
    sa.Column("parked", sa.Boolean, nullable=False),
    info=INFO,
)

event_retry = sa.Table(
    "core_event_retry",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("subscription", sa.String(120), nullable=False),
    sa.Column("operation_id", Id(), nullable=False),
    # Ids of core_commit: the events are derived from them again.
    sa.Column("commits", JsonText, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("failed_at", Instant, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Index("ix_core_event_retry_due", "state", "next_at"),
    info=INFO,
    sqlite_autoincrement=True,
)
