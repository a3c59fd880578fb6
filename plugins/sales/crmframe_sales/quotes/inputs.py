"""What the actions on quotes and orders ask for, and how they refuse."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field

from crmframe.api import Conflict
from crmframe_sales.inputs import ActionInput, told


class QuoteFrozen(Conflict):
    """The quote is not a draft any more."""

    code = "quote_frozen"
    template = "The quote {title} was sent and stays as it is. Make a new version of it."
    domain = "sales"


class QuoteNotOpen(Conflict):
    """The quote cannot be accepted or declined as it stands."""

    code = "quote_not_open"
    template = "The quote {title} is not waiting for an answer. Send it, or make a new version of it."
    domain = "sales"


class QuoteExpired(Conflict):
    """The last day on which the quote could be accepted has passed."""

    code = "quote_expired"
    template = "The quote {title} was valid until {day}. Make a new version of it."
    domain = "sales"


class WrongOrderState(Conflict):
    """The order is at another step."""

    code = "wrong_order_state"
    template = "The order {title} is at another step: {status}."
    domain = "sales"


class Send(ActionInput):
    """Ask how long the quote is valid; thirty days when neither this nor the quote says."""

    valid_until: date | None = Field(default=None, title="Valid until")


class Accept(ActionInput):
    """Ask who accepted it; ``seen_from`` is the network address and the browser, when it was on the customer's page."""

    name: str = Field(default="", title="Accepted by", max_length=120)
    seen_from: str = Field(default="", title="Accepted from", max_length=400)


class Decline(ActionInput):
    """Ask why it was declined."""

    reason: str = Field(default="", title="Reason", max_length=2000)
    name: str = Field(default="", title="Declined by", max_length=120)
    seen_from: str = Field(default="", title="Declined from", max_length=400)


class AddLine(ActionInput):
    """Ask for a product and how much of it; the price comes from the price books when it is left out."""

    product_id: int = Field(title="Product", json_schema_extra={"entity": "core.product"})
    quantity: Decimal = Field(default=Decimal(1), title="Quantity", max_digits=15, decimal_places=3)
    price: Decimal | None = Field(default=None, title="Price", max_digits=18, decimal_places=4)
    discount_percent: Decimal | None = Field(
        default=None, title="Discount (%)", ge=0, le=100, max_digits=5, decimal_places=2
    )


class Order(ActionInput):
    """Ask whether the deal of the quote is won with it, and for what those who deliver must know."""

    win_deal: bool = Field(default=True, title="Win the deal, too")
    # Asked for once it turns out that a won deal wants a note.
    promised: str | None = told("What was promised", asked_with="promised")
    contacts: str | None = told("Who to talk to", asked_with="promised")
    dates: str | None = told("Dates to keep", asked_with="promised")
    risks: str | None = told("Risks", asked_with="promised")
