"""What changed since: the journal as a feed for programs, with the reader's rights."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.contributions import Event
from crmframe.core.entities.entity import Entity
from crmframe.core.journal.events import Batch, Cursor, end_of_stream, read_batches
from crmframe.core.records import rights
from crmframe.web.api.parameters import whole_number
from crmframe.web.endpoint import Endpoint
from crmframe.web.errors import Unreadable
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

DERIVED = {"created": "create", "updated": "update", "deleted": "delete", "restored": "restore"} | {
    "archived": "archive",
    "unarchived": "unarchive",
}
MOST_COMMITS = 500
DEFAULT_COMMITS = 100


def list_changes(call: Call, work: UnitOfWork) -> Reply:
    """Answer ``{"changes": […], "next": cursor, "more": bool}``, oldest first.

    Without ``after`` it starts at the beginning; ``after=now`` answers with the cursor of the present end.
    A change shows which fields changed, not their values: those are read from the record.
    """
    after = call.parameter("after")
    if after == "now":
        return Reply({"changes": [], "next": _opaque(end_of_stream(work.connection)), "more": False})
    limit = whole_number(call, "limit", DEFAULT_COMMITS, MOST_COMMITS)
    cursor = _cursor(after)
    batches = read_batches(work.connection, cursor, limit)
    reader = _Reader(work)
    found = [change for batch in batches for change in reader.changes(batch)]
    last = batches[-1].cursor if batches else cursor
    return Reply({"changes": found, "next": _opaque(last), "more": bool(batches)})


class _Reader:
    """Shows of each change what its reader may see."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work

    def changes(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the changes of a commit."""
        shown = []
        for event in batch.events:
            entity = self.work.registry.entities.get(event.entity)
            kind = DERIVED.get(event.name.rpartition(".")[2])
            if entity is not None and kind is not None and self.work.actor.may(f"{entity.name}.read"):
                shown += self._shown(batch, event, entity, kind)
        return shown

    def _shown(self, batch: Batch, event: Event, entity: Entity, kind: str) -> list[dict[str, Any]]:
        ids = self._visible(entity, event.ids, kind)
        if not ids:
            return []
        allowed = {field.name for field in rights.readable(self.work, entity)}
        fields = sorted(name for name in event.fields if name in allowed) if kind == "update" else []
        if kind == "update" and not fields:
            return []
        return [
            {
                "entity": entity.name,
                "kind": kind,
                "ids": ids,
                "fields": fields,
                "at": _text(event.at),
                "operation": batch.operation_id,
            }
        ]

    def _visible(self, entity: Entity, ids: Sequence[int], kind: str) -> list[int]:
        """Return the ids the actor may know: a deleted record has no owner any more, so only who sees all."""
        if kind == "delete":
            sees_all = "all" in self.work.actor.scopes_of(f"{entity.name}.read")
            return list(ids) if sees_all else []
        known = records.titles(self.work, entity.name, ids)
        return [record_id for record_id in ids if record_id in known]


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _opaque(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(str(cursor).encode()).decode().rstrip("=")


def _cursor(text: str) -> Cursor:
    if not text:
        return Cursor()
    try:
        return Cursor.parse(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except (ValueError, binascii.Error):
        raise Unreadable("The cursor is not one of ours. Use the one of the last answer, or none.") from None


ROUTES = (("GET", "/changes", Endpoint(list_changes, door="api")),)
