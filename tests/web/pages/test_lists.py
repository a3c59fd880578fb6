"""Lists: the filter as a sentence, sorting, pages, several records at once, export."""

from __future__ import annotations

from crmframe.core import records


def test_a_filter_reads_as_a_sentence_that_can_be_taken_apart(company, root):
    page = root.get("/customers?grade=a&name__contains=hua&order=name").text

    assert "华新制造" in page
    assert "Nordwind" not in page
    assert "contains" in page
    assert 'href="/customers?name__contains=hua&amp;order=name"' in page


def test_a_condition_is_added_step_by_step(company, root):
    asked = root.get("/customers?add_field=grade").text
    assert 'name="add_operator"' in asked
    assert 'value="a"' in asked

    done = root.get("/customers?add_field=grade&add_operator=eq&add_value=a&order=name")
    assert done.status_code == 303
    assert done.headers["location"] == "/customers?order=name&grade__eq=a"
    assert root.get("/customers?add_field=city&add_operator=empty&add_value=true").status_code == 303


def test_unknown_fields_are_refused_with_the_known_ones(company, root):
    answer = root.get("/customers?nonsense=1")

    assert answer.status_code == 400
    assert "nonsense" in answer.text
    assert "industry" in answer.text


def test_names_are_escaped(company, root):
    page = root.get("/customers").text

    assert "Nordwind &lt;Logistik&gt;" in page
    assert "<Logistik>" not in page


def test_a_long_list_goes_on_by_links_and_shows_every_record_once(company, root, write):
    write(lambda work: records.create_many(work, "core.tag", [{"name": f"tag {n:03}"} for n in range(120)]))
    seen, path = [], "/tags"
    while path:
        page = root.get(path).text
        seen += [line.split(">")[0] for line in page.split('title="tag ')[1:]]
        following = (
            page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0] if 'rel="next"' in page else ""
        )
        path = following.replace("&amp;", "&")

    assert len(seen) == 120
    assert len(set(seen)) == 120


def test_several_records_are_archived_at_once_after_a_question(company, root):
    ids = {"id": [str(company.customer), str(company.other)], "verb": "archive"}
    asked = root.post("/customers/several", data=ids)
    assert asked.status_code == 200
    assert "Huaxin" in asked.text

    done = root.post("/customers/several", data=ids | {"sure": "1"})
    assert done.status_code == 303
    assert "Huaxin" not in root.get("/customers").text
    assert "Huaxin" in root.get("/customers?archived=true").text


def test_one_field_of_several_records_is_changed_as_one_operation(company, root):
    ids = {"id": [str(company.customer), str(company.other)], "verb": "set"}
    asked = root.post("/customers/several", data=ids)
    assert 'name="to.city"' in asked.text

    wish = {"field": "city", "to.city": "Suzhou"}
    done = root.post("/customers/several", data=ids | wish | {"sure": "1"})
    assert done.status_code == 303
    assert root.get("/customers?city=Suzhou").text.count("Huaxin") >= 1
    undo = root.post(f"/undo/{done.headers['location'].rsplit('=', 1)[1]}", data={"back": "/customers"})
    assert undo.status_code == 303
    assert "Huaxin" not in root.get("/customers?city=Suzhou").text


def test_the_export_is_safe_to_open(company, root, write):
    write(lambda work: records.create(work, "core.customer", {"name": "=HYPERLINK(1)"}))
    answer = root.get("/customers/export")

    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert "'=HYPERLINK(1)" in answer.text
    assert "Huaxin 华新制造" in answer.content.decode("utf-8-sig")


def test_the_list_of_a_past_day_says_so(company, root):
    page = root.get("/customers?as_of=2020-01-01").text

    assert "2020-01-01" in page
    assert "Huaxin" not in page
