"""Documents on paper, and the customer's page: who has the address may answer, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.api import records
from crmframe.testing.doors import Doors
from crmframe_sales.quotes.whole import DocumentHidden

QUOTE = "sales.quote"
PAGE = "/p/sales/offer"


@pytest.fixture
def doors(desk: Any) -> Iterator[Doors]:
    opened = Doors(desk.application)
    yield opened
    opened.close()


@pytest.fixture
def web(doors: Doors) -> Any:
    return doors.stranger(**{"sec-fetch-site": "same-origin", "accept": "text/html"})


def key_of(desk: Any, quote: int) -> str:
    with desk.work(write=False) as work:
        statement = sa.text("select link_key from sales_quotes where id = :id")
        return str(work.connection.scalar(statement, {"id": quote}))


def test_the_customer_accepts_by_the_address_once(desk: Any, web: Any) -> None:
    quote = desk.sent({"price": "100", "tax_rate": "19"}, language="en")
    path = f"{PAGE}/{key_of(desk, quote)}"
    shown = web.get(path)

    assert shown.status_code == 200
    assert "Palletizer" in shown.text
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in shown.headers["x-robots-tag"]
    incomplete = web.post(f"{path}/accept", data={"name": "Erika"})
    assert incomplete.headers["location"].endswith("?missing=1")
    assert desk.get(QUOTE, quote)["status"] == "sent"
    for _ in range(2):
        answer = web.post(f"{path}/accept", data={"name": "Erika Muster", "agreed": "yes"})
        assert answer.status_code == 303
    accepted = desk.get(QUOTE, quote)
    assert (accepted["status"], accepted["accepted_by"]) == ("accepted", "Erika Muster")
    assert "Erika Muster" in web.get(path).text
    assert web.post(f"{path}/decline", data={"name": "E", "reason": "no"}).status_code == 303
    assert desk.get(QUOTE, quote)["status"] == "accepted"


def test_a_declined_quote_says_why(desk: Any, web: Any) -> None:
    quote = desk.sent(language="zh_Hans")
    path = f"{PAGE}/{key_of(desk, quote)}"
    web.post(f"{path}/decline", data={"name": "王伟", "reason": "太贵"})

    assert desk.get(QUOTE, quote)["decline_reason"] == "太贵"


def test_addresses_end_with_revocation_and_with_a_new_version_and_say_when_expired(
    desk: Any, web: Any
) -> None:
    revoked, replaced, late = desk.sent(), desk.sent(), desk.sent()
    keys = [key_of(desk, each) for each in (revoked, replaced, late)]
    desk.run(QUOTE, revoked, "revoke")
    desk.run(QUOTE, replaced, "new_version")
    desk.sales.clock.advance(days=40)

    assert [web.get(f"{PAGE}/{key}").status_code for key in keys] == [404, 404, 200]
    assert "expired" in web.get(f"{PAGE}/{keys[2]}").text
    assert web.post(f"{PAGE}/{keys[2]}/accept", data={"name": "E", "agreed": "yes"}).status_code == 303
    assert desk.get(QUOTE, late)["status"] == "sent"
    assert web.get(f"{PAGE}/{'x' * 43}").status_code == 404


def test_documents_are_for_those_who_may_see_the_quote(desk: Any, doors: Doors) -> None:
    quote = desk.sent({"price": "1234.5", "tax_rate": "13"}, language="zh_Hans", currency="CNY")
    owner, other = (
        doors.browser(doors.user(is_admin=True)),
        doors.browser(doors.user(grants=[("sales.quote.read", "own")])),
    )
    paths = [f"/p/sales/quotes/{quote}/{name}" for name in ("document", "document.pdf", "link")]
    page = owner.get(paths[0])

    assert "壹仟叁佰玖拾肆元玖角玖分" in page.text
    assert "1,394.99" in page.text
    assert f"{PAGE}/{key_of(desk, quote)}" in owner.get(paths[2]).text
    made = owner.get(paths[1])
    assert made.status_code in (200, 501)
    assert made.content.startswith(b"%PDF-") == (made.status_code == 200)
    assert [other.get(path).status_code for path in paths] == [404, 404, 404]
    assert owner.get(f"/p/sales/nothing/{quote}/document").status_code == 404


PARTS = ("sales.quote", "sales.quote_line", "core.customer", "core.contact", "core.address")
WORDS, PRICE = "A sunrise in print", "1,234.5"


@pytest.mark.parametrize(
    ("kept", "hidden", "shown"),
    [
        pytest.param("core.customer.read", "", {WORDS, PRICE}, id="customer"),
        pytest.param("core.contact.read", "", {WORDS, PRICE}, id="contact"),
        pytest.param("sales.quote_line.read", "", set(), id="lines"),
        pytest.param("", "description", set(), id="words"),
        pytest.param("", "price", {WORDS}, id="prices"),
    ],
)
def test_a_document_shows_no_part_that_is_hidden_from_its_reader(
    desk: Any, doors: Doors, kept: str, hidden: str, shown: set[str]
) -> None:
    """Their lines stood on the page of the quote, and the whole document beside it, with what a rule hides."""
    quote = desk.sent({"description": WORDS, "price": "1234.5", "quantity": "2"})
    grants = [(f"{name}.read", "all") for name in PARTS if f"{name}.read" != kept]
    reader = doors.user(grants=grants)
    if hidden:
        with desk.work() as work:
            [role] = records.select(work, "core.role", records.Query(order=("-id",), limit=1)).records()
            rule = {"entity": "sales.quote_line", "field": hidden, "right": "hidden"}
            records.create(work, "core.role_field", {"role_id": role["id"], **rule})
    browser = doors.browser(reader)

    for name in ("document", "document.pdf", "link"):
        page = browser.get(f"/p/sales/quotes/{quote}/{name}")
        assert (page.status_code, DocumentHidden.template[:60] in page.text) == (403, True)
    page = browser.get(f"/quotes/{quote}").text
    assert {text for text in (WORDS, PRICE) if text in page} == shown


def test_an_order_is_printed_too(desk: Any, doors: Doors) -> None:
    quote = desk.sent()
    desk.run(QUOTE, quote, "accept")
    order = desk.run(QUOTE, quote, "order")

    page = doors.browser(doors.user(is_admin=True)).get(f"/p/sales/orders/{order}/document")
    assert (page.status_code, "Sales order" in page.text) == (200, True)


def test_the_address_to_send_begins_with_the_public_one_whatever_host_was_asked(
    desk: Any, doors: Doors
) -> None:
    quote = desk.sent()
    desk.application.settings.public_url = "https://crm.example/"
    seller = doors.browser(doors.user(is_admin=True))
    page = seller.get(f"/p/sales/quotes/{quote}/link", headers={"host": "evil.example"})

    assert f"https://crm.example{PAGE}/{key_of(desk, quote)}" in page.text
    assert "evil.example" not in page.text


def test_guesses_of_addresses_are_slowed_down_and_learn_nothing(desk: Any, web: Any) -> None:
    quote = desk.sent(language="en")
    right, wrong = key_of(desk, quote), "x" * 43
    answers = [web.get(f"{PAGE}/{wrong}"), web.get(f"{PAGE}/short"), web.get(f"{PAGE}/{wrong}/quote.pdf")]
    assert [each.status_code for each in answers] == [404, 404, 404]
    assert web.post(f"{PAGE}/{wrong}/accept", data={"name": "E"}).headers["location"] == f"{PAGE}/{wrong}"
    forged = web.post(f"{PAGE}/a%0d%0aset-cookie:b/accept", data={"name": "E"})
    assert "set-cookie" not in forged.headers
    assert [web.get(f"{PAGE}/{wrong}").status_code for _ in range(3)] == [404, 404, 429]
    assert web.get(f"{PAGE}/{right}").status_code == 200


def test_answers_from_one_address_are_slowed_down(desk: Any, web: Any) -> None:
    path = f"{PAGE}/{key_of(desk, desk.sent(language='en'))}"
    given = {"name": "Erika", "agreed": "yes"}
    codes = [web.post(f"{path}/accept", data=given).status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]


def test_price_books_offer_the_grades_of_customers_as_edited(desk: Any) -> None:
    values = {"entity": "core.customer", "field": "grade", "value": "vip", "label_en": "VIP"}
    with desk.work() as work:
        records.create(work, "core.choice", values)

    with desk.work() as work:
        given = {"name": "For the best", "grades": ["VIP"]}
        book = records.create(work, "sales.price_book", given)["id"]

    assert desk.get("sales.price_book", book)["grades"] == ["vip"]
    with desk.work(write=False) as work:
        offered = work.schema.fields(work.schema.entity("sales.price_book"))["grades"].kind.choices
    assert {choice.value for choice in offered} == {"a", "b", "c", "d", "vip"}
