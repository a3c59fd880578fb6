"""Many records in one request: one transaction, one operation, everything or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import BadRequest, InvalidInput
from crmframe.web.api import parameters
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_ROWS = 1_000
BODY_LIMIT = 5_000_000
MAX_ID = 2**63 - 1
PARTS = ("create", "update", "upsert", "delete")


def run_batch(call: Call, work: UnitOfWork) -> Reply:
    """Create, update, upsert and delete, in this order; answer with the ids of each."""
    entity = parameters.entity_at(call, work)
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
        raise BadRequest(reason=f"a batch has no part {unknown[0]}; it has {', '.join(PARTS)}")
    rows = sum(len(_listed(name, body[name])) for name in PARTS if name in body)
    if rows > MOST_ROWS:
        raise BadRequest(reason=f"a batch has at most {MOST_ROWS} rows, this one has {rows}")


def _listed(name: str, part: Any) -> Sequence[Any]:
    if name == "upsert":
        part = part.get("rows") if isinstance(part, dict) else None
    if not isinstance(part, list):
        raise BadRequest(
            reason="upsert has a key and rows" if name == "upsert" else f"{name} of a batch is a list"
        )
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
            raise BadRequest(reason=f"update names the record {record_id} twice")
        if (version := values.pop("version", None)) is not None:
            versions[record_id] = _id(version)
        changes[record_id] = values
    return records.update_many(work, entity.name, changes, versions=versions)


def _upsert(work: UnitOfWork, entity: Entity, part: Mapping[str, Any]) -> Any:
    key = part.get("key")
    if not isinstance(key, str):
        raise BadRequest(reason="upsert names the key field that finds the record")
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
            raise BadRequest(reason=f"row {position} is not a JSON object")
    return rows


def _id(value: Any) -> int:
    if type(value) is not int or not 0 < value <= MAX_ID:
        raise BadRequest(reason="an id or version is a whole number")
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
