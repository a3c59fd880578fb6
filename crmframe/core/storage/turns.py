"""Taking turns at what no single row stands for."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa


def take_turn(connection: sa.Connection, name: str) -> None:
    """Wait until no other transaction has the turn *name*, and keep it until this one ends.

    Take it before any row is locked, or two transactions may wait for each other. On SQLite whoever writes has
    every turn.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        connection.execute(_TURN, {"number": number})


_TURN = sa.text("SELECT pg_advisory_xact_lock(:number)").bindparams(
    sa.bindparam("number", type_=sa.BigInteger())
)
