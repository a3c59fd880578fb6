"""A user's time zone is one that exists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import InvalidInput


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../../etc/passwd", "/etc/localtime", "+08:00"])
def test_a_zone_that_does_not_exist_is_refused(
    make_application: Callable[..., Application], zone: str
) -> None:
    application = make_application()
    with pytest.raises(InvalidInput) as caught, application.work(door="cli") as work:
        records.create(work, "core.user", {"login": "x", "name": "X", "zone": zone})

    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("zone", "unknown_zone")]


def test_a_zone_is_kept_and_may_be_empty(make_application: Callable[..., Application]) -> None:
    application = make_application()
    with application.work(door="cli") as work:
        user = records.create(work, "core.user", {"login": "x", "name": "X", "zone": " Asia/Shanghai "})
        assert user["zone"] == "Asia/Shanghai"
        assert records.update(work, "core.user", user["id"], {"zone": ""})["zone"] is None
