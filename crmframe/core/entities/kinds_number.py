"""Whole numbers, decimals and amounts of money."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import ORDERED, Kind, ParseContext, ValueProblem, shown
from crmframe.core.entities.numerals import read_number
from crmframe.core.storage import types as stored

SMALLEST, LARGEST = -(2**63), 2**63 - 1
LARGEST_DECIMAL = 10**14
MOST_PLACES = 9


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number of at most 64 bits."""

    name: ClassVar[str] = "integer"
    operators: ClassVar[tuple[str, ...]] = ORDERED
    example: ClassVar[str] = "42"

    min: int = SMALLEST
    max: int = LARGEST

    def column_type(self) -> TypeEngine[Any]:
        return sa.BigInteger()

    def parse(self, raw: Any, context: ParseContext) -> int | None:
        kind = type(raw)
        if kind is int:
            number: int = raw
        elif kind is str and len(raw) < 19 and raw.isascii() and raw.isdigit():
            number = int(raw)
        else:
            value = read_number(raw, context)
            if value is None:
                return None
            number = _whole(value, raw)
        if self.min <= number <= self.max:
            return number
        template = "{field}: {value} is out of range. Give a whole number from {min} to {max}."
        raise ValueProblem("out_of_range", template, value=shown(raw), min=self.min, max=self.max)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.min, "maximum": self.max}


def _whole(value: Decimal, raw: Any) -> int:
    if abs(value) > LARGEST + 1 or value != value.to_integral_value():
        template = "{field}: {value} is not a whole number. Write it like 1234."
        raise ValueProblem("not_an_integer", template, value=shown(raw))
    return int(value)


@dataclass(frozen=True)
class DecimalNumber(Kind):
    """An exact decimal.

    Attributes:
        places: Digits behind the point, at most 9; a value with more of them is refused, not rounded.
    """

    name: ClassVar[str] = "decimal"
    operators: ClassVar[tuple[str, ...]] = ORDERED
    example: ClassVar[str] = "1234.50"

    places: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.places <= MOST_PLACES:
            raise TypeError(f"DecimalNumber({self.places}): places go from 0 to {MOST_PLACES}.")

    def column_type(self) -> TypeEngine[Any]:
        return stored.Scaled(self.places)

    def parse(self, raw: Any, context: ParseContext) -> Decimal | None:
        value = read_number(raw, context)
        return None if value is None else _exact(value, self.places, raw)

    def to_json(self, value: Decimal | int | None) -> str | None:
        return None if value is None else f"{Decimal(value):.{self.places}f}"

    def from_json(self, data: str | int | None) -> Decimal | None:
        return None if data is None else Decimal(data).quantize(Decimal(1).scaleb(-self.places))

    def to_text(self, value: Decimal | None) -> str:
        return self.to_json(value) or ""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": _pattern(self.places)}


@dataclass(frozen=True)
class Money(Kind):
    """An amount in major units, exact to four places.

    Attributes:
        currency: The field of the same record that holds the currency; empty means the workspace's.
    """

    name: ClassVar[str] = "money"
    operators: ClassVar[tuple[str, ...]] = ORDERED
    example: ClassVar[str] = "1234.50"

    currency: str = ""

    def column_type(self) -> TypeEngine[Any]:
        return stored.Money()

    def parse(self, raw: Any, context: ParseContext) -> Decimal | None:
        value = read_number(raw, context, money=True)
        return None if value is None else _exact(value, stored.MONEY_PLACES, raw)

    def to_json(self, value: Decimal | int | None) -> str | None:
        if value is None:
            return None
        text = f"{Decimal(value):.4f}"
        # Two places are what people expect; the others only where they say something.
        return text[:-2] if text.endswith("00") else text.removesuffix("0")

    def from_json(self, data: str | int | None) -> Decimal | None:
        return None if data is None else Decimal(data).quantize(Decimal("0.0001"))

    def to_text(self, value: Decimal | None) -> str:
        return self.to_json(value) or ""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "decimal", "pattern": _pattern(stored.MONEY_PLACES)}


def _pattern(places: int) -> str:
    return r"^-?\d+(\.\d{1," + str(places) + "})?$" if places else r"^-?\d+$"


def _exact(value: Decimal, places: int, raw: Any) -> Decimal:
    # 10^14 units of 10^-4 fit into 64 bits; finer ones leave less room.
    limit = min(LARGEST_DECIMAL, LARGEST // 10**places)
    if abs(value) > limit:
        template = "{field}: {value} is out of range. Give a number from {min} to {max}."
        raise ValueProblem("out_of_range", template, value=shown(raw), min=-limit, max=limit)
    exact = value.quantize(Decimal(1).scaleb(-places))
    if exact != value:
        template = "{field}: {value} has more than {places} decimal places. Round it first."
        raise ValueProblem("too_many_places", template, value=shown(raw), places=places)
    return exact + 0  # turns -0 into 0
