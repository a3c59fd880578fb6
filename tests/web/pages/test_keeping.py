"""What people keep at hand of records, and small helps on lists and records."""

from __future__ import annotations

import re

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.actor import system_actor
from crmframe.core.everyday.tables import recent
from crmframe.core.journal.delivery import Delivery
from crmframe.core.records import Query


def test_a_favorite_is_one_click_each_way_and_on_the_home_page(company, root, seller):
    url = f"/customers/{company.customer}"
    assert 'aria-pressed="false"' in root.get(url).text

    assert root.post(f"{url}/favorite").status_code == 303
    assert 'aria-pressed="true"' in root.get(url).text
    assert ">Favorites<" in root.get("/home").text
    assert seller.post(f"{url}/favorite").status_code == 404  # not to be seen by the seller
    assert root.post(f"{url}/favorite").status_code == 303
    assert 'aria-pressed="false"' in root.get(url).text
    assert ">Favorites<" not in root.get("/home").text


def test_a_star_on_a_row_makes_a_favorite_and_leads_back_to_the_list(company, root, seller):
    star = f'formaction="/customers/{company.customer}/favorite" aria-pressed='
    assert f'{star}"false"' in root.get("/customers?grade=a").text
    done = root.post(f"/customers/{company.customer}/favorite", data={"back": "/customers?grade=a"})
    assert done.headers["location"].startswith("/customers?grade=a&done=")

    assert f'{star}"true"' in root.get("/customers").text
    assert "Huaxin" in root.get("/home/hand").text
    assert '/favorite"' not in seller.get("/customers").text  # who may keep none


def test_the_home_page_does_without_what_is_hidden_of_favorites(company, people, write):
    people.user("masked", grants=tuple((f"core.{name}.read", "all") for name in ("favorite", "customer")))

    def hide(work):
        [role] = records.select(work, "core.role", Query(order=("-id",), limit=1)).records()
        rule = {"role_id": role["id"], "entity": "core.favorite", "field": "about", "right": "hidden"}
        records.create(work, "core.role_field", rule)

    write(hide)
    browser = people.signed_in("masked")
    assert [browser.get(path).status_code for path in ("/home", "/home/hand", "/customers")] == [
        200,
        200,
        200,
    ]


def test_what_was_looked_at_last_comes_first_and_is_written_down_in_batches(company, root, host):
    site = host.site
    for number in (company.customer, company.other, company.customer):
        root.get(f"/customers/{number}")

    def written():
        with site.application.database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(recent))

    assert written() == 0  # a page writes nothing
    home = root.get("/home").text
    assert "Looked at last" in home
    assert home.index(f'href="/customers/{company.customer}"') < home.index(
        f'href="/customers/{company.other}"'
    )
    with site.application.database.write() as connection:
        site.recent.flush(connection)
    assert written() == 2
    assert "Looked at last" in root.get("/home").text


def test_no_more_than_twenty_are_remembered(company, root, host, write):
    rows = [{"name": f"Seen {n}"} for n in range(25)]
    ids = write(lambda work: records.create_many(work, "core.customer", rows))
    for start in (0, 10):
        for number in ids[start:]:
            root.get(f"/customers/{number}")
        with host.site.application.database.write() as connection:
            host.site.recent.flush(connection)

    with host.site.application.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(recent)) == 20


def test_tags_are_put_on_a_record_and_taken_off(company, root, write):
    tag = write(lambda work: records.create(work, "core.tag", {"name": "VIP", "tone": "violet"}))["id"]
    url = f"/customers/{company.customer}"
    assert "VIP" in root.get(f"{url}/tags").text

    assert root.post(f"{url}/tags", data={"tag_id": str(tag)}).status_code == 303
    assert ">VIP</a>" in root.get(url).text
    assert root.post(f"{url}/tags", data={"tag_id": str(tag)}).status_code == 422
    link = re.search(r'name="remove" value="(\d+)"', root.get(f"{url}/tags").text)[1]
    assert root.post(f"{url}/tags", data={"remove": link}).status_code == 303
    assert ">VIP</a>" not in root.get(url).text


def test_a_duplicate_starts_with_the_values_and_brings_the_lines(company, root, write):
    def line(work):
        product = records.create(work, "core.product", {"name": "Pump", "code": "P-1"})["id"]
        values = {"deal_id": company.deal, "product_id": product, "quantity": "2", "price": "10"}
        records.create(work, "sales.deal_line", values)

    write(line)
    asked = root.get(f"/deals/new?duplicate={company.deal}").text
    assert 'value="Line 2"' in asked
    assert f'action="/deals/new?duplicate={company.deal}"' in asked
    form = {"title": "Line 3", "customer_id": str(company.customer)}
    made = root.post(f"/deals/new?duplicate={company.deal}", data=form)
    assert made.status_code == 303, made.text
    number = re.search(r"/deals/(\d+)", made.headers["location"])[1]
    where = write(lambda work: records.parse_filter(work, "sales.deal_line", [("deal_id", number)]))
    lines = write(lambda work: records.select(work, "sales.deal_line", Query(where=where)).records())
    assert [row["quantity"] for row in lines] == [2]


def test_a_duplicate_of_what_one_may_not_see_is_none(company, seller):
    assert seller.get(f"/deals/new?duplicate={company.deal}").status_code == 404


def test_numbers_are_summed_for_all_that_match_by_currency(company, root, write):
    def more(work):
        rows = [
            {"title": f"D {n}", "customer_id": company.customer, "amount": "100.50", "currency": currency}
            for n, currency in enumerate(("USD", "USD", "EUR"))
        ]
        records.create_many(work, "sales.deal", rows)

    write(more)
    listed = root.get("/deals?columns=title,amount&title__starts=D").text
    assert "sums=1" in listed
    summed = root.get("/deals?columns=title,amount&title__starts=D&sums=1").text
    assert "Sum of Amount" in summed
    total = re.search(r"Sum of Amount <b[^>]*>([^<]*)", summed)[1]
    assert "201" in total
    assert "100.50" in total
    assert "Sum of" not in root.get("/customers?sums=1&columns=name").text


def test_whoever_gets_a_share_is_told(company, people, host, write):
    ann = people.user("ann", grants=(("core.customer.read", "own"),))
    values = {"about": f"core.customer:{company.customer}", "user_id": ann}
    write(lambda work: records.create(work, "core.share", values))
    Delivery(host.site.application, system_actor("event")).run_once()

    assert "shared with you" in people.signed_in("ann").get("/notifications").text
