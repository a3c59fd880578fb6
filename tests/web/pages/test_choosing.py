"""Lists that administrators edit: renamed, sorted, hidden, added to; nothing that records hold is lost."""

from __future__ import annotations

from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import CrmError, InvalidInput

LIST = "/admin/choices/core.customer/source"


def rows_of(page: str) -> dict[str, list[str]]:
    """Return what the form of the list holds as it is."""
    import re

    form: dict[str, list[str]] = {}
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    for tag in re.findall(r"<(?:input|select)[^>]*>", body):
        name = re.search(r'name="([^"]+)"', tag)[1]
        if 'type="checkbox"' in tag:
            if " checked" in tag:
                form.setdefault(name, []).append("true")
        elif tag.startswith("<input"):
            form.setdefault(name, []).append(re.search(r'value="([^"]*)"', tag)[1])
    for name, value in re.findall(
        r'<select[^>]*name="([^"]+)".*?<option value="([^"]+)" selected', body, re.DOTALL
    ):
        form[name] = [value]
    return form


def save(browser: Any, **changes: Any) -> Any:
    form = rows_of(browser.get(LIST).text)
    new = [n for n, value in enumerate(form["value"]) if not value]
    for name, value in changes.items():
        if name == "new":
            form["value"][new[0]] = value["value"]
            form |= {f"{each}.{new[0]}": [text] for each, text in value.items() if each != "value"}
            continue
        place = form["value"].index(name)
        for each, text in value.items():
            form[f"{each}.{place}"] = [text] if text is not None else []
    return browser.post(LIST, data={name: values for name, values in form.items() if values})


def test_a_list_is_renamed_sorted_and_added_to_and_holds_at_once_everywhere(company, root, admin_api):
    assert "Exhibition" in root.get("/admin/choices").text
    answer = save(
        root,
        exhibition={"label_en": "Trade fair", "label_zh": "展会", "position": "0"},
        new={"value": "podcast", "label_en": "Podcast", "label_zh": "播客"},
    )
    assert answer.status_code == 303, answer.text

    form = root.get("/customers/new").text
    assert form.index("Trade fair") < form.index("Website")
    assert '<option value="podcast"' in form
    made = root.post("/customers/new", data={"name": "Fair Ltd", "source": "podcast"})
    assert made.status_code == 303
    assert "Fair Ltd" in root.get("/customers?source=podcast").text
    assert "Fair Ltd" in root.get("/customers?source=Podcast").text  # by its label
    assert admin_api.post("/api/v1/customers", json={"name": "X", "source": "podcast"}).status_code == 201
    assert root.get(answer.headers["location"]).text.count("Undo") == 1


def test_what_is_offered_no_longer_stays_with_the_records_that_hold_it(company, root, write):
    write(lambda work: records.update(work, "core.customer", company.customer, {"source": "visit"}))
    assert save(root, visit={"is_active": None}).status_code == 303

    assert '<option value="visit"' not in root.get("/customers/new").text
    assert '<option value="visit" selected' in root.get(f"/customers/{company.customer}/edit").text
    done = root.post(f"/customers/{company.customer}/edit", data={"city": "Suzhou", "source": "visit"})
    assert done.status_code == 303
    assert "Visit" in root.get(f"/customers/{company.customer}").text


def test_a_value_that_records_hold_is_neither_deleted_nor_exchanged(company, root, write):
    save(root, new={"value": "podcast"})
    write(lambda work: records.update(work, "core.customer", company.customer, {"source": "podcast"}))
    number = write(lambda work: records.select(work, "core.choice", records.Query()).records())[0]["id"]

    with pytest.raises(CrmError) as refused:
        write(lambda work: records.delete(work, "core.choice", number))
    assert "podcast" in str(refused.value)
    with pytest.raises(InvalidInput) as refused:
        write(lambda work: records.update(work, "core.choice", number, {"value": "radio"}))
    assert [problem.code for problem in refused.value.problems] == ["in_use"]
    write(lambda work: records.update(work, "core.customer", company.customer, {"source": None}))
    write(lambda work: records.delete(work, "core.choice", number))


def test_a_word_about_a_value_of_the_program_can_be_taken_back(company, root, write):
    save(root, website={"label_en": "Home page"})
    assert "Home page" in root.get("/customers/new").text
    number = write(lambda work: records.select(work, "core.choice", records.Query()).records())[0]["id"]
    write(lambda work: records.delete(work, "core.choice", number))
    assert "Website" in root.get("/customers/new").text


def test_industries_are_suggested_and_others_still_taken(company, root):
    address = "/admin/choices/core.customer/industry"
    form = {"value": ["Steel", "Chemicals"], "is_active.0": "true", "is_active.1": "true"}
    assert root.post(address, data=form).status_code == 303

    assert '<option value="Chemicals">' in root.get("/customers/new").text
    assert root.post("/customers/new", data={"name": "A", "industry": "Other things"}).status_code == 303


def test_lists_are_for_administrators(company, seller):
    assert seller.get("/admin/choices").status_code == 403
    assert seller.post(LIST, data={"value": "x"}).status_code == 403


@pytest.fixture
def admin_api(people, root):
    """Give a program with the rights of the administrator."""
    return people.program(people.user("machine", is_admin=True))
