"""A record's history as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmframe.core.records import Entry, FieldChange


def entries(found: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the entries of a history."""
    return [_entry(entry) for entry in found]


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "operation": entry.operation_id,
        "version": entry.version,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "kind": entry.kind,
        "verb": entry.verb,
        "door": entry.door,
        "actor": entry.actor_id,
        "actor_name": entry.actor_name,
        "reason": entry.reason,
        "cause": entry.cause,
        "state": entry.state,
        "changes": [_change(change) for change in entry.changes],
    }


def _change(change: FieldChange) -> dict[str, Any]:
    to_json = change.field.kind.to_json
    return {
        "field": change.field.name,
        "was": None if change.was is None else to_json(change.was),
        "now": None if change.now is None else to_json(change.now),
    }
