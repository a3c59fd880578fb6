"""Attaching files to records, and forgetting those that no record has any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, BinaryIO

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.contributions import LongJob, Setting
from crmframe.core.entities import kinds
from crmframe.core.files.media import clean_name, media_type_of
from crmframe.core.files.models import Attachment
from crmframe.core.files.store import FileStore
from crmframe.core.jobs.running import JobRun
from crmframe.core.journal.tables import change, commit
from crmframe.core.records import rights
from crmframe.core.work import Acting, UnitOfWork

ENTITY = "core.attachment"
MEGABYTE = 1_000_000
# What is read before anybody looks; the setting decides below it.
MOST_BYTES = 520 * MEGABYTE
# An undo may bring back what was deleted; and what was just put there belongs to a record that is about to be written.
KEPT_AFTER_DELETE, YOUNG = timedelta(days=90), timedelta(days=1)
_table: Any = Attachment.__table__

SETTINGS = (
    Setting(
        "core.largest_file",
        "Largest file",
        kinds.Integer(min=1, max=500),
        default=25,
        help="In megabytes; what people attach may not be larger.",
        group="Files",
    ),
)


def attach(work: UnitOfWork, store: FileStore, about: str, name: str, source: BinaryIO) -> Mapping[str, Any]:
    """Keep a file and attach it to a record; returns the new record.

    Args:
        about: Such as ``core.customer:7``.
        name: As the browser gave it.
        source: Stands at the beginning of the content.

    Raises:
        FileTooLarge, FileEmpty, FileLies: See there.
        InvalidInput, PermissionDenied: As ``records.create``.
    """
    # First: whoever may not attach anything fills no disk.
    rights.require(work, work.schema.entity(ENTITY), "create")
    stored = store.put(source, work.setting("core.largest_file") * MEGABYTE)
    shown = clean_name(name)
    values = {
        "about": about,
        "name": shown,
        "size": stored.size,
        "media_type": media_type_of(shown, stored.head),
        "digest": stored.digest,
    }
    # It may write what only an upload writes, and has no more rights than whoever sends the file.
    with work.acting_as(Acting(ENTITY, "upload", "")):
        return records.create(work, ENTITY, values)


def attached_to(work: UnitOfWork, about: str, limit: int) -> Sequence[Any]:
    """Return the newest attachments of a record that the actor sees."""
    visible = records.visible(work, ENTITY)
    wanted = sa.select(
        visible.c.id, visible.c.name, visible.c.size, visible.c.media_type, visible.c.created_at
    )
    return work.rows(wanted.where(visible.c.about == about).order_by(visible.c.id.desc()).limit(limit))


def forget(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove the files that no attachment has, and none had in the last three months."""
    _ = payload
    application: Any = run.application
    store: FileStore = application.files
    now = application.clock()
    old = [digest for digest, at in store.ages() if at < now - YOUNG]
    with application.database.read() as connection:
        used = set(connection.execute(sa.select(_table.c.digest)).scalars()) | _deleted(connection, now)
    removed = [digest for digest in old if digest not in used]
    for digest in removed:
        store.remove(digest)
    return {"removed": len(removed)}


def _deleted(connection: sa.Connection, now: Any) -> set[str]:
    gone = sa.select(change.c.before).join_from(change, commit, commit.c.id == change.c.commit_id)
    lately = gone.where(
        change.c.entity == ENTITY, change.c.kind == "delete", commit.c.at > now - KEPT_AFTER_DELETE
    )
    return {str(before.get("digest")) for before in connection.execute(lately).scalars() if before}


JOBS = (LongJob("core.forget_files", forget, cron="47 3 * * *"),)
