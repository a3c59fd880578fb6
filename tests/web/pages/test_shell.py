"""What surrounds pages: navigation by rights, languages, parts of plugins that fail."""

from __future__ import annotations


def test_navigation_holds_what_the_reader_may_read(company, root, seller):
    everything = root.get("/journal").text
    assert 'href="/admin/roles"' in everything
    assert 'href="/roles"' not in everything
    page = seller.get("/journal").text
    assert 'href="/roles"' not in page
    assert 'href="/admin/plugins"' not in page
    assert 'href="/customers"' in page


def test_the_menu_groups_pages_of_plugins_with_their_records(company, root):
    page = root.get("/journal").text
    sales = page[page.index("<h2>Sales</h2>") :]
    assert 'href="/p/sales/funnel"' in sales[: sales.index("</ul>")]


def test_administration_is_for_those_who_may_write_there(company, root, people):
    people.user("reader", grants=(("core.team.read", "all"), ("core.customer.read", "all")))
    people.user("setter", grants=(("core.team.read", "all"), ("core.team.update", "all")))
    assert 'href="/teams"' not in people.signed_in("reader").get("/journal").text
    assert 'href="/teams"' in people.signed_in("setter").get("/journal").text


def test_the_language_is_chosen_per_browser_and_leads_back(company, root):
    answer = root.post("/account/language", data={"locale": "zh_Hans", "back": "/customers?grade=a"})
    assert answer.headers["location"] == "/customers?grade=a"
    page = root.get("/customers").text
    assert '<html lang="zh-Hans">' in page
    assert "客户" in page
    assert "新建客户" in page

    away = root.post("/account/language", data={"locale": "en", "back": "//evil.example"})
    assert away.headers["location"] == "/"
    assert "set-cookie" not in root.post("/account/language", data={"locale": "xx"}).headers


def test_a_failing_part_leaves_a_notice_and_the_rest_of_the_page(company, root):
    page = root.get(f"/customers/{company.customer}").text
    assert "failing failed here" in page
    assert "The entries of failing are missing" in page
    assert "a secret" not in page
    assert "Talked about line 2." in page
    assert "failing failed here" in root.get("/").text


def test_errors_are_pages_in_the_reader_s_language(company, root):
    answer = root.get("/customers/999999")
    assert answer.status_code == 404
    assert "There is no Customer 999999" in answer.text
    root.cookies.set("crmframe_locale", "zh_Hans")
    assert "客户" in root.get("/customers/999999").text


def test_a_toast_belongs_to_who_did_it(company, root, people):
    location = root.post("/tags/new", data={"name": "VIP", "tone": "red"}).headers["location"]
    people.user("viewer", grants=(("core.tag.read", "all"),))

    assert "Tag created." in root.get(location).text
    assert "Tag created." not in people.signed_in("viewer").get(location).text
