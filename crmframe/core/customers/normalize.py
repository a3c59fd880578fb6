"""The form in which contact points are compared."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PHONE_KINDS = frozenset({"phone", "mobile", "fax", "whatsapp"})


def normalized_value(values: Mapping[str, Any], region: str) -> str | None:
    """Return the value of a contact point as searches and duplicate checks compare it.

    Args:
        values: With ``kind`` and ``value``.
        region: Country that a number without one belongs to, such as ``CN``.
    """
    kind, value = values.get("kind"), str(values.get("value") or "").strip()
    if not value:
        return None
    if kind in PHONE_KINDS:
        return normalized_phone(value, region)
    if kind == "website":
        return _host_and_path(value)
    return value.casefold()


def normalized_phone(value: str, region: str) -> str:
    """Return a number in E.164 (``+8613800138000``), or its digits when it is not a number anywhere."""
    phonenumbers = importlib.import_module("phonenumbers")  # 150 ms, only wanted when a number comes along
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        return re.sub(r"\D", "", value) or value.casefold()
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _host_and_path(value: str) -> str:
    parts = urlsplit(value if "//" in value else f"//{value}")
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"
