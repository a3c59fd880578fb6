"""The search box, the page of what was found, lists that are searched, and references that are found by pinyin."""

from __future__ import annotations

from crmframe.core import records


def test_page_shows_what_fits_by_kind(company, root):
    page = root.get("/search?q=huaxin").text

    assert "Huaxin 华新制造" in page
    assert f'href="/customers/{company.customer}"' in page
    assert "Nordwind" not in page


def test_box_is_on_every_page_and_works_as_a_plain_form(company, root):
    page = root.get("/customers").text

    assert '<form class="c-find" role="search" method="get" action="/search">' in page
    assert "find.js" in page


def test_what_is_typed_is_answered_with_the_best_of_each_kind(company, root):
    part = root.get("/search/suggestions?q=hxzz").text

    assert "Huaxin 华新制造" in part
    assert "<html" not in part
    assert 'href="/search?q=hxzz"' in part
    assert root.get("/search/suggestions?q=").text.strip() == ""


def test_nothing_found_says_so_and_repeats_the_text_harmlessly(company, root):
    page = root.get("/search", params={"q": '<script>"x"</script>'}).text

    assert "&lt;script&gt;" in page
    assert '<script>"x"' not in page
    assert "Nothing found" in page


def test_unknown_kind_is_no_page(company, root):
    assert root.get("/search?q=a&entity=nosuch").status_code == 404


def test_only_one_kind_is_searched(company, root):
    assert "Huaxin 华新制造" not in root.get("/search?q=hx&entity=contacts").text
    assert "Huaxin 华新制造" in root.get("/search?q=hx&entity=customers").text


def test_list_is_searched_together_with_its_conditions(company, root):
    assert "华新制造" in root.get("/customers?q=hx&grade=a").text
    assert "华新制造" not in root.get("/customers?q=hx&grade=b").text
    empty = root.get("/customers?q=nothing+like+it").text
    assert "Nothing found for" in empty
    assert 'name="q" value="nothing like it"' in empty
    assert root.get("/customers?order=name&q=").headers["location"] == "/customers?order=name"
    assert "华新制造" in root.get("/customers/export?q=hx").text
    assert "Nordwind" not in root.get("/customers/export?q=hx").text


def test_all_that_a_search_found_are_changed_and_no_others(company, root, host):
    preview = root.post("/customers/several?q=hxzz", data={"verb": "archive", "all": "1"}).text

    assert "Huaxin 华新制造" in preview
    assert "Nordwind" not in preview


def test_reference_is_found_by_pinyin(company, root):
    found = root.get("/deals/options?field=customer_id&q=hxzz").text

    assert "Huaxin 华新制造" in found
    assert "Nordwind" not in found


def test_others_records_are_not_found(company, seller):
    assert "Huaxin 华新制造" not in seller.get("/search?q=huaxin").text
    assert "Huaxin 华新制造" not in seller.get("/search/suggestions?q=hxzz").text
    assert "Huaxin 华新制造" not in seller.get("/customers?q=huaxin").text


def test_several_kinds_are_found_at_once(company, root, host):
    with host.site.application.work() as work:
        records.create(work, "core.contact", {"name": "Huaxin Li", "customer_id": company.customer})

    page = root.get("/search?q=huaxin").text

    assert page.index("Huaxin Li") > 0
