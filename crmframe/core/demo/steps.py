"""A demo is a list of steps, each at its moment and by its user, played in order through ``records``.

A plugin adds its own by the hook ``samples``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, Protocol

from crmframe.core import records
from crmframe.core.work import UnitOfWork

FOLDER = Path(__file__).parent
DAYS_OF_HISTORY = 548

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]
"""When, the login name of the user ("" is the system), and what is done."""


class OpenWork(Protocol):
    """How a demo gets a unit of work; the application hands it in."""

    def __call__(self, user_id: int | None, at: datetime) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work as a user (None is the system) whose clock stands at *at*."""


def play(open_work: OpenWork, steps: Iterable[Step], *, prefix: str = "") -> int:
    """Do the steps in the order of their moments; returns how many there were.

    What a user did within an hour, with nobody else in between, is one unit of work.

    Args:
        prefix: What stands before the login names of the steps' users.
    """
    users: dict[str, int] = {}
    count = 0
    for _, hour in groupby(sorted(steps, key=lambda step: step[0]), key=_hour_of):
        together = list(hour)
        at, login, _run = together[0]
        if login and login not in users:
            with open_work(None, at) as work:
                users[login] = find(work, "core.user", "login", prefix + login)
        with open_work(users.get(login), at) as work:
            for _at, _login, run in together:
                run(work)
        count += len(together)
    return count


def _hour_of(step: Step) -> tuple[str, datetime]:
    return step[1], step[0].replace(minute=0, second=0, microsecond=0)


def find(work: UnitOfWork, entity: str, field: str, value: Any) -> int:
    """Return the id of the record whose *field* is *value*; the demo's data always has it."""
    return records.find_by(work, work.schema.entity(entity), field, [value])[value]


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of this folder; what is empty is left out."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value for key, value in row.items() if value}


def office_day(now: datetime, days_ago: int) -> datetime:
    """Return nine o'clock (UTC+8) of the working day at or before *days_ago* days before *now*."""
    day = (now - timedelta(days=days_ago)).astimezone(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def workday(now: datetime, days_ago: int, random: Random) -> datetime:
    """Return a moment on a working day about *days_ago* days before *now*, in office hours (UTC+8), never after *now*."""
    moment = office_day(now, days_ago) + timedelta(minutes=random.randint(0, 9 * 60))
    return moment if moment < now else moment - timedelta(days=7)
