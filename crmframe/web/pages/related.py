"""What refers to a record: the first of each kind, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.access.term import Term
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import rights

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

SHOWN = 5
# Kinds of fields that say by themselves which record it is.
NAMES = frozenset({"text", "long_text", "email", "phone"})
# Fields that nearly everything has: what a user owns or made is no news on the user's page.
NOISE = frozenset({"owner_id", "team_id", "by_id", "created_by", "updated_by"})
Link = tuple[Entity, Field]


def related_of(view: View, entity: Entity, record_id: int) -> list[dict[str, Any]]:
    """Return the first records that refer to this one, by the field that does."""
    work = view.work
    links = [link for link in _links(work, entity) if view.may(f"{link[0].name}.read")]
    if not links:
        return []
    terms = [rights.granted(work, child, "read") for child, _ in links]
    values: dict[str, Any] = {"record": record_id, "record_name": f"{entity.name}:{record_id}"}
    for term in terms:
        values |= term.values
    rows: dict[int, list[Any]] = {}
    for place, child_id, title in work.connection.execute(_statement(work, links, terms), values):
        rows.setdefault(place, []).append((child_id, title))
    groups = [
        _group(view, entity, link, _named(work, link[0], rows.get(n, ())), record_id)
        for n, link in enumerate(links)
    ]
    # What may be missing on a new record can be added there; of everything else there is nothing to tell.
    return [group for group in groups if group["items"] or (group["is_part"] and group["new"])]


def _named(work: UnitOfWork, child: Entity, found: Sequence[Any]) -> Sequence[Any]:
    """Return the rows with the titles of what they name, where their own title is a reference."""
    field = child.fields[child.title]
    if not found or field.kind.name != "reference" or child.title not in readable_fields(work, child):
        return found
    names = records.titles(work, field.kind.entity, [int(i) for _, i in found if i])  # type: ignore[attr-defined]
    return [(child_id, names.get(int(i)) if i else None) for child_id, i in found]


def _links(work: UnitOfWork, entity: Entity) -> list[Link]:
    """Return what can refer to records of *entity* and be shown on their pages; looked for once."""
    key = ("page_links", entity.name)
    found: list[Link] | None = work.schema.statements.get(key)
    if found is None:
        links = work.registry.references_to(entity.name)
        found = work.schema.statements[key] = [link for link in links if _is_shown(work, entity, *link)]
    return found


def _is_shown(work: UnitOfWork, entity: Entity, child: Entity, field: Field) -> bool:
    if field.kind.name == "any_reference":  # what can be about everything says where it belongs
        return field.name in child.access_through and entity.name in getattr(child.model, "__shown_on__", ())
    own = field.kind.name == "reference" and child.name not in work.registry.extended
    return own and field.name not in NOISE and (_has_name(child) or _is_part_named_by_another(child, field))


def _has_name(child: Entity) -> bool:
    field = child.fields.get(child.title)
    return field is not None and field.source == "column" and field.kind.name in NAMES


def _is_part_named_by_another(child: Entity, field: Field) -> bool:
    """Return whether *child* belongs to what *field* names, and is called like something else: a member, a price."""
    named = child.fields.get(child.title)
    return (
        field.name in child.access_through
        and named is not None
        and named.name != field.name
        and named.kind.name == "reference"
    )


def _statement(work: UnitOfWork, links: Sequence[Link], terms: Sequence[Term]) -> Any:
    """Return the statement over all links: one part for each, built once for each set of rights."""
    names = [child.title if child.title in readable_fields(work, child) else "id" for child, _ in links]
    parts = zip(links, names, terms, strict=True)
    key = ("page_related", *((child.name, field.name, name, t.shape) for (child, field), name, t in parts))
    statement = work.schema.statements.get(key)
    if statement is None:
        made = [_part(n, links[n], names[n], terms[n]) for n in range(len(links))]
        statement = work.schema.statements[key] = sa.union_all(*made)
    return statement


def _part(number: int, link: Link, name: str, term: Term) -> sa.Select[Any]:
    child, field = link
    table = child.table
    place = sa.literal_column(str(number), sa.Integer).label("place")
    name_or_id = (
        sa.bindparam("record_name", type_=sa.String)
        if field.kind.name == "any_reference"
        else sa.bindparam("record", type_=sa.BigInteger)
    )
    mine = table.c[field.name] == name_or_id
    part = sa.select(place, table.c.id, sa.cast(table.c[name], sa.String).label("title"))
    part = part.where(mine, term.build(table)).order_by(table.c.id.desc()).limit(SHOWN + 1)
    return sa.select(part.subquery())


def _group(view: View, entity: Entity, link: Link, found: Sequence[Any], record_id: int) -> dict[str, Any]:
    child, field = link
    about = f"{entity.name}:{record_id}" if field.kind.name == "any_reference" else str(record_id)
    new = f"/{child.slug}/new?{field.name}={about}"
    if not child.in_menu:  # a page of its own says little: back to what it is part of
        new += f"&back=/{entity.slug}/{record_id}"
    own = about != str(record_id) or field.label == entity.label
    return {
        "entity": child.name,
        "is_part": own or field.required,
        "label": view.plural(child) if own else f"{view.plural(child)} · {view.field_label(field)}",
        "items": [(f"/{child.slug}/{i}", title or str(i)) for i, title in found[:SHOWN]],
        "all": f"/{child.slug}?{field.name}={about}" if len(found) > SHOWN else "",
        "new": new if view.may(f"{child.name}.create") else "",
    }
