"""What went wrong, as a sentence with its code on standard error, and as an exit status.

1  refused          2  wrongly asked          3  not found          4  in conflict with what is there
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click
import pydantic
import sqlalchemy as sa

from crmframe.cli import texts
from crmframe.cli.console import plain
from crmframe.core.contributions import Veto
from crmframe.core.errors import (
    BadRequest,
    Conflict,
    CrmError,
    InvalidFilter,
    InvalidInput,
    NotFound,
    Problem,
    Unavailable,
    UndoConflict,
    Vetoed,
)
from crmframe.kernel.codes import CannotStart

if TYPE_CHECKING:
    from crmframe.cli.console import Console

REFUSED, USAGE, NOT_FOUND, CONFLICT = 1, 2, 3, 4
# The first that fits counts: a veto is a conflict, too, but whoever vetoes refuses.
STATUSES: tuple[tuple[type[CrmError], int], ...] = (
    (NotFound, NOT_FOUND),
    (Vetoed, REFUSED),
    (Conflict, CONFLICT),
    (InvalidFilter, USAGE),
    (BadRequest, USAGE),
)


class InvalidSettings(CrmError):
    """The settings cannot be used; ``problems`` names each."""

    code = "invalid_settings"
    status = 500
    template = "The settings are not valid. Correct crmframe.toml or the environment: {reasons}"

    def __init__(self, problems: list[str]) -> None:
        super().__init__(reasons=" ".join(problems))


def show(console: Console, error: Exception) -> int | None:
    """Print *error* and return the exit status; None when it is none that people can do something about."""
    known = recognized(error)
    if known is None:
        return None
    if console.as_json:
        line = {"error": {"code": known.code, **_told(console, known)}}
        click.echo(json.dumps(line, ensure_ascii=False, default=plain), err=True)
    else:
        told = _told(console, known)
        click.echo(f"{console.text('Error')} ({known.code}): {told['message']}", err=True)
        for problem in told.get("problems", ()):
            click.echo(f"  {_line(problem)}", err=True)
    if isinstance(known, InvalidInput) and any(each.code == "unknown_field" for each in known.problems):
        return USAGE
    return next((status for kind, status in STATUSES if isinstance(known, kind)), REFUSED)


def recognized(error: Exception) -> CrmError | None:
    """Return *error* as one of ours, if it is one that people can do something about."""
    if isinstance(error, CrmError):
        return error
    if isinstance(error, Veto):
        return InvalidInput([Problem(error.field, "vetoed", error.template, error.data)])
    if isinstance(error, pydantic.ValidationError):
        return InvalidSettings(
            [f"{'.'.join(map(str, each['loc']))}: {each['msg']}." for each in error.errors()]
        )
    if isinstance(error, tomllib.TOMLDecodeError | sa.exc.ArgumentError):
        return InvalidSettings([str(error)])
    return Unavailable() if isinstance(error, sa.exc.OperationalError) else None


def _told(console: Console, error: CrmError) -> dict[str, Any]:
    """Return what is said about *error*: the sentence, and one entry for each single problem."""
    problems = list(_problems(console, error))
    told: dict[str, Any] = {"message": texts.message(console, error)}
    if problems:
        told["problems"] = problems
    return told


def _problems(console: Console, error: CrmError) -> Iterator[Mapping[str, Any]]:
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            yield {"field": problem.field, "code": problem.code, "message": texts.message(console, problem)}
    elif isinstance(error, CannotStart):
        for each in error.problems:
            yield {"field": each.plugin, "code": each.code, "message": texts.message(console, each)}
    elif isinstance(error, UndoConflict):
        for kept in error.data["conflicts"]:
            reason = console.text(kept.reason)
            yield {"field": f"{kept.entity}:{kept.record_id}", "code": "kept", "message": reason}


def _line(problem: Mapping[str, Any]) -> str:
    where = f"{problem['field']}: " if problem["field"] else ""
    return f"{where}{problem['message']} ({problem['code']})"
