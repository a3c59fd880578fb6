"""Column types that keep the same value on SQLite and PostgreSQL."""

from __future__ import annotations

import base64
import importlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

MONEY_PLACES = 4


def Id() -> TypeEngine[int]:  # noqa: N802 - reads as a column type
    """Return the type of ids: 64 bit, and on SQLite the INTEGER that AUTOINCREMENT needs."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC; on SQLite fixed-width text, which sorts and compares as time does."""

    impl = sa.String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return value.astimezone(UTC)  # type: ignore[no-any-return]
        return datetime.fromisoformat(value)


def instant_text(value: datetime) -> str:
    """Return *value* as ``2026-11-22T08:00:00.000000Z``: 27 characters, always."""
    if value.tzinfo is None:
        raise TypeError(f"{value!r} has no time zone. Instants are aware datetimes in UTC.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


class Scaled(TypeDecorator[Decimal]):
    """An exact decimal kept as a 64-bit integer of 10^-places units."""

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.places})"

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return int(Decimal(value).scaleb(self.places).to_integral_value(ROUND_HALF_EVEN))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Money(Scaled):
    """An amount in major units, exact to 1/10,000; its currency is another column.

    Numeric on SQLite is a float: it loses 0.0001 at 10^14 (SPEED.md).
    """

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(MONEY_PLACES)

    def __repr__(self) -> str:
        return "Money()"


class JsonText(TypeDecorator[Any]):
    """JSON data as canonical text: sorted keys, no spaces, so that equal data are equal bytes."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    """Return *value* as JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class EncryptedText(TypeDecorator[str]):
    """Text encrypted with AES-256-GCM; ``context`` binds it to its column so that it cannot be moved.

    Stored as base64 of: one byte key id, 12 bytes nonce, ciphertext.
    """

    impl = sa.Text
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def __repr__(self) -> str:
        return f"EncryptedText({self.context!r})"

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        keys = encryption_keys()
        key_id, nonce = max(keys), os.urandom(12)
        sealed = _cipher(keys[key_id]).encrypt(nonce, value.encode(), self.context.encode())
        return base64.b64encode(bytes([key_id]) + nonce + sealed).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        raw = base64.b64decode(value)
        try:
            cipher = _cipher(encryption_keys()[raw[0]])
            return str(cipher.decrypt(raw[1:13], raw[13:], self.context.encode()).decode())
        except (KeyError, _module("cryptography.exceptions").InvalidTag) as error:
            raise ValueError(
                f"{self.context} was encrypted with key {raw[0]}, which is not configured."
            ) from error


def _cipher(key: bytes) -> Any:
    return _module("cryptography.hazmat.primitives.ciphers.aead").AESGCM(key)


@cache
def _module(name: str) -> Any:
    # 25 ms that only installations with encrypted columns should cost.
    return importlib.import_module(name)


def encryption_keys() -> Mapping[int, bytes]:
    """Return the keys of CRMFRAME_ENCRYPTION_KEYS (``1:base64,2:base64``); the highest id encrypts.

    The environment is the one place that every process of an installation shares and no dump contains.
    """
    pairs = (pair.split(":", 1) for pair in os.environ.get("CRMFRAME_ENCRYPTION_KEYS", "").split(",") if pair)
    keys = {int(key_id): base64.b64decode(key) for key_id, key in pairs}
    if not keys:
        raise ValueError("CRMFRAME_ENCRYPTION_KEYS is not set. Set it to 1:<32 random bytes in base64>.")
    return keys
