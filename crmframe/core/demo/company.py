"""The demo company: who works there, whom they sell to, and what happened in the last eighteen months."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crmframe.core import records
from crmframe.core.access.accounts import set_password
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.roles import install_roles
from crmframe.core.demo.agenda import agenda
from crmframe.core.demo.crowd import crowd
from crmframe.core.demo.steps import DAYS_OF_HISTORY, OpenWork, Step, find, play, rows_of, workday
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace.settings import IS_SAMPLE, write_settings

PASSWORD = "sunny-harbor-demo"  # noqa: S105 - printed at start-up; the demo holds nothing worth protecting
SEED = 20261122
CUSTOMERS, TOLD = 2_000, 60
# Reached one after the other; the last entry is where the customer stands today.
CAREERS: Mapping[str, tuple[str, ...]] = {
    "prospect": (),
    "qualified": ("qualified",),
    "customer": ("qualified", "customer"),
    "dormant": ("qualified", "customer", "dormant"),
    "former": ("qualified", "customer", "former"),
}
STAGES = ("prospect", "qualified", "customer", "dormant", "former")
TAGS = (("重点客户", "violet"), ("Trade fair", "teal"), ("Slow payer", "orange"), ("参考案例", "green"))
PRICES_IN = {"CNY": 1.0, "USD": 0.14, "EUR": 0.13, "GBP": 0.11}
# In yuan.
RATES = {"CNY": Decimal(1), "USD": Decimal("7.10"), "EUR": Decimal("7.72"), "GBP": Decimal("9.15")}


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the demo."""

    login: str
    password: str
    name: str
    role: str
    team: str = ""
    locale: str = "en"


LOGINS = (
    Login("admin", PASSWORD, "Robin Carter", "administrator"),
    Login("manager", PASSWORD, "赵明慧", "manager", "销售部 Sales", "zh_Hans"),
    Login("chen", PASSWORD, "陈思远", "salesperson", "国内组 China", "zh_Hans"),
    Login("liu", PASSWORD, "刘雨桐", "salesperson", "国内组 China", "zh_Hans"),
    Login("zhou", PASSWORD, "周子涵", "salesperson", "国内组 China", "zh_Hans"),
    Login("wu", PASSWORD, "吴建平", "salesperson", "国内组 China", "zh_Hans"),
    Login("emma", PASSWORD, "Emma Lindqvist", "salesperson", "国际组 International"),
    Login("marco", PASSWORD, "Marco Rossi", "salesperson", "国际组 International"),
    Login("viewer", PASSWORD, "Sam Whitaker", "viewer"),
)


def fill(
    open_work: OpenWork,
    now: datetime,
    *,
    hasher: Hasher | None,
    customers: int = CUSTOMERS,
    more: Iterable[Step] = (),
) -> tuple[Login, ...]:
    """Fill an empty database with the sample company; returns its users.

    Args:
        now: Today; the last step lies before it.
        hasher: None makes users who cannot sign in, and gives their login names a prefix.
        customers: How many; the first sixty have a story each.
        more: The steps of plugins, played in between at their moments.
    """
    told = [*_founding(now, hasher), *_business(now)]
    people = [(login.login, login.locale) for login in LOGINS if login.role != "viewer"]
    steps = [*told, *crowd(now, max(0, customers - TOLD)), *agenda(now, people), *more]
    play(open_work, steps, prefix=prefix_of(hasher))
    return LOGINS


def prefix_of(hasher: Hasher | None) -> str:
    """Return what stands before the login names of the sample's users."""
    return "" if hasher else "sample-"


def _founding(now: datetime, hasher: Hasher | None) -> Iterable[Step]:
    start = (now - timedelta(days=DAYS_OF_HISTORY)).replace(hour=0, minute=0, second=0, microsecond=0)
    yield start, "", lambda work: _people(work, hasher)
    yield start + timedelta(minutes=5), "admin", _catalog


