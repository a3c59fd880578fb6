"""The tables of jobs: the row is the record of a job, whatever runs it."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

INFO = {"plugin": "core"}
OPEN = sa.text("state IN ('queued', 'running')")

job = sa.Table(
    "core_job",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("payload", JsonText, nullable=False),
    # queued, running, done, dead or cancelled.
    sa.Column("state", sa.String(10), nullable=False),
    # Lower is sooner.
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("run_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("lease_until", Instant),
    # Names this attempt, not only the process: a worker that was overtaken by itself is a stranger too.
    sa.Column("worker", sa.String(80)),
    sa.Column("unique_key", sa.String(200)),
    sa.Column("result", JsonText),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    # Who asked for it: the job has this user's rights. Null is the system.
    sa.Column("actor_id", Id()),
    # The job's name and the slot of its schedule, once for ever.
    sa.Column("schedule", sa.String(160), unique=True),
    sa.Index("ix_core_job_due", "state", "priority", "run_at"),
    sa.Index("uq_core_job_open_key", "unique_key", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    info=INFO,
    sqlite_autoincrement=True,
)

schedule = sa.Table(
    "core_schedule",
    METADATA,
    sa.Column("name", sa.String(120), primary_key=True),
    # The newest slot that was taken; at first the one before the schedule was first seen.
    sa.Column("slot", Instant, nullable=False),
    info=INFO,
)
