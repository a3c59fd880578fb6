"""A company on a real database: teams, people with roles, and records of everybody behind every door."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.accounts import set_password, sign_in
from crmframe.core.access.actor import Actor, anonymous_actor
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.sessions import Origin
from crmframe.core.access.tokens import actor_from_token, create_token, revoke_token
from crmframe.core.search.feeding import Feeder
from crmframe.kernel.state import read_generation
from crmframe.settings import AppSettings, PluginSettings
from crmframe.testing.application import TestClock
from crmframe.web.asgi import build_site
from crmframe.web.host import Host
from crmframe.web.visitor import PLAIN_COOKIE
from tests.access_matrix.canaries import Canaries
from tests.access_matrix.cast import (
    GUESTS,
    PARENT_TEAMS,
    PEOPLE,
    ROLES,
    UNREADABLE,
    Guest,
    grants_of,
    rules_of,
)
from tests.access_matrix.oracle import Oracle
from tests.access_matrix.planting import Planter

PLUGINS = ("sales", "loyalty", "hello", "vault")
PASSWORD = "correct horse battery staple"
HERE = Path(__file__).parent


def settings_for(url: str, folder: Path) -> AppSettings:
    """Return the settings of the world: every plugin of this repository, and the one of these tests."""
    examples = HERE.parents[1] / "examples" / "hello_plugin"
    chosen = PluginSettings(
        enabled=PLUGINS,
        managed="file",
        paths=(HERE / "plugins", examples),
        import_seconds=0,
        on_failure="fail",
    )
    return AppSettings(database=url, folder=folder, secret="a secret of tests", plugins=chosen)


@dataclass
class World:
    """Everything that the cells of the matrix need.

    Attributes:
        tokens: A program's secret by guest; ``sessions`` a browser's.
        early: The moment that tests look back to.
    """

    application: Application
    host: Host
    clock: TestClock
    oracle: Oracle
    planter: Planter
    canaries: Canaries
    tokens: dict[str, str]
    early: datetime
    settings: AppSettings
    rehearsed: bool = False
    sessions: dict[str, str] = field(default_factory=dict)
    _actors: dict[str, Actor | None] = field(default_factory=dict)

    def actor(self, guest: Guest) -> Actor | None:
        """Return who a guest is to crmframe; None when the guest is turned away."""
        if not guest.person:
            return anonymous_actor()
        with self.application.database.read() as connection:
            if guest.key in self.tokens:
                return actor_from_token(connection, self.tokens[guest.key], self.clock())
            return actor_of_user(connection, self.oracle.user_ids[guest.person])

    def kept_actor(self, guest: Guest) -> Actor | None:
        """Return the same, loaded once."""
        if guest.key not in self._actors:
            self._actors[guest.key] = self.actor(guest)
        return self._actors[guest.key]

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let whatever is written be taken back instead of committed, so that every cell meets the same world."""
        self.rehearsed = True
        try:
            yield
        finally:
            self.rehearsed = False

    def digest(self) -> str:
        """Return what stands for every row of every table that a guest could change."""
        found = hashlib.sha256()
        with self.application.database.read() as connection:
            names = sorted(
                {*self.application.registry.by_table, "core_change", "core_token", "core_credential"}
            )
            tables = sa.MetaData()
            for name in names:
                table = sa.Table(name, tables, autoload_with=connection, resolve_fks=False)
                skipped = {"last_used_at", "last_seen_at"}
                columns = [column for column in table.c if column.name not in skipped]
                for row in connection.execute(sa.select(*columns).order_by(*table.primary_key)):
                    found.update(repr(tuple(row)).encode())
        return found.hexdigest()

    def is_author(self, guest: Guest, operation: int | None) -> bool:
        """Return whether a guest did an operation."""
        authors = {self.planter.operations.get(key): key[1] for key in self.planter.operations}
        owner = authors.get(operation, "").removeprefix("gone_")
        return guest.person == ("olga" if owner == "moved" else owner)

    def commits(self) -> Any:
        """Return how much the journal holds: grows with every write that stays."""
        with self.application.database.read() as connection:
            return connection.exec_driver_sql("SELECT count(*) FROM core_commit").scalar()

    def close(self) -> None:
        self.host.close()


class _TakenBack(Exception):
    """Ends a rehearsed transaction."""


def rehearse(world: World) -> None:
    """Make the database of the world's application obey ``rehearsal``: an outer transaction that never commits."""
    database, write = world.application.database, world.application.database.write

    @contextmanager
    def rehearsed(**options: Any) -> Iterator[sa.Connection]:
        if not world.rehearsed:
            with write(**options) as connection:
                yield connection
            return
        with suppress(_TakenBack), write(**options) as connection:
            yield connection
            raise _TakenBack

    database.write = rehearsed  # type: ignore[method-assign]


def build_world(url: str, folder: Path) -> World:
    """Build it all; takes a second or two."""
    clock = TestClock()
    settings = settings_for(url, folder)
    hasher = Hasher(fast=True)
    application = Application(settings, clock=clock)
    host = Host(
        lambda: build_site(application, hasher=hasher),
        lambda site: read_generation(site.application.database.engine),
    )
    canaries = Canaries()
    user_ids, team_ids = _people(application, hasher)
    _custom_fields(application)
    oracle = _oracle(application, user_ids, team_ids)
    _roles(application, oracle)
    _pipeline(application)
    sessions = _sessions(application, clock, hasher)
    tokens = _tokens(application, clock, user_ids)
    planter = Planter(application, canaries, user_ids, team_ids)
    planter.create_all()
    planter.lend()
    clock.advance(minutes=10)
    early = clock()
    oracle.early = rows_of(application)
    clock.advance(minutes=10)
    planter.change_all()
    oracle.rows = rows_of(application)
    oracle.fields[UNREADABLE] = _fields(application)[UNREADABLE]  # those planted among them
    clock.advance(minutes=10)
    Feeder(application).drain()
    world = World(
        application, host, clock, oracle, planter, canaries, tokens, early, settings, sessions=sessions
    )
    rehearse(world)
    return world


