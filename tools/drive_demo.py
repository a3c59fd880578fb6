"""Drive a running demo with Chromium as a person would, in front of everything: no imports of crmframe.

Waits until the demo answers, logs in with an account that it printed, then walks through the stories. The first story
that fails ends the run with exit code 1 and a screenshot beside the log.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# How the demo prints an account: two spaces, name, password, and what the account is for.
ACCOUNT = re.compile(r"^ {2}(?P<name>[\w.@-]+) {2,}(?P<password>\S+)", re.MULTILINE)
Story = Callable[[Page], None]


def wait_until_healthy(base: str, seconds: float) -> float:
    """Return after how many seconds the server answered; raise TimeoutError when it does not."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        try:
            with urllib.request.urlopen(f"{base}/-/health", timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - started
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"{base} did not answer within {seconds:.0f} s")


def first_account(log: Path) -> tuple[str, str]:
    """Return name and password of the first account in the demo's output."""
    found = ACCOUNT.search(log.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError(f"{log} names no account")
    return found["name"], found["password"]


def log_in(page: Page, name: str, password: str) -> None:
    """Sign in by the form."""
    page.goto("/login")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit]").first.click()
    expect(page.locator("input[name=password]")).to_have_count(0)


def list_customers(page: Page) -> None:
    """The list shows customers of the sample company."""
    page.goto("/customers")
    expect(page.locator("table tbody tr").first).to_be_visible()


def create_a_deal(page: Page) -> None:
    """A new deal appears under its title."""
    page.goto("/deals/new")
    page.locator("input[name=title]").fill("Driven by Chromium")
    page.locator("input[name=amount]").fill("12,500")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/deals/\d+"))
    expect(page.get_by_role("heading", name="Driven by Chromium")).to_be_visible()


def move_it(page: Page) -> None:
    """The deal enters another stage."""
    page.get_by_role("link", name="Move to stage").click()
    stage = page.locator("select[name=stage_id]")
    chosen = stage.locator("option", has_text="Proposal")
    stage.select_option(value=chosen.get_attribute("value"))
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("main").get_by_text("Proposal").first).to_be_visible()


def lose_it(page: Page) -> None:
    """The deal is lost, for a reason."""
    page.get_by_role("link", name="Lose").click()
    reason = page.locator("select[name=lost_reason_id]")
    reason.select_option(index=1)
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("main").get_by_text("Lost").first).to_be_visible()


def undo_it(page: Page) -> None:
    """The loss is taken back from the message that told of it."""
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("main").get_by_text("Proposal").first).to_be_visible()


def switch_to_chinese(page: Page) -> None:
    """The same page speaks Chinese."""
    page.locator("details", has=page.locator("form[action='/account/language']")).first.locator(
        "summary"
    ).click()
    page.get_by_role("button", name="简体中文").first.click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    page.goto("/deals")
    expect(page.get_by_role("heading", name="商机").first).to_be_visible()


STORIES: tuple[Story, ...] = (
    list_customers,
    create_a_deal,
    move_it,
    lose_it,
    undo_it,
    switch_to_chinese,
)


def drive(base: str, log: Path) -> None:
    """Run every story in one browser."""
    name, password = first_account(log)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        page = browser.new_page(base_url=base, viewport={"width": 1440, "height": 900}, locale="en-US")
        page.set_default_timeout(15_000)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            log_in(page, name, password)
            for story in STORIES:
                story(page)
                print(f"ok  {story.__name__.replace('_', ' ')}")
        except BaseException:
            page.screenshot(path=str(log.with_suffix(".png")))
            raise
        finally:
            browser.close()
    if complaints:
        raise RuntimeError(f"scripts failed: {complaints}")


def main() -> int:
    """Parse the arguments, wait, drive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", help="such as http://127.0.0.1:8000")
    parser.add_argument("--log", type=Path, required=True, help="the demo's output, which names the accounts")
    parser.add_argument("--within", type=float, default=180, help="seconds until it must answer")
    parser.add_argument("--only-wait", action="store_true", help="do not open a browser")
    arguments = parser.parse_args()
    seconds = wait_until_healthy(arguments.base, arguments.within)
    print(f"ok  answered after {seconds:.1f} s")
    if not arguments.only_wait:
        drive(arguments.base, arguments.log)
    return 0


if __name__ == "__main__":
    sys.exit(main())
