"""The tables of the journal, there from the first migration (ARCHITECTURE 8)."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

INFO = {"plugin": "core"}

operation = sa.Table(
    "core_operation",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("verb", sa.String(80), nullable=False),
    sa.Column("door", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("actor_id", Id()),
    sa.Column("actor_name", sa.String(120), nullable=False),
    sa.Column("cause_id", Id()),
    sa.Column("cause", sa.String(120), nullable=False, server_default=""),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("undo_of", Id(), index=True),
    sa.Column("undoable", sa.Boolean, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("note", JsonText),
    sa.Index("ix_core_operation_started_at", "started_at", "id"),
    info=INFO,
    sqlite_autoincrement=True,
)

commit = sa.Table(
    "core_commit",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("operation_id", Id(), sa.ForeignKey(operation.c.id), nullable=False, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    # The transaction's id on PostgreSQL, 0 on SQLite: the event cursor reads below the oldest running one.
    sa.Column("txid", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_core_commit_cursor", "epoch", "txid", "id"),
    sa.Index("ix_core_commit_at", "at"),
    info=INFO,
    sqlite_autoincrement=True,
)

change = sa.Table(
    "core_change",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("commit_id", Id(), sa.ForeignKey(commit.c.id), nullable=False, index=True),
    sa.Column("operation_id", Id(), nullable=False, index=True),
    sa.Column("entity", sa.String(80), nullable=False),
    sa.Column("record_id", Id(), nullable=False),
    # A bulk create is one row for a run of ids; a single change has last_id = record_id.
    sa.Column("last_id", Id(), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("before", JsonText),
    sa.UniqueConstraint("entity", "record_id", "version", name="uq_core_change_entity_record_version"),
    sa.Index("ix_core_change_runs", "entity", "last_id", "record_id"),
    info=INFO,
    sqlite_autoincrement=True,
)

event = sa.Table(
    "core_event",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("commit_id", Id(), sa.ForeignKey(commit.c.id), nullable=False, index=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("entity", sa.String(80), nullable=False, server_default=""),
    sa.Column("ids", JsonText),
    sa.Column("payload", JsonText),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    info=INFO,
    sqlite_autoincrement=True,
)

epoch = sa.Table(
    "core_epoch",
    METADATA,
    # id 1: settings (users, roles, custom fields); id 2: the event cursor's epoch, raised by a restore.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    info=INFO,
)

idempotency = sa.Table(
    "core_idempotency",
    METADATA,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("actor_id", Id(), primary_key=True, autoincrement=False),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", JsonText),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    info=INFO,
)

reference = sa.Table(
    "core_reference",
    METADATA,
    # The stored catalog: references of plugins that are off still count when a record is deleted.
    sa.Column("table_name", sa.String(80), primary_key=True),
    sa.Column("column_name", sa.String(80), primary_key=True),
    sa.Column("entity", sa.String(80), nullable=False),
    sa.Column("target", sa.String(80), nullable=False),
    sa.Column("on_delete", sa.String(10), nullable=False),
    info=INFO,
)
