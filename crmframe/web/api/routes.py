"""Records over HTTP: list, create, read, change, delete, restore, archive, actions, history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import NotFound
from crmframe.core.files.attachments import MOST_BYTES, attach
from crmframe.core.files.store import FileEmpty
from crmframe.core.records import Query
from crmframe.web.api import parameters
from crmframe.web.api.history import entries
from crmframe.web.api.records_json import encoder_of, plain, record_json
from crmframe.web.endpoint import BriefEndpoint, Endpoint, Handler
from crmframe.web.errors import NoSuchPage
from crmframe.web.respond import Call, Reply, encoded
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

EXACT_CAP = 10_000
Verb = Callable[["UnitOfWork", str, int], Any]
KINDS_OF_PUTTING_AWAY: Mapping[str, Verb] = {
    "restore": records.restore,
    "archive": records.archive,
    "unarchive": records.unarchive,
}


def list_records(call: Call, work: UnitOfWork) -> Reply:
    """Answer ``{"records": […], "next": cursor or null}`` and the count when asked."""
    entity = entity_at(call, work)
    query = parameters.read_query(call, work, entity)
    page = records.select(work, entity.name, query)
    objects = encoder_of(work, entity, page.columns).objects(page.rows)
    body: dict[str, Any] = {"records": objects, "next": page.next, **_count(call, work, entity, query)}
    return Reply(encoded(body))


def _count(call: Call, work: UnitOfWork, entity: Entity, query: Query) -> dict[str, Any]:
    wanted = call.parameter("count")
    if not wanted:
        return {}
    found = records.count(work, entity.name, query, *((EXACT_CAP,) if wanted == "exact" else ()))
    return {"count": {"value": found.value, "capped": found.capped}}


def create_record(call: Call, work: UnitOfWork) -> Reply:
    """Create a record and answer with it."""
    entity = entity_at(call, work)
    record = records.create(work, entity.name, parameters.values_of(call))
    headers = {"location": f"{call.url.rstrip('/')}/{record['id']}", **parameters.entity_tag(record)}
    return Reply(record_json(work, entity, record), status=201, headers=headers)


def read_record(call: Call, work: UnitOfWork) -> Reply:
    """Answer with a record, or the columns of it that are wanted, as it is or as it was."""
    entity = entity_at(call, work)
    record_id, columns = call.path["id"], parameters.columns_of(call)
    at = parameters.moment(call, work)
    if at is not None:
        record = records.as_of(work, entity.name, record_id, at)
        if record is None:
            raise NotFound(entity=entity.label, id=record_id)
        return _one(work, entity, parameters.narrowed(work, entity, record, columns))
    if not columns:
        return _one(work, entity, records.get(work, entity.name, record_id))
    record = records.get(work, entity.name, record_id, columns=(*columns, "version"))
    headers = parameters.entity_tag(record)
    if "version" not in columns:
        del record["version"]
    return Reply(record_json(work, entity, record), headers=headers)


def update_record(call: Call, work: UnitOfWork) -> Reply:
    """Change the given fields, under If-Match."""
    entity = entity_at(call, work)
    version = parameters.version_of(call, needed=True)
    values = parameters.values_of(call)
    return _one(work, entity, records.update(work, entity.name, call.path["id"], values, version=version))


def delete_record(call: Call, work: UnitOfWork) -> Reply:
    """Delete a record, under If-Match."""
    entity = entity_at(call, work)
    records.delete(work, entity.name, call.path["id"], version=parameters.version_of(call, needed=True))
    return Reply(status=204)


def run_verb(call: Call, work: UnitOfWork) -> Reply:
    """Run an action, or restore, archive, unarchive; answer with the record and what the action said."""
    entity, verb, record_id = entity_at(call, work), call.path["verb"], call.path["id"]
    result = None
    if verb in KINDS_OF_PUTTING_AWAY and verb not in work.registry.actions.get(entity.name, {}):
        KINDS_OF_PUTTING_AWAY[verb](work, entity.name, record_id)
    else:
        result = _run_action(call, work, entity)
    return _after(work, entity, record_id, result)


def _run_action(call: Call, work: UnitOfWork, entity: Entity) -> Any:
    verb = call.path["verb"]
    if verb not in work.registry.actions.get(entity.name, {}):
        raise NoSuchPage(path=call.url)
    given = parameters.optional_values(call)
    version = parameters.version_of(call, needed=False)
    return records.run(work, entity.name, call.path["id"], verb, given, version=version)


def _after(work: UnitOfWork, entity: Entity, record_id: int, result: Any) -> Reply:
    try:
        record = records.get(work, entity.name, record_id)
    except NotFound:
        return Reply({"record": None, "result": plain(result)})
    [found] = encoder_of(work, entity, tuple(record)).objects([tuple(record.values())])
    return Reply(encoded({"record": found, "result": plain(result)}), headers=parameters.entity_tag(record))


def _one(work: UnitOfWork, entity: Entity, record: dict[str, Any]) -> Reply:
    return Reply(record_json(work, entity, record), headers=parameters.entity_tag(record))


def history(call: Call, work: UnitOfWork) -> Reply:
    """Answer with what happened to a record, newest first."""
    entity = entity_at(call, work)
    return Reply({"entries": entries(records.history(work, entity.name, call.path["id"]))})


def add_file(call: Call, work: UnitOfWork) -> Reply:
    """Attach the file ``file`` of a multipart body to the record ``about``; answer with the attachment."""
    upload = call.files.get("file")
    if upload is None:
        raise FileEmpty
    store = call.site.application.files
    made = attach(work, store, call.form.get("about", ""), upload.name, upload.file)
    return Reply(record_json(work, work.schema.entity("core.attachment"), made), status=201)


def api(handler: Handler) -> Endpoint:
    """Return a handler of the API as an endpoint."""
    return Endpoint(handler, door="api")


ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("POST", "/files", Endpoint(add_file, door="api", limit=MOST_BYTES)),
    ("GET", "/{slug}", api(list_records)),
    ("POST", "/{slug}", api(create_record)),
    ("GET", "/{slug}/{id:int}", BriefEndpoint(read_record, door="api")),
    ("PATCH", "/{slug}/{id:int}", api(update_record)),
    ("DELETE", "/{slug}/{id:int}", api(delete_record)),
    ("GET", "/{slug}/{id:int}/history", api(history)),
    ("POST", "/{slug}/{id:int}/{verb}", api(run_verb)),
)
