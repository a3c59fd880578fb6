"""Finding records with the same number, address or company name, whoever may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from crmframe.core.access.models import User
from crmframe.core.contributions import DuplicateKeys
from crmframe.core.duplicates.names import folded_company, key_prefixes
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.kinds import Email, Phone, ValueProblem
from crmframe.core.records.reading import titles
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

By = Literal["phone", "email", "company"]
SHOW_HOLDER = "core.duplicates_show_holder"
MOST = 20
MOST_NAMES = 200
LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Match:
    """A record that is there already.

    Attributes:
        record_id: None when the actor may not see it; then ``holder`` is all there is, where the setting allows it.
        holder: Name of its owner.
    """

    entity: str
    record_id: int | None
    title: str
    holder: str
    by: By


@dataclass(frozen=True, slots=True)
class _Wanted:
    phones: Sequence[str]
    emails: Sequence[str]
    company: str


def find(
    work: UnitOfWork,
    *,
    phones: Iterable[str | None] = (),
    emails: Iterable[str | None] = (),
    company: str | None = None,
    ignore: tuple[str, int] | None = None,
) -> list[Match]:
    """Return the records with one of the numbers, one of the addresses, or the company's name.

    Args:
        phones: As people type them.
        company: Whatever its legal form.
        ignore: Entity and id of the record that is compared with the others.
    """
    wanted = _Wanted(
        _parsed(work, Phone(), phones), _spellings(_parsed(work, Email(), emails)), company or ""
    )
    found: list[Match] = []
    for keys in _declared(work):
        entity = work.schema.entity(keys.entity)
        rows = _matching(work, entity, keys, wanted)
        if ignore is not None and ignore[0] == entity.name:
            rows = {record_id: row for record_id, row in rows.items() if record_id != ignore[1]}
        found += _matches(work, entity, rows)
    return found


def find_of_record(work: UnitOfWork, entity_name: str, record: Mapping[str, Any]) -> list[Match]:
    """Return the other records that look like a given one, which need not be stored yet."""
    keys = next((each for each in _declared(work) if each.entity == entity_name), None)
    if keys is None:
        return []
    return find(
        work,
        phones=[record.get(name) for name in keys.phones],
        emails=[record.get(name) for name in keys.emails],
        company=record.get(keys.company) if keys.company else None,
        ignore=(entity_name, record["id"]) if record.get("id") else None,
    )


def _declared(work: UnitOfWork) -> list[DuplicateKeys]:
    declared = [each for _, items in work.hooks.collect("duplicate_keys") for each in items]
    return [each for each in declared if each.entity in work.registry.entities]


def _parsed(work: UnitOfWork, kind: Phone | Email, values: Iterable[str | None]) -> list[str]:
    found = []
    for value in values:
        with suppress(ValueProblem):
            found.append(kind.parse(value, work.parse_context()))
    return [value for value in found if value]


def _spellings(emails: Iterable[str]) -> list[str]:
    return sorted({spelled for email in emails for spelled in (email, email.lower())})


def _matching(
    work: UnitOfWork, entity: Entity, keys: DuplicateKeys, wanted: _Wanted
) -> dict[int, tuple[By, int | None]]:
    """Return by what records match, and whose they are; each kind asks its own index."""
    found: dict[int, tuple[By, int | None]] = {}
    for name in keys.phones if wanted.phones else ():
        found = _holding(work, entity, name, wanted.phones, "phone") | found
    for name in keys.emails if wanted.emails else ():
        found = _holding(work, entity, name, wanted.emails, "email") | found
    if keys.company and wanted.company:
        found = _named(work, entity, keys.company, wanted.company) | found
    return found


def _holding(
    work: UnitOfWork, entity: Entity, name: str, values: Sequence[str], by: By
) -> dict[int, tuple[By, int | None]]:
    table = entity.table
    statement = sa.select(table.c.id, _owner(table)).where(in_set(table.c[name], "values"))
    rows = work.connection.execute(statement.order_by(table.c.id).limit(MOST), {"values": list(values)})
    return {row[0]: (by, row[1]) for row in rows}


def _named(work: UnitOfWork, entity: Entity, name: str, company: str) -> dict[int, tuple[By, int | None]]:
    table, folded = entity.table, folded_company(company)
    column = table.c[f"{name}_key"]
    starts = [sa.and_(column >= prefix, column < prefix + LAST) for prefix in key_prefixes(company)]
    if not starts or not folded:
        return {}
    statement = sa.select(table.c.id, _owner(table), table.c[name]).where(sa.or_(*starts))
    rows = work.connection.execute(statement.order_by(column, table.c.id).limit(MOST_NAMES))
    return {row[0]: ("company", row[1]) for row in rows if folded_company(row[2]) == folded}


def _owner(table: sa.Table) -> Any:
    return table.c.owner_id if "owner_id" in table.c else sa.null().label("owner_id")


def _matches(work: UnitOfWork, entity: Entity, rows: Mapping[int, tuple[By, int | None]]) -> list[Match]:
    seen = titles(work, entity.name, sorted(rows))
    names = _names(work, {owner for _, owner in rows.values() if owner is not None}) if rows else {}
    shown = bool(work.setting(SHOW_HOLDER))
    found = []
    for record_id, (by, owner) in sorted(rows.items()):
        is_seen = record_id in seen
        holder = names.get(owner or 0, "") if is_seen or shown else ""
        title = seen.get(record_id, "")
        found.append(Match(entity.name, record_id if is_seen else None, title, holder, by))
    return found


def _names(work: UnitOfWork, ids: Iterable[int]) -> dict[int, str]:
    table: Any = User.__table__
    statement = sa.select(table.c.id, table.c.name).where(in_set(table.c.id, "ids"))
    return {row[0]: row[1] for row in work.connection.execute(statement, {"ids": sorted(ids)})}
