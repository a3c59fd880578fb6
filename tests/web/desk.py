"""Somebody before the pages: what a person does there, and what every page must be like while they do it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from playwright.sync_api import Browser, Locator, Page, expect

WIDE, SMALL = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PATIENCE = 20
# What no page may show: a template's or a program's own words.
RAW = re.compile(r"\bNone\b|\bundefined\b|\{[a-z_]+\}|\b(?:core|sales)\.[a-z_]+\b")


class Desk:
    """A person's own browser in one language.

    Args:
        words: What the pages say for an English text; the text itself where nothing is said.
    """

    def __init__(self, browser: Browser, address: str, locale: str, words: Mapping[str, str]) -> None:
        self.locale = locale
        self._words = words
        spoken = "zh-CN" if locale == "zh_Hans" else "en-GB"
        self._context = browser.new_context(
            base_url=address, viewport=WIDE, locale=spoken, timezone_id="Asia/Shanghai"
        )
        self._context.set_default_timeout(PATIENCE * 1000)
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def say(self, text: str) -> str:
        """Return what the pages say for an English text."""
        return text if self.locale == "en" else self._words[text]

    def go(self, path: str) -> None:
        """Open an address, as from a bookmark."""
        self.page.goto(path)

    def follow(self, text: str, inside: str = "main") -> None:
        """Click a link by its words."""
        self.page.locator(inside).get_by_role("link", name=self.say(text), exact=True).first.click()

    def press(self, text: str, inside: str = "main") -> None:
        """Click a button by its words."""
        self.page.locator(inside).get_by_role("button", name=self.say(text), exact=True).first.click()

    def fill(self, **values: str) -> None:
        """Fill controls by their names, of text and of choice."""
        for name, text in values.items():
            box = self.page.locator(f"main [name='{name}']").last
            if box.evaluate("box => box.tagName") == "SELECT":
                choice = box.locator("option").filter(has_text=text).first
                box.select_option(value=choice.get_attribute("value"))
            else:
                box.fill(text)

    def open_new(self, path: str, **values: str) -> str:
        """Make a record by its form; return its address."""
        self.go(f"{path}/new")
        self.fill(**values)
        self.press("Save")
        self.page.wait_for_url(re.compile(rf"{path}/\d+$"))
        return self.page.url

    def sees(self, *texts: str, inside: str = "main") -> None:
        """Expect texts of the product, in the reader's language."""
        for text in texts:
            self.reads(self.say(text), inside=inside)

    def reads(self, *texts: str, inside: str = "main") -> None:
        """Expect what people wrote, as it is."""
        for text in texts:
            expect(self.page.locator(inside).get_by_text(text).first).to_be_visible()

    def part(self, heading: str) -> Locator:
        """Return the section of a page under a heading."""
        return self.page.locator("section").filter(
            has=self.page.get_by_role("heading", name=self.say(heading), exact=True)
        )

    def undo(self) -> None:
        """Take back what was just done, from the message that tells of it."""
        self.press("Undo", "[data-toast]")

    def waits_for(self, path: str, is_there: Callable[[], bool], what: str) -> None:
        """Look at a page again until something happened behind it."""
        end = time.monotonic() + PATIENCE
        while True:
            self.go(path)
            if is_there():
                return
            assert time.monotonic() < end, f"{what} did not come"
            self.page.wait_for_timeout(100)

    def look(self, name: str) -> None:
        """Judge the page: in one language, without a program's words, and no wider than a phone."""
        _ = name
        spoken = self.page.locator("html").get_attribute("lang")
        assert spoken == ("en" if self.locale == "en" else "zh-Hans"), self.page.url
        said = self.page.locator("main, body").last.inner_text()
        if self.page.locator(
            ".c-mine"
        ).count():  # what was done lately names settings and permissions as they are
            said = said.replace(self.page.locator(".c-mine").inner_text(), "")
        assert not (found := RAW.search(said)), (self.page.url, found[0])
        self.page.set_viewport_size(SMALL)
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.page.set_viewport_size(WIDE)
        assert over <= 0, f"{self.page.url} is {over} px too wide for a phone"

    def close(self) -> None:
        """Leave; no script may have failed meanwhile."""
        self._context.close()
        assert self.complaints == []
