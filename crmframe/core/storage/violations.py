"""What a database says when a row breaks a constraint, in words of our own."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

UNIQUE_VIOLATION = "23505"
# PostgreSQL: 'Key (entity, name)=(a, b) already exists.' The words are in the server's language, the signs are not.
_KEY = re.compile(r"\((.*?)\)=\((.*)\)", re.DOTALL)
_SQLITE = "UNIQUE constraint failed: "


def taken(error: IntegrityError, table: sa.Table) -> tuple[tuple[str, ...], str] | None:
    """Return which columns of *table* had to be unique, and the value that another row has as far as it is told.

    Returns:
        None when the error is about something else.
    """
    text = str(error.orig)
    if text.startswith(_SQLITE):
        parts = [part.partition(".") for part in text.removeprefix(_SQLITE).split(", ")]
        columns, value = [column for owner, _, column in parts if owner == table.name], ""
    elif getattr(error.orig, "sqlstate", "") == UNIQUE_VIOLATION:
        diagnosis = error.orig.diag  # type: ignore[union-attr]
        found = _KEY.search(diagnosis.message_detail or "") if diagnosis.table_name == table.name else None
        columns, value = ([c.strip(' "') for c in found[1].split(",")], found[2]) if found else ([], "")
    else:
        return None
    known = tuple(column for column in columns if column in table.c)
    return (known, value) if known else None
