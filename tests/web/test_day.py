"""A day of a salesperson in Chromium, from the public form to the won deal, by nothing but pages and clicks.

Nothing is prepared but the administrator's account. English runs on PostgreSQL, Chinese on SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.web.desk import Desk
from tests.web.served import PASSWORD, installation
from tests.web.words import WORDS

ZONE = ZoneInfo("Asia/Shanghai")
COMPANY, OTHER, PERSON = "晨曦精密机械有限公司", "蓝湖物流", "何雨桐"
TARGET, DEAL = "100,000", "测头两台 Two probes"
PHONE = "13912345678"
FORM_SECONDS = 3


@pytest.fixture(params=[("en", "postgres"), ("zh_Hans", "sqlite")], ids=["en", "zh_Hans"])
def day(
    request: pytest.FixtureRequest,
    browser: Browser,
    blank_database_url: Callable[[Any], str],
    tmp_path: Path,
) -> Iterator[Day]:
    """Give an empty installation and the people of a small company before it."""
    locale, kind = request.param
    with ExitStack() as opened:
        address = opened.enter_context(installation(tmp_path, blank_database_url(kind), "ada"))

        def sit_down() -> Desk:
            desk = Desk(browser, address, locale, WORDS)
            opened.callback(desk.close)
            return desk

        yield Day(sit_down)


class Day:
    """Who is there: Ada leads and administers, Bo sells; visitors come and go."""

    def __init__(self, sit_down: Callable[[], Desk]) -> None:
        self.sit_down = sit_down
        self.ada, self.bo = sit_down(), sit_down()
        self.form = self.lead = self.deal = self.quote = ""

    # --- the morning: Ada sets things up ---------------------------------------------------------------

    def set_up(self) -> None:
        """Ada answers the questions of the first run and begins with sales."""
        ada = self.ada
        sign_in(ada, "ada")
        ada.sees("Set up crmframe", "Your company")
        ada.look("first run")
        ada.fill(**{"core.company_name": "启明仪器 Qiming", "core.zone": "Asia/Shanghai"})
        ada.fill(**{"core.currency": "CNY", "core.region": "CN"})
        expect(ada.page.locator("main [name='core.locale']")).to_have_value(ada.locale)
        ada.page.locator("main input[name=preset][value=sales]").check()
        ada.press("Begin")
        ada.page.wait_for_url(re.compile(r"/$"))
        ada.sees("Leads", "Deals", inside=".c-nav")
        ada.look("home of the first day")

    def ask_for_a_note(self) -> None:
        """Ada wants a note with every won deal."""
        ada = self.ada
        ada.go("/admin/settings")
        ada.sees("Region and calendar", "Quotes and orders")
        ada.look("settings")
        ada.page.locator("main input[type=checkbox][name='sales.require_handover_note']").check()
        ada.press("Save")
        expect(
            ada.page.locator("main input[name='sales.require_handover_note'][type=checkbox]")
        ).to_be_checked()

    def invite(self, name: str, role: str, desk: Desk) -> None:
        """Ada makes an invitation; who gets the link chooses a password and signs in."""
        ada, email = self.ada, f"{name}@qiming.example"
        ada.go("/admin/invite")
        ada.sees("Invite somebody")
        ada.fill(name=name.title(), email=email)
        ada.page.get_by_label(ada.say(role), exact=True).check()
        ada.look("invite")
        ada.press("Make the invitation")
        link = ada.page.locator("pre.c-link").inner_text()
        ada.look("invitation")
        desk.go(link)
        desk.look("welcome")
        desk.fill(password=PASSWORD, again=PASSWORD)
        desk.page.locator("main [name=locale]").select_option(value=desk.locale)
        desk.press("Save password")
        sign_in(desk, email)
        desk.sees("Home page")
        desk.look("first home")

    def prepare_to_sell(self) -> None:
        """Ada makes what is sold, who gets leads, this month's target, and the form for visitors."""
        ada = self.ada
        ada.open_new("/products", name="测头 Probe", code="P-1", price="1200")
        ada.open_new("/products", name="校准 Calibration", code="P-2", price="300")
        ada.look("product")
        ada.open_new("/assignment-rules", name="轮流 In turn", entity=ada.say("Lead"))
        ada.page.get_by_role("link", name=re.compile(ada.say("Assignment members"))).click()
        ada.fill(user_id="Bo")
        ada.press("Save")
        ada.page.wait_for_url(re.compile(r"/assignment-rules/\d+$"))
        ada.reads("Bo", inside=".c-right")
        ada.look("rule")
        ada.go("/p/sales/targets")
        row = ada.page.locator("main tr").filter(has_text="Bo")
        row.locator("input").nth(datetime.now(ZONE).month - 1).fill(TARGET)
        ada.press("Save")
        ada.look("targets")
        ada.open_new(
            "/score-rules", name="有电话 Has a phone", conditions='{"phone__empty": false}', points="20"
        )
        ada.open_new("/web-forms", title="询价 Ask for a quote", consent_text="可以联系我 You may contact me")
        ada.look("web form")
        self.form = (
            ada.page.get_by_role("link", name=ada.say("Open the public page")).get_attribute("href") or ""
        )

    def visitors_come(self) -> None:
        """One visitor asks; one sends too soon, and a program forges the ticket: both learn nothing, and nothing is there."""
        hasty = self.sit_down()
        hasty.go(self.form)
        hasty.fill(name="机器 Robot", company="垃圾广告", email="spam@bad.example")
        hasty.page.locator("main [name=consent]").check()
        hasty.press("Send")
        hasty.sees("Thank you")
        hasty.look("thanks")
        visitor = self.sit_down()
        visitor.go(f"{self.form}?utm_source=fair")
        visitor.look("public form")
        visitor.fill(name=PERSON, phone=PHONE, company=COMPANY, need="需要两台测头")
        visitor.page.locator("main [name=consent]").check()
        visitor.page.wait_for_function(
            "seconds => Date.now() / 1000 > Number(document.querySelector('[name=ticket]').value.split('.')[0]) + seconds",
            arg=FORM_SECONDS,
        )
        visitor.press("Send")
        visitor.sees("Thank you")

    def hears_of_it(self) -> None:
        bo = self.bo
        bo.waits_for("/", lambda: bo.page.locator(".c-bell .c-count").count() == 1, "the notification")
        bo.look("bell")
        bo.page.locator(".c-bell").click()
        bo.sees("Notifications")
        bo.reads(PERSON)
        bo.look("notifications")
        bo.press("See it")
        bo.page.wait_for_url(re.compile(r"/leads/\d+$"))
        bo.sees("How it stands")
        bo.reads("有电话 Has a phone", COMPANY)
        bo.look("lead")
        self.lead = bo.page.url

    def logs_a_call(self) -> None:
        """One form keeps what was said and what comes next."""
        bo = self.bo
        bo.page.locator(".c-comp label").filter(has_text=bo.say("Call")).click()
        tomorrow = datetime.now(ZONE) + timedelta(days=1)
        bo.fill(
            text="客户下周定 Decides next week",
            next_what="寄样品 Send a sample",
            next_at=f"{tomorrow:%Y-%m-%dT10:00}",
        )
        bo.press("Log it")
        bo.reads("客户下周定 Decides next week", inside=".c-tl")
        bo.reads("寄样品 Send a sample", inside=".c-right")
        bo.look("call logged")

    def is_told_of_duplicates(self) -> None:
        """A lead with a number that is there already; its conversion is taken back by one click."""
        bo = self.bo
        bo.go("/leads/new")
        bo.fill(name="阿明 Ming", company=OTHER, phone=PHONE)
        bo.press("Save")
        bo.sees("This may be there already:")
        bo.look("warned of a duplicate")
        bo.press("Create anyway")
        bo.page.wait_for_url(re.compile(r"/leads/\d+$"))
        expect(bo.part("Maybe there already")).to_contain_text(PERSON)
        bo.sees("Same phone")
        bo.look("duplicate")
        bo.follow("Convert")
        bo.press("Convert")
        bo.sees("Converted")
        bo.reads(OTHER, inside=".c-right")
        bo.undo()
        expect(bo.page.locator(".c-recordhead, main h1").first).to_contain_text(bo.say("New"))
        bo.look("conversion undone")
        bo.go("/customers")
        expect(bo.page.locator("main")).not_to_contain_text(OTHER)
        bo.look("customers")

    def converts(self) -> None:
        """The lead becomes a customer, a contact and a deal."""
        bo = self.bo
        bo.go(self.lead)
        bo.follow("Convert")
        bo.look("convert")
        bo.fill(title=DEAL)
        bo.press("Convert")
        for name in (COMPANY, PERSON, DEAL):
            bo.reads(name, inside=".c-right")
        bo.look("converted")

    def finds_the_customer(self) -> None:
        """Two characters, or the initials of their pinyin, find the customer in the box of every page."""
        bo = self.bo
        for typed in ("精密", "cxjm"):
            bo.waits_for("/", lambda typed=typed: self._finds(typed), f"{typed} in the search")
        bo.look("found")
        bo.page.locator("#found").get_by_text(COMPANY).first.click()
        bo.page.wait_for_url(re.compile(r"/customers/\d+$"))
        bo.reads("客户下周定 Decides next week", inside=".c-tl")
        bo.look("customer")

    def _finds(self, typed: str) -> bool:
        box = self.bo.page.locator("input[data-find]")
        with self.bo.page.expect_response(re.compile("/search/suggestions")) as answered:
            box.press_sequentially(typed)
        return COMPANY in answered.value.text()

    def moves_the_deal(self) -> None:
        """On the board; the stage asks for the amount, and takes it in place."""
        bo = self.bo
        bo.go("/deals/board")
        bo.look("board")
        card = bo.page.locator(".c-deal").filter(has_text=DEAL)
        card.locator("select").select_option(label="方案报价 Proposal")
        bo.page.locator("main [name=amount]").wait_for()
        bo.look("gate")
        bo.fill(amount="2,700")
        bo.page.locator("main form button[type=submit]").first.click()
        column = bo.page.locator(".c-col").filter(has_text="方案报价 Proposal")
        expect(column).to_contain_text(DEAL)
        bo.look("moved")
        column.get_by_role("link", name=DEAL).click()
        bo.page.wait_for_url(re.compile(r"/deals/\d+$"))
        bo.look("deal")
        self.deal = bo.page.url

    def quotes(self) -> None:
        """A quote with two products goes out; the customer accepts it by the link."""
        bo = self.bo
        bo.press("Make a quote")
        bo.page.wait_for_url(re.compile(r"/quotes/\d+"))
        self.quote = bo.page.url.partition("?")[0]
        bo.sees("Draft")
        for product, quantity in (("测头 Probe", "2"), ("校准 Calibration", "1")):
            bo.follow("Add a product")
            bo.fill(product_id=product, quantity=quantity)
            bo.press("Add a product")
            bo.page.wait_for_url(self.quote)
        # The deal had no lines, so the quote began with one for all of it.
        bo.part("Lines").get_by_role("link", name=DEAL).click()
        bo.page.locator(f"summary[aria-label='{bo.say('More')}']").click()
        bo.follow("Delete")
        bo.look("delete a line")
        bo.press("Delete")
        bo.page.wait_for_url(re.compile(r"/quotes/\d+"))
        expect(bo.part("Lines")).to_contain_text("¥2,700")
        bo.look("quote")
        bo.follow("Send the quote")
        bo.press("Send the quote")
        bo.sees("Sent")
        bo.look("quote sent")
        bo.follow("Customer's page")
        bo.look("link")
        link = bo.page.locator("main input[readonly]").input_value()
        customer = self.sit_down()
        customer.go(link)
        reads = customer.page.locator("body")
        expect(reads).to_contain_text("测头 Probe")
        expect(reads).to_contain_text("校准 Calibration")
        customer.look("offer")
        customer.page.locator("#answer form").first.locator("[name=name]").fill(PERSON)
        customer.page.locator("[name=agreed]").check()
        customer.press("Accept", "#answer")
        customer.sees("This quote is accepted", inside="body")
        customer.look("accepted")

    def orders(self) -> None:
        """The salesperson hears of it, makes the order and confirms it."""
        bo = self.bo
        told = lambda: bo.page.locator("main").get_by_text("Q-").count() > 0  # noqa: E731
        bo.waits_for("/notifications", told, "word of the accepted quote")
        bo.look("accepted quote")
        bo.go(self.quote)
        bo.sees("Accepted")
        bo.follow("Make an order")
        bo.page.locator("input[type=checkbox][name=win_deal]").uncheck()
        bo.look("make an order")
        bo.press("Make an order")
        bo.page.wait_for_url(re.compile(r"/sales_orders/\d+"))
        bo.press("Confirm")
        bo.sees("Confirmed")
        bo.look("order")

    def wins(self) -> None:
        """Whoever wins says what was promised: the page asks for it in place."""
        bo = self.bo
        bo.go(self.deal)
        bo.follow("Win")
        bo.press("Win")
        bo.reads(bo.say("Say what was promised: those who look after the customer read it."))
        bo.look("note asked for")
        bo.fill(promised="十二月前安装 Installed before December")
        bo.press("Win")
        bo.page.wait_for_url(self.deal)
        bo.sees("Won")
        bo.look("won")
        bo.page.locator(".c-left").get_by_role("link", name=COMPANY).click()
        expect(bo.part("Handed over to service")).to_contain_text("十二月前安装")
        bo.look("handed over")

    def is_commented(self) -> None:
        """Ada comments on the follow-up; Bo hears of it and reads it."""
        ada, bo = self.ada, self.bo
        ada.go(bo.page.url)
        ada.page.locator(".c-replying summary").last.click()
        ada.page.locator(".c-replying textarea").last.fill("做得好 Well done")
        ada.page.locator(".c-replying").last.get_by_role("button").click()
        ada.reads("做得好 Well done", inside=".c-tl")
        ada.look("commented")
        bo.go(bo.page.url)
        bo.reads("做得好 Well done", inside=".c-tl")

    def ends(self) -> None:
        """The report of the day, what was won of the target, and out everywhere."""
        bo = self.bo
        bo.go("/reports/follow-ups")
        bo.sees("Daily report")
        bo.reads("客户下周定 Decides next week")
        bo.look("report")
        bo.go("/")
        bo.sees("My pipeline")
        bo.reads("¥2,700", "¥100,000")
        bo.look("home at night")
        phone = self.sit_down()
        sign_in(phone, "bo@qiming.example")
        bo.go("/account")
        bo.look("account")
        bo.press("Sign out everywhere else")
        phone.go("/customers")
        phone.sees("Sign in")


def sign_in(desk: Desk, login: str) -> None:
    """Sign in by the form."""
    desk.go("/login")
    desk.sees("Sign in")
    desk.fill(name=login, password=PASSWORD)
    desk.press("Sign in")
    expect(desk.page.locator("input[name=password]")).to_have_count(0)


@pytest.mark.browser
def test_a_salesperson_goes_from_the_web_form_to_the_won_deal(day: Day) -> None:
    day.set_up()
    day.ask_for_a_note()
    day.invite("bo", "Salesperson", day.bo)
    day.prepare_to_sell()
    day.visitors_come()
    day.hears_of_it()
    day.logs_a_call()
    day.is_told_of_duplicates()
    day.converts()
    day.finds_the_customer()
    day.moves_the_deal()
    day.quotes()
    day.orders()
    day.wins()
    day.is_commented()
    day.ends()
