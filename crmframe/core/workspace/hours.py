"""The hours of a day, as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from crmframe.core.entities.kinds import ParseContext, Text, ValueProblem
from crmframe.core.entities.kinds_base import shown

Span = tuple[int, int]
LAST_MINUTE = 24 * 60
_SPAN = re.compile(r"([0-9]{1,2}):([0-5][0-9])-([0-9]{1,2}):([0-5][0-9])")


@dataclass(frozen=True)
class Hours(Text):
    """The working hours of a day."""

    example: ClassVar[str] = "9:00-12:00, 13:00-18:00"

    max: int = 120

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        text = super().parse(raw, context)
        if spans_of(text) is None:
            template = "{field}: {value} are no hours. Write them in order, such as {example}; nothing on a free day."
            raise ValueProblem("not_hours", template, value=shown(raw), example=self.example)
        return text


def spans_of(text: str | None) -> tuple[Span, ...] | None:
    """Return the hours that *text* means, such as ``9:00-12:00, 13:00-18:00``; None when it means none."""
    spans: list[Span] = []
    for part in filter(None, (each.strip() for each in (text or "").replace("，", ",").split(","))):
        match = _SPAN.fullmatch(part.replace(" ", "").replace("：", ":").replace("–", "-"))
        if match is None:
            return None
        hours, minutes, until_hours, until_minutes = map(int, match.groups())
        start, end = hours * 60 + minutes, until_hours * 60 + until_minutes
        if start >= end or end > LAST_MINUTE or (spans and start < spans[-1][1]):
            return None
        spans.append((start, end))
    return tuple(spans)
