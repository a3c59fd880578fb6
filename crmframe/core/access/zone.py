"""Time zones by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmframe.core.entities.kinds import Text
from crmframe.core.entities.kinds_base import ParseContext, ValueProblem, shown


@dataclass(frozen=True)
class ZoneName(Text):
    """The name of a time zone in the IANA database."""

    example: ClassVar[str] = "Asia/Shanghai"

    max: int = 64

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        name = super().parse(raw, context)
        try:
            return ZoneInfo(name).key if name else None
        except (ZoneInfoNotFoundError, ValueError, OSError):
            template = "{field}: there is no time zone {value}. Give a name such as {example}."
            raise ValueProblem("unknown_zone", template, value=shown(raw), example=self.example) from None
