"""The hooks."""

from typing import Any

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crmframe.core.contributions import Change, MenuItem, Veto, ViewContext
from crmframe.hookspecs import hookimpl


class Base(DeclarativeBase):
    """A MetaData of its own: the samples stay out of the application's."""

    metadata = MetaData()


class Customer(Base):
    """The foreign table."""

    __tablename__ = "core_customers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Row(Base):
    """The plugin's own table."""

    __tablename__ = "good_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("core_customers.id", ondelete="CASCADE"))


@hookimpl
def entities() -> list[type[Any]]:
    return [Row]


@hookimpl
def menu() -> list[MenuItem]:
    return [MenuItem("good", "Good", "/p/good")]


@hookimpl
def before_create(change: Change) -> None:
    if change.verb == "refuse me":
        raise Veto("Not {what}, please.", what="this")


@hookimpl
def notices(context: ViewContext) -> list[str]:
    return ["All is good."]
