"""E-mail addresses, telephone numbers and web addresses."""

from __future__ import annotations

import importlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import TEXTUAL, Kind, ParseContext, ValueProblem, plain_text, shown

LONGEST_EMAIL, LONGEST_PHONE, LONGEST_URL = 254, 40, 2000

_EMAIL = re.compile(
    r"[A-Za-z0-9_%+'&=~-]+(?:\.[A-Za-z0-9_%+'&=~-]+)*@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_BETWEEN_DIGITS = re.compile(r"[\s().\-–/]")
_CHINESE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_UNSAFE = re.compile('[\x00-\x20\x7f-\x9f\ud800-\udfff<>"\\\\^`{|}]')
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_][\w-]+(?::[0-9]{1,5})?(?:[/?#].*)?")
_SCHEMES = ("http", "https", "mailto")


@dataclass(frozen=True)
class Email(Kind):
    """An e-mail address; the domain in lower case, nothing asked of the network."""

    name: ClassVar[str] = "email"
    operators: ClassVar[tuple[str, ...]] = TEXTUAL
    example: ClassVar[str] = "ann@example.com"

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(LONGEST_EMAIL)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        text = plain_text(raw)
        if text is None:
            return None
        local, _, domain = text.rpartition("@")
        if len(text) <= LONGEST_EMAIL and len(local) <= 64 and _EMAIL.fullmatch(text):
            return f"{local}@{domain.lower()}"
        return _unusual_email(text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": LONGEST_EMAIL}


def _unusual_email(text: str) -> str:
    problem = ValueProblem(
        "not_an_email",
        "{field}: {value} is not an e-mail address. Write it like ann@example.com.",
        value=shown(text),
    )
    if len(text) > LONGEST_EMAIL or "@" not in text:
        raise problem
    validator = _module("email_validator")
    try:
        address: str = validator.validate_email(text, check_deliverability=False).normalized
    except validator.EmailNotValidError:
        raise problem from None
    return address


@cache
def _module(name: str) -> Any:
    # Only unusual addresses and numbers need these; loading them would cost every start 30 ms.
    return importlib.import_module(name)


@dataclass(frozen=True)
class Phone(Kind):
    """A telephone number: international (``+8613800138000``) where it can be read, otherwise as typed."""

    name: ClassVar[str] = "phone"
    operators: ClassVar[tuple[str, ...]] = TEXTUAL
    example: ClassVar[str] = "+1 650 253 0000"

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(LONGEST_PHONE)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        if type(raw) is int:
            raw = str(raw)
        text = plain_text(raw)
        if text is None:
            return None
        bare = _BETWEEN_DIGITS.sub("", text)
        if _INTERNATIONAL.fullmatch(bare):
            return bare
        if context.region == "CN" and _CHINESE_MOBILE.fullmatch(bare):
            return f"+86{bare}"
        return _unusual_phone(text, context.region)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": LONGEST_PHONE}


def _unusual_phone(text: str, region: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(text) > LONGEST_PHONE or not text.isprintable() or not any(c.isdigit() for c in text):
        template = "{field}: {value} is not a telephone number. Write it like +1 650 253 0000."
        raise ValueProblem("not_a_phone", template, value=shown(text))
    numbers = _module("phonenumbers")
    try:
        number = numbers.parse(text, region)
    except numbers.NumberParseException:
        return text
    if number.extension or not numbers.is_valid_number(number):
        return text  # the international form has no place for an extension
    international: str = numbers.format_number(number, numbers.PhoneNumberFormat.E164)
    return international


@dataclass(frozen=True)
class Url(Kind):
    """A web address; only schemes that are safe to follow."""

    name: ClassVar[str] = "url"
    operators: ClassVar[tuple[str, ...]] = TEXTUAL
    example: ClassVar[str] = "https://example.com"

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(LONGEST_URL)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        text = plain_text(raw)
        if text is None:
            return None
        if len(text) > LONGEST_URL - len("https://"):
            template = "{field} takes at most {limit} characters, this has {length}. Shorten it."
            raise ValueProblem("too_long", template, limit=LONGEST_URL, length=len(text))
        if ":" not in text.partition("/")[0].partition(".")[0] and _HOST.fullmatch(text):
            text = f"https://{text}"
        if _UNSAFE.search(text) or not _is_safe(text):
            template = "{field}: {value} is not a web address. Write it like https://example.com."
            raise ValueProblem("not_a_url", template, value=shown(text))
        return unicodedata.normalize("NFC", text)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "maxLength": LONGEST_URL}


def _is_safe(text: str) -> bool:
    try:
        parts = urlsplit(text)
        reachable = parts.path if parts.scheme == "mailto" else parts.hostname
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(reachable)
