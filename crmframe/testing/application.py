"""Applications for tests: on a copy of a database that was migrated once per set of plugins."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.settings import AppSettings, PluginSettings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TestClock:
    """A clock that stands until told otherwise; every reading is a microsecond later, so that moments differ."""

    __test__ = False

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._ticks = itertools.count(1)

    def __call__(self) -> datetime:
        return self._now + timedelta(microseconds=next(self._ticks))

    def advance(self, **amount: float) -> datetime:
        """Move on by a timedelta's arguments and return the new time."""
        self._now += timedelta(**amount)
        return self()

    def set(self, moment: datetime) -> None:
        """Go to *moment*."""
        self._now = moment


MakeApplication = Callable[..., Application]


@pytest.fixture
def clock() -> TestClock:
    """Give the clock that the test's applications go by."""
    return TestClock()


@pytest.fixture
def make_application(
    tmp_path: Path, clock: TestClock, database_kind: Any, copied_database_url: Any
) -> Iterator[MakeApplication]:
    """Give ``make_application(*plugins, paths=(), url=None, **settings)``: an application with these plugins enabled."""
    made: list[Application] = []

    def settings_for(url: str, plugins: tuple[str, ...], options: dict[str, Any]) -> AppSettings:
        chosen = PluginSettings(
            enabled=plugins,
            managed=options.pop("managed", "file"),
            paths=options.pop("paths", ()),
            on_failure=options.pop("on_failure", "fail"),
            import_seconds=options.pop("import_seconds", 0),
        )
        return AppSettings(database=url, folder=tmp_path / "data", plugins=chosen, **options)

    def make(*plugins: str, url: str | None = None, **options: Any) -> Application:
        if url is None and not options.get("paths"):
            key = "+".join(sorted(plugins))

            def build(blank: str) -> None:
                Application(settings_for(blank, plugins, {}), clock=clock).close()

            url = copied_database_url(key, database_kind, build)
        elif url is None:
            url = copied_database_url("blank", database_kind, lambda blank: None)
        application = Application(settings_for(url, plugins, options), clock=clock)
        made.append(application)
        return application

    yield make
    for application in made:
        application.close()


@pytest.fixture
def application(make_application: MakeApplication) -> Application:
    """Give an application with the core alone."""
    return make_application()
