"""Passwords: argon2id, at least twelve characters, none that everybody tries first."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from crmframe.core.errors import InvalidInput, Problem

MIN_LENGTH = 12
# Longer ones are refused unread: hashing a megabyte is work that anybody could ask for.
MAX_LENGTH = 1024
# A name of three letters is in too many good passwords.
NAME_LENGTH_THAT_COUNTS = 4
FEW_CHARACTERS = 4
COMMON = Path(__file__).with_name("common_passwords.txt")
LEET = str.maketrans("0134578@$!", "oieastbasi")


class Hasher:
    """Makes and checks password hashes.

    Args:
        fast: Weak parameters, for tests only: a real hash takes about 0.2 seconds, on purpose.
    """

    def __init__(self, *, fast: bool = False) -> None:
        self._fast = fast
        self._argon2: Any = None
        self._decoy = ""

    @property
    def _hasher(self) -> Any:
        if self._argon2 is None:
            options = {"time_cost": 1, "memory_cost": 8, "parallelism": 1} if self._fast else {}
            # Loaded at the first password: 24 ms that no other command has to wait for.
            self._argon2 = import_module("argon2").PasswordHasher(**options)
        return self._argon2

    def hash(self, password: str) -> str:
        """Return the hash of *password*, with its parameters and salt in it."""
        return str(self._hasher.hash(_octets(password)))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* is the one; None takes as long as a wrong password does."""
        if not self._decoy:
            self._decoy = self.hash("nobody has this password")
        errors = import_module("argon2.exceptions")
        try:
            fits = self._hasher.verify(password_hash or self._decoy, _octets(password[:MAX_LENGTH]))
        except (errors.VerificationError, errors.InvalidHashError):
            return False
        return bool(fits) and password_hash is not None and len(password) <= MAX_LENGTH

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return bool(self._hasher.check_needs_rehash(password_hash))


def require_good_password(password: str, *names: str) -> None:
    """Refuse a password that is short, common, or contains one of *names* (login name, name).

    Raises:
        InvalidInput: Says what is wrong with field ``password``.
    """
    if len(password) < MIN_LENGTH:
        raise _problem("too_short", "Use at least {minimum} characters.", minimum=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise _problem("too_long", "Use at most {maximum} characters.", maximum=MAX_LENGTH)
    if is_common(password):
        raise _problem("common", "This password is among those that are tried first. Choose another one.")
    folded = password.casefold()
    if any(name.casefold() in folded for name in names if len(name) >= NAME_LENGTH_THAT_COUNTS):
        raise _problem("contains_name", "The password must not contain the name.")


def is_common(password: str) -> bool:
    """Return whether *password* is a common one, also doubled, with digits at its ends, or in leet spelling."""
    folded = password.casefold()
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    forms = {folded, bare, folded.translate(LEET), bare.translate(LEET)}
    forms |= {half_of(form) for form in forms}
    return len(set(folded)) <= FEW_CHARACTERS or is_sequence(folded) or bool(forms & common_passwords())


def half_of(text: str) -> str:
    """Return the part that *text* repeats, or *text* itself: ``secret`` for ``secretsecret``."""
    start = (text + text).find(text, 1)
    return text[:start] if 0 < start < len(text) else text


def is_sequence(text: str) -> bool:
    """Return whether each character follows the one before, up or down: ``abcdefghijkl``, ``987654321098``."""
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
    return len(steps) == 1 and steps <= {0, 1, 9}


@cache
def common_passwords() -> frozenset[str]:
    """Return the list that lies beside this module: case-folded, one a line."""
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _octets(password: str) -> bytes:
    # Lone surrogates arrive in JSON; they must not be an error of ours.
    return password.encode("utf-8", "surrogatepass")


def _problem(code: str, template: str, **data: Any) -> InvalidInput:
    return InvalidInput([Problem("password", code, template, data)])
