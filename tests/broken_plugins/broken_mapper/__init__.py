"""Its mappers cannot be configured."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from crmframe.hookspecs import hookimpl


class Base(DeclarativeBase):
    """A MetaData of its own."""

    metadata = MetaData()


class Row(Base):
    """Refers to a class that does not exist."""

    __tablename__ = "broken_mapper_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    other: Mapped[Any] = relationship("Nowhere")


@hookimpl
def entities() -> list[type[Any]]:
    return [Row]