def _people(work: UnitOfWork, hasher: Hasher | None) -> None:
    write_settings(work, {IS_SAMPLE: True})  # a record of the sample like all others: it goes with them
    roles = install_roles(work, records.create_many)
    head, china, abroad = (login.team for login in (LOGINS[1], LOGINS[2], LOGINS[-2]))
    teams = {head: records.create(work, "core.team", {"name": head})["id"]}
    for name in (china, abroad):
        teams[name] = records.create(work, "core.team", {"name": name, "parent_id": teams[head]})["id"]
    for login in LOGINS:
        user = records.create(work, "core.user", _user(login, hasher))["id"]
        records.create(work, "core.user_role", {"user_id": user, "role_id": roles[login.role]})
        if login.team:
            lead = login.role == "manager"
            place = {"user_id": user, "team_id": teams[login.team], "is_lead": lead}
            records.create(work, "core.membership", place)
        if hasher:
            set_password(work, user, login.password, hasher=hasher)


def _user(login: Login, hasher: Hasher | None) -> dict[str, Any]:
    return {
        "login": prefix_of(hasher) + login.login,
        "name": login.name,
        "email": f"{login.login}@qiming.example" if hasher else None,
        "locale": login.locale,
        "is_admin": login.role == "administrator",
    }


def _catalog(work: UnitOfWork) -> None:
    records.create_many(work, "core.product", list(rows_of("products.csv")))
    records.create_many(work, "core.tag", [{"name": name, "tone": tone} for name, tone in TAGS])
    base, day = RATES.get(work.settings.currency), work.today.isoformat()
    others = {code: rate / base for code, rate in RATES.items() if rate != base} if base else {}
    rates = [{"currency": code, "day": day, "rate": f"{rate:.4f}"} for code, rate in others.items()]
    records.create_many(work, "core.currency_rate", rates)


def _business(now: datetime) -> Iterable[Step]:
    random = Random(SEED)  # noqa: S311 - the same company every time is what is wanted
    contacts: dict[str, list[dict[str, str]]] = {}
    for row in rows_of("contacts.csv"):
        contacts.setdefault(row.pop("customer"), []).append(row)
    texts = list(rows_of("texts.csv"))
    products = [row for row in rows_of("products.csv") if row["is_active"] == "true"]
    owners: set[str] = set()
    for customer in rows_of("customers.csv"):
        # Everybody has one from the start: whatever plugins tell about has somebody to happen to.
        life = _Life(customer, now, random, is_first=customer["owner"] not in owners)
        owners.add(life.owner)
        yield from life.beginning(contacts.get(customer["code"], []))
        yield from life.career()
        yield from life.activities(texts)
        yield from life.purchases(products)


