"""How far the transactions of a database have come, as SQL with one meaning on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

NO_TRANSACTION = 2**63 - 1


class oldest_running_transaction(FunctionElement[int]):  # noqa: N801 - reads as an SQL function
    """The id of the oldest transaction that this statement cannot see the end of.

    All lower ids have committed or rolled back. SQLite has one writer, whose commits appear in order: no
    transaction is ever in the way there.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(oldest_running_transaction)
def _without_gaps(_element: Any, _compiler: Any, **_options: Any) -> str:
    return str(NO_TRANSACTION)


@compiles(oldest_running_transaction, "postgresql")
def _from_the_snapshot(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"
