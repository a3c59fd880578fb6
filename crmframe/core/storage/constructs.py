"""What the constructs of ``dialect`` are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Condition(FunctionElement[bool]):
    """A construct that is true or false."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Return the condition as it is: on SQLite a ``= 1`` behind it would hide the column from its index."""
        return self


def operands(element: FunctionElement[Any], compiler: SQLCompiler, options: Mapping[str, Any]) -> list[str]:
    """Return the compiled operands of a construct."""
    return [compiler.process(clause, **options) for clause in element.clauses]


def converter(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what turns a Python value into what the driver gets, None when nothing does."""
    return type_.dialect_impl(dialect).bind_processor(dialect)
