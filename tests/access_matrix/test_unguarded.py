"""The matrix is worth something: without the policy at any one place of the code it turns red."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.access_matrix.cast import GUESTS, Guest
from tests.access_matrix.cell import Cell
from tests.access_matrix.coverage import all_cells
from tests.access_matrix.doors import Door
from tests.access_matrix.judge import Judge
from tests.access_matrix.unguarding import Site, every_site, unguarded, watched
from tests.access_matrix.world import World

# One with own records, one with those of a team.
TRIED = ("sam", "mona")
Tries = list[tuple[Door, Guest, Cell]]
# Places behind which another one asks the same.
EXCUSED: dict[Site, str] = {
    ("core/transfer/settling.py", "_current"): "records.update_many asks again before anything is written",
    (
        "core/records/reading.py",
        "get_and_verbs",
    ): "tells a page which buttons to show; each of them asks again",
    ("core/everyday/bulk.py", "_reached"): "says in advance what the writes refuse, each of which asks again",
    # Nothing of the matrix comes by these; without the policy these tests fail.
    (
        "core/assignment/service.py",
        "assign",
    ): "plugins/sales/tests/leads/test_assigning.py; records.run asks first",
    ("core/occasions/coming.py", "_parts"): "tests/core/occasions/test_occasions.py; a day has to be near",
    ("core/notifications/news.py", "seeing"): "tests/core/notifications/test_news.py",
    ("core/search/searching.py", "_all_seen"): "tests/core/search/test_searching.py; very many have to fit",
}


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_forgetting_the_policy_anywhere_turns_the_matrix_red(
    world: World, doors: dict[str, Door], capsys: Any
) -> None:
    tries = _tries_by_site(world, doors)
    sites = every_site()
    silent = sorted(
        (*site, len(tries[site]))
        for site in sites - EXCUSED.keys()
        if not _is_noticed(world, site, tries[site])
    )
    with capsys.disabled():
        print(
            f"\naccess matrix: {len(sites)} places take the policy in, {len(silent)} may forget it unnoticed: {silent}"
        )

    assert silent == []
    assert EXCUSED.keys() - sites == set()


def _tries_by_site(world: World, doors: dict[str, Door]) -> dict[Site, Tries]:
    """Return the cells that come by each place, those of others' records first."""
    judge, found = Judge(world, rehearse_all=True), defaultdict[Site, Tries](list)
    for door in doors.values():
        for guest in (GUESTS[key] for key in TRIED):
            for cell in all_cells(world, door, guest):
                passed = set[Site]()
                with watched(lambda site, term, passed=passed: passed.add(site) or term):  # type: ignore[misc]
                    list(judge.faults(door, guest, cell))
                for site in passed:
                    found[site].append((door, guest, cell))
    return found


def _is_noticed(world: World, site: Site, tries: Tries) -> bool:
    judge = Judge(world, rehearse_all=True)
    with unguarded(site):
        return any(True for door, guest, cell in tries for _ in judge.faults(door, guest, cell))
