"""Saved views and favorites: what each person keeps at hand."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Owned
from crmframe.core.entities.field import field

LONGEST_QUERY = 4000
VISIBILITIES = (
    Choice("mine", "Only me", "grey"),
    Choice("team", "My team", "blue"),
    Choice("all", "Everybody", "green"),
)
DISPLAYS = (Choice("list", "List"), Choice("board", "Board"))


class SavedView(Base, Owned):
    """A list or board as somebody wants to see it again.

    Attributes:
        entity: Whose records it shows, such as ``core.customer``.
        query: Filter, order and columns as a URL has them: ``grade=a&order=-name&columns=name,city``. It holds no
            rights: whoever opens it sees what that reader may see.
        position: Its place among the views of the entity, the lowest first.
    """

    __title__ = "name"
    __icon__ = "funnel"
    __in_menu__ = False
    __sort__ = "view"
    __order__ = ("position", "id")
    __list__ = ("name", "entity", "visibility", "display", "owner_id")
    __indexes__ = (sa.Index("ix_core_saved_views_entity_position", "entity", "position", "id"),)

    name: Mapped[str] = field(kinds.Text(120), required=True)
    entity: Mapped[str] = field(kinds.Text(80), "Record type", required=True)
    visibility: Mapped[str] = field(
        kinds.Choices(*VISIBILITIES), "Visible for", required=True, default="mine"
    )
    display: Mapped[str] = field(kinds.Choices(*DISPLAYS), "Shown as", required=True, default="list")
    query: Mapped[str | None] = field(kinds.Text(LONGEST_QUERY), "Filter, order and columns")
    position: Mapped[int] = field(kinds.Integer(min=0, max=999_999), required=True, default=0)


class DefaultView(Base):
    """The view that a list opens with for one user."""

    __title__ = "entity"
    __in_menu__ = False
    __holder__ = "user_id"
    __sort__ = "personal"

    user_id: Mapped[int] = field(
        kinds.Reference("core.user", on_delete="cascade"),
        "User",
        required=True,
        default=lambda work: work.actor.id,
    )
    entity: Mapped[str] = field(kinds.Text(80), "Record type", required=True)
    view_id: Mapped[int] = field(
        kinds.Reference("core.saved_view", on_delete="cascade"), "View", required=True
    )


class Favorite(Base):
    """A record that somebody wants at hand."""

    __title__ = "about"
    __icon__ = "star"
    __in_menu__ = False
    __access_through__ = ("about",)
    __holder__ = "user_id"
    __sort__ = "personal"
    __order__ = ("-created_at",)

    user_id: Mapped[int] = field(
        kinds.Reference("core.user", on_delete="cascade"),
        "User",
        required=True,
        default=lambda work: work.actor.id,
    )
    about: Mapped[str] = field(kinds.AnyReference(on_delete="cascade"), "Record", required=True)


ENTITIES = (SavedView, DefaultView, Favorite)

sa.UniqueConstraint(DefaultView.__table__.c.user_id, DefaultView.__table__.c.entity)
sa.UniqueConstraint(Favorite.__table__.c.user_id, Favorite.__table__.c.about)
