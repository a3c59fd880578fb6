from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.api import CrmError, records
from crmframe.core.jobs.worker import Worker


def rule(leads: Any, name: str, conditions: Any, points: int, **more: Any) -> int:
    return int(leads.add("sales.score_rule", name=name, conditions=conditions, points=points, **more))


def test_lead_is_scored_as_it_is_written_and_says_why(leads: Any) -> None:
    rule(leads, "Has a phone", {"phone__empty": False}, 20)
    rule(leads, "From the web", {"source": "website"}, 5)
    rule(leads, "Far away", {"city__in": ["Nome"]}, -30)

    lead = leads.add(phone="+49 30 1234567", source="website")
    first = leads.get(lead)
    with leads.work() as work:
        records.update(work, "sales.lead", lead, {"city": "Nome", "source": None})
    moved = work.operation_id
    second = leads.get(lead)
    leads.undo(moved)

    assert (first["score"], first["score_reason"]) == (25, "+20 Has a phone\n+5 From the web")
    assert (second["score"], second["score_reason"]) == (-10, "+20 Has a phone\n-30 Far away")
    assert leads.get(lead)["score"] == 25


def test_nobody_else_writes_the_score(leads: Any) -> None:
    with pytest.raises(CrmError):
        leads.add(score=99)


def test_rules_that_cannot_be_read_are_refused(leads: Any) -> None:
    with pytest.raises(CrmError) as error:
        rule(leads, "Wrong", {"shoe_size": 44}, 5)

    assert "shoe_size" in str(error.value.data)


def test_new_rules_score_all_leads_anew(leads: Any) -> None:
    ids = [leads.add(name=f"Lead {i}", city="Berlin" if i % 2 else None) for i in range(6)]
    worker = Worker(leads.application)
    worker.run_once()
    rule(leads, "Capital", {"city": "Berlin"}, 7)

    for _ in range(4):
        worker.run_once()

    assert [leads.get(i)["score"] for i in ids] == [0, 7] * 3


def test_batch_is_scored_with_one_statement_for_each_rule(leads: Any) -> None:
    rule(leads, "Has a phone", {"phone__empty": False}, 20)
    rows = [{"name": f"Lead {i}", "phone": f"+49 30 12345{i:02}"} for i in range(40)]
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with leads.work() as work:
        sa.event.listen(work.connection, "before_cursor_execute", note)
        records.create_many(work, "sales.lead", rows)
        scoring = [text for text in seen if "rules" in text or "rows_json" in text]

    assert len(scoring) == 2
