"""Filters, orders and columns by which somebody could learn of what they may not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.access_matrix.cell import BAD, DONE, Cell

if TYPE_CHECKING:
    from tests.access_matrix.cells import Maker


def questions(maker: Maker) -> Iterator[Cell]:
    """Yield filters by the values of others' records, and by fields that the guest may not read."""
    yield from _by_value(maker)
    yield from _by_search(maker)
    if maker.may("read") and not maker.thin:
        yield from _by_hidden_field(maker)
        yield from _by_hop(maker)


def _by_value(maker: Maker) -> Iterator[Cell]:
    oracle, canaries = maker.world.oracle, maker.world.canaries
    readable = oracle.readable(maker.guest, maker.name)
    names = [f.name for f in maker.entity.fields.values() if f.kind.name == "text" and f.name in readable]
    seen = oracle.visible(maker.guest, maker.name) if maker.may("read") else set()
    for name in names[:2]:
        for record_id in maker.ids(("olga", "sam")):
            value = oracle.rows[maker.name][record_id].get(name)
            if not isinstance(value, str) or value.lower() not in canaries.planted:
                continue
            ids = frozenset({record_id} & seen)
            for verb in ("filter", "find_by"):
                yield Cell(verb, maker.name, None, maker.entity_level(), ids, {}, name, value, sent=(value,))


def _by_search(maker: Maker) -> Iterator[Cell]:
    """Yield searches for words of others' records, and for words of fields that the guest may not read."""
    oracle, canaries = maker.world.oracle, maker.world.canaries
    readable = oracle.readable(maker.guest, maker.name)
    seen = oracle.visible(maker.guest, maker.name) if maker.may("read") else set()
    for searched in [f for f in maker.entity.fields.values() if f.is_searched]:
        for record_id in maker.ids(("olga", "sam")):
            value = oracle.rows[maker.name][record_id].get(searched.name)
            if not isinstance(value, str) or value.lower() not in canaries.planted:
                continue
            ids = frozenset({record_id} & seen if searched.name in readable else ())
            for verb in ("search", "search_list", "suggest"):
                level = frozenset({DONE}) if verb == "suggest" else maker.entity_level()
                yield Cell(verb, maker.name, None, level, ids, {}, searched.name, value, sent=(value,))


def _by_hidden_field(maker: Maker) -> Iterator[Cell]:
    oracle = maker.world.oracle
    readable = oracle.readable(maker.guest, maker.name)
    hidden = [each for each in oracle.fields[maker.name] if each.name not in readable]
    for declared in hidden[:6]:
        for verb in ("filter", "sort", "columns", "upsert", "find_by"):
            if verb == "upsert" and not maker.may("create"):
                continue
            if verb == "find_by" and declared.kind.name not in ("text", "long_text"):
                continue  # takes canonical values, and tells of a wrong one by its own error
            unknown = Cell(verb, maker.name, field="nosuch", value="x")
            yield Cell(
                verb, maker.name, None, frozenset({BAD}), field=declared.name, value="x", same_as=unknown
            )


def _by_hop(maker: Maker) -> Iterator[Cell]:
    """Yield filters that look through a reference at a record that the guest may not see."""
    oracle = maker.world.oracle
    readable = oracle.readable(maker.guest, maker.name)
    for declared in maker.entity.fields.values():
        if declared.kind.name != "reference" or declared.name not in readable:
            continue
        target = oracle.registry.entity(declared.kind.entity)
        yield from _hops_to(maker, declared, target)


def _hops_to(maker: Maker, declared: Any, target: Any) -> Iterator[Cell]:
    oracle, planter = maker.world.oracle, maker.world.planter
    readable, seen = oracle.readable(maker.guest, target.name), oracle.visible(maker.guest, target.name)
    hidden = [each.name for each in oracle.fields[target.name] if each.name not in readable]
    unknown = Cell("hop", maker.name, field=f"{declared.short_name}.nosuch", value="x")
    if hidden:
        name = f"{declared.short_name}.{hidden[0]}"
        yield Cell("hop", maker.name, None, frozenset({BAD}), field=name, value="x", same_as=unknown)
    name = next(
        (f.name for f in target.fields.values() if f.kind.name == "text" and f.name in readable), None
    )
    record_id = planter.ids.get((target.name, "olga"))
    if name is None or record_id is None or record_id in seen:
        return
    value = oracle.rows[target.name][record_id][name]
    if isinstance(value, str) and value.lower() in maker.world.canaries.planted:
        yield Cell(
            "hop",
            maker.name,
            None,
            frozenset({DONE}),
            frozenset(),
            {},
            f"{declared.short_name}.{name}",
            value,
            sent=(value,),
        )
