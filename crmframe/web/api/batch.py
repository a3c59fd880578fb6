"""Many records in one request: one transaction, one operation, everything or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import InvalidInput
from crmframe.web.api import parameters
from crmframe.web.endpoint import Endpoint
from crmframe.web.errors import Unreadable
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_ROWS = 1_000
BODY_LIMIT = 5_000_000
MAX_ID = 2**63 - 1
UPSERT_FORM = "upsert of a batch must have a key and rows."
PARTS = ("create", "update", "upsert", "delete")


def run_batch(call: Call, work: UnitOfWork) -> Reply:
    """Create, update, upsert and delete, in this order; answer with the ids of each."""
    entity = entity_at(call, work)
    body = parameters.values_of(call)
    _check(body)
    answer: dict[str, Any] = {}
    for name in PARTS:
        if name in body:
            with _named(name):
                answer[name] = VERBS[name](work, entity, body[name])
    return Reply(answer)


def _check(body: Mapping[str, Any]) -> None:
    unknown = sorted(set(body) - set(PARTS))
    if unknown:
        raise Unreadable(
            "A batch has no part {name}. It has {allowed}.", name=unknown[0], allowed=", ".join(PARTS)
        )
    rows = sum(len(_listed(name, body[name])) for name in PARTS if name in body)
    if rows > MOST_ROWS:
        raise Unreadable("A batch has at most {most} rows, this one has {rows}.", most=MOST_ROWS, rows=rows)


def _listed(name: str, part: Any) -> Sequence[Any]:
    if name == "upsert":
        part = part.get("rows") if isinstance(part, dict) else None
    if not isinstance(part, list):
        raise Unreadable(UPSERT_FORM if name == "upsert" else "{name} of a batch must be a list.", name=name)
    return part


def _create(work: UnitOfWork, entity: Entity, rows: Sequence[Any]) -> Any:
    return records.create_many(work, entity.name, _objects(rows))


def _update(work: UnitOfWork, entity: Entity, rows: Sequence[Any]) -> Any:
    changes: dict[int, dict[str, Any]] = {}
    versions: dict[int, int] = {}
    for row in _objects(rows):
        values = dict(row)
        record_id = _id(values.pop("id", None))
        if record_id in changes:
            raise Unreadable("The batch updates record {id} twice.", id=record_id)
        if (version := values.pop("version", None)) is not None:
            versions[record_id] = _id(version)
        changes[record_id] = values
    return records.update_many(work, entity.name, changes, versions=versions)


def _upsert(work: UnitOfWork, entity: Entity, part: Mapping[str, Any]) -> Any:
    key = part.get("key")
    if not isinstance(key, str):
        raise Unreadable("upsert must name the key field that finds the record.")
    return records.upsert_many(work, entity.name, key, _objects(part["rows"]))


def _delete(work: UnitOfWork, entity: Entity, ids: Sequence[Any]) -> Any:
    wanted = list(dict.fromkeys(_id(value) for value in ids))
    records.delete_many(work, entity.name, wanted)
    return wanted


VERBS: Mapping[str, Callable[[UnitOfWork, Entity, Any], Any]] = {
    "create": _create,
    "update": _update,
    "upsert": _upsert,
    "delete": _delete,
}


def _objects(rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Unreadable("Row {row} is not a JSON object.", row=position)
    return rows


def _id(value: Any) -> int:
    if type(value) is not int or not 0 < value <= MAX_ID:
        raise Unreadable("Ids and versions must be whole numbers.")
    return value


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Let problems say in which part of the batch their row is."""
    try:
        yield
    except InvalidInput as error:
        error.data["list"] = name
        raise


ROUTES = (("POST", "/{slug}/batch", Endpoint(run_batch, door="api", limit=BODY_LIMIT)),)
