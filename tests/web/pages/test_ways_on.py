"""What a page offers: the search box, actions that can work, what is related once, and the codes of errors."""

from __future__ import annotations

import pytest

from crmframe.core import records
from crmframe.web.locales import COOKIE
from crmframe_sales.jobs import note_won_deals

FIRST = "crmframe user create NAME --admin"


# --- signing in ---------------------------------------------------------------------------------------


def test_the_sign_in_page_names_the_command_only_while_there_is_no_user(people):
    stranger = people.client(**{"sec-fetch-site": "same-origin", "accept": "text/html"})
    assert FIRST in stranger.get("/login").text
    assert FIRST in stranger.post("/login", data={"name": "x", "password": "y"}).text
    stranger.cookies.set(COOKIE, "zh_Hans")
    assert "还没有用户" in stranger.get("/login").text

    people.user("anna")

    assert FIRST not in stranger.get("/login").text


# --- a customer's page --------------------------------------------------------------------------------


def test_deals_of_a_customer_stand_in_one_panel(company, root):
    page = root.get(f"/customers/{company.customer}").text

    assert page.count("<h2>Deals") == 1
    assert f'href="/deals?customer_id={company.customer}"' in page


def test_what_a_customer_has_none_of_yet_can_be_added(company, root, people):
    page = root.get(f"/customers/{company.other}").text
    assert f'href="/contacts/new?customer_id={company.other}"' in page
    assert f'href="/deals/new?customer_id={company.other}"' in page

    people.user("vera", grants=(("core.customer.read", "all"), ("core.contact.read", "all")))
    assert "/contacts/new" not in people.signed_in("vera").get(f"/customers/{company.other}").text


def test_a_won_deal_is_told_once_and_in_the_reader_s_language(company, root, write):
    def win(work):
        stage = {"name": "Won", "kind": "won", "position": 9}
        deal = records.get(work, "sales.deal", company.deal)
        records.create(work, "sales.stage", {**stage, "pipeline_id": deal["pipeline_id"]})
        records.update(work, "sales.deal", company.deal, {"customer_id": company.customer})
        records.run(work, "sales.deal", company.deal, "win", {})
        return records.get(work, "sales.deal", company.deal)

    deal = write(win)
    payload = {
        "deal_id": deal["id"],
        "customer_id": company.customer,
        "title": deal["title"],
        "amount": None,
        "currency": None,
        "at": deal["won_at"].isoformat(),
    }
    write(lambda work: note_won_deals(work, [Event(payload)]))
    write(
        lambda work: records.create(
            work,
            "core.activity",
            {"kind": "note", "about": f"core.customer:{company.customer}", "text": "Their own words"},
        )
    )
    page = root.get(f"/customers/{company.customer}").text
    assert page.count("Deal won: ") == 1
    assert "Their own words" in page

    root.cookies.set(COOKIE, "zh_Hans")
    page = root.get(f"/customers/{company.customer}").text
    assert page.count("赢单：") == 1
    assert "Deal won" not in page


class Event:
    """As much of an event as the subscription reads."""

    actor_id = None

    def __init__(self, payload):
        self.payload = payload


# --- actions ------------------------------------------------------------------------------------------


def offered(client, deal):
    page = client.get(f"/deals/{deal}").text
    return [verb for verb in ("move", "win", "lose", "reopen") if f"/deals/{deal}/{verb}" in page]


def test_a_deal_offers_only_what_its_state_allows(company, root, write):
    assert offered(root, company.deal) == ["move", "win", "lose"]
    assert f'action="/deals/{company.deal}/move"' in root.get("/deals/board").text

    reason = write(lambda work: records.create(work, "sales.lost_reason", {"name": "Price"})["id"])
    lost = root.post(f"/deals/{company.deal}/lose", data={"lost_reason_id": str(reason)})

    assert lost.status_code == 303
    assert offered(root, company.deal) == ["reopen"]
    assert f'action="/deals/{company.deal}/move"' not in root.get("/deals/board").text


