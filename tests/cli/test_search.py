"""``crmframe search TEXT``, ``crmframe search rebuild`` and ``list --search``."""

from __future__ import annotations


def test_text_is_searched_and_the_index_made_anew(crmframe):
    crmframe("customer", "create", "name=重庆钢铁", "phone=13800138000")
    crmframe("customer", "create", "name=Nordwind")

    found = crmframe("--json", "search", "cqgt").rows
    rebuilt = crmframe("--json", "search", "rebuild").rows[0]

    assert [(each["entity"], each["title"]) for each in found] == [("core.customer", "重庆钢铁")]
    assert rebuilt["records"] >= 2
    assert "重庆钢铁" in crmframe("search", "8000").out
    assert "Nordwind" not in crmframe("customer", "list", "--search", "zhongqing").out
    assert "重庆钢铁" in crmframe("customer", "list", "--search", "zhongqing").out