class _Life:
    """One customer's time with the company."""

    def __init__(self, row: dict[str, str], now: datetime, random: Random, *, is_first: bool) -> None:
        self.values = dict(row)
        self.owner = self.values.pop("owner")
        self.parent = self.values.pop("parent", "")
        self.referrer = self.values.pop("referred_by", "")
        self.stage = self.values.pop("lifecycle_stage")
        self.code, self.now, self.random = row["code"], now, random
        newest = 25 if self.stage == "prospect" else 120
        oldest = DAYS_OF_HISTORY - 10
        self.age = oldest if is_first else random.randint(newest, oldest)

    def beginning(self, contacts: list[dict[str, str]]) -> Iterable[Step]:
        """Yield how the customer and its people came into the database."""
        born = workday(self.now, self.age, self.random)
        yield born, self.owner, lambda work: records.create(work, "core.customer", self.values)
        if contacts:
            yield (
                born + timedelta(minutes=20),
                self.owner,
                lambda work: _add_contacts(work, self.code, contacts),
            )
        links = {"parent_id": self.parent, "referred_by_id": self.referrer}
        for field, code in links.items():
            if code:  # in a recent clean-up: by then both are there
                yield workday(self.now, 12, self.random), "manager", _later(_link, self.code, field, code)
        if self.random.random() < 0.25:
            yield self._late(2), self.owner, _later(_tag, self.code, self.random.choice(TAGS)[0])

    def career(self) -> Iterable[Step]:
        """Yield the changes of the lifecycle stage, spread over the time that passed."""
        stages = CAREERS[self.stage]
        for place, stage in enumerate(stages, 1):
            days_ago = self.age - place * self.age // (len(stages) + 2)
            yield workday(self.now, days_ago, self.random), self.owner, _later(_promote, self.code, stage)

    def activities(self, texts: list[dict[str, str]]) -> Iterable[Step]:
        """Yield calls, visits and the like; most with a customer who buys."""
        language = "zh_Hans" if self.values["language"] == "zh_Hans" else "en"
        own = [row for row in texts if row["language"] == language]
        number = self.random.randint(5, 8) if self.stage == "customer" else self.random.randint(1, 4)
        quiet = 120 if self.stage in ("dormant", "former") else 0
        past = sorted(self.random.randint(quiet, max(quiet, self.age - 3)) for _ in range(number))
        for place, days_ago in enumerate(past):
            row, at = self.random.choice(own), workday(self.now, days_ago, self.random)
            # What was agreed last is still to come, or has been late for a few days.
            is_open = place == 0 and not quiet and self.random.random() < 0.7
            planned = at + timedelta(days=days_ago + self.random.randint(-4, 16)) if is_open else None
            values = {"kind": row["kind"], "text": row["text"], "next_step_at": planned}
            yield max(at, self._late(0)), self.owner, _later(_note, self.code, values)

    def purchases(self, products: list[dict[str, str]]) -> Iterable[Step]:
        """Yield what the customer bought."""
        if "customer" not in CAREERS[self.stage]:
            return
        for number in range(self.random.randint(2, 5)):
            days_ago = self.random.randint(
                1 if self.stage == "customer" else 130, max(131, self.age * 2 // 3)
            )
            product, quantity = self.random.choice(products), self.random.choice((1, 1, 2, 4, 10))
            price = float(product["price"]) * PRICES_IN[self.values["currency"]]
            values = {
                "product": product["code"],
                "quantity": quantity,
                "amount": f"{price * quantity:.2f}",
                "currency": self.values["currency"],
                "source": "erp",
                "external_reference": f"SO-{self.code[2:]}-{number + 1}",
            }
            at = max(workday(self.now, days_ago, self.random), self._late(0))
            yield at, self.owner, _later(_buy, self.code, values)

    def _late(self, days: int) -> datetime:
        """Return a moment surely after the customer's beginning, that many days on."""
        return min(self.now - timedelta(days=self.age - 1 - days), self.now - timedelta(minutes=5))


def _later(act: Callable[..., Any], *given: Any) -> Callable[[UnitOfWork], Any]:
    """Return *act* waiting for its unit of work; a lambda in a loop would see the last values only."""
    return lambda work: act(work, *given)


def _add_contacts(work: UnitOfWork, code: str, contacts: list[dict[str, str]]) -> None:
    customer = find(work, "core.customer", "code", code)
    records.create_many(work, "core.contact", [{**row, "customer_id": customer} for row in contacts])


def _link(work: UnitOfWork, code: str, field: str, other: str) -> None:
    values = {field: find(work, "core.customer", "code", other)}
    records.update(work, "core.customer", find(work, "core.customer", "code", code), values)


def _tag(work: UnitOfWork, code: str, name: str) -> None:
    about = f"core.customer:{find(work, 'core.customer', 'code', code)}"
    records.create(work, "core.tag_link", {"tag_id": find(work, "core.tag", "name", name), "about": about})


def _promote(work: UnitOfWork, code: str, stage: str) -> None:
    customer = find(work, "core.customer", "code", code)
    now = records.get(work, "core.customer", customer, columns=("lifecycle_stage",))["lifecycle_stage"]
    if STAGES.index(now) < STAGES.index(stage):  # a plugin's sale may have made it a customer before
        records.update(work, "core.customer", customer, {"lifecycle_stage": stage})


def _note(work: UnitOfWork, code: str, values: Mapping[str, Any]) -> None:
    about = f"core.customer:{find(work, 'core.customer', 'code', code)}"
    records.create(work, "core.activity", {**values, "about": about, "at": work.now})


def _buy(work: UnitOfWork, code: str, values: Mapping[str, Any]) -> None:
    customer = find(work, "core.customer", "code", code)
    product = find(work, "core.product", "code", values["product"])
    rest = {name: value for name, value in values.items() if name != "product"}
    records.create(
        work, "core.purchase", {**rest, "product_id": product, "customer_id": customer, "at": work.now}
    )
