"""The public page of a form, asked as a stranger's browser and as a robot would."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from crmframe.api import records
from crmframe.core.jobs.worker import Worker
from crmframe.web.asgi import build_site
from crmframe.web.host import Host

TYPED = {
    "name": "Ann Chen",
    "company": "Acme",
    "phone": "+49 30 1234567",
    "email": "ann@acme.de",
    "need": "Pumps",
}


@pytest.fixture
def client(leads: Any) -> Any:
    host = Host(lambda: build_site(leads.application), lambda site: site.generation)
    with TestClient(host, base_url="http://crm.example.com", follow_redirects=False) as client:
        yield client


def form(leads: Any, **values: Any) -> str:
    made = leads.add("sales.web_form", **{"title": "Ask us", "source": "website", **values})
    return f"/p/sales/forms/{leads.get(made, 'sales.web_form')['token']}"


def ticket(client: Any, url: str) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', client.get(url).text)
    assert found is not None
    return html.unescape(found[1])


def send(leads: Any, client: Any, url: str, *, seconds: float = 20, **values: Any) -> Any:
    proof = ticket(client, url)
    leads.sales.clock.advance(seconds=seconds)
    headers = values.pop("headers", {})
    return client.post(url, data={**TYPED, "ticket": proof, **values}, headers=headers)


def test_stranger_becomes_a_lead(leads: Any, client: Any) -> None:
    url = form(leads, consent_text="Yes, you may answer.", consent_version="3", thanks="We call you.")

    answer = send(leads, client, f"{url}?utm_campaign=spring", consent="yes", utm_campaign="spring")

    [lead] = leads.all("sales.lead")
    [consent] = leads.all("core.consent")
    assert (answer.status_code, "We call you." in answer.text) == (200, True)
    assert (lead["name"], lead["phone"], lead["source"], lead["utm_campaign"], lead["owner_id"]) == (
        "Ann Chen",
        "+49301234567",
        "website",
        "spring",
        None,
    )
    assert (consent["about"], consent["text_version"], consent["source"]) == (
        f"sales.lead:{lead['id']}",
        "3",
        "Ask us",
    )
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("language", "word"), [("en", "Send"), ("zh-CN", "提交")])
def test_page_speaks_the_visitor_s_language(leads: Any, client: Any, language: str, word: str) -> None:
    answer = client.get(form(leads), headers={"accept-language": language})

    assert answer.status_code == 200
    assert f">{word}</button>" in answer.text


@pytest.mark.parametrize(
    ("seconds", "values"),
    [
        (20, {"homepage": "http://spam.example"}),
        (1, {}),
        (20, {"ticket": "1.2.3"}),
        (20, {"ticket": ""}),
        (20, {"headers": {"origin": "https://evil.example"}}),
    ],
    ids=["honeypot", "too fast", "forged ticket", "no ticket", "foreign page"],
)
def test_forged_post_does_nothing_and_looks_the_same(
    leads: Any, client: Any, seconds: float, values: dict[str, Any]
) -> None:
    url = form(leads)
    honest = send(leads, client, url)

    forged = send(leads, client, url, seconds=seconds, **values)

    assert (forged.status_code, forged.text) == (honest.status_code, honest.text)
    assert len(leads.all("sales.lead")) == 1


def test_ticket_of_another_form_counts_for_nothing(leads: Any, client: Any) -> None:
    proof = ticket(client, form(leads))
    leads.sales.clock.advance(seconds=20)

    client.post(form(leads, title="Other"), data={**TYPED, "ticket": proof})

    assert leads.all("sales.lead") == []


def test_page_that_is_sent_twice_makes_one_lead(leads: Any, client: Any) -> None:
    url = form(leads)
    proof = ticket(client, url)
    leads.sales.clock.advance(seconds=20)

    answers = [client.post(url, data={**TYPED, "ticket": proof}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(leads.all("sales.lead")) == 1


def test_errors_keep_what_was_typed(leads: Any, client: Any) -> None:
    url = form(leads, consent_text="Yes")

    answer = send(leads, client, url, email="no address", name="<b>Ann</b>", consent="yes")

    assert answer.status_code == 422
    assert "no address" in answer.text
    assert "&lt;b&gt;Ann&lt;/b&gt;" in answer.text
    assert leads.all("sales.lead") == []


def test_name_way_to_answer_and_consent_are_asked_for(leads: Any, client: Any) -> None:
    url = form(leads, consent_text="Yes")

    answer = send(leads, client, url, name=" ", phone="", email="")

    assert answer.status_code == 422
    for sentence in ("your name", "how to reach you", "Please agree"):
        assert sentence in answer.text


def test_page_that_was_open_too_long_is_sent_once_more(leads: Any, client: Any) -> None:
    url = form(leads)

    stale = send(leads, client, url, seconds=13 * 3600)

    # too_late is said above the form, in the visitor's language.
    assert (stale.status_code, "Ann Chen" in stale.text, "open for too long" in stale.text) == (
        422,
        True,
        True,
    )
    assert leads.all("sales.lead") == []


def test_known_number_makes_a_lead_that_is_marked(leads: Any, client: Any) -> None:
    leads.add("core.customer", name="Somebody", phone="+49 30 1234567")

    send(leads, client, form(leads))

    assert [lead["is_duplicate"] for lead in leads.all("sales.lead")] == [True]


def test_address_that_sends_one_after_the_other_has_to_wait(leads: Any, client: Any) -> None:
    url = form(leads)
    tickets = [ticket(client, url) for _ in range(8)]
    leads.sales.clock.advance(seconds=20)

    answers = [client.post(url, data={**TYPED, "ticket": each}).status_code for each in tickets]

    assert answers[:5] == [200] * 5
    assert answers[-1] == 429
    assert len(leads.all("sales.lead")) < 8


def test_only_listed_sites_may_frame_it(leads: Any, client: Any) -> None:
    plain = client.get(form(leads)).headers
    listed = client.get(form(leads, title="Two", allowed_origins="https://www.example.com")).headers

    assert "frame-ancestors 'none'" in plain["content-security-policy"]
    assert plain["x-frame-options"] == "DENY"
    assert "frame-ancestors https://www.example.com;" in listed["content-security-policy"]
    assert "x-frame-options" not in listed


def test_listed_site_may_send_it_too(leads: Any, client: Any) -> None:
    url = form(leads, allowed_origins="https://www.example.com")
    headers = {"origin": "https://www.example.com", "sec-fetch-site": "cross-site"}

    send(leads, client, url, headers=headers)

    assert len(leads.all("sales.lead")) == 1


@pytest.mark.parametrize(
    "values", [{"allowed_origins": "javascript:alert(1)"}, {"redirect_url": "mailto:a@b.de"}]
)
def test_form_that_would_lead_astray_is_refused(leads: Any, values: dict[str, str]) -> None:
    with pytest.raises(Exception, match="is no"):
        form(leads, **values)


def test_form_that_is_off_or_unknown_is_not_found(leads: Any, client: Any) -> None:
    assert client.get(form(leads, active=False)).status_code == 404
    assert client.get("/p/sales/forms/guess").status_code == 404


def test_lead_of_a_form_is_assigned(leads: Any, client: Any) -> None:
    ann = leads.add("core.user", login="ann", name="Ann")
    rule = leads.add("core.assignment_rule", name="All", entity="sales.lead")
    leads.add("core.assignment_member", rule_id=rule, user_id=ann)
    worker = Worker(leads.application)
    worker.run_once()

    send(leads, client, form(leads))
    worker.run_once()

    [lead] = leads.all("sales.lead")
    assert (lead["owner_id"], lead["assignment_reason"]) == (ann, "It was the turn of Ann.")


def test_operation_of_a_form_is_undone_like_any_other(leads: Any, client: Any) -> None:
    url = form(leads, consent_text="Yes")
    answer = send(leads, client, url, consent="yes")

    with leads.work() as work:
        records.undo(work, int(answer.headers["crmframe-operation"]))

    assert (leads.all("sales.lead"), leads.all("core.consent")) == ([], [])
