from __future__ import annotations

from typing import Any

from crmframe.core import records


def define(application: Any, *names: str) -> list[int]:
    rows = [
        {"entity": "core.customer", "name": name, "kind": "text", "label_en": name.title()} for name in names
    ]
    with application.work() as work:
        return records.create_many(work, "core.custom_field", rows)


def test_custom_fields_of_one_batch_get_keys_of_their_own(application: Any) -> None:
    ids = define(application, "district", "fleet")

    with application.work(write=False) as work:
        keys = {records.get(work, "core.custom_field", i)["key"] for i in ids}

    assert len(keys) == 2


def test_new_name_keeps_key_and_values(application: Any) -> None:
    [field] = define(application, "district")
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Nordvik", "custom.district": "East"})["id"]
    with application.work(write=False) as work:
        key = records.get(work, "core.custom_field", field)["key"]

    with application.work() as work:
        records.update(work, "core.custom_field", field, {"name": "area", "entity": "core.customer"})

    with application.work(write=False) as work:
        assert records.get(work, "core.custom_field", field)["key"] == key
        assert records.get(work, "core.customer", customer)["custom.area"] == "East"
