"""With whom one record is shared: who sees it, until when, and taking that back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.contributions import FormView
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import CrmError, InvalidInput
from crmframe.core.records import Query
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import cells, form, lookup
from crmframe.web.pages.doing import change
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SHARE = "core.share"
ASKED = ("user_id", "team_id", "right", "until")
MOST = 200


def show_shares(call: Call, work: UnitOfWork) -> Reply:
    """Show with whom a record is shared, and ask for one more."""
    view, entity = view_of(call, work), _shareable(call, work)
    record = records.get(work, entity.name, call.path["id"])
    return Reply(_page(view, entity, record), "shared.html")


def share(call: Call, work: UnitOfWork) -> Reply:
    """Share a record with a person or a team, or take that back."""
    view, entity, record_id = view_of(call, work), _shareable(call, work), call.path["id"]
    here = f"/{entity.slug}/{record_id}/share"
    taken = plain_number(call.form.get("remove", ""))
    if taken is not None:
        return change(call, work, lambda w: records.delete(w, SHARE, taken), here)
    shares = work.schema.entity(SHARE)
    given = form.posted(call, view, [work.schema.field(shares, name) for name in ASKED])
    values = {name: value for name, value in given.items() if value} | {"about": f"{entity.name}:{record_id}"}
    try:
        return change(call, work, lambda w: records.create(w, SHARE, values), here)
    except InvalidInput as error:
        record = records.get(work, entity.name, record_id)
        return Reply(_page(view, entity, record, values, error), "shared.html", error.status)


def _shareable(call: Call, work: UnitOfWork) -> Entity:
    entity = entity_at(call, work)
    if not entity.is_owned or not work.actor.may(f"{SHARE}.read"):
        raise NoSuchPage(path=call.url)
    return entity


def _page(
    view: View,
    entity: Entity,
    record: dict[str, Any],
    values: dict[str, Any] | None = None,
    error: CrmError | None = None,
) -> dict[str, Any]:
    work = view.work
    shares = work.schema.entity(SHARE)
    wanted = form.form_of(view, shares)
    asked = FormView(shares, [name for name in ASKED if name in wanted.fields])
    names = ("user_id", "team_id", "right", "until")
    where = Condition("about", "eq", f"{entity.name}:{record['id']}")
    rows = records.select(work, SHARE, Query(where=where, order=("id",), limit=MOST)).records()
    fields = [work.schema.field(shares, name) for name in names]
    titles = lookup.titles_of(work, lookup.wanted_of(fields, rows))
    show = {field.name: cells.renderer(view, shares, field, titles) for field in fields}
    _, verbs = records.get_and_verbs(work, entity.name, record["id"], ("update",))
    may = "update" in verbs and view.may(f"{SHARE}.create")
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "title": str(record.get(entity.title) or record["id"]),
        "url": f"/{entity.slug}/{record['id']}",
        "shares": [
            (row["id"], row["team_id"] is not None, {name: show[name](row.get(name), row) for name in names})
            for row in rows
        ],
        "controls": form.controls_of(view, asked, values or {"right": "read"}, form.problems_of(error))
        if may
        else [],
        "problems": form.general_messages(view, error, list(asked.fields)),
        "may_remove": "update" in verbs and view.may(f"{SHARE}.delete"),
    }
