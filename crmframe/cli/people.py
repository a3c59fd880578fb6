"""Finding users, roles and records by what people call them on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import sqlalchemy as sa

from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.models import Role, User
from crmframe.core.entities.kinds_reference import LARGEST_ID
from crmframe.core.errors import NotFound

if TYPE_CHECKING:
    from crmframe.cli.console import Console
    from crmframe.core.access.actor import Actor
    from crmframe.core.entities.entity import Entity
    from crmframe.core.entities.registry import Registry

# Beyond 64 bits there is no record, and no database would take the number.
ID = click.IntRange(1, LARGEST_ID)
_user: Any = User.__table__
_role: Any = Role.__table__


def actor_of(console: Console) -> Actor | None:
    """Return the user to act as; None when nobody was named.

    Raises:
        NotFound: There is no such user, or the user is switched off.
    """
    if not console.user:
        return None
    with console.application.database.read() as connection:
        actor = actor_of_user(connection, user_id(connection, console.user))
    if actor is None:
        raise NotFound(entity="user", id=console.user)
    return actor


def user_id(connection: sa.Connection, name: str) -> int:
    """Return the id of the user with this login name, or with this id.

    Raises:
        NotFound: There is none.
    """
    found = connection.scalar(sa.select(_user.c.id).where(_user.c.login == name))
    if found is None and is_id(name):
        found = connection.scalar(sa.select(_user.c.id).where(_user.c.id == int(name)))
    if found is None:
        raise NotFound(entity="user", id=name)
    return int(found)


def role_id(connection: sa.Connection, name: str) -> int:
    """Return the id of the role of this name, kind or id; errors as in ``user_id``."""
    named = sa.or_(_role.c.name == name, _role.c.kind == name)
    found = connection.scalar(sa.select(_role.c.id).where(named).order_by(_role.c.id))
    if found is None and is_id(name):
        found = connection.scalar(sa.select(_role.c.id).where(_role.c.id == int(name)))
    if found is None:
        raise NotFound(entity="role", id=name)
    return int(found)


def is_id(text: str) -> bool:
    """Return whether *text* is a number that can be an id."""
    return text.isascii() and text.isdigit() and 0 < int(text[:20]) <= LARGEST_ID


def record_of(registry: Registry, text: str) -> tuple[Entity, int]:
    """Return the record that ``sales.deal:7``, ``deal:7`` or ``deals/7`` names.

    Raises:
        NotFound: It names none that could exist.
    """
    name, _, number = text.replace("/", ":").rpartition(":")
    if not is_id(number):
        raise NotFound(entity="record", id=text)
    return entity_of(registry, name), int(number)


def entity_of(registry: Registry, name: str) -> Entity:
    """Return the entity called ``sales.deal``, ``deal`` or ``deals``; errors as in ``record_of``."""
    found = registry.entities.get(name) or registry.by_command.get(name) or registry.by_slug.get(name)
    if found is None:
        raise NotFound(entity="record type", id=name)
    return found
