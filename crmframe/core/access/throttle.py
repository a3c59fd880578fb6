"""Slowing down guesses of passwords, without locking anybody out.

Each attempt is written down as failed before its password is looked at, so that parallel guesses count. An attempt that
comes too early is refused unseen and does not count, so that hammering prolongs nobody's wait.

How fast depends on who asks (failures of the last 15 minutes):
- one account from one address: five are free, or one while the account is under attack from many addresses
  and this address is not known to it; then 1, 2, 4 … 30 seconds between attempts
- one address, many accounts: fifty are free; known accounts of the address pass
So a legitimate user waits at most 30 seconds, whatever others do, and one at a known address not at all.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.tables import login_attempt
from crmframe.core.errors import TooManyAttempts

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

WINDOW = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=90)
FREE_PER_PAIR = 5
FREE_PER_PAIR_UNDER_ATTACK = 1
FREE_PER_ACCOUNT = 20
FREE_PER_ADDRESS = 50
LONGEST_WAIT = timedelta(seconds=30)
IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in being tried: hashes of the account's name, and the network address."""

    account: str
    address: str


def attempt_of(login: str, address: str) -> Attempt:
    """Return the keys under which an attempt is counted; unknown names count as known ones do."""
    account = hashlib.sha256(login.casefold().encode("utf-8", "replace")).hexdigest()
    return Attempt(account, network_of(address))


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and the /64 of an IPv6 one: its holder has all of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64].replace("\x00", "")
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(parsed)


def begin_attempt(connection: sa.Connection, attempt: Attempt, now: datetime) -> int:
    """Count the attempt as failed until ``attempt_succeeded`` says otherwise; return its id.

    Raises:
        TooManyAttempts: It comes too early; says in how many seconds the next one counts.
    """
    wait = wait_before(connection, attempt, now)
    if wait > timedelta(0):
        raise TooManyAttempts(seconds=math.ceil(wait.total_seconds()))
    values = {"account": attempt.account, "address": attempt.address, "at": now, "succeeded": False}
    inserted: Any = connection.execute(sa.insert(login_attempt).values(values)).inserted_primary_key
    return int(inserted[0])


def slow_down(work: UnitOfWork, what: str, address: str) -> None:
    """Count that somebody does *what* from an address; the first five within 15 minutes cost no wait.

    Raises:
        TooManyAttempts: It comes too early; says in how many seconds the next one counts.
    """
    # Apart from the guesses of passwords: a busy form makes nobody wait who signs in.
    ours = attempt_of(what, address)
    begin_attempt(work.connection, Attempt(ours.account, f"~{ours.address}"[:64]), work.now)


def attempt_succeeded(connection: sa.Connection, attempt: Attempt, attempt_id: int) -> None:
    """Remember that the account is at home at this address, and forget the pair's failures."""
    ours = (login_attempt.c.account == attempt.account, login_attempt.c.address == attempt.address)
    connection.execute(sa.delete(login_attempt).where(*ours, login_attempt.c.id != attempt_id))
    connection.execute(
        sa.update(login_attempt).where(login_attempt.c.id == attempt_id).values(succeeded=True)
    )


def wait_before(connection: sa.Connection, attempt: Attempt, now: datetime) -> timedelta:
    """Return how long from *now* the next attempt has to wait; zero or less means it may be made."""
    seen = connection.execute(
        COUNTS, {"account": attempt.account, "address": attempt.address, **_since(now)}
    ).one()
    under_attack = seen.of_account >= FREE_PER_ACCOUNT and not seen.known
    free = FREE_PER_PAIR_UNDER_ATTACK if under_attack else FREE_PER_PAIR
    waits = [pause(seen.of_pair - free, seen.last_of_pair, now)]
    if not seen.known:
        waits.append(pause(seen.of_address - FREE_PER_ADDRESS, seen.last_of_address, now))
    return max(waits)


def pause(beyond_free: int, last: datetime | None, now: datetime) -> timedelta:
    """Return the rest of the pause after *last*: 1 second at the first failure too many, doubling up to 30."""
    if beyond_free < 0 or last is None:
        return timedelta(0)
    length = min(LONGEST_WAIT, timedelta(seconds=2 ** min(beyond_free, 10)))
    # A clock that was set back must not make the pause longer than it is.
    return min(length, last + length - now)


def purge_attempts(connection: sa.Connection, now: datetime) -> None:
    """Delete what no longer counts."""
    old = sa.and_(~login_attempt.c.succeeded, login_attempt.c.at < now - WINDOW)
    connection.execute(sa.delete(login_attempt).where(sa.or_(old, login_attempt.c.at < now - KNOWN_FOR)))


def _since(now: datetime) -> dict[str, datetime]:
    return {"recent": now - WINDOW, "known_since": now - KNOWN_FOR}


def _counts() -> sa.Select[Any]:
    rows = login_attempt.c
    ours, here = rows.account == sa.bindparam("account"), rows.address == sa.bindparam("address")
    recent = rows.at > sa.bindparam("recent", type_=rows.at.type)
    known_since = sa.bindparam("known_since", type_=rows.at.type)

    def value(what: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        return sa.select(what).where(~rows.succeeded, recent, *conditions).scalar_subquery()

    known = sa.select(rows.id).where(ours, here, rows.succeeded, rows.at > known_since).exists()
    return sa.select(
        value(sa.func.count(), ours, here).label("of_pair"),
        value(sa.func.max(rows.at), ours, here).label("last_of_pair"),
        value(sa.func.count(), ours).label("of_account"),
        value(sa.func.count(), here).label("of_address"),
        value(sa.func.max(rows.at), here).label("last_of_address"),
        known.label("known"),
    )


COUNTS = _counts()
