"""Currencies by their codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from crmframe.core.entities.kinds import ParseContext, Text, ValueProblem
from crmframe.core.entities.kinds_base import shown

_CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class CurrencyCode(Text):
    """Three letters of ISO 4217."""

    example: ClassVar[str] = "EUR"

    max: int = 3

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        text = super().parse(raw, context)
        if text is not None and not _CODE.fullmatch(text.upper()):
            template = "{field}: {value} is no currency. Write three letters, such as {example}."
            raise ValueProblem("not_a_currency", template, value=shown(raw), example=self.example)
        return text.upper() if text else None
