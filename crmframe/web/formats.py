"""Dates, moments, amounts and numbers as people in a language write them."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import get_currency_precision, get_currency_symbol

TAGS = {"en": "en", "zh_Hans": "zh-Hans"}


class Formats:
    """How one reader's language and time zone show values.

    Args:
        zone: The reader's: moments are shown in it.
        home: The workspace's currency, whose sign needs no country in front.
    """

    def __init__(self, locale: str, zone: ZoneInfo, now: datetime, home: str = "") -> None:
        self.locale, self.zone, self.home = locale, zone, home
        self.now = now.astimezone(zone)
        self._babel = _locale(locale)
        self._group = str(self._babel.number_symbols["latn"]["group"])
        self._point = str(self._babel.number_symbols["latn"]["decimal"])
        self._signs = {ord(","): self._group, ord("."): self._point}

    def date(self, value: dt.date) -> str:
        """Return a day; the year only when it is another one."""
        return self._day(value, "MMMd" if value.year == self.now.year else "yMMMd")

    def day(self, value: dt.date) -> str:
        """Return a day with its weekday, for headings."""
        return self._day(value, "full")

    def instant(self, value: datetime) -> str:
        """Return a moment in the reader's zone."""
        local = value.astimezone(self.zone)
        return f"{self.date(local.date())} {local:%H:%M}"

    def precise(self, value: datetime) -> str:
        """Return a moment with the year and seconds, for tooltips and histories."""
        local = value.astimezone(self.zone)
        return f"{format_date(local.date(), 'medium', self._babel)} {format_time(local, 'HH:mm:ss', locale=self._babel)}"

    def time(self, value: datetime) -> str:
        """Return the time of day."""
        return f"{value.astimezone(self.zone):%H:%M}"

    def local_day(self, value: datetime) -> dt.date:
        """Return the day of a moment in the reader's zone."""
        return value.astimezone(self.zone).date()

    def number(self, value: int | Decimal) -> str:
        """Return a number with its groups."""
        return f"{value:,}".translate(self._signs)

    def money(self, value: Decimal, currency: str | None) -> str:
        """Return an amount; without digits after the point when there are none."""
        digits = 0 if value == value.to_integral_value() else max(_precision(currency), -_exponent(value))
        text = f"{abs(value):,.{digits}f}".translate(self._signs)
        sign = "-" if value < 0 else ""
        if not currency:
            return f"{sign}{text}"
        symbol = _symbol(currency, self.locale)
        if currency == self.home:
            symbol = symbol.lstrip(string.ascii_uppercase) or symbol
        return f"{sign}{symbol}{text}"

    def _day(self, value: dt.date, form: str) -> str:
        return _formatted_day(value, form, self.locale)

    def local(self, value: datetime) -> str:
        """Return a moment as ``datetime-local`` inputs want it."""
        return f"{value.astimezone(self.zone):%Y-%m-%dT%H:%M}"

    def ago(self, value: datetime, say: Callable[..., str]) -> str:
        """Return how long ago a moment is: minutes, hours or days; older ones by date."""
        passed = self.now - value
        if passed < timedelta(0):
            return self.instant(value)
        if passed < timedelta(minutes=1):
            return say("just now")
        if passed < timedelta(hours=1):
            return say("{number} min ago", number=int(passed.total_seconds() // 60))
        days = (self.now.date() - self.local_day(value)).days
        if days == 0:
            return self.time(value)
        if days == 1:
            return say("yesterday {time}", time=self.time(value))
        return say("{number} days ago", number=days) if days <= 30 else self.date(self.local_day(value))


def zone_named(name: str, default: ZoneInfo) -> ZoneInfo:
    """Return the zone called *name*, the default when there is none."""
    if not name:
        return default
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default


def at_zone(text: str, zone: ZoneInfo) -> str:
    """Return what a ``datetime-local`` input sent, with the reader's zone; other text as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC).isoformat()


def _exponent(value: Decimal) -> int:
    exponent: Any = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@lru_cache(maxsize=8)
def _locale(locale: str) -> Locale:
    return Locale.parse(locale)


# Babel takes as long for a day as a row takes for all its cells; lists show the same few days again and again.
@lru_cache(maxsize=4096)
def _formatted_day(value: dt.date, form: str, locale: str) -> str:
    if form == "full":
        return format_date(value, "full", _locale(locale))
    return format_skeleton(form, value, locale=_locale(locale))


@lru_cache(maxsize=256)
def _symbol(currency: str, locale: str) -> str:
    symbol = get_currency_symbol(currency, _locale(locale))
    return f"{symbol} " if symbol == currency else symbol


@lru_cache(maxsize=256)
def _precision(currency: str | None) -> int:
    return get_currency_precision(currency) if currency else 2
