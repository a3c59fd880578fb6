from __future__ import annotations

from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.customers.normalize import normalized_value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("mobile", "138 0013 8000", "+8613800138000"),
        ("phone", "+49 (711) 73-77-54", "+49711737754"),
        ("phone", "extension 12", "12"),
        ("fax", "n/a", "n/a"),
        ("email", " Ann@Example.COM ", "ann@example.com"),
        ("website", "https://www.Example.com/shop/", "example.com/shop"),
        ("website", "example.com", "example.com"),
        ("wechat", "Wx_Ann", "wx_ann"),
        ("phone", "  ", None),
        ("phone", None, None),
    ],
)
def test_contact_points_are_compared_in_one_form(kind: str, value: str | None, expected: str | None) -> None:
    assert normalized_value({"kind": kind, "value": value}, "CN") == expected


def test_pipeline_keeps_the_normalized_form(make_application: Any) -> None:
    application = make_application(region="CN")
    with application.work() as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': '锐通'})['id']}"
        point = records.create(
            work, "core.contact_point", {"about": about, "kind": "mobile", "value": "138 0013 8000"}
        )
        assert point["normalized"] == "+8613800138000"

        changed = records.update(work, "core.contact_point", point["id"], {"value": "139 0000 0001"})
        assert changed["normalized"] == "+8613900000001"
