"""What is refused is shown among the navigation, with the way back; several at once return to their list."""

from __future__ import annotations

import pytest

from crmframe.core import records
from crmframe.web.locales import COOKIE

SHELL = 'class="c-side"'


@pytest.mark.parametrize(
    ("path", "status"),
    [("/there/is/no/page", 404), ("/customers/987654", 404), ("/customers?nonsense=1", 400)],
)
def test_an_error_stands_among_the_navigation(root, path, status):
    answer = root.get(path)

    assert answer.status_code == status
    assert SHELL in answer.text


def test_a_refused_condition_leads_back_to_the_whole_list(root):
    assert 'href="/customers">Back</a>' in root.get("/customers?nonsense=1").text


def test_a_missing_permission_stands_among_the_navigation(seller):
    answer = seller.get("/admin/plugins")

    assert answer.status_code == 403
    assert SHELL in answer.text


def test_a_stranger_sees_an_error_without_navigation(people):
    answer = people.client(accept="text/html").get("/there/is/no/page")

    assert answer.status_code == 404
    assert SHELL not in answer.text


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/customers?grade=a&order=name", "/customers?grade=a&amp;order=name"),
        ("http://evil.example/customers?grade=a", "/deals"),
        ("http://testserver//evil.example", ">"),
    ],
)
def test_the_way_back_is_a_page_of_this_site(company, root, referer, back):
    page = root.get("/deals/987654", headers={"referer": referer}).text

    assert "evil.example" not in page
    assert back == ">" or f'href="{back}">Back</a>' in page


def test_several_return_to_the_list_with_its_filter_and_say_how_many(company, root):
    ids = {"id": [str(company.customer), str(company.other)], "verb": "archive", "sure": "1"}
    done = root.post("/customers/several?name__contains=a&order=name", data=ids)

    assert done.headers["location"].startswith("/customers?name__contains=a&order=name&done=")
    assert "2 customers archived." in root.get(done.headers["location"]).text
    root.cookies.set(COOKIE, "zh_Hans")
    assert "2 个客户已归档。" in root.get(done.headers["location"]).text


def test_the_question_before_keeps_the_filter(company, root):
    listed = root.get("/customers?name__contains=hua&order=name").text
    asked = root.post(
        "/customers/several?name__contains=hua&order=name",
        data={"id": str(company.customer), "verb": "delete"},
    ).text

    assert 'action="/customers/several?name__contains=hua&amp;order=name"' in listed
    assert 'action="/customers/several?name__contains=hua&amp;order=name"' in asked
    assert 'href="/customers?name__contains=hua&amp;order=name"' in asked


def test_one_of_several_is_told_as_one(company, root):
    done = root.post(
        "/customers/several", data={"id": str(company.other), "verb": "archive", "sure": "1"}
    ).headers["location"]

    assert "Customer archived." in root.get(done).text


def test_a_veto_leads_several_back_to_the_list_with_the_reason_and_the_selection(company, root, write):
    write(lambda work: records.update(work, "sales.deal", company.deal, {"customer_id": company.customer}))
    answer = root.post(
        "/customers/several?order=name",
        data={"id": [str(company.customer), str(company.other)], "verb": "delete", "sure": "1"},
    )

    assert answer.status_code == 409
    assert SHELL in answer.text
    assert "Close or move them first." in answer.text
    assert "Nothing was changed." in answer.text
    assert answer.text.count(" checked>") == 2
    assert 'action="/customers/several?order=name"' in answer.text
