"""Declarations that are data alone; plugins find them in ``contributions``, with the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """How documents of one sort are numbered until administrators say otherwise; drawn with ``draw(work, key)``.

    Attributes:
        key: ``<plugin>.<name>``, for ever.
        pattern: Such as ``Q-{year}-{number:05}``; also ``{short_year}``, ``{fiscal_year}``, ``{month}``, ``{day}``.
        resets: When numbers begin anew: never, yearly, fiscal_yearly, monthly.
        gapless: True leaves no number out, but lets writers that draw wait for each other.
    """

    key: str
    label: str
    pattern: str
    resets: Literal["never", "yearly", "fiscal_yearly", "monthly"] = "never"
    gapless: bool = True


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission beyond create, read, update, delete and the actions."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A part of the sample company's history.

    Attributes:
        steps: ``module:function``, imported when samples are made. ``function(now, customers)`` yields tuples of the
            moment, the login name of the user, and ``run(work)``; the same for the same day. All moments lie before
            ``now``; ``customers`` is how many the company has.
    """

    steps: str
