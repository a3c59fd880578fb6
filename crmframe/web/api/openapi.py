"""The OpenAPI 3.1 document, made from the registry: what the actor may read is described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from crmframe import __version__
from crmframe.core.contributions import Action
from crmframe.core.entities.entity import Entity
from crmframe.core.records import rights
from crmframe.web.api.schemas import component, components, record_schema, values_schema
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

Operation = dict[str, Any]
REF = "#/components/{}/{}"
READ_PROBLEMS = ("400", "401", "403", "404")
WRITE_PROBLEMS = (*READ_PROBLEMS, "409", "413", "415", "422", "503", "507")
READING = frozenset({"list", "read", "history"})
LIST_PARAMETERS = ("order", "limit", "after", "page", "columns", "as_of", "archived", "count", "where", "q")


def document(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the description of this API."""
    return Reply(msgspec.json.encode(describe(work, call.url.rsplit("/", 1)[0])))


def describe(work: UnitOfWork, base: str) -> dict[str, Any]:
    """Return the document; ``base`` is the path of the API."""
    entities = [e for e in work.registry.public_entities() if work.actor.may(f"{e.name}.read")]
    shared = components()
    paths = dict(_shared_paths())
    for entity in entities:
        fields = rights.readable(work, entity)
        shared["schemas"][component(entity)] = record_schema(fields)
        shared["schemas"][f"{component(entity)}Values"] = values_schema(fields)
        paths |= _paths(entity, work.registry.actions.get(entity.name, {}), shared["schemas"])
    return {
        "openapi": "3.1.0",
        "info": {"title": "crmframe", "version": __version__, "description": INTRODUCTION},
        "servers": [{"url": base}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": entity.slug, "description": entity.plural} for entity in entities],
        "paths": paths,
        "components": shared,
    }


INTRODUCTION = (
    "Every list takes filters of the form field__operator=value, such as amount__gte=1000 or owner=me. "
    "Changing a record needs If-Match with its ETag. Every POST takes an Idempotency-Key."
)


def _paths(entity: Entity, actions: Mapping[str, Action], schemas: dict[str, Any]) -> dict[str, Any]:
    one, slug = f"/{entity.slug}/{{id}}", entity.slug
    found: dict[str, Any] = {
        f"/{slug}": {"get": _list(entity), "post": _create(entity)},
        one: {
            "parameters": [_ref("parameters", "id")],
            "get": _read(entity),
            "patch": _update(entity),
            "delete": _delete(entity),
        },
        f"{one}/history": {"parameters": [_ref("parameters", "id")], "get": _history(entity)},
        f"/{slug}/batch": {"post": _batch(entity)},
    }
    verbs = ["restore", *(("archive", "unarchive") if entity.is_archivable else ())]
    for verb in verbs:
        found[f"{one}/{verb}"] = _verb(entity, verb, f"{verb.capitalize()} one of the {entity.plural}.", None)
    for action in actions.values():
        schema = action_schema(entity, action, schemas)
        found[f"{one}/{action.name}"] = _verb(entity, action.name, action.label, schema)
    return found


def action_schema(entity: Entity, action: Action, schemas: dict[str, Any]) -> dict[str, Any] | None:
    """Return the reference to the input of an action, its models added to *schemas*; None when it asks nothing."""
    if action.input is None:
        return None
    name = f"{component(entity)}{action.name.title().replace('_', '')}Input"
    schema = action.input.model_json_schema(ref_template=REF.format("schemas", f"{name}.{{model}}"))
    for inner, definition in schema.pop("$defs", {}).items():
        schemas[f"{name}.{inner}"] = definition
    schemas[name] = schema
    return _ref("schemas", name)


def _list(entity: Entity) -> Operation:
    body = {
        "type": "object",
        "required": ["records", "next"],
        "properties": {
            "records": {"type": "array", "items": _ref("schemas", component(entity))},
            "next": {"type": ["string", "null"], "description": "Give it as after to get the next page."},
            "count": _ref("schemas", "Count"),
        },
    }
    parameters = [_ref("parameters", name) for name in LIST_PARAMETERS]
    return _operation(
        entity,
        "list",
        f"List {entity.plural}.",
        {"200": _json("A page of records.", body)},
        parameters=parameters,
    )


def _create(entity: Entity) -> Operation:
    answers = {"201": _record(entity, "The record; Location says where it is.")}
    request = _request(_ref("schemas", f"{component(entity)}Values"))
    return _operation(
        entity,
        "create",
        f"Create one of the {entity.plural}.",
        answers,
        body=request,
        parameters=[KEY],
    )


def _read(entity: Entity) -> Operation:
    parameters = [_ref("parameters", "as_of"), _ref("parameters", "columns")]
    return _operation(
        entity,
        "read",
        f"Read one of the {entity.plural}.",
        {"200": _record(entity, "The record.")},
        parameters=parameters,
    )


def _update(entity: Entity) -> Operation:
    answers = {"200": _record(entity, "The record as it is now."), **_problems("412", "428")}
    request = _request(
        {**_ref("schemas", f"{component(entity)}Values"), "description": "Only the fields to change."}
    )
    return _operation(
        entity,
        "update",
        f"Change one of the {entity.plural}.",
        answers,
        body=request,
        parameters=[MATCH],
    )


def _delete(entity: Entity) -> Operation:
    answers = {"204": {"description": "It is deleted; restore brings it back."}, **_problems("412", "428")}
    return _operation(entity, "delete", f"Delete one of the {entity.plural}.", answers, parameters=[MATCH])


def _history(entity: Entity) -> Operation:
    body = {"type": "object", "properties": {"entries": {"type": "array", "items": {"type": "object"}}}}
    answers = {"200": _json("What happened to it, newest first.", body)}
    return _operation(entity, "history", f"Show the history of one of the {entity.plural}.", answers)


def _batch(entity: Entity) -> Operation:
    values = _ref("schemas", f"{component(entity)}Values")
    many = {"type": "array", "items": values}
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "create": many,
            "update": {
                "type": "array",
                "items": {"type": "object", "required": ["id"], "properties": {"id": ID, "version": ID}},
            },
            "upsert": {
                "type": "object",
                "required": ["key", "rows"],
                "properties": {"key": {"type": "string"}, "rows": many},
            },
            "delete": {"type": "array", "items": ID},
        },
    }
    ids = {"type": "object", "additionalProperties": {"type": "array", "items": ID}}
    answers = {"200": _json("The ids of each part.", ids), **_problems("412")}
    summary = f"Write up to 1,000 {entity.plural} in one operation."
    return _operation(entity, "batch", summary, answers, body=_request(body), parameters=[KEY])


