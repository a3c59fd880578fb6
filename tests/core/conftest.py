"""Applications on a fresh database, for the rooms below the composition root."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.small_application import Applications, build


@pytest.fixture
def applications(database_kind, copied_database_url) -> Iterator[Applications]:
    opened = Applications(copied_database_url("events and jobs", database_kind, build))
    yield opened
    opened.close()
