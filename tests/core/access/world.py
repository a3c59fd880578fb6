"""A small company with estates, rooms and memos, on which rights are tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.access import lending, models, tables
from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import actor_of_user, bump_epoch
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.policy import policy
from crmframe.core.contributions import Extension
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Owned, Timeline, plugin_base
from crmframe.core.entities.field import field as declare
from crmframe.core.entities.registry import Registry, build_registry
from crmframe.core.entities.schema import Schema
from crmframe.core.journal import tables as journal
from crmframe.core.journal.write import Origin
from crmframe.core.storage.engine import Database
from crmframe.core.storage.metadata import METADATA
from crmframe.core.work import Surroundings, UnitOfWork, WorkspaceSettings
from crmframe.core.workspace import models as workspace

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
Base = plugin_base("accesstest")
PREFIX = "accesstest."


class Estate(Base, Owned, Timeline):
    """Owned; what the others belong to."""

    name: Mapped[str] = declare(kinds.Text(80), required=True)
    price: Mapped[int | None] = declare(kinds.Integer())
    diagnosis: Mapped[str | None] = declare(kinds.Text(80), data="sensitive")
    secret: Mapped[str | None] = declare(kinds.Text(80), hidden=True)


class Room(Base):
    """Belongs to an estate, always."""

    __access_through__ = ("estate_id",)

    estate_id: Mapped[int] = declare(kinds.Reference("accesstest.estate", on_delete="cascade"), required=True)
    name: Mapped[str] = declare(kinds.Text(80), required=True)


class Lamp(Base):
    """Belongs to a room, or to nothing."""

    __access_through__ = ("room_id",)

    room_id: Mapped[int | None] = declare(kinds.Reference("accesstest.room", on_delete="cascade"))
    name: Mapped[str] = declare(kinds.Text(80), required=True)


class Memo(Base):
    """About any record, or about nothing."""

    __access_through__ = ("about",)

    about: Mapped[str | None] = declare(kinds.AnyReference(on_delete="cascade"))
    name: Mapped[str] = declare(kinds.Text(80), required=True)


class Color(Base):
    """Shared by all."""

    name: Mapped[str] = declare(kinds.Text(80), required=True)


class Plot(Base):
    """Adds fields to an estate, in a sidecar table."""

    acres: Mapped[int | None] = declare(kinds.Integer())
    soil: Mapped[str | None] = declare(kinds.Text(80), data="sensitive")


ENTITIES = (Estate, Room, Lamp, Memo, Color)
EXTENSION = Extension("accesstest.estate", Plot)
TABLES = [
    *(model.__table__ for model in (*models.ENTITIES, *lending.ENTITIES, *ENTITIES, Plot)),
    *(tables.credential, tables.session, tables.token, tables.login_attempt, journal.epoch),
    *(tables.link, tables.second_factor, tables.recovery_code, workspace.Setting.__table__),
]


def build(url: str) -> None:
    """Make the tables in an empty database."""
    database = Database(url)
    with database.write() as connection:
        METADATA.create_all(connection, tables=TABLES)
        connection.execute(sa.insert(journal.epoch).values(id=1, value=1))
    database.close()


class Amendments:
    """The hooks of a work: only ``amend_policy`` is called here."""

    def __init__(self) -> None:
        self.amend: Any = None

    def chain(self, name: str, context: Any, value: Any) -> Any:
        assert name == "amend_policy"
        return self.amend(context, value) if self.amend else value

    def guard(self, name: str, change: Any) -> None: ...

    def first(self, name: str, context: Any) -> Any: ...

    def contribute(self, name: str, context: Any) -> Sequence[tuple[str, Any]]:
        return ()


def company_registry() -> Registry:
    """Return the registry of the core's users and of the entities above."""
    return build_registry((*models.ENTITIES, *ENTITIES), extensions=[EXTENSION])


@dataclass
class World:
    """The company: a database, a registry and a clock that stands until it is moved."""

    database: Database
    registry: Registry = field(default_factory=company_registry)
    hooks: Amendments = field(default_factory=Amendments)
    hasher: Hasher = field(default_factory=lambda: Hasher(fast=True))
    now: datetime = START

    def __post_init__(self) -> None:
        self.schema = Schema(self.registry)

    def later(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now

    def entity(self, name: str) -> Any:
        return self.registry.entity(name if "." in name else PREFIX + name)

    def insert(self, entity: str, /, **values: Any) -> int:
        """Write a row past the pipeline: these tests are about reading."""
        table = self.entity(entity).table
        stamps = {"version": 1, "created_at": self.now, "updated_at": self.now, "created_by": None}
        keys = {column.name: "" for column in table.c if column.name.endswith("_key")}
        with self.database.write() as connection:
            made = connection.execute(sa.insert(table).values({**stamps, **keys, **values}))
            bump_epoch(connection)
            return int(made.inserted_primary_key[0])

    def user(self, login: str, *teams: int, **values: Any) -> int:
        defaults = {"login": login, "name": login.title(), "is_active": True, "is_admin": False}
        user_id = self.insert("core.user", **{**defaults, **values})
        for team_id in teams:
            self.insert("core.membership", user_id=user_id, team_id=team_id, is_lead=False)
        return user_id

    def team(self, name: str, parent_id: int | None = None) -> int:
        return self.insert("core.team", name=name, parent_id=parent_id)

    def role(self, name: str, users: Sequence[int], **grants: str) -> int:
        """Make a role; ``estate_read="own"`` grants accesstest.estate.read on own records."""
        role_id = self.insert("core.role", name=name)
        for key, scopes in grants.items():
            for scope in scopes.split():
                permission = PREFIX + key.replace("_", ".", 1)
                self.insert("core.role_grant", role_id=role_id, permission=permission, scope=scope)
        for user_id in users:
            self.insert("core.user_role", user_id=user_id, role_id=role_id)
        return role_id

    def actor(self, user_id: int) -> Actor:
        with self.database.read() as connection:
            actor = actor_of_user(connection, user_id)
        assert actor is not None
        return actor

    @contextmanager
    def work(self, actor: Actor, *, writes: bool = False) -> Iterator[UnitOfWork]:
        with self.database.write() if writes else self.database.read() as connection:
            lent = Surroundings(self.database, self.schema, self.hooks, WorkspaceSettings())
            origin = Origin(actor.id, actor.name, "api")
            yield UnitOfWork(lent, connection, actor=actor, origin=origin, now=self.now)

    def seen(self, actor: Actor | int, entity: str, verb: str = "read") -> list[str]:
        """Return the names of the records that the policy lets through."""
        held = self.actor(actor) if isinstance(actor, int) else actor
        found = self.entity(entity)
        with self.work(held) as work:
            term = policy(work, found, verb)
            statement = (
                sa.select(found.table.c.name).where(term.build(found.table)).order_by(found.table.c.id)
            )
            return list(work.connection.scalars(statement, dict(term.values)))
