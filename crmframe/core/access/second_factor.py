"""The second factor: codes of an authenticator app (TOTP), and recovery codes for the day the phone is gone.

The app's secret is sealed with a key that follows from the installation's secret, recovery codes are hashed. A code
counts once: the period of the last one is kept, a recovery code is deleted. Programs with a token are not asked.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyotp
import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken

from crmframe.core.access import throttle
from crmframe.core.access.loading import bump_epoch
from crmframe.core.access.sessions import hash_of
from crmframe.core.access.tables import recovery_code, second_factor
from crmframe.core.errors import CrmError

if TYPE_CHECKING:
    from crmframe.core.storage.engine import Database

PERIOD = 30
# A phone's clock may be off by one period.
STEPS = (0, -1, 1)
RECOVERY_CODES = 10
RECOVERY_LETTERS = 16
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class WrongCode(CrmError):
    """The code is none of the app's of this minute, was used before, or is no recovery code that is left."""

    code = "wrong_code"
    status = 422
    template = "This code does not count. Wait for the next one in your app, or use a recovery code."


class Vault:
    """Seals small secrets that have to be read again.

    Args:
        secret: The installation's; with another one nothing opens any more.
    """

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(f"crmframe second factor:{secret}".encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        """Return *text* so that only this vault reads it."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return what was sealed, empty when another secret sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return ""


def pending_secret(connection: sa.Connection, user_id: int, vault: Vault) -> str:
    """Return the secret that the user's app is to be given, empty when none waits for its first code."""
    row = _row(connection, user_id)
    return vault.open(row.sealed) if row is not None and row.confirmed_at is None else ""


def recovery_codes_left(connection: sa.Connection, user_id: int) -> int:
    """Return how many recovery codes still count."""
    mine = sa.select(sa.func.count()).where(recovery_code.c.user_id == user_id)
    return int(connection.scalar(mine) or 0)


def begin(connection: sa.Connection, user_id: int, vault: Vault) -> None:
    """Make a secret for the user's app; it counts once a code confirms it. Does nothing when one counts already."""
    row = _row(connection, user_id)
    if row is not None and row.confirmed_at is not None:
        return
    connection.execute(sa.delete(second_factor).where(second_factor.c.user_id == user_id))
    sealed = vault.seal(pyotp.random_base32())
    connection.execute(sa.insert(second_factor).values(user_id=user_id, sealed=sealed, last_counter=0))


def confirm(connection: sa.Connection, user_id: int, code: str, vault: Vault, now: datetime) -> list[str]:
    """Switch the second factor on with a first code, and return the recovery codes, shown this once.

    Raises:
        WrongCode: It is not the app's.
    """
    row = _row(connection, user_id)
    if row is None or row.confirmed_at is not None or not _takes_app_code(connection, row, code, vault, now):
        raise WrongCode
    mine = second_factor.c.user_id == user_id
    connection.execute(sa.update(second_factor).where(mine).values(confirmed_at=now))
    bump_epoch(connection)
    return new_recovery_codes(connection, user_id)


def new_recovery_codes(connection: sa.Connection, user_id: int) -> list[str]:
    """Replace the recovery codes and return the new ones, shown this once."""
    connection.execute(sa.delete(recovery_code).where(recovery_code.c.user_id == user_id))
    letters = (
        "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LETTERS)) for _ in range(RECOVERY_CODES)
    )
    codes = ["-".join(text[i : i + 4] for i in range(0, RECOVERY_LETTERS, 4)) for text in letters]
    rows = [{"user_id": user_id, "code_hash": hash_of(_plain(code))} for code in codes]
    connection.execute(sa.insert(recovery_code), rows)
    return codes


def require_code(
    database: Database, user_id: int, code: str, *, address: str, vault: Vault, now: datetime
) -> None:
    """Take a code of the app, or a recovery code, which is spent by it.

    Raises:
        WrongCode: It does not count.
        TooManyAttempts: Too early after failures; says how many seconds to wait.
    """
    attempt = throttle.attempt_of(f"second factor of {user_id}", address)
    with database.write() as connection:
        attempt_id = throttle.begin_attempt(connection, attempt, now)
    with database.write() as connection:
        row = _row(connection, user_id)
        if row is None or row.confirmed_at is None:
            raise WrongCode
        if not _takes_app_code(connection, row, code, vault, now) and not _takes_recovery_code(
            connection, user_id, code
        ):
            raise WrongCode
        throttle.attempt_succeeded(connection, attempt, attempt_id)


def _row(connection: sa.Connection, user_id: int) -> Any:
    return connection.execute(
        sa.select(second_factor).where(second_factor.c.user_id == user_id)
    ).one_or_none()


def _takes_app_code(connection: sa.Connection, row: Any, code: str, vault: Vault, now: datetime) -> bool:
    digits, secret = "".join(code.split()), vault.open(row.sealed)
    if not secret or len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return False
    app = pyotp.TOTP(secret, interval=PERIOD)
    present = int(now.timestamp()) // PERIOD
    counters = [
        present + step for step in STEPS if secrets.compare_digest(app.generate_otp(present + step), digits)
    ]
    if not counters:
        return False
    # Of two that send the same code at once, one finds the period taken.
    fresh = sa.and_(second_factor.c.user_id == row.user_id, second_factor.c.last_counter < counters[0])
    taken = connection.execute(sa.update(second_factor).where(fresh).values(last_counter=counters[0]))
    return taken.rowcount == 1


def _takes_recovery_code(connection: sa.Connection, user_id: int, code: str) -> bool:
    mine = sa.and_(recovery_code.c.user_id == user_id, recovery_code.c.code_hash == hash_of(_plain(code)))
    return connection.execute(sa.delete(recovery_code).where(mine)).rowcount == 1


def _plain(code: str) -> str:
    return "".join(code.replace("-", "").split()).lower()
