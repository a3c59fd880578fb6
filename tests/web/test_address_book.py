"""The core without plugins in Chromium: an address book with follow-ups, search and undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.web.desk import Desk
from tests.web.served import PASSWORD, installation


@pytest.mark.browser
def test_the_core_alone_is_an_address_book(
    browser: Browser, blank_database_url: Callable[[Any], str], tmp_path: Path
) -> None:
    with installation(tmp_path, blank_database_url("sqlite"), "ada") as address:
        ada = Desk(browser, address, "en", {})
        ada.go("/login")
        ada.fill(name="ada", password=PASSWORD)
        ada.press("Sign in")
        ada.press("Do not ask again")
        ada.sees("Home page")
        ada.look("home")
        assert ada.page.locator(".c-nav").get_by_text("Deals").count() == 0

        _write_down(ada)
        _find(ada)
        _take_back(ada)
        ada.close()


def _write_down(ada: Desk) -> None:
    customer = ada.open_new("/customers", name="Müller Straßenbau", phone="+49 431 123456")
    ada.page.locator("main").get_by_role("link", name=re.compile("New: Contacts")).click()
    ada.fill(name="Ida Müller", email="ida@mueller.example")
    ada.press("Save")
    ada.go(customer)
    ada.reads("Ida Müller", inside=".c-right")
    ada.fill(text="Wants a visit", next_what="Visit them", next_at="2030-05-06T10:00")
    ada.press("Log it")
    ada.reads("Wants a visit", inside=".c-tl")
    ada.reads("Visit them", inside=".c-right")
    ada.look("customer")


def _find(ada: Desk) -> None:
    for typed in ("mueller", "strassen", "3456", "ida@mueller"):
        ada.waits_for(
            f"/search?q={typed}", lambda: ada.page.locator(".c-hits a").count() > 0, f"{typed} in the search"
        )
        ada.reads("Müller")
    ada.look("found")
    ada.go("/customers?q=mueller")
    ada.reads("Müller Straßenbau")


def _take_back(ada: Desk) -> None:
    ada.page.locator("main").get_by_role("link", name="Müller Straßenbau").first.click()
    ada.follow("Edit")
    ada.fill(city="Kiel")
    ada.press("Save")
    expect(ada.page.locator(".c-left")).to_contain_text("Kiel")
    ada.undo()
    expect(ada.page.locator(".c-left")).not_to_contain_text("Kiel")
