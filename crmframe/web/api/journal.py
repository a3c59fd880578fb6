"""Operations and their undo, and who is asking."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.journal.tables import operation
from crmframe.web.api.parameters import optional_values, whole_number
from crmframe.web.endpoint import Endpoint
from crmframe.web.errors import Unreadable
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SHOWN = (
    "id",
    "verb",
    "door",
    "reason",
    "actor_id",
    "actor_name",
    "cause_id",
    "state",
    "undo_of",
    "undoable",
    "started_at",
)
MAX_LIMIT = 500
MAX_ID = 2**63 - 1


def index(call: Call, work: UnitOfWork) -> Reply:
    """Answer with what there is to ask for."""
    base = call.url.rstrip("/")
    entities = {
        entity.name: f"{base}/{entity.slug}"
        for entity in work.registry.public_entities()
        if work.actor.may(f"{entity.name}.read")
    }
    links = {name: f"{base}/{name}" for name in ("openapi.json", "me", "changes", "search", "operations")}
    return Reply({"entities": entities, "links": links})


def me(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the actor and what they may."""
    actor = work.actor
    permissions = {name: sorted(scopes) for name, scopes in sorted(actor.grants.items())}
    return Reply(
        {
            "id": actor.id,
            "name": actor.name,
            "locale": call.locale,
            "is_admin": actor.is_admin,
            "team_ids": list(actor.team_ids),
            "permissions": {"*": ["all"]} if actor.unlimited and actor.scopes is None else permissions,
            "scopes": None if actor.scopes is None else list(actor.scopes),
        }
    )


def list_operations(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the operations, newest first: administrators see all, others their own."""
    limit = whole_number(call, "limit", 50, MAX_LIMIT)
    before = whole_number(call, "after", MAX_ID, MAX_ID)
    statement = sa.select(*[operation.c[name] for name in SHOWN]).where(operation.c.id < before)
    if not work.actor.is_admin:
        statement = statement.where(operation.c.actor_id == work.actor.id)
    rows = work.rows(statement.order_by(operation.c.id.desc()).limit(limit + 1))
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return Reply({"operations": [_shown(row) for row in rows[:limit]], "next": following})


def _shown(row: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row._mapping.items()}  # noqa: SLF001 - SQLAlchemy's public name


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def undo(call: Call, work: UnitOfWork) -> Reply:
    """Undo an operation with the rights of whoever asks; ``{"partly": true}`` undoes what can be undone."""
    partly = optional_values(call).get("partly", False)
    if not isinstance(partly, bool):
        raise Unreadable("partly must be true or false.")
    result = records.undo(work, call.path["id"], partly=partly)
    message = call.site.application.translator.translate
    kept = [
        {"entity": each.entity, "id": each.record_id, "reason": message("core", call.locale, each.reason)}
        for each in result.kept
    ]
    return Reply({"undone": result.undone, "kept": kept})


ROUTES = (
    ("GET", "", Endpoint(index, door="api")),
    ("GET", "/me", Endpoint(me, door="api")),
    ("GET", "/operations", Endpoint(list_operations, door="api")),
    ("POST", "/operations/{id:int}/undo", Endpoint(undo, door="api")),
)
