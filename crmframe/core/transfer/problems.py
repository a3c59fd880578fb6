"""What an import can refuse: the file as a whole, its columns, or one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmframe.core.errors import BadRequest, Conflict, CrmError, Problem


class UnreadableFile(BadRequest):
    """The file is no table that can be read; the sentence says why."""

    code = "unreadable_file"
    template = "The file cannot be read."

    def __init__(self, template: str, **data: Any) -> None:
        self.template = template
        super().__init__(**data)


class UnknownEncoding(BadRequest):
    """The encoding that was named does not exist."""

    code = "unknown_encoding"
    template = "There is no encoding {encoding}. Use utf-8, gb18030 or cp1252, for example."


class CannotResume(Conflict):
    """The operation is not one that this file can go on with; the sentence says why."""

    code = "cannot_resume"
    template = "Operation {id} cannot be resumed."

    def __init__(self, template: str, **data: Any) -> None:
        self.template = template
        super().__init__(**data)


EMPTY = "The file is empty."
UNDECODABLE = "The encoding of the file is unknown. Save it as CSV in UTF-8 and try again."
BROKEN = (
    "The file cannot be read from row {row} on: a quote is never closed, or a cell is longer than any field."
)
NO_HEADERS = "Row {row} holds no headers. Name the row that does."
NO_FILE = "There is no file {file}."

NOT_YOURS = "Operation {id} is no import of yours that could be resumed."
CLOSED = "Operation {id} is finished or undone: there is nothing to resume."
OVERTAKEN = "Operation {id} was finished, undone or resumed by somebody else meanwhile."
OTHER_FILE = "Operation {id} was begun with another file."
OTHER_OPTIONS = "Operation {id} was begun with other options."
OTHER_RECORDS = "Operation {id} imports {entity}."

# What a file may be wrong about as a whole, and what a cell may be wrong about. Problems of values are the fields'.
TEMPLATES: Mapping[str, str] = {
    "unknown_column": "The file has no column {column}. Its columns are: {allowed}.",
    "unknown_field": "There is no field {field} here. Known are: {allowed}.",
    "unknown_key": "Records cannot be matched by {field}: no column of the file gives it.",
    "no_columns": "No column of the file is a field of {entity}. Name them with --map, or look at the header row.",
    "too_many_cells": "The row has {cells} cells under {headers} headers. Look for a missing quote or a stray separator.",
    "unknown_link": "{field}: there is no {target} called {value}. Create it first, or give an alias for the value.",
    "ambiguous_link": "{field}: {count} records of {target} are called {value}. Give the id or a unique code instead.",
    "key_missing": "{field} is needed to find the record.",
    "key_ambiguous": "{count} records have {field} {value}: it is not clear which one is meant.",
    "exists": "There is a record with {field} {value} already.",
    "not_there": "There is no record with {field} {value} that you may change.",
}


def problem(code: str, field: str = "", /, **data: Any) -> Problem:
    """Return the problem called *code*; *data* fills its sentence."""
    return Problem(field, code, TEMPLATES[code], data)


def problem_of(error: CrmError) -> Problem:
    """Return what an error about a single row says, as a problem of that row."""
    return Problem("", error.code, error.template, error.data, domain=error.domain)
