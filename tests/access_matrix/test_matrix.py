"""Role × entity × verb × door: nobody sees, counts, learns of or changes more than their roles give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.access_matrix.cast import GUESTS, UNPLANTED
from tests.access_matrix.coverage import EXCUSED, all_cells, every_operation, uncovered
from tests.access_matrix.doors import Door
from tests.access_matrix.judge import Judge
from tests.access_matrix.world import World

MOST_SHOWN = 40
ROOT = Path(__file__).parents[2]
TEST_PATH = re.compile(r"(?:plugins/\w+/)?tests/[\w/]+(?:\.py)?")
FEWEST_CELLS = 2_000
# The pages and the command line stand on the same functions; their own SQL is the same on both databases.
DOORS = {"sqlite": ("functions", "api", "pages", "cli"), "postgres": ("functions", "api")}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("world", "door"), [(kind, door) for kind, doors in DOORS.items() for door in doors], indirect=["world"]
)
def test_nobody_sees_or_does_more_than_granted(
    world: World, doors: dict[str, Door], door: str, capsys: Any
) -> None:
    judge, number, faults = Judge(world), 0, []
    before = world.digest()
    for guest in GUESTS.values():
        cells = all_cells(world, doors[door], guest)
        number += len(cells)
        faults += list(judge.run(doors[door], guest, cells))
    with capsys.disabled():
        print(f"\n{world.application.database.dialect}, {door}: {number:,} cells, {len(faults)} faults")

    assert [str(fault) for fault in faults[:MOST_SHOWN]] == []
    assert world.digest() == before, "a refused attempt changed something"


def test_no_operation_is_left_out(world: World, doors: dict[str, Door], capsys: Any) -> None:
    missing, number = uncovered(world, doors.values())
    with capsys.disabled():
        print(f"\naccess matrix: {number:,} cells, {len(missing)} uncovered, {len(EXCUSED)} excused")

    assert missing == []
    assert number >= FEWEST_CELLS


def test_no_excuse_is_stale(world: World, doors: dict[str, Door]) -> None:
    assert set(EXCUSED) - set(every_operation(world)) == set()


def test_the_tests_that_excuses_point_to_are_there() -> None:
    reasons = {**EXCUSED, **UNPLANTED}
    named = {path for reason in reasons.values() for path in TEST_PATH.findall(reason)}

    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    assert [name for name in UNPLANTED if not TEST_PATH.search(UNPLANTED[name])] == []
