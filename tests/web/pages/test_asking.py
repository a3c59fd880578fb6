"""A refused action asks for what the record lacks, in the same form, and nothing typed is lost."""

from __future__ import annotations

from crmframe.core import records


def gate(write, company):
    write(
        lambda work: records.update(
            work, "sales.stage", company.stages["Offer"], {"required_fields": ["close_on", "next_step"]}
        )
    )


def deal_of(host, company):
    with host.site.application.work(door="cli", write=False) as work:
        return records.get(work, "sales.deal", company.deal)


def test_board_asks_for_the_fields_that_a_stage_wants_and_takes_them(host, company, root, write):
    gate(write, company)
    url = f"/deals/{company.deal}/move"
    dragged = {"stage_id": company.stages["Offer"], "back": "/deals/board"}

    refused = root.post(url, data=dragged)
    half = root.post(
        url, data=dragged | {"also": ["close_on", "next_step"], "next_step": "Call <Ann>", "close_on": ""}
    )
    done = root.post(
        url,
        data=dragged | {"also": ["close_on", "next_step"], "next_step": "Call", "close_on": "2026-12-24"},
        follow_redirects=False,
    )

    assert refused.status_code == half.status_code == 422
    for name in ("close_on", "next_step"):
        assert f'name="also" value="{name}"' in refused.text
        assert f'id="f-{name}"' in refused.text
    assert "asks for" in refused.text
    assert "Call &lt;Ann&gt;" in half.text
    assert done.status_code == 303
    assert done.headers["location"].startswith("/deals/board?done=")
    deal = deal_of(host, company)
    assert (deal["stage_id"], deal["next_step"], str(deal["close_on"])) == (
        company.stages["Offer"],
        "Call",
        "2026-12-24",
    )


def test_what_was_filled_in_and_the_move_are_one_operation(host, company, root, write):
    gate(write, company)
    data = {
        "stage_id": company.stages["Offer"],
        "also": ["close_on", "next_step"],
        "next_step": "Call",
        "close_on": "2026-12-24",
    }

    done = root.post(f"/deals/{company.deal}/move", data=data, follow_redirects=False)
    operation = int(done.headers["location"].rpartition("=")[2])
    write(lambda work: records.undo(work, operation))

    deal = deal_of(host, company)
    assert (deal["stage_id"], deal["next_step"], deal["close_on"]) == (company.stages["New"], None, None)


def test_fields_that_an_action_did_not_ask_for_are_not_written(host, company, root):
    data = {
        "stage_id": company.stages["Offer"],
        "title": "Stolen",
        "also": ["stage_id", "owner_id", "nonsense"],
    }

    root.post(f"/deals/{company.deal}/move", data=data | {"lost_to_id": ""})

    deal = deal_of(host, company)
    assert deal["title"] != "Stolen"
    assert deal["stage_id"] == company.stages["Offer"]


def test_form_of_an_action_hides_what_is_asked_only_when_it_is_missing(company, root):
    move = root.get(f"/deals/{company.deal}/move")
    win = root.get(f"/deals/{company.deal}/win")

    assert 'name="promised"' not in move.text
    assert '<textarea class="c-in" id="f-promised"' in win.text
