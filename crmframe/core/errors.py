"""Everything that can go wrong and be shown to a person.

CrmError
├── InvalidInput           422  every problem of a record at once
├── InvalidFilter          400  an unknown field, operator or sort; names the allowed ones
├── BadRequest             400  the request itself cannot be read
├── NotSignedIn            401
├── PermissionDenied       403  the actor lacks a permission on the whole entity
├── NotFound               404  no such record, or none that the actor may see
├── Conflict               409  the record's state does not allow this
│   ├── Stale              409  somebody changed the record meanwhile (412 for If-Match)
│   ├── InUse              409  other records refer to it
│   ├── Contended          409  others were writing the same records at the same moment
│   ├── Vetoed             409  a plugin's guard refused
│   └── UndoConflict       409  what came later stands in the way of an undo
├── PreconditionRequired   428  the API wants If-Match
├── TooLarge               413
├── TooManyAttempts        429
├── Unavailable            503  the database cannot be reached
└── StorageFull            507

A template is translated first and filled afterwards, so that one error reads naturally in every language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field.

    Attributes:
        field: The field's name; empty when the record as a whole is wrong.
        code: Stable name for programs, such as ``required``.
        template: English msgid with ``{placeholders}``.
        data: What fills the placeholders.
        row: Position in a batch, 0 for a single record.
        domain: Translation domain of the template: a plugin's name, or ``core``.
    """

    field: str
    code: str
    template: str
    data: Mapping[str, Any] = dataclass_field(default_factory=dict)
    row: int = 0
    domain: str = "core"

    def message(self) -> str:
        """Return the English message, for logs and tests."""
        return self.template.format_map(self.data)


class CrmError(Exception):
    """An error with a stable code, a message template and the data that fills it."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    template: str = "Something went wrong."
    domain: str = "core"

    def __init__(self, **data: Any) -> None:
        self.data: dict[str, Any] = data
        super().__init__(self.template.format_map(data))


class InvalidInput(CrmError):
    """The values do not have the right form; ``problems`` lists every one of them."""

    code = "invalid_input"
    status = 422
    template = "Some values need correction: {fields}."

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(fields=", ".join(dict.fromkeys(p.field or "record" for p in problems)))


class InvalidFilter(CrmError):
    """A filter, sort or column that does not exist; ``allowed`` lists those that do."""

    code = "invalid_filter"
    template = "Cannot use {name} here. Allowed are: {allowed}."


class BadRequest(CrmError):
    """The request cannot be read; ``reason`` says where."""

    code = "bad_request"
    template = "The request cannot be read: {reason}."


class NotSignedIn(CrmError):
    """No session and no token."""

    code = "not_signed_in"
    status = 401
    template = "Sign in first."


class PermissionDenied(CrmError):
    """The actor lacks ``permission``."""

    code = "permission_denied"
    status = 403
    template = "You need the permission {permission} to do this. Ask an administrator for it."


class NotFound(CrmError):
    """No such record, or none that the actor may see."""

    code = "not_found"
    status = 404
    template = "There is no {entity} {id}, or you may not see it."


class Conflict(CrmError):
    """The record's state does not allow this."""

    code = "conflict"
    status = 409
    template = "{entity} {id} is {state}. Reload it and try again."


class Stale(Conflict):
    """Somebody changed the record since it was read."""

    code = "stale"
    template = "{entity} {id} was changed meanwhile (you had version {given}, it is at {current}). Reload it and try again."


class InUse(Conflict):
    """Other records refer to it and may not be left without it."""

    code = "in_use"
    template = "{entity} {id} is still used by {count} {by}. Change or delete those first."


class Contended(Conflict):
    """The database gave up one of several transactions that waited for each other; nothing of it was saved."""

    code = "contended"
    template = "Others were saving the same records at the same moment, so nothing was saved here. Try again."


class Vetoed(Conflict):
    """A plugin's guard refused; ``plugin`` names it, ``reason`` is its sentence."""

    code = "vetoed"
    template = "{reason} ({plugin})"


class UndoConflict(Conflict):
    """What came later stands in the way; ``conflicts`` lists each with its reason."""

    code = "undo_conflict"
    template = "Operation {id} cannot be undone completely: {count} later changes stand in the way. Undo the rest, or undo those first."


class PreconditionRequired(CrmError):
    """The API changes a record only under If-Match."""

    code = "precondition_required"
    status = 428
    template = "Send If-Match with the version that you read, for example If-Match: {example}."


class TooLarge(CrmError):
    """The body exceeds ``limit`` bytes."""

    code = "too_large"
    status = 413
    template = "The request is larger than {limit} bytes. Send less at a time."


class TooManyAttempts(CrmError):
    """Slowed down; ``seconds`` until the next attempt counts."""

    code = "too_many_attempts"
    status = 429
    template = "Too many attempts. Try again in {seconds} seconds."


class Unavailable(CrmError):
    """The database does not answer."""

    code = "unavailable"
    status = 503
    template = "The database does not answer. Try again in a moment."


class StorageFull(CrmError):
    """The disk is full."""

    code = "storage_full"
    status = 507
    template = "The disk is full: reading works, saving does not. Free some space."
