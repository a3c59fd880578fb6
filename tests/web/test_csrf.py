from __future__ import annotations

import pytest

from crmframe.web.csrf import comes_from_here, token_for
from tests.web.people import no_records_written

TOKEN = token_for("secret", "session")


@pytest.mark.parametrize(
    ("headers", "given", "allowed"),
    [
        ({"sec-fetch-site": "same-origin"}, "", True),
        ({"sec-fetch-site": "none"}, "", True),
        ({"sec-fetch-site": "same-site"}, TOKEN, False),
        ({"sec-fetch-site": "cross-site"}, TOKEN, False),
        ({"origin": "http://crm.example", "host": "crm.example"}, "", True),
        ({"origin": "https://crm.example:8443", "host": "crm.example:8443"}, "", True),
        ({"origin": "http://evil.example", "host": "crm.example"}, TOKEN, False),
        ({"origin": "null", "host": "crm.example"}, TOKEN, False),
        ({"host": "crm.example"}, TOKEN, True),
        ({"host": "crm.example"}, "", False),
        ({"host": "crm.example"}, token_for("secret", "other session"), False),
        ({"host": "crm.example"}, "ü", False),
    ],
)
def test_what_a_browser_says_decides(headers, given, allowed):
    assert comes_from_here(headers, given, TOKEN) is allowed


def test_a_foreign_page_cannot_write_with_the_cookie(host, people):
    people.user("anna", is_admin=True)
    client = people.signed_in("anna")

    with no_records_written(host, "core_customers"):
        answer = client.post(
            "/api/v1/customers", json={"name": "Evil"}, headers={"sec-fetch-site": "cross-site"}
        )

    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"


def test_a_foreign_page_cannot_sign_somebody_in(people):
    people.user("anna")

    answer = people.client(**{"sec-fetch-site": "cross-site"}).post(
        "/login", data={"name": "anna", "password": "x"}
    )

    assert answer.status_code == 403


def test_a_program_with_a_token_needs_no_proof(admin):
    assert admin.post("/api/v1/customers", json={"name": "Acme"}).status_code == 201
