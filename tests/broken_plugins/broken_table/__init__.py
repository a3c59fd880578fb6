"""Its model names a table outside its prefix."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crmframe.hookspecs import hookimpl


class Base(DeclarativeBase):
    """A MetaData of its own."""

    metadata = MetaData()


class Row(Base):
    """Is in the wrong place."""

    __tablename__ = "elsewhere"
    id: Mapped[int] = mapped_column(primary_key=True)


@hookimpl
def entities() -> list[type[Any]]:
    return [Row]
