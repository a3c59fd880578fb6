"""Fixtures of this repository's own tests; those for databases come from ``crmframe.testing``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from crmframe.testing.databases import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A database is behind most examples: time per example says nothing, and a slow machine must not fail the build.
hypothesis.settings.register_profile(
    "crmframe",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("crmframe")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Give the folder with the real input; the test is skipped without it."""
    folder = Path(os.environ.get("CRMFRAME_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real input: {folder} does not exist (name it in CRMFRAME_DATA)")
    return folder


# Per module: the browser's event loop runs in this thread, and the tests of other modules may want one of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a running Chromium; the test is skipped when there is none."""
    path = os.environ.get("CRMFRAME_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        skip_or_fail("no Chromium: the command chromium is not installed (or name it in CRMFRAME_CHROMIUM)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page of its own context: no cookies of other tests."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
