"""A record on paper: what its page shows, without what can only be clicked, and nothing more."""

from __future__ import annotations

import pytest

from crmframe.core import records
from crmframe.web.pdf import can_pdf
from tests.web.test_pdf import weasyprint

__all__ = ["weasyprint"]


def test_a_sheet_shows_the_record_and_who_printed_it(company, root, write):
    write(lambda work: records.create(
        work, "core.activity", {"about": f"core.customer:{company.customer}", "text": "Talked of <b>robots</b>"}
    ))  # fmt: skip
    page = root.get(f"/customers/{company.customer}/print")

    assert page.status_code == 200
    for text in (
        "Huaxin",
        "Talked of &lt;b&gt;robots",
        "Printed by Root",
        f"/customers/{company.customer}/pdf",
    ):
        assert text in page.text
    assert "<form" not in page.text
    assert f'href="/customers/{company.customer}/print"' in root.get(f"/customers/{company.customer}").text


def test_a_sheet_of_the_past_says_so(company, root):
    url = f"/customers/{company.customer}"

    assert "as it was on" in root.get(f"{url}/print?as_of=2099-01-01T00:00Z").text
    assert root.get(f"{url}/print?as_of=2020-01-01").status_code == 404
    assert f"{url}/print?as_of=2099-01-01T00%3A00Z" in root.get(f"{url}?as_of=2099-01-01T00:00Z").text


def test_nobody_prints_what_they_may_not_see(company, seller):
    for kind in ("print", "pdf"):
        assert seller.get(f"/customers/{company.customer}/{kind}").status_code == 404


def test_a_field_that_is_hidden_is_not_on_paper(company, people, write):
    people.user("reader", grants=(("core.customer.read", "all"),))

    def hide(work):
        [role] = records.select(work, "core.role", records.Query(order=("-id",), limit=1)).records()
        rule = {"entity": "core.customer", "field": "grade", "right": "hidden", "role_id": role["id"]}
        records.create(work, "core.role_field", rule)
        records.update(work, "core.customer", company.customer, {"grade": "a"})

    write(hide)

    assert "Grade" not in people.signed_in("reader").get(f"/customers/{company.customer}/print").text


def test_a_record_becomes_a_pdf_named_as_the_record(company, root, weasyprint):
    made = root.get(f"/customers/{company.customer}/pdf")

    assert made.content.startswith(b"%PDF-")
    assert made.headers["content-disposition"].endswith(".pdf")


def test_without_the_library_nobody_is_offered_a_pdf(company, root, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("crmframe.web.pages.detail.can_pdf", lambda: False)
    assert can_pdf()

    for path in ("", "/print"):
        assert (
            f"/customers/{company.customer}/pdf" not in root.get(f"/customers/{company.customer}{path}").text
        )
