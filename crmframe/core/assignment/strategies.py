"""The strategies of the core: turns, regions, load."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from crmframe.core.contributions import Strategy

Choice = tuple["Member", str, Mapping[str, Any]]
_BETWEEN = re.compile(r"[,，、;；\n]+")


@dataclass(slots=True)
class Member:
    """Somebody who may get a record now.

    Attributes:
        given: Turns had under this rule.
        open: Records of the entity that they have to work on.
        region: What the record says in the rule's field of the region.
    """

    user_id: int
    name: str
    weight: int
    regions: frozenset[str]
    capacity: int | None
    given: int = 0
    open: int = 0
    region: str = ""

    @property
    def share(self) -> Fraction:
        """Return the turns had in proportion to the weight."""
        return Fraction(self.given, self.weight)


def regions_of(text: str | None) -> frozenset[str]:
    """Return the names in a list with commas between, Chinese ones too."""
    return frozenset(part.strip().casefold() for part in _BETWEEN.split(text or "") if part.strip())


def round_robin(record: Mapping[str, Any], members: Sequence[Member]) -> Choice:
    """Choose who had the fewest turns in proportion to the weight."""
    chosen = min(members, key=lambda member: (member.share, member.user_id))
    reason = "It was the turn of {user}."
    return chosen, reason, {"user": chosen.name}


def region(record: Mapping[str, Any], members: Sequence[Member]) -> Choice | None:
    """Choose among those of the record's region, else among those without regions."""
    wanted = members[0].region.strip()
    here = [member for member in members if wanted and wanted.casefold() in member.regions]
    if here:
        chosen, _, _ = round_robin(record, here)
        reason = "{user} looks after {region}."
        return chosen, reason, {"user": chosen.name, "region": wanted}
    others = [member for member in members if not member.regions]
    if not others:
        return None
    chosen, _, _ = round_robin(record, others)
    reason = "Nobody looks after this region; it was the turn of {user}."
    return chosen, reason, {"user": chosen.name}


def load(record: Mapping[str, Any], members: Sequence[Member]) -> Choice:
    """Choose who has the least open work in proportion to the weight."""
    chosen = min(members, key=lambda m: (Fraction(m.open, m.weight), m.share, m.user_id))
    reason = "{user} had the least open work: {count}."
    return chosen, reason, {"user": chosen.name, "count": chosen.open}


STRATEGIES = (
    Strategy("core.round_robin", "In turn", round_robin),
    Strategy("core.region", "By region", region),
    Strategy("core.load", "Least open work", load),
)
