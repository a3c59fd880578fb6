"""The map beside an address: of the company's choice, with what the reader may read, and nothing that breaks out."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from crmframe.core import records
from crmframe.core.workspace.settings import write_settings

OSLO = {
    "country": "Norway",
    "postal_code": "0150",
    "city": "Oslo",
    "address": 'Kongens gate 1 & 3 #4 "><script>',
}


@pytest.fixture
def url(company, write) -> str:
    write(lambda work: records.update(work, "core.customer", company.customer, OSLO))
    return f"/customers/{company.customer}"


def links_in(page: str) -> list[str]:
    found = re.findall(r'<a class="link c-map" href="([^"]*)"([^>]*)>', page)
    wanted = ' target="_blank" rel="noopener noreferrer" referrerpolicy="no-referrer"'
    assert all(rest == wanted for _, rest in found)
    return [html.unescape(href) for href, _ in found]


def query_of(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query, strict_parsing=True)


def test_an_address_leads_to_the_map_and_nothing_breaks_out_of_the_link(url, root):
    page = root.get(url).text
    [link] = links_in(page)

    assert link.startswith("https://www.openstreetmap.org/search?")
    assert query_of(link) == {"query": ['Kongens gate 1 & 3 #4 "><script>, Oslo, 0150, Norway']}
    assert re.search(r"<dt>Address</dt><dd>Kongens gate 1[^\n]*c-map", page)
    assert "c-map" not in root.get(f"{url}/print").text


@pytest.mark.parametrize(
    ("provider", "site", "name"),
    [
        ("google", "www.google.com", "query"),
        ("amap", "uri.amap.com", "keyword"),
        ("baidu", "api.map.baidu.com", "address"),
    ],
)
def test_the_company_chooses_the_map(url, root, write, provider, site, name):
    write(lambda work: write_settings(work, {"core.maps": provider}))
    [link] = links_in(root.get(url).text)

    assert urlsplit(link).hostname == site
    assert query_of(link)[name][0].startswith("Kongens gate 1 & 3")


def test_a_company_that_wants_no_maps_has_none(url, root, write):
    write(lambda work: write_settings(work, {"core.maps": "none"}))

    assert links_in(root.get(url).text) == []


def test_a_chinese_workspace_uses_amap_until_it_decides(url, root, write):
    assert re.search(r'value="openstreetmap" selected', root.get("/admin/settings").text)
    write(lambda work: write_settings(work, {"core.locale": "zh_Hans"}))

    assert urlsplit(links_in(root.get(url).text)[0]).hostname == "uri.amap.com"
    assert re.search(r'value="amap" selected', root.get("/admin/settings").text)


def test_what_is_hidden_from_the_reader_reaches_no_map(url, people, write):
    people.user("reader", grants=(("core.customer.read", "all"),))

    def hide(work):
        [role] = records.select(work, "core.role", records.Query(order=("-id",), limit=1)).records()
        rule = {"entity": "core.customer", "field": "address", "right": "hidden", "role_id": role["id"]}
        records.create(work, "core.role_field", rule)

    write(hide)
    page = people.signed_in("reader").get(url).text

    assert [query_of(link)["query"] for link in links_in(page)] == [["Oslo, 0150, Norway"]]
    assert "Kongens" not in page


def test_addresses_and_appointments_lead_to_the_map_and_meetings_on_the_net_do_not(company, root, write):
    about = f"core.customer:{company.customer}"

    def made(entity, slug, **values):
        record = write(lambda work: records.create(work, entity, {"about": about, **values}))
        return links_in(root.get(f"/{slug}/{record['id']}").text)

    [of_address] = made("core.address", "addresses", street="Strandgaten 4", city="Bergen")
    assert query_of(of_address) == {"query": ["Strandgaten 4, Bergen"]}
    when = {"title": "Visit", "start_at": "2026-11-24T09:00:00+00:00"}
    assert query_of(made("core.appointment", "appointments", place="Bryggen 7", **when)[0]) == {
        "query": ["Bryggen 7"]
    }
    assert made("core.appointment", "appointments", place="https://meet.example.com/x", **when) == []
    assert made("core.appointment", "appointments", **when) == []
