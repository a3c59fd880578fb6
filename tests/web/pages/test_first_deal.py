"""Sales on a fresh installation: pages lead to the first pipeline instead of refusing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.web.locales import COOKIE
from crmframe_sales.models import LostReason, Pipeline, Stage

PAGES = ("/deals", "/deals/new", "/deals/board")
URL = "/p/sales/standard-pipeline"


def names(write, model):
    table = model.__table__
    return write(lambda work: [row.name for row in work.rows(sa.select(table.c.name).order_by(table.c.id))])


@pytest.mark.parametrize("path", PAGES)
def test_hook_prerequisites_offers_a_first_pipeline_on_pages_of_deals(root, path):
    answer = root.get(path)

    assert answer.status_code == 200
    assert 'class="c-side"' in answer.text
    assert "There is no pipeline yet." in answer.text
    assert f'action="{URL}"' in answer.text
    assert 'href="/pipelines/new"' in answer.text


def test_what_is_missing_is_said_in_chinese(root):
    root.cookies.set(COOKIE, "zh_Hans")

    assert "还没有销售流程。" in root.get("/deals/new").text
    assert "建立标准流程" in root.get("/deals/board").text


def test_who_may_make_no_pipeline_is_told_whom_to_ask(people):
    people.user("vera", grants=(("sales.deal.create", "own"), ("sales.deal.read", "own")))
    page = people.signed_in("vera").get("/deals/new").text

    assert "Ask your administrator" in page
    assert URL not in page
    assert "/pipelines/new" not in page
    assert people.signed_in("vera").post(URL).status_code == 403


def test_the_standard_pipeline_is_one_operation_that_can_be_undone(root, write):
    answer = root.post(URL)
    operation = answer.headers["crmframe-operation"]

    assert answer.status_code == 303
    assert answer.headers["location"] == "/deals/board"
    assert [name.split()[1] for name in names(write, Stage)] == [
        "New",
        "Qualified",
        "Proposal",
        "Negotiation",
        "Won",
        "Lost",
    ]
    assert len(names(write, LostReason)) == 5
    assert root.get("/deals/new").text.count("<form") > 1

    assert root.post(f"/undo/{operation}").status_code == 303
    assert names(write, Pipeline) == names(write, Stage) == names(write, LostReason) == []


def test_a_second_click_makes_no_second_pipeline(root, write):
    root.post(URL)

    assert root.post(URL).headers["location"] == "/deals/board"
    assert len(names(write, Pipeline)) == 1


def test_a_first_pipeline_without_stages_gets_the_standard_ones(root, write):
    number = write(lambda work: records.create(work, "sales.pipeline", {"name": "Ours"})["id"])
    assert f'action="{URL}"' in root.get(f"/pipelines/{number}").text
    assert "The pipeline has no stages yet." in root.get("/deals/new").text

    root.post(URL)

    assert names(write, Pipeline) == ["Ours"]
    assert len(names(write, Stage)) == 6
    assert f'action="{URL}"' not in root.get(f"/pipelines/{number}").text


def test_the_funnel_without_a_pipeline_leads_to_where_one_is_made(root):
    assert root.get("/p/sales/funnel").headers["location"] == "/deals"
