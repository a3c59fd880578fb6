"""The cells that only pages have: forms, boards, administration and reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.access_matrix.cast import UNPLANTED, Guest
from tests.access_matrix.cell import DENIED, DONE, MISSING, REFUSED, UNKNOWN, Cell
from tests.access_matrix.cells import Maker

if TYPE_CHECKING:
    from tests.access_matrix.world import World


def page_cells(world: World, guest: Guest) -> Iterator[Cell]:
    """Yield the attempts that other doors have nothing like."""
    if not guest.known:
        for cell in _page_cells(world, Guest("sam", "sam")):
            yield Cell(**{**vars(cell), "expected": frozenset({UNKNOWN}), "same_as": None})
        return
    yield from _page_cells(world, guest)


def _page_cells(world: World, guest: Guest) -> Iterator[Cell]:
    for entity in (e for e in world.application.registry.public_entities() if e.name not in UNPLANTED):
        yield from _forms(Maker(world, guest, entity))
    yield from _others(world, guest)


def _forms(maker: Maker) -> Iterator[Cell]:
    name, may_read = maker.name, maker.entity_level()
    yield Cell("new_form", name, expected=maker.entity_level("create"))
    yield from _prefilled(maker)
    column = maker.entity.fields.get(maker.entity.board)
    if column is not None:
        of = column.kind.entity if column.kind.name == "reference" else name
        may_see = maker.world.oracle.may(maker.guest, of, "read")
        yield Cell("board", name, expected=may_read if may_see else frozenset({DENIED}))
    yield Cell("condition", name, expected=may_read)
    token = str(maker.world.oracle.rows[name][maker.ids(("olga",))[0]].get(maker.entity.title))
    yield Cell("options", name, expected=may_read, value=token, sent=(token,))
    yield Cell("options", name, expected=may_read, value="")
    far, own = maker.ids(("olga",))[0], maker.ids(("sam",))[0]
    for record_id in (far, own):
        yield Cell("print", name, record_id, maker.record_level("read", record_id))
        for verb, asks in (("edit_form", "update"), ("delete_form", "delete")):
            level = maker.record_level("read", record_id) if maker.may(asks) else frozenset({DENIED})
            if verb == "edit_form" and not maker.world.oracle.writable(maker.guest, name):
                level |= {DENIED}
            yield Cell(
                verb, name, record_id, level if maker.may("read") or DENIED in level else frozenset({DENIED})
            )
        for action in maker.world.application.registry.actions.get(name, {}):
            level = maker.record_level("read", record_id) if maker.may(action) else frozenset({DENIED})
            if action == "log" and not maker.world.oracle.may(maker.guest, "core.activity", "create"):
                level = frozenset({DENIED})
            yield Cell("action_form", name, record_id, level, action=action)
        level = maker.record_level("delete", record_id, frozenset({DONE, REFUSED}))
        for verb in ("several_delete", "several_ask"):
            asked = frozenset({DONE, DENIED}) if verb == "several_ask" else level
            yield Cell(verb, name, record_id, asked)
        yield Cell("activity", name, record_id, _noting(maker, record_id), values={"text": "x"})


def _prefilled(maker: Maker) -> Iterator[Cell]:
    """Yield forms whose link names a record that the guest may not see: its name must not come up."""
    if not maker.may("create"):
        return
    for declared in maker.entity.fields.values():
        link = (
            maker._hidden_link(declared) if declared.kind.name == "reference" and declared.writable else None
        )
        if link is not None:
            yield Cell("new_form", maker.name, None, field=declared.name, value=link)


def _noting(maker: Maker, record_id: int) -> frozenset[str]:
    """Whoever may see a record and write activities may write one about it."""
    if not maker.world.oracle.may(maker.guest, "core.activity", "create"):
        return frozenset({DENIED})
    if maker.world.oracle._is_about(maker.name) or maker.name == "core.activity":
        return frozenset({DONE, REFUSED, DENIED})  # nothing is about a note
    seen = maker.may("read") and maker.allows("read", record_id)
    return frozenset({DONE, DENIED, REFUSED}) if seen else frozenset({REFUSED, MISSING, DENIED})


def _others(world: World, guest: Guest) -> Iterator[Cell]:
    is_admin = guest.person == "root" and guest.scopes is None
    admins = frozenset({DONE if is_admin else DENIED})
    for verb in ("home", "journal", "password_form"):
        yield Cell(verb)
    for verb in ("admin_roles", "admin_users", "admin_plugins", "admin_plugin", "admin_jobs"):
        yield Cell(verb, expected=admins)
    role = world.planter.ids["core.role", "olga"]
    user = world.planter.ids["core.user", "olga"]
    yield Cell("admin_role", "core.role", role, admins)
    yield Cell("admin_user", "core.user", user, admins)
    saved = admins if is_admin else frozenset({DENIED, MISSING})  # who may grant something must see the role
    yield Cell("save_role", "core.role", role, saved, values={"grant:core.customer.read": "all"})
    yield Cell("save_access", "core.user", user, admins, values={"role": [role]})
    yield Cell("save_password", "core.user", user, admins, values={"password": "a new and long password"})
    retried = frozenset({MISSING} if is_admin else {DENIED})
    yield Cell("change_job", record_id=1, expected=retried)
    yield Cell("change_letter", record_id=1, expected=retried)
    may_see = frozenset({DONE if world.oracle.may(guest, "sales.deal", "read") else DENIED})
    for verb in ("forecast", "forecast_data", "team_page"):
        yield Cell(verb, expected=may_see)
    may_target = world.oracle.may(guest, "sales.target", "read")
    yield Cell("targets_page", expected=frozenset({DONE if may_target else DENIED}))
    if not world.oracle.may(guest, "sales.pipeline", "read") and DONE in may_see:
        may_see = frozenset({MISSING})  # there is no funnel without a pipeline
    for verb in ("funnel", "funnel_data", "pipeline_data"):
        yield Cell(verb, expected=may_see)
    of_leads = frozenset({DONE if world.oracle.may(guest, "sales.lead", "read") else DENIED})
    for verb in ("conversion", "conversion_data", "duplicates_data"):
        yield Cell(verb, expected=of_leads)
    hidden = world.planter.ids["sales.pipeline", "olga"]
    seen = guest.person and hidden in world.oracle.visible(guest, "sales.pipeline")
    level = may_see if seen or may_see != {DONE} else frozenset({MISSING})
    yield Cell("funnel_of", record_id=hidden, expected=level)