def test_reopening_as_it_is_offered_works(company, root, write):
    reason = write(lambda work: records.create(work, "sales.lost_reason", {"name": "Price"})["id"])
    root.post(f"/deals/{company.deal}/lose", data={"lost_reason_id": str(reason)})
    asked = root.get(f"/deals/{company.deal}/reopen").text

    assert f'value="{company.stages["Lost"]}" selected' not in asked
    assert root.post(f"/deals/{company.deal}/reopen", data={"stage_id": ""}).status_code == 303


# --- searching ----------------------------------------------------------------------------------------


def test_the_search_box_keeps_the_conditions(company, root):
    page = root.get("/customers?q=hua&order=name").text

    assert 'type="search" name="q" value="hua"' in page
    assert '<input type="hidden" name="order" value="name">' in page
    assert "Huaxin" in page
    assert "Nordwind" not in page


def test_an_emptied_search_box_leaves_no_condition_behind(company, root):
    answer = root.get("/customers?order=name&q=")

    assert answer.headers["location"] == "/customers?order=name"


@pytest.mark.parametrize("path", ["/api/v1/memberships?q=acme", "/memberships?q=acme"])
def test_q_is_refused_where_no_words_are_searched(company, root, path):
    answer = root.get(path)

    assert answer.status_code == 400
    assert "q" in answer.text


# --- codes --------------------------------------------------------------------------------------------


def test_the_type_of_a_problem_leads_to_a_page_that_explains_it(people, root):
    problem = root.get("/api/v1/customers/987654").json()
    path, _, anchor = problem["type"].partition("#")
    page = people.client(accept="text/html").get(path)

    assert page.status_code == 200
    assert f'id="{anchor}"' in page.text
    assert 'lang="en">There is no {entity} {id}, or you may not see it.' in page.text
    assert 'lang="zh-Hans">' in page.text
    assert 'id="deal_closed"' in page.text


def test_who_belongs_to_a_rule_is_added_and_shown_on_its_page(root, write, people):
    user = people.user("mia")
    rule = write(
        lambda work: records.create(
            work, "core.assignment_rule", {"name": "In turn", "entity": "core.customer"}
        )
    )["id"]
    new = f"/assignment-members/new?rule_id={rule}&amp;back=/assignment-rules/{rule}"
    page = root.get(f"/assignment-rules/{rule}").text
    assert new in page
    assert "core.round_robin" not in page

    write(lambda work: records.create(work, "core.assignment_member", {"rule_id": rule, "user_id": user}))

    assert ">Mia</a>" in root.get(f"/assignment-rules/{rule}").text


def test_addresses_stand_beside_customers_and_contacts_and_nowhere_else(company, root, write, people):
    contact = write(
        lambda work: records.create(work, "core.contact", {"name": "Li", "customer_id": company.customer})
    )
    beside = {f"core.customer:{company.customer}": f"/customers/{company.customer}",
              f"core.contact:{contact['id']}": f"/contacts/{contact['id']}"}  # fmt: skip
    for about, url in beside.items():
        assert f'href="/addresses/new?about={about}&amp;back={url}"' in root.get(url).text
        values = {"about": about, "street": f"Strandgaten {url}"}
        made = write(lambda work, values=values: records.create(work, "core.address", values))
        assert f'<a class="cut" href="/addresses/{made["id"]}">Strandgaten {url}</a>' in root.get(url).text

    assert "Strandgaten" not in root.get(f"/customers/{company.other}").text
    assert "/addresses/new" not in root.get(f"/deals/{company.deal}").text

    people.user("vera", grants=(("core.customer.read", "all"),))
    assert "Strandgaten" not in people.signed_in("vera").get(f"/customers/{company.customer}").text


def test_more_addresses_than_fit_are_in_a_list(company, root, write):
    about = f"core.customer:{company.customer}"
    rows = [{"about": about, "street": f"Street {n}"} for n in range(6)]
    write(lambda work: records.create_many(work, "core.address", rows))
    write(
        lambda work: records.create(
            work, "core.address", {"about": f"core.customer:{company.other}", "street": "X"}
        )
    )

    assert f'href="/addresses?about={about}"' in root.get(f"/customers/{company.customer}").text
    listed = root.get(f"/addresses?about={about}").text
    assert "Street 0" in listed
    assert ">X<" not in listed