def _verb(entity: Entity, verb: str, summary: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    body = {
        "type": "object",
        "properties": {
            "record": {"anyOf": [_ref("schemas", component(entity)), {"type": "null"}]},
            "result": {},
        },
    }
    answers = {"200": _json("The record afterwards, and what the action answered.", body), **_problems("412")}
    request = _request(schema) if schema else None
    posted = _operation(entity, verb, summary, answers, body=request, parameters=[KEY, MATCH_OPTIONAL])
    return {"parameters": [_ref("parameters", "id")], "post": posted}


def _operation(
    entity: Entity,
    verb: str,
    summary: str,
    answers: Mapping[str, Any],
    *,
    parameters: Iterable[Any] = (),
    body: dict[str, Any] | None = None,
) -> Operation:
    found: Operation = {
        "operationId": f"{entity.name}.{verb}",
        "summary": summary,
        "tags": [entity.slug],
        "parameters": list(parameters),
        "responses": {**answers, **_problems(*(READ_PROBLEMS if verb in READING else WRITE_PROBLEMS))},
    }
    return {**found, "requestBody": body} if body else found


def _shared_paths() -> Iterable[tuple[str, Any]]:
    anything = {"type": "object"}
    shared = (
        ("/", "get", "index", "Show what there is to ask for.", ()),
        ("/me", "get", "me", "Show who is asking and what they may.", ()),
        ("/changes", "get", "changes", "List what changed since a cursor.", ("after", "limit")),
        ("/search", "get", "search", "Search records of every kind.", ("q", "entity", "limit")),
        ("/operations", "get", "operations", "List operations, newest first.", ("after", "limit")),
        ("/operations/{id}/undo", "post", "undo", "Undo an operation.", ("id",)),
    )
    for path, method, name, summary, parameters in shared:
        problems = _problems(*(WRITE_PROBLEMS if method == "post" else READ_PROBLEMS))
        operation: Operation = {
            "operationId": name,
            "summary": summary,
            "parameters": [_ref("parameters", each) for each in parameters],
            "responses": {"200": _json("The answer.", anything), **problems},
        }
        if method == "post":
            partly = {"type": "object", "properties": {"partly": {"type": "boolean", "default": False}}}
            operation["requestBody"] = {**_request(partly), "required": False}
        yield path, {method: operation}
    yield "/files", {"post": _attaching()}


def _attaching() -> Operation:
    parts = {"about": {"type": "string"}, "file": {"type": "string", "format": "binary"}}
    schema = {"type": "object", "required": list(parts), "properties": parts}
    return {
        "operationId": "attach",
        "summary": "Attach a file to a record, such as core.customer:7.",
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        "responses": {"201": _json("The attachment.", {"type": "object"}), **_problems(*WRITE_PROBLEMS)},
    }


ID = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
KEY = {"$ref": "#/components/parameters/idempotency_key"}
MATCH = {"$ref": "#/components/parameters/if_match"}
MATCH_OPTIONAL = {"$ref": "#/components/parameters/if_match_optional"}


def _record(entity: Entity, description: str) -> dict[str, Any]:
    answer = _json(description, _ref("schemas", component(entity)))
    return {
        **answer,
        "headers": {"ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match."}},
    }


def _json(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _request(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: str) -> dict[str, Any]:
    return {status: _ref("responses", "Problem") for status in statuses}


def _ref(section: str, name: str) -> dict[str, Any]:
    return {"$ref": REF.format(section, name)}


ROUTES = (("GET", "/openapi.json", Endpoint(document, door="api")),)
