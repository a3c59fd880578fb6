"""Forms of records: which fields, with which values, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmframe.core.access.fields import readable_fields, writable_fields
from crmframe.core.contributions import FormView
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import CrmError, InvalidInput, Problem
from crmframe.web.formats import at_zone
from crmframe.web.pages import lookup
from crmframe.web.pages.inputs import control, shown_value

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View
    from crmframe.web.respond import Call

Values = Mapping[str, Any]


def form_of(view: View, entity: Entity, record: Values | None = None) -> FormView:
    """Return the fields of a form as the plugins leave them."""
    names = writable_fields(view.work, entity) & readable_fields(view.work, entity)
    fields = view.work.schema.fields(entity)
    offered = [name for name, field in fields.items() if name in names and not field.written_by]
    wanted = FormView(entity, offered)
    context = view.context(entity=entity, record=record)
    amended: FormView = view.work.hooks.chain("amend_form", context, wanted)
    return amended


def controls_of(
    view: View, form: FormView, values: Values, problems: Sequence[Problem] = ()
) -> list[dict[str, Any]]:
    """Return the controls of a form, each with what is wrong with it below."""
    known = view.work.schema.fields(form.entity)
    fields = [known[name] for name in form.fields if name in known]
    offers = offers_for(view, fields, values)
    controls = []
    for field in fields:
        made = control(view, form.entity, field, values.get(field.name), offers)
        made["hint"] = form.help.get(field.name) or made["hint"]
        own = [p for p in problems if p.field in (field.name, field.short_name)]
        made["errors"] = [view.message(problem) for problem in own]
        controls.append(made)
    return controls


def offers_for(view: View, fields: Sequence[Field], values: Values) -> lookup.Titles:
    """Return what the references of a form offer; what they hold already is always among it."""
    references = [field for field in fields if field.kind.name == "reference"]
    targets = [field.kind.entity for field in references]  # type: ignore[attr-defined]
    offers = lookup.offers_of(view.work, targets)
    missing: dict[str, set[int]] = {}
    for field in references:
        target, value = field.kind.entity, values.get(field.name)  # type: ignore[attr-defined]
        held = plain_number(str(value or ""))
        if held is not None and held not in offers.get(target, {}):
            missing.setdefault(target, set()).add(held)
    for name, titles in lookup.titles_of(view.work, missing).items():
        offers.setdefault(name, {}).update(titles)
    return offers


def problems_of(error: CrmError | None) -> list[Problem]:
    """Return what is wrong, field by field."""
    return list(error.problems) if isinstance(error, InvalidInput) else []


def general_messages(view: View, error: CrmError | None, names: Sequence[str]) -> list[str]:
    """Return what is wrong beyond the fields *names* of the form: shown above it."""
    if error is None:
        return []
    if not isinstance(error, InvalidInput):
        return [view.message(error)]
    shown = {*names, *(name.removesuffix("_id") for name in names)}
    return [view.message(problem) for problem in error.problems if problem.field not in shown]


def posted(call: Call, view: View, fields: Sequence[Field], prefix: str = "") -> dict[str, Any]:
    """Return what the form sent for *fields*, as text or lists of texts.

    Args:
        prefix: Of the names in the form.
    """
    values: dict[str, Any] = {}
    for field in fields:
        given = call.form_lists.get(f"{prefix}{field.name}")
        if given is None:
            continue
        if field.kind.name == "multi_choice":
            values[field.name] = [text for text in given if text]
        elif field.kind.name == "instant":
            values[field.name] = at_zone(given[-1], view.zone)
        else:
            values[field.name] = given[-1]
    return values


def differing(view: View, fields: Sequence[Field], values: Values, record: Values) -> dict[str, Any]:
    """Return the values that differ from those of *record* as a form shows them.

    A form shows moments without seconds and amounts without zeros: what nobody touched must not be written.
    """
    by_name = {field.name: field for field in fields}
    return {
        name: value
        for name, value in values.items()
        if _differs(view, by_name[name], value, record.get(name))
    }


def _differs(view: View, field: Field, given: Any, held: Any) -> bool:
    if field.kind.name == "instant" and held is not None:
        return bool(given != at_zone(view.formats.local(held), view.zone))
    if field.kind.name == "boolean":
        return bool((given == "true") != bool(held))
    if field.kind.name == "multi_choice":
        return bool(sorted(given) != sorted(held or []))
    return bool(given != shown_value(view, field, held))


def prefilled(call: Call, work: UnitOfWork, form: FormView) -> dict[str, Any]:
    """Return the values for a new record: defaults, and what the link says."""
    known = work.schema.fields(form.entity)
    values: dict[str, Any] = {}
    for name in form.fields:
        field = known.get(name)
        if field is not None and field.default is not None:
            values[name] = field.default(work) if callable(field.default) else field.default
    for name, text in call.query:
        field = work.schema.find_field(form.entity, name)
        if field is not None and field.name in form.fields:
            values[field.name] = text
    return values
