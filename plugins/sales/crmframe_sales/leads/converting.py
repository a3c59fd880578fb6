"""Converting leads: one operation makes or links customer, contact and deal, and takes the history along.

What is about the lead is hung on the customer, consents and addresses on the person. Each step is journaled like any
other change, so that one undo restores the lead and removes what was made, unless somebody has touched it since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from crmframe.api import Conflict, InvalidInput, Problem, UnitOfWork, records
from crmframe_sales.inputs import ActionInput, refused
from crmframe_sales.models import Stage

Record = Mapping[str, Any]
LEAD = "sales.lead"
# What tells of the relation goes to the customer, what belongs to the person to the contact.
HISTORY = (
    "core.activity",
    "core.task",
    "core.appointment",
    "core.attachment",
    "core.tag_link",
    "core.follower",
)
PERSONAL = ("core.contact_point", "core.address", "core.consent")


class LeadConverted(Conflict):
    """The lead became a customer before."""

    code = "lead_converted"
    template = "The lead {name} is converted already. Go on with its customer."
    domain = "sales"


class Convert(ActionInput):
    """Ask what to make of a lead.

    Attributes:
        customer_id: An existing customer; without it one is made of the company, or of the person.
        contact_id: An existing contact of it; without it one is made, unless the customer is a person.
        without_deal: True makes no deal.
        title: Of the deal; the company's or the person's name when it is left out.
        converted_at: When it happened; now when it is left out.
    """

    customer_id: int | None = Field(
        default=None,
        title="Existing customer",
        json_schema_extra={"entity": "core.customer", "prefilled": False},
    )
    contact_id: int | None = Field(
        default=None,
        title="Existing contact",
        json_schema_extra={"entity": "core.contact", "prefilled": False},
    )
    without_deal: bool = Field(default=False, title="Without a deal")
    title: str | None = Field(default=None, title="Title of the deal", max_length=200)
    pipeline_id: int | None = Field(
        default=None, title="Pipeline", json_schema_extra={"entity": "sales.pipeline"}
    )
    amount: Decimal | None = Field(default=None, title="Amount", max_digits=18, decimal_places=4)
    converted_at: datetime | None = Field(default=None, title="When")


def convert(work: UnitOfWork, lead: Record, given: Convert) -> dict[str, int | None]:
    """Convert one lead; returns the ids of its customer, contact and deal. Errors as in ``convert_many``."""
    [made] = convert_many(work, [(lead, given)])
    return made


def convert_many(work: UnitOfWork, batch: Sequence[tuple[Record, Convert]]) -> list[dict[str, int | None]]:
    """Convert leads: a handful of statements for the whole batch.

    Raises:
        LeadConverted: One of them was before.
        InvalidInput: There is no such pipeline, or none with an open stage.
    """
    for lead, _ in batch:
        if lead["converted_at"] is not None:
            raise LeadConverted(name=records.name_of(work, LEAD, lead))
    customers = _customers(work, batch)
    contacts = _contacts(work, batch, customers)
    deals = _deals(work, batch, customers, contacts)
    made = [
        {"customer_id": customers[i], "contact_id": contacts.get(i), "deal_id": deals.get(i)}
        for i in range(len(batch))
    ]
    changes = {
        lead["id"]: {**each, "status": "converted", "converted_at": _moment(work, given)}
        for (lead, given), each in zip(batch, made, strict=True)
    }
    records.update_many(work, LEAD, changes)
    _needs(work, batch, customers)
    _take_along(work, batch, made)
    return made


def many(work: UnitOfWork, batch: Sequence[tuple[Record, Convert]]) -> None:
    """Convert the leads of an import, as ``convert_many``."""
    convert_many(work, batch)


def _moment(work: UnitOfWork, given: Convert) -> datetime:
    at = given.converted_at
    if at is None:
        return work.now
    moment = at if at.tzinfo else at.replace(tzinfo=work.settings.zone)
    if moment > work.now:
        raise refused(
            "converted_at", "in_future", "This lies in the future. Choose a moment that has passed."
        )
    return moment


def _owner(work: UnitOfWork, lead: Record) -> dict[str, Any]:
    return {"owner_id": lead["owner_id"] or work.actor.id, "team_id": lead["team_id"]}


def _customers(work: UnitOfWork, batch: Sequence[tuple[Record, Convert]]) -> dict[int, int]:
    """Return the customer of each position: the one that was named, or a new one."""
    found = {i: given.customer_id for i, (_, given) in enumerate(batch) if given.customer_id is not None}
    new = [i for i in range(len(batch)) if i not in found]
    values = [_customer(work, batch[i][0]) for i in new]
    made = records.create_many(work, "core.customer", values) if new else []
    return {**found, **dict(zip(new, made, strict=True))}


def _customer(work: UnitOfWork, lead: Record) -> dict[str, Any]:
    source = work.registry.own_fields(work.registry.entity("core.customer"))["source"]
    known = {choice.value for choice in source.kind.choices}
    values = {
        "name": lead["company"] or lead["name"],
        "kind": "company" if lead["company"] else "person",
        "city": lead["city"],
        "region": lead["region"],
        "source": lead["source"] if lead["source"] in known else None,
        "lifecycle_stage": "qualified",
        **_owner(work, lead),
    }
    return values | ({} if lead["company"] else {"phone": lead["phone"], "email": lead["email"]})


def _contacts(
    work: UnitOfWork, batch: Sequence[tuple[Record, Convert]], customers: Mapping[int, int]
) -> dict[int, int]:
    """Return the contact of each position that has one; a customer who is a person needs none."""
    found = {i: given.contact_id for i, (_, given) in enumerate(batch) if given.contact_id is not None}
    persons = _persons(work, [customers[i] for i in range(len(batch)) if i not in found])
    new = [i for i in range(len(batch)) if i not in found and customers[i] not in persons]
    names = ("name", "job_title", "phone", "email", "wechat")
    values = [
        {name: batch[i][0][name] for name in names}
        | {"customer_id": customers[i], **_owner(work, batch[i][0])}
        for i in new
    ]
    made = records.create_many(work, "core.contact", values) if new else []
    return {**found, **dict(zip(new, made, strict=True))}


def _persons(work: UnitOfWork, ids: Sequence[int]) -> set[int]:
    customer = records.visible(work, "core.customer")
    wanted = sa.select(customer.c.id).where(customer.c.id.in_(sorted(set(ids))), customer.c.kind == "person")
    return {row.id for row in work.rows(wanted)}


def _deals(
    work: UnitOfWork,
    batch: Sequence[tuple[Record, Convert]],
    customers: Mapping[int, int],
    contacts: Mapping[int, int],
) -> dict[int, int]:
    wanted = [i for i, (_, given) in enumerate(batch) if not given.without_deal]
    values = []
    for i in wanted:
        lead, given = batch[i]
        values.append(
            {
                "title": given.title or lead["company"] or lead["name"],
                "customer_id": customers[i],
                "contact_id": contacts.get(i),
                "amount": given.amount,
                "product_id": lead["product_id"],
                "source": (lead["source"] or "")[:60] or None,
                "notes": lead["need"],
                **_owner(work, lead),
            }
        )
    made = dict(zip(wanted, records.create_many(work, "sales.deal", values) if values else [], strict=True))
    for i, deal_id in made.items():
        pipeline_id = batch[i][1].pipeline_id
        if pipeline_id is not None:
            records.run(work, "sales.deal", deal_id, "move", {"stage_id": _first_stage(work, pipeline_id)})
    return made


def _first_stage(work: UnitOfWork, pipeline_id: int) -> int:
    stage: Any = Stage.__table__
    statement = sa.select(stage.c.id).where(stage.c.pipeline_id == pipeline_id, stage.c.kind == "open")
    found = work.scalar(statement.order_by(stage.c.position, stage.c.id).limit(1))
    if found is None:
        template = "This pipeline has no open stage. Choose another one."
        raise InvalidInput([Problem("pipeline_id", "no_open_stage", template, domain="sales")])
    return int(found)


def _needs(work: UnitOfWork, batch: Sequence[tuple[Record, Convert]], customers: Mapping[int, int]) -> None:
    """Note what was wanted as a need of the customer, where the actor may."""
    if not work.actor.may("core.need.create"):
        return
    values = [
        {"customer_id": customers[i], "text": lead["need"][:300], "product_id": lead["product_id"]}
        for i, (lead, _) in enumerate(batch)
        if lead["need"]
    ]
    if values:
        records.create_many(work, "core.need", values)


def _take_along(
    work: UnitOfWork, batch: Sequence[tuple[Record, Convert]], made: Sequence[Mapping[str, int | None]]
) -> None:
    relation, person = {}, {}
    for (lead, _), each in zip(batch, made, strict=True):
        customer = f"core.customer:{each['customer_id']}"
        relation[f"{LEAD}:{lead['id']}"] = customer
        contact = each["contact_id"]
        person[f"{LEAD}:{lead['id']}"] = customer if contact is None else f"core.contact:{contact}"
    records.move_about(work, relation, HISTORY)
    records.move_about(work, person, PERSONAL)
