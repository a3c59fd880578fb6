"""Declared things are called what people call them."""

from __future__ import annotations

from typing import Any

import click
import pytest
from starlette.routing import Route

from crmframe.core import contributions as c
from crmframe.kernel.report import item_name


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (c.Action("sales.deal", "win", run=print, label="Win"), "sales.deal.win"),
        (c.Extension("core.customer", int), "core.customer + int"),
        (c.ChoiceExtension("core.customer", "source", []), "core.customer.source"),
        (c.MenuItem("funnel", "Funnel", "/p/sales/funnel"), "funnel"),
        (c.Permission("sales.report", "See reports"), "sales.report"),
        (Route("/funnel", lambda request: None, name="show"), "show"),
        (click.Command("funnel"), "funnel"),
        (dict, "dict"),
        (7, "7"),
    ],
)
def test_declared_thing_has_a_name(item: Any, name: str) -> None:
    assert item_name(item) == name
