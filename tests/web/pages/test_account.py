"""One's own account: sessions and tokens, and nobody else's."""

from __future__ import annotations

import re

SECRET = re.compile(r'<pre class="c-code"[^>]*>([^<]+)</pre>')


def make_token(browser, **values):
    return browser.post("/account/tokens", data={"name": "Sync", "days": "90", **values})


def test_a_token_is_shown_once_and_opens_the_api(company, people, seller):
    page = make_token(seller, scopes="core.customer.read")
    secret = SECRET.search(page.text).group(1)
    program = people.client(authorization=f"Bearer {secret}")

    assert program.get("/api/v1/customers").status_code == 200
    assert program.get("/api/v1/deals").status_code == 403
    again = seller.get("/account").text
    assert secret not in again
    assert "Sync" in again
    assert "core.customer.read" in again


def test_a_token_that_was_ended_opens_nothing(people, seller):
    secret = SECRET.search(make_token(seller).text).group(1)
    ending = re.search(r"/account/tokens/\d+/end", seller.get("/account").text).group()

    assert seller.post(ending).headers["location"] == "/account"

    assert people.client(authorization=f"Bearer {secret}").get("/api/v1/customers").status_code == 401
    assert ending not in seller.get("/account").text


def test_a_token_without_a_name_is_refused_with_the_form_as_it_was(seller):
    answer = make_token(seller, name=" ", scopes="*.read")

    assert answer.status_code == 422
    assert "Give the token a name" in answer.text
    assert 'value="*.read"' in answer.text
    assert SECRET.search(answer.text) is None


def test_a_session_elsewhere_can_be_ended_and_all_others_too(people, seller):
    phone, office = people.signed_in("seller"), people.signed_in("seller")
    page = seller.get("/account").text
    assert page.count("this browser") == 1
    endings = re.findall(r"/account/sessions/\d+/end", page)
    assert len(endings) == 2

    seller.post(endings[0])
    assert sorted(each.get("/account").status_code for each in (phone, office)) == [200, 303]
    seller.post("/account/sessions/end")

    assert [each.get("/account").status_code for each in (phone, office, seller)] == [303, 303, 200]


def test_nobody_ends_what_is_another_s(people, root, seller):
    make_token(root)
    root_page = root.get("/account").text
    people.signed_in("root")
    token = re.search(r"/account/tokens/\d+/end", root_page).group()
    session = re.search(r"/account/sessions/\d+/end", root.get("/account").text).group()
    for url in (token, session):
        assert seller.post(url).status_code == 404

    assert token in root.get("/account").text
    assert session in root.get("/account").text
    assert "Sync" not in seller.get("/account").text
