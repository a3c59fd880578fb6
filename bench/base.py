"""The base of the benchmarks: many customers and deals, made by the public import itself."""

from __future__ import annotations

import csv
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.accounts import set_password
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.roles import install_roles
from crmframe.core.access.tokens import create_token
from crmframe.core.transfer import ImportOptions, import_file
from crmframe.settings import AppSettings, PluginSettings

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静秀强磊军洋勇艳杰娟涛明超霞平刚桂"
WORDS = ("Alpha", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Iris", "Juniper")
CITIES = ("Shanghai", "Wuhan", "Berlin", "Lyon", "Chengdu", "Austin", "Leeds", "Xi'an")
INDUSTRIES = ("Retail", "Machinery", "Software", "Logistics", "Chemicals")
STAGES = (("New", "open", 10), ("Offer", "open", 50), ("Won", "won", 100), ("Lost", "lost", 0))
SELLERS = 20


@dataclass(frozen=True, slots=True)
class Base:
    """An application on a filled database, and a token of a salesperson who sees what is their own.

    Attributes:
        import_memory: The most MB that the import held for itself, and of the database file that was mapped meanwhile.
    """

    application: Application
    folder: Path
    token: str
    admin_token: str
    seller_id: int
    customers: int
    deals: int
    import_rows_per_second: float
    import_memory: tuple[float, float]


def settings_at(folder: Path, url: str) -> AppSettings:
    """Return the settings of the benchmarks."""
    plugins = PluginSettings(enabled=("sales", "loyalty"), managed="file", import_seconds=0)
    return AppSettings(
        database=url, folder=folder, secret="benchmarks", plugins=plugins, workers=0, region="CN"
    )


@contextmanager
def built(folder: Path, url: str, customers: int, deals: int) -> Iterator[Base]:
    """Build the base in an empty folder."""
    application = Application(settings_at(folder, url))
    try:
        seller, token, admin_token = _people(application)
        _sales(application)
        with watched_memory() as memory:
            rate = _import_customers(application, folder, customers)
            _import_deals(application, folder, customers, deals)
        application.database.checkpoint()
        most = (memory["RssAnon"], memory["RssFile"])
        yield Base(application, folder, token, admin_token, seller, customers, deals, rate, most)
    finally:
        application.close()


@contextmanager
def watched_memory() -> Iterator[dict[str, float]]:
    """Give the most MB of each part of this process's memory, looked at five times a second."""
    most, ended = {"RssAnon": 0.0, "RssFile": 0.0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
            for name, number in (line.split()[:2] for line in lines if line.startswith("Rss")):
                most[name.rstrip(":")] = max(most.get(name.rstrip(":"), 0), int(number) / 1024)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield most
    finally:
        ended.set()
        watching.join()


def _people(application: Application) -> tuple[int, str, str]:
    hasher = Hasher(fast=True)
    with application.work(door="cli") as work:
        roles = install_roles(work, records.create_many)
        users = [{"login": f"seller{n}", "name": f"Seller {n}"} for n in range(SELLERS)]
        ids = records.create_many(work, "core.user", users)
        admin = records.create(work, "core.user", {"login": "boss", "name": "Boss", "is_admin": True})["id"]
        links = [{"user_id": i, "role_id": roles["salesperson"]} for i in ids]
        records.create_many(work, "core.user_role", links)
        set_password(work, admin, "a long password for benches", hasher=hasher)
    with application.work(door="cli") as work:
        token = create_token(work, ids[0], "bench")[1]
        admin_token = create_token(work, admin, "bench")[1]
    return ids[0], token, admin_token


def _sales(application: Application) -> None:
    with application.work(door="cli") as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Bench"})["id"]
        for position, (name, kind, probability) in enumerate(STAGES, 1):
            stage = {"name": name, "pipeline_id": pipeline, "kind": kind, "position": position}
            records.create(work, "sales.stage", {**stage, "probability": probability})


def _import_customers(application: Application, folder: Path, count: int) -> float:
    path = folder / "customers.csv"
    write_customers(path, count)
    start = time.perf_counter()
    report = import_file(application, None, path, "core.customer", ImportOptions())
    assert report.created == count, report
    return count / (time.perf_counter() - start)


def write_customers(path: Path, count: int, prefix: str = "C") -> None:
    """Write a CSV file of made-up customers, two thirds of them with Chinese names."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "code", "industry", "city", "phone", "email", "employees", "owner"])
        for n in range(count):
            chinese = n % 3
            name = (
                f"{chance.choice(SURNAMES)}{chance.choice(GIVEN)}{chance.choice(GIVEN)}贸易有限公司"
                if chinese
                else f"{chance.choice(WORDS)} {chance.choice(WORDS)} {n}"
            )
            row = [name, f"{prefix}{n:07}", chance.choice(INDUSTRIES), chance.choice(CITIES)]
            row += [f"138{n % 100000000:08}", f"c{n}@example.com", chance.randrange(5000)]
            writer.writerow([*row, f"Seller {n % SELLERS}"])


def _import_deals(application: Application, folder: Path, customers: int, count: int) -> None:
    path, chance = folder / "deals.csv", random.Random(11)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "code", "customer", "amount", "close_on", "owner"])
        for n in range(count):
            day = f"2026-{1 + n % 12:02}-{1 + n % 28:02}"
            amount = chance.randrange(100, 100_000)
            writer.writerow(
                [
                    f"Deal {n}",
                    f"D{n:07}",
                    chance.randrange(customers) + 1,
                    amount,
                    day,
                    f"Seller {n % SELLERS}",
                ]
            )
    report = import_file(
        application, None, path, "sales.deal", ImportOptions(mapping={"customer": "customer.id"})
    )
    assert report.created == count, report
