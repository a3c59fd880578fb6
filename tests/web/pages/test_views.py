"""Saved views: from what is on screen to a tab, for oneself and for others."""

from __future__ import annotations

import re
from typing import Any

import pytest

VERBS = ("create", "read", "update", "delete")
VIEWS = tuple(
    (f"core.{name}.{verb}", "shown" if (name, verb) == ("saved_view", "read") else "own")
    for name in ("saved_view", "default_view")
    for verb in VERBS
)


@pytest.fixture
def colleagues(people: Any) -> tuple[Any, Any]:
    """Give the browsers of two people who see every customer, one of them without the grades."""
    people.user("ann", grants=(("core.customer.read", "all"), *VIEWS))
    people.user("bob", grants=(("core.customer.read", "all"), *VIEWS))
    return people.signed_in("ann"), people.signed_in("bob")


def save(browser: Any, query: str, **values: str) -> str:
    data = {"name": "Grade A", "visibility": "mine", "query": query, **values}
    answer = browser.post("/customers/views/new", data=data)
    assert answer.status_code == 303, answer.text
    return re.search(r"view=(\d+)", answer.headers["location"])[1]


def test_what_is_on_screen_is_saved_and_opened_again(company, colleagues):
    ann, bob = colleagues
    asked = ann.get("/customers/views/new?query=grade%3Da%26columns%3Dname%2Ccity").text
    assert 'value="grade=a&amp;columns=name,city"' in asked

    number = save(ann, "grade=a&columns=name,city")
    page = ann.get(f"/customers?view={number}").text
    assert "Huaxin" in page
    assert "Nordwind" not in page
    assert "City" in page
    assert "Lifecycle stage</a>" not in page
    assert "Grade A" in ann.get("/customers").text
    assert "Grade A" not in bob.get("/customers").text
    assert "Nordwind" in bob.get(f"/customers?view={number}").text  # another's view is no view to bob


def test_a_view_for_everybody_is_seen_by_all_and_changed_by_its_owner(company, colleagues):
    ann, bob = colleagues
    number = save(ann, "grade=a", visibility="all")

    page = bob.get(f"/customers?view={number}").text
    assert "Nordwind" not in page
    assert "Rename and settings" not in page
    assert bob.post(f"/customers/views/{number}", data={"verb": "delete"}).status_code == 404
    renamed = ann.post(f"/customers/views/{number}", data={"name": "Best", "visibility": "all"})
    assert renamed.status_code == 303
    assert "Best" in bob.get("/customers").text
    assert ann.post(f"/customers/views/{number}", data={"verb": "delete"}).status_code == 303
    assert "Best" not in bob.get("/customers").text


def test_a_changed_view_is_saved_on_request_only(company, colleagues):
    ann, _ = colleagues
    number = save(ann, "grade=a")

    page = ann.get(f"/customers?view={number}&name__contains=nord").text
    assert "Nordwind" in page
    assert "Save changes" in page
    replaced = ann.post(
        f"/customers/views/{number}", data={"verb": "replace", "query": "name__contains=nord"}
    )
    assert replaced.status_code == 303
    assert "Huaxin" not in ann.get(f"/customers?view={number}").text


def test_the_own_default_opens_the_list_and_everything_is_one_click_away(company, colleagues):
    ann, bob = colleagues
    number = save(ann, "grade=a", visibility="all", default="true")

    assert "Nordwind" not in ann.get("/customers").text
    assert "Nordwind" in ann.get("/customers?view=all").text
    assert "Nordwind" in bob.get("/customers").text
    assert bob.post(f"/customers/views/{number}", data={"verb": "default"}).status_code == 303
    assert "Nordwind" not in bob.get("/customers").text
    assert bob.post(f"/customers/views/{number}", data={"verb": "plain"}).status_code == 303
    assert "Nordwind" in bob.get("/customers").text


def test_a_view_of_a_hidden_field_says_so_instead_of_failing(company, colleagues, host, write):
    from crmframe.core import records

    ann, bob = colleagues
    number = save(ann, "grade=a&order=grade&nosuch=1&city__empty=true", visibility="all")

    def hide(work):
        roles = records.select(work, "core.role", records.Query()).records()
        role = next(each["id"] for each in roles if each["name"] == "role of bob")
        rule = {"role_id": role, "entity": "core.customer", "field": "grade", "right": "hidden"}
        records.create(work, "core.role_field", rule)

    write(hide)
    answer = bob.get(f"/customers?view={number}")
    assert answer.status_code == 200
    assert "This view asks for grade, nosuch" in answer.text
    assert "Huaxin" in answer.text
    assert "This view asks for nosuch:" in ann.get(f"/customers?view={number}").text


def test_two_views_may_have_one_name_and_each_needs_one(company, colleagues):
    ann, _ = colleagues
    assert save(ann, "grade=a") != save(ann, "grade=b")
    answer = ann.post("/customers/views/new", data={"name": " ", "query": "grade=a"})
    assert answer.status_code in (400, 422)
    assert 'aria-invalid="true"' in answer.text


def test_a_board_is_a_view_too(company, root):
    saved = root.post(
        "/customers/views/new", data={"name": "My board", "display": "board", "query": "grade=a"}
    )
    number = re.search(r"view=(\d+)", saved.headers["location"])[1]
    assert saved.headers["location"].startswith("/customers/board")
    assert root.get(f"/customers?view={number}").headers["location"] == f"/customers/board?view={number}"
    board = root.get(f"/customers/board?view={number}").text
    assert "Huaxin" in board
    assert "Nordwind" not in board


def test_columns_are_chosen_by_ticking(company, root):
    answer = root.get("/customers?grade=a&column=name&column=city")
    assert answer.headers["location"] == "/customers?grade=a&columns=name%2Ccity"
