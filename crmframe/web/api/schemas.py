"""The schemas of the OpenAPI document: records, problems, parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field

MAX_ID = 2**63 - 1


def component(entity: Entity) -> str:
    """Return the name of an entity's schema: ``SalesDeal`` for ``sales.deal``."""
    return "".join(word.capitalize() for word in entity.name.replace(".", "_").split("_"))


def record_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the schema of a record as it is answered."""
    properties = {
        field.name: _described(field, field.required or field.system) for field in fields if not field.hidden
    }
    properties["id"] = {"type": "integer", "minimum": 1, "maximum": MAX_ID, "readOnly": True}
    return {"type": "object", "properties": properties}


def values_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the schema of what may be sent; only what people may write."""
    writable = [f for f in fields if f.writable and not f.written_by and not f.hidden]
    return {"type": "object", "properties": {f.name: _described(f, f.required) for f in writable}}


def _described(field: Field, never_null: bool) -> dict[str, Any]:
    own = dict(field.kind.schema())
    schema = own if never_null else nullable(own)
    schema["title"] = field.label
    if field.help:
        schema["description"] = field.help
    if not field.writable or field.written_by:
        schema["readOnly"] = True
    return schema


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with null allowed."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def components() -> dict[str, Any]:
    """Return what every operation shares."""
    return {
        "schemas": {"Problem": PROBLEM, "Count": COUNT},
        "responses": {
            "Problem": {
                "description": "What is wrong, in the reader's language; programs read code and errors.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        },
        "parameters": dict(PARAMETERS),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API token that starts with crm_.",
            },
            "session": {"type": "apiKey", "in": "cookie", "name": "crmframe_session"},
        },
    }


PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "instance", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable name of the error."},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's id, as in the log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message", "row"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "row": {"type": "integer", "description": "Position in a batch."},
                    "list": {
                        "type": "string",
                        "description": "Part of a batch: create, update, upsert or delete.",
                    },
                },
            },
        },
    },
}
COUNT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "capped": {"type": "boolean", "description": "This many or more."},
    },
}


def _query(name: str, schema: dict[str, Any], description: str) -> tuple[str, dict[str, Any]]:
    return name, {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": description,
    }


def _header(key: str, name: str, *, required: bool, description: str) -> tuple[str, dict[str, Any]]:
    schema = {"type": "string"}
    return key, {
        "name": name,
        "in": "header",
        "required": required,
        "schema": schema,
        "description": description,
    }


PARAMETERS = (
    (
        "id",
        {
            "name": "id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
        },
    ),
    _query(
        "order",
        {"type": "string"},
        "Fields, separated by commas, a minus in front for descending: -amount,title.",
    ),
    _query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}, "Records on a page."),
    _query("after", {"type": "string"}, "The value of next in the page before."),
    _query(
        "page", {"type": "integer", "minimum": 1}, "A page's number, instead of after; slower the deeper."
    ),
    _query("columns", {"type": "string"}, "Fields to answer with, separated by commas."),
    _query("as_of", {"type": "string", "format": "date-time"}, "Show everything as it was at this moment."),
    _query(
        "archived",
        {"enum": ["true", "false", "any"], "default": "false"},
        "Whether to show what is put away.",
    ),
    _query(
        "count", {"enum": ["true", "exact"]}, "Count the matches, up to 1,000, or with exact up to 10,000."
    ),
    _query("q", {"type": "string"}, "What to search for: words, pinyin, digits."),
    _query(
        "entity", {"type": "string"}, "Names of record types, such as core.customer, separated by commas."
    ),
    _query("where", {"type": "string"}, "A filter as JSON, with groups of and, or, not."),
    _header(
        "idempotency_key",
        "Idempotency-Key",
        required=False,
        description="The same key has one effect, for a day.",
    ),
    _header("if_match", "If-Match", required=True, description='The ETag that was read, such as "7".'),
    _header(
        "if_match_optional", "If-Match", required=False, description='The ETag that was read, such as "7".'
    ),
)
