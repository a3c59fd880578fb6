"""The house listener: a test fails when a row of an entity is written past the one pipeline (ARCHITECTURE §8)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

import crmframe
from crmframe.core.storage.metadata import METADATA

MARKER = "writes_directly"
PACKAGE = Path(crmframe.__file__).parent
# The writer, the records of plugins that are off, migrations, and a backup being restored.
DOORS = (
    "core/records/applying.py",
    "core/records/parked.py",
    "core/storage/migrations.py",
    "core/storage/copy_portable.py",
    "core/storage/copy_postgresql.py",
    "core/storage/copy_sqlite.py",
)
WRITING = re.compile(
    r"""\s*(?:with\b.*?\)\s*)?(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update(?:\s+or\s+\w+)?(?:\s+only)?"""
    r"""|delete\s+from(?:\s+only)?|copy|truncate(?:\s+table)?|merge\s+into)\s+(?:\w+\.)?["`\[]?(\w+)""",
    re.IGNORECASE | re.DOTALL,
)


class PastThePipeline(AssertionError):
    """Something wrote rows of an entity without parsing, rights, guards and journal."""


def written_table(statement: str) -> str:
    """Return the table that a statement writes to; empty when it writes none."""
    # Nearly everything is a SELECT, which one look settles.
    head = statement[:7].lstrip().lower()
    if head.startswith(("select", "pragma", "begin", "commit")):
        return ""
    found = WRITING.match(statement)
    return found[1] if found else ""


def is_entity_table(name: str) -> bool:
    """Tell whether records of an entity lie in the table: its id is then a declared field."""
    table = METADATA.tables.get(name)
    return table is not None and "id" in table.c and "field" in table.c.id.info


def through_a_door(frame: FrameType | None) -> bool:
    """Tell whether one of the functions being run belongs to a module that may write."""
    doors = {str(PACKAGE / door) for door in DOORS}
    while frame is not None:
        if frame.f_code.co_filename in doors:
            return True
        frame = frame.f_back
    return False


class Watch:
    """Notes and refuses writes past the pipeline, in whichever thread they happen."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def look(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Refuse a statement before it is run."""
        table = written_table(statement)
        if table and is_entity_table(table) and not through_a_door(sys._getframe(1)):  # noqa: SLF001 - the stack is what this is about
            self.seen.append(f"{table}: {' '.join(statement.split())[:200]}")
            raise PastThePipeline(f"Write to {table} through records: {statement[:200]}")


@pytest.fixture(autouse=True)
def one_way_to_write(request: pytest.FixtureRequest) -> Iterator[Watch | None]:
    """Fail the test when anything writes an entity's rows past ``records``.

    Opt out with ``@pytest.mark.writes_directly("why")``.
    """
    marker = request.node.get_closest_marker(MARKER)
    if marker is not None:
        if not marker.args or not str(marker.args[0]).strip():
            pytest.fail(f"@pytest.mark.{MARKER} needs the reason as its argument.", pytrace=False)
        yield None
        return
    watch = Watch()
    sa.event.listen(sa.Engine, "before_cursor_execute", watch.look)
    try:
        yield watch
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", watch.look)
    # A thread may have swallowed the error.
    assert not watch.seen, f"written past the pipeline: {watch.seen}"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(reason): may write rows of entities past the pipeline")
