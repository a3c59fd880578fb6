"""What a schema keeps: statements that were built once, and no end of them."""

from __future__ import annotations

from typing import Any

from crmframe.core import records
from crmframe.core.entities.schema import MOST_STATEMENTS, Statements


def test_the_oldest_statement_goes_when_there_are_many() -> None:
    kept = Statements()
    for number in range(MOST_STATEMENTS + 5):
        kept[number] = number

    assert len(kept) == MOST_STATEMENTS
    assert (4 in kept, 5 in kept, MOST_STATEMENTS + 4 in kept) == (False, True, True)


def test_a_list_is_built_once_for_its_columns(application: Any) -> None:
    def read(*columns: str) -> int:
        with application.work(write=False) as work:
            records.select(work, "core.customer", records.Query(columns=columns))
            return len(work.schema.statements)

    first = read("id", "name")
    assert read("id", "name") == first
    assert read("id", "name", "grade") > first
