"""``crmframe worker`` uses the engine that the setting ``job_engine`` names, made as the server makes it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from crmframe.cli.worker import engine_of


def test_engine_of_the_settings_is_made_with_the_application(
    make_application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("crmframe_test_engine")
    module.make = lambda application: ("engine of", application)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    application = make_application(job_engine="crmframe_test_engine:make")

    assert engine_of(application) == ("engine of", application)
    assert engine_of(make_application()) is None
