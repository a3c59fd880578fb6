"""The page of settings: derived, validated, undone."""

from __future__ import annotations


def test_an_administrator_changes_settings_and_is_told_what_is_wrong(root):
    page = root.get("/admin/settings").text
    assert 'name="core.company_name"' in page
    assert 'name="core.sample"' not in page

    wrong = root.post("/admin/settings", data={"core.company_name": "启明", "core.fiscal_year_start": "14"})
    assert wrong.status_code == 422
    assert 'value="启明"' in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 1

    done = root.post("/admin/settings", data={"core.company_name": "启明", "core.fiscal_year_start": "4"})
    assert done.headers["location"].startswith("/admin/settings?")
    shown = root.get(done.headers["location"]).text
    assert 'value="启明"' in shown
    assert "/undo/" in shown


def test_nobody_else_sees_the_settings(seller):
    assert seller.get("/admin/settings").status_code == 403
    assert seller.post("/admin/settings", data={"core.company_name": "x"}).status_code == 403