def rows_of(application: Application) -> dict[str, dict[int, dict[str, Any]]]:
    """Return every row of every entity, read past all of crmframe."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    with application.database.read() as connection:
        for entity in application.registry.public_entities():
            rows = connection.execute(sa.select(entity.table)).mappings()
            found[entity.name] = {row["id"]: dict(row) for row in rows}
    return found


def _people(application: Application, hasher: Hasher) -> tuple[dict[str, int], dict[str, int]]:
    teams: dict[str, int] = {}
    users: dict[str, int] = {}
    with application.work(door="cli") as work:
        for name, parent in PARENT_TEAMS.items():
            values = {"name": f"team {name}", "parent_id": teams.get(parent or "")}
            teams[name] = records.create(work, "core.team", values)["id"]
        for person in PEOPLE.values():
            values = {"login": person.key, "name": person.key.title(), "is_admin": person.is_admin}
            users[person.key] = records.create(work, "core.user", values)["id"]
            set_password(work, users[person.key], PASSWORD, hasher=hasher)
            for team in person.teams:
                held = {"user_id": users[person.key], "team_id": teams[team]}
                records.create(work, "core.membership", held)
    return users, teams


def _custom_fields(application: Application) -> None:
    with application.work(door="cli") as work:
        for entity in application.registry.public_entities():
            if entity.is_customizable:
                values = {"entity": entity.name, "name": "remark", "kind": "text", "label_en": "Remark"}
                records.create(work, "core.custom_field", values)


def _oracle(application: Application, user_ids: dict[str, int], team_ids: dict[str, int]) -> Oracle:
    fields = _fields(application)
    titles = {entity.name: entity.title for entity in application.registry.public_entities()}
    grants = {role: grants_of(application.registry, role) for role in ROLES}
    rules = {role: rules_of(fields, titles, role) for role in ROLES}
    return Oracle(application.registry, user_ids, team_ids, grants, rules, fields)


def _fields(application: Application) -> dict[str, list[Any]]:
    with application.database.read() as connection:
        schema = application.schema(connection)
    return {
        entity.name: list(schema.fields(entity).values()) for entity in application.registry.public_entities()
    }


def _roles(application: Application, oracle: Oracle) -> None:
    with application.work(door="cli") as work:
        for name in ROLES:
            role_id = records.create(work, "core.role", {"name": name})["id"]
            granted = [
                {"role_id": role_id, "permission": permission, "scope": scope}
                for permission, scopes in oracle.grants[name].items()
                for scope in scopes
            ]
            ruled = [
                {"role_id": role_id, "entity": entity, "field": field_name, "right": right}
                for (entity, field_name), right in oracle.rules[name].items()
            ]
            for entity, rows in (("core.role_grant", granted), ("core.role_field", ruled)):
                if rows:
                    records.create_many(work, entity, rows)
            for person in PEOPLE.values():
                if person.role == name:
                    held = {"user_id": oracle.user_ids[person.key], "role_id": role_id}
                    records.create(work, "core.user_role", held)


def _pipeline(application: Application) -> None:
    """Create the pipeline that deals begin in; those of the planter come after it."""
    with application.work(door="cli") as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Base", "position": 0})["id"]
        for position, kind in enumerate(("open", "open", "won", "lost")):
            stage = {
                "name": f"{kind} {position}",
                "kind": kind,
                "pipeline_id": pipeline,
                "position": position,
            }
            records.create(work, "sales.stage", stage)
        records.create(work, "sales.lost_reason", {"name": "Base reason", "position": 0})


def _sessions(application: Application, clock: TestClock, hasher: Hasher) -> dict[str, str]:
    """Return the cookie of whoever is switched off later on: the session was good when it began."""
    found: dict[str, str] = {}
    for guest in GUESTS.values():
        if guest.person and not PEOPLE[guest.person].is_active:
            secret = sign_in(
                application.database,
                guest.person,
                PASSWORD,
                origin=Origin("127.0.0.1"),
                now=clock(),
                hasher=hasher,
            )
            found[guest.key] = f"{PLAIN_COOKIE}={secret}"
    return found


def _tokens(application: Application, clock: TestClock, user_ids: dict[str, int]) -> dict[str, str]:
    """Return a token for every guest who holds one; switched off, revoked and expired ones among them."""
    tokens: dict[str, str] = {}
    with application.work(door="cli") as work:
        for guest in GUESTS.values():
            if not guest.person:
                continue
            ends = clock() + timedelta(minutes=1) if guest.key == "expired" else None
            owner = user_ids[guest.person]
            made, tokens[guest.key] = create_token(
                work, owner, guest.key, scopes=guest.scopes, expires_at=ends
            )
            if guest.key == "revoked":
                revoke_token(work, owner, made)
        for person in PEOPLE.values():
            if not person.is_active:
                records.update(work, "core.user", user_ids[person.key], {"is_active": False})
    return tokens
