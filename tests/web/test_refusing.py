"""What the border refuses says so with a code that programs can read."""

from __future__ import annotations


def test_nobody_in_particular_is_not_signed_in(people):
    answer = people.client().get("/api/v1/customers")

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_body_in_another_format_is_an_unsupported_media_type(people):
    people.user("root", is_admin=True)
    answer = people.signed_in("root").post(
        "/api/v1/customers", content=b"<name/>", headers={"content-type": "application/xml"}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
