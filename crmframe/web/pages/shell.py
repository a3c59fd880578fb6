"""What surrounds every page: navigation, the reader's menu, and the result of what was just done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.entities.numerals import plain_number
from crmframe.core.journal.tables import change, operation
from crmframe.web.pages import admitting
from crmframe.web.pages.sentences import done_sentence
from crmframe.web.pages.tones import tone_of

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

DONE = "done"
HOME = "/home"
GROUPS = ("customers", "sales", "")
LAST = "administration"
WRITES = ("create", "update", "delete")
ICONS = {"house": "house"}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation."""

    label: str
    url: str
    icon: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """What the last request did; ``operation_id`` can be undone when it is set."""

    text: str
    operation_id: int | None
    way_back: str


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page."""

    workspace: str
    groups: list[tuple[str, list[Link]]]
    bottom: list[Link]
    new_url: str
    user: str
    initial: str
    tone: str
    toast: Toast | None
    here: str
    absences: list[str]
    unread: int = 0


def shell_of(view: View) -> Shell:
    """Return the frame of the page for this reader."""
    groups = list(_groups(view))
    name = view.work.actor.name
    wide = [link for _, links in groups for link in links]
    return Shell(
        workspace=view.work.setting("core.company_name") or "crmframe",
        groups=groups,
        bottom=[wide[0], *_bottom(wide[1:])],
        new_url=_new_url(view),
        user=name,
        initial=name[:1].upper(),
        tone=tone_of(name),
        toast=_toast(view),
        here=_here(view),
        absences=list(_absences(view)),
        unread=view.call.unread,
    )


def _bottom(links: list[Link]) -> list[Link]:
    wanted = [link for link in links if link.url in ("/customers", "/deals")]
    return (wanted + [link for link in links if link not in wanted])[:2]


def _new_url(view: View) -> str:
    """Return what the plus on a phone makes: another of what is on the page, else a deal or a customer."""
    registry = view.work.registry
    here = registry.by_slug.get(view.call.url.split("/")[1])
    usual = [registry.entities.get(name) for name in ("sales.deal", "core.customer")]
    for entity in (here if here is not None and here.in_menu else None, *usual):
        if entity is not None and view.may(f"{entity.name}.create"):
            return f"/{entity.slug}/new"
    return ""


def _groups(view: View) -> Iterator[tuple[str, list[Link]]]:
    found: dict[str, list[Link]] = {}
    for entity in view.work.registry.public_entities():
        if entity.in_menu and _is_shown(view, entity) and not _has_better(view, entity):
            link = _link(view, view.plural(entity), f"/{entity.slug}", entity.icon)
            found.setdefault(entity.group, []).append(link)
    others = list(_menu_items(view, found))
    yield "", [_link(view, view.say("Home page"), HOME, "house")]
    for group in [*(each for each in GROUPS if each), *sorted(set(found) - {*GROUPS, LAST}), ""]:
        if found.get(group):
            yield view.say(group.capitalize() if group else "More"), found[group]
    if others:
        yield view.say("Plugins"), others
    yield view.say("Administration"), [*found.get(LAST, ()), *_admin(view)]


def _is_shown(view: View, entity: Any) -> bool:
    # Everybody may read the names of users and teams; only who may read more wants them in the menu.
    if not view.work.actor.scopes_of(f"{entity.name}.read") - {"names"}:
        return False
    # What is set up once is for those who may set it up; others come by it where it is used.
    return entity.group != LAST or any(view.may(f"{entity.name}.{verb}") for verb in WRITES)


def _has_better(view: View, entity: Any) -> bool:
    """Return whether another entry leads to a better page than the plain list."""
    return entity.name == "core.role" and admitting.sees(view.work, admitting.HELD)


def _menu_items(view: View, groups: dict[str, list[Link]]) -> Iterator[Link]:
    """Put the pages of plugins behind the records of the same plugin; yield those that have no such place."""
    for plugin, items in view.work.hooks.collect("menu"):
        for item in items:
            if not item.permission or view.may(item.permission):
                link = _link(view, view.text(plugin, item.label), item.url, item.icon)
                group = _group_of(view, plugin)
                if group in groups:
                    groups[group].append(link)
                else:
                    yield link


def _group_of(view: View, plugin: str) -> str | None:
    own = (e for e in view.work.registry.public_entities() if e.plugin == plugin and e.in_menu)
    return next((e.group for e in own if e.group not in ("", LAST)), None)


def _admin(view: View) -> Iterator[Link]:
    yield _link(view, view.say("Journal"), "/journal", "history")
    if admitting.sees(view.work, admitting.HELD):
        yield _link(view, view.say("Permissions"), "/admin/roles", "key-round")
    if view.may("core.choice.update"):
        yield _link(view, view.say("Choices"), "/admin/choices", "list")
    if view.may(admitting.SEE_PLUGINS):
        yield _link(view, view.say("Plugins"), "/admin/plugins", "plug")
    if view.may(admitting.SEE_JOBS):
        yield _link(view, view.say("Jobs and events"), "/admin/jobs", "activity")
    if view.work.actor.is_admin:
        yield _link(view, view.say("Settings"), "/admin/settings", "settings")
        yield _link(view, view.say("Outgoing mail"), "/admin/mail", "mail")
        yield _link(view, view.say("Sample data"), "/admin/sample", "package")


def _link(view: View, label: str, url: str, icon: str) -> Link:
    here = view.call.url
    at_home = url == HOME and here == "/"
    return Link(label, url, icon, here == url or at_home or here.startswith(f"{url}/"))


def _absences(view: View) -> Iterator[str]:
    """Yield who is away today, for the absent one and the deputy; most people ask the database nothing."""
    actor, today = view.work.actor, view.work.today
    now = [each for each in (*actor.stands_in, *actor.away) if each.starts_on <= today <= each.ends_on]
    ids = {number for each in now for number in (each.user_id, each.deputy_id) if number}
    names = records.titles(view.work, "core.user", ids) if ids else {}
    for each in now:
        day = view.formats.date(each.ends_on)
        if each.user_id != actor.id:
            yield view.say("You stand in for {name} until {day}.", name=names.get(each.user_id, ""), day=day)
        elif each.deputy_id:
            name = names.get(each.deputy_id, "")
            yield view.say("You are away until {day}; {name} stands in for you.", name=name, day=day)
        else:
            yield view.say("You are away until {day}; nobody stands in for you.", day=day)


def _here(view: View) -> str:
    query = "&".join(f"{name}={value}" for name, value in view.call.query if name != DONE)
    return f"{view.call.url}?{query}" if query else view.call.url


def _touched() -> sa.Label[int]:
    """Return how many records of the entity that its verb names an operation changed; a bulk create is one row."""
    c = change.c
    number = sa.func.count(sa.distinct(c.record_id)) + sa.func.coalesce(
        sa.func.sum(c.last_id - c.record_id), 0
    )
    own = operation.c.verb.startswith(c.entity + ".")
    counted = sa.select(number).where(c.operation_id == operation.c.id, own)
    return counted.correlate(operation).scalar_subquery().label("number")


def _toast(view: View) -> Toast | None:
    operation_id = plain_number(view.call.parameter(DONE))
    if operation_id is None:
        return None
    columns = (operation.c.verb, operation.c.state, operation.c.undoable, _touched())
    mine = sa.and_(operation.c.id == operation_id, operation.c.actor_id == view.work.actor.id)
    rows = view.work.rows(sa.select(*columns).where(mine))
    if not rows:
        return None
    can_undo = rows[0].state == "done" and rows[0].undoable
    way_back = view.say("Redo" if rows[0].verb == "core.undo" else "Undo")
    return Toast(
        done_sentence(view, rows[0].verb, rows[0].number), operation_id if can_undo else None, way_back
    )
