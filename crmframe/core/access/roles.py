"""The roles of a new installation, derived from what is registered, so that plugins' entities are covered too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from crmframe.core.access.policy import ASKS, is_about
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.registry import Registry

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

WRITES = ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class DefaultRole:
    """A role made at the first run; people may rename and change it, ``kind`` stays."""

    kind: str
    name: str
    summary: str


ROLES = (
    DefaultRole("administrator", "Administrator", "May do everything, and decides who may do what."),
    DefaultRole("manager", "Manager", "Works on everything of the own teams and those below."),
    DefaultRole("salesperson", "Salesperson", "Works on own records and sees those of the team."),
    DefaultRole("viewer", "Viewer", "Sees every record and changes none."),
    DefaultRole("auditor", "Auditor", "Sees every record, and who may do what; changes none."),
)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A permission on a scope."""

    permission: str
    scope: str


class CreateMany(Protocol):
    """``records.create_many``, handed in: records build on access."""

    def __call__(
        self, work: UnitOfWork, entity_name: str, rows: Sequence[Mapping[str, Any]], /
    ) -> Sequence[int]:
        """Create records and return their ids."""


def default_grants(registry: Registry, permissions: Iterable[str] = ()) -> Mapping[str, tuple[Grant, ...]]:
    """Return the grants of each default role by its kind.

    Args:
        permissions: Those declared beyond entities and actions; for administrators and managers.
    """
    grants: dict[str, set[Grant]] = {role.kind: set() for role in ROLES}
    for entity in registry.public_entities():
        for kind, grant in _of_entity(registry, entity):
            grants[kind].add(grant)
    for permission in permissions:
        grants["administrator"].add(Grant(permission, "all"))
        if not permission.startswith("core."):  # those of the core are about the installation
            grants["manager"].add(Grant(permission, "all"))
    return {kind: tuple(sorted(held)) for kind, held in grants.items()}


def install_roles(
    work: UnitOfWork, create_many: CreateMany, permissions: Iterable[str] = ()
) -> dict[str, int]:
    """Create the default roles, or give the existing ones grants for entities that are new; return their ids by kind.

    An entity on which any role holds anything is not new: whoever changed its grants meant it.
    """
    grants = default_grants(work.registry, permissions)
    found, covered = _installed(work), _covered(work)
    missing = [role for role in ROLES if role.kind not in found] if not found else []
    rows = [{"kind": role.kind, "name": role.name, "summary": role.summary} for role in missing]
    made = create_many(work, "core.role", rows) if rows else ()
    ids = found | dict(zip((role.kind for role in missing), made, strict=True))
    wanted = [
        {"role_id": ids[kind], "permission": grant.permission, "scope": grant.scope}
        for kind, held in grants.items()
        if kind in ids
        for grant in held
        if entity_of_permission(grant.permission) not in covered
    ]
    if wanted:
        create_many(work, "core.role_grant", wanted)
    return ids


def entity_of_permission(permission: str) -> str:
    """Return ``sales.deal`` for ``sales.deal.win``."""
    return permission.rpartition(".")[0]


def _of_entity(registry: Registry, entity: Entity) -> Iterator[tuple[str, Grant]]:
    """Yield who gets what on *entity*, by the sort of entity it is."""
    actions = [name for name in registry.actions.get(entity.name, {}) if name not in ASKS]
    verbs = [*WRITES, *actions, *(["assign"] if entity.is_owned else [])]
    for verb in ("read", *verbs):
        yield "administrator", Grant(f"{entity.name}.{verb}", "all")
    yield "auditor", Grant(f"{entity.name}.read", "all")
    if entity.bumps_epoch and not entity.sort:
        return  # users, roles, teams, custom fields: for administrators
    sort = entity.sort or _sort_of(entity)
    if sort not in KEPT_TO_ONESELF:
        yield "viewer", Grant(f"{entity.name}.read", "all")
    for kind, reads, changes in WORKERS[sort]:
        yield from ((kind, Grant(f"{entity.name}.read", scope)) for scope in reads)
        for verb in verbs:
            if not (kind == "salesperson" and sort == "owned" and verb in ("delete", "assign")):
                yield from ((kind, Grant(f"{entity.name}.{verb}", scope)) for scope in changes)


def _sort_of(entity: Entity) -> str:
    if entity.access_through:
        if entity.holder not in ("owner_id", "created_by"):
            return "task"
        return "note" if is_about(entity) or getattr(entity.model, "__like_note__", False) else "part"
    return "owned" if entity.is_owned else "shared"


KEPT_TO_ONESELF = frozenset({"personal", "view", "absence"})
READERS = ("viewer", "auditor")
# Role, scopes of reading, scopes of changing. owned: a deal. part: its lines. note: about any record. task: a note that
# somebody is to act on. shared: stages, products, tags. personal: a favorite. view: a saved view. absence: of oneself,
# for those of the team a manager's.
WORKERS: Mapping[str, tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = MappingProxyType(
    {
        "owned": (("manager", ("team_tree",), ("team_tree",)), ("salesperson", ("team",), ("own",))),
        "part": (("manager", ("parent",), ("parent",)), ("salesperson", ("parent",), ("parent",))),
        "note": (
            ("manager", ("parent",), ("own", "parent")),
            ("salesperson", ("parent",), ("own", "parent")),
        ),
        "task": (
            ("manager", ("parent", "team_tree"), ("parent", "team_tree")),
            ("salesperson", ("parent",), ("own", "parent")),
        ),
        "shared": (("manager", ("all",), ("all",)), ("salesperson", ("all",), ())),
        "personal": tuple((kind, ("own",), ("own",)) for kind in ("manager", "salesperson", *READERS)),
        "view": tuple((kind, ("shown",), ("own",)) for kind in ("manager", "salesperson", *READERS)),
        "absence": (("manager", ("team_tree",), ("team_tree",)), ("salesperson", ("own",), ("own",))),
    }
)


def _installed(work: UnitOfWork) -> dict[str, int]:
    table = work.registry.entity("core.role").table
    kinds = [role.kind for role in ROLES]
    rows = work.connection.execute(sa.select(table.c.kind, table.c.id).where(table.c.kind.in_(kinds)))
    return {row.kind: row.id for row in rows}


def _covered(work: UnitOfWork) -> set[str]:
    table = work.registry.entity("core.role_grant").table
    return {
        entity_of_permission(name)
        for name in work.connection.scalars(sa.select(table.c.permission).distinct())
    }
