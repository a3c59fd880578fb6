"""Reads: one record, a list, pages, the past."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlencode

from bench.base import Base
from bench.figures import Figure, compared, duration, median_of, per_second, seconds_of
from bench.load import requests_per_second, server
from crmframe.core import records
from crmframe.core.access.loading import actor_of_user

LIST = "/api/v1/customers?industry=Retail&order=name&limit=50"
COLUMNS = "id,version,name,code,industry,city,phone,email,employees,owner_id,updated_at"
RECENT = 500


def reads(base: Base) -> Iterator[Figure]:
    """Measure over HTTP, ours against the bare floor, each in a process of its own."""
    url = base.application.settings.database
    ours = {"BENCH_URL": url, "BENCH_FOLDER": str(base.folder)}
    token = {"authorization": f"Bearer {base.token}"}
    middle = base.customers // 2 // 20 * 20 + 1
    if base.application.database.dialect == "sqlite":
        floor = {"BENCH_FLOOR": str(base.application.database.path), "BENCH_OWNER": str(base.seller_id)}
        with server("bench.floor:app", floor) as bare, server("bench.site:make", ours, factory=True) as port:
            one = f"/api/v1/customers/{middle}?columns={COLUMNS}"
            rate = partial(_ratio, bare, port, token)
            yield per_second("API read 1", *rate(f"/one/{middle}", one), 0.30)
            yield per_second(
                "API list 50, filter + sort + owner", *rate("/list", f"{LIST}&columns={COLUMNS}"), 0.60
            )
    with server("bench.site:make", ours, factory=True) as port:
        yield from _pages(base, port)
    yield from _past(base)


def _ratio(
    floor_port: int, port: int, headers: dict[str, str], floor_path: str, path: str
) -> tuple[float, float]:
    floor = median_of(lambda: requests_per_second(floor_port, floor_path))
    return floor, median_of(lambda: requests_per_second(port, path, headers))


def _pages(base: Base, port: int) -> Iterator[Figure]:
    for name, path, bound in (
        ("HTML list of 50", "/customers", 0.005),
        ("HTML list of 50, filtered and sorted", "/customers?industry=Retail&order=name", 0.005),
        ("HTML detail", f"/customers/{base.customers // 2}", 0.010),
    ):
        page = _page_of(port, path)
        times = sorted(seconds_of(page) for _ in range(60))
        yield duration(f"{name}, p50", times[30], bound * 0.6)
        yield duration(f"{name}, p95", times[56], bound)


def _page_of(port: int, path: str) -> Callable[[], None]:
    """Return what asks for a page as its reader; the client is a plain one, for its own time counts, too."""
    connection = HTTPConnection("127.0.0.1", port)
    form = urlencode({"name": "boss", "password": "a long password for benches"})
    own = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, own)
    answer = connection.getresponse()
    answer.read()
    cookie = {"cookie": (answer.getheader("set-cookie") or "").partition(";")[0]}

    def ask() -> None:
        connection.request("GET", path, headers=cookie)
        page = connection.getresponse()
        if page.status != HTTPStatus.OK or not page.read():
            raise RuntimeError(f"{path}: {page.status}")

    for _ in range(20):
        ask()
    return ask


def _past(base: Base) -> Iterator[Figure]:
    application = base.application
    moment = application.clock()
    time.sleep(0.01)
    with application.database.read() as connection:
        admin = actor_of_user(connection, base.seller_id + 20)
    with application.work(admin, door="cli") as work:
        ids = range(1, RECENT + 1)
        records.update_many(work, "core.customer", {i: {"employees": 7} for i in ids})
    now = records.Query(order=("name",), limit=50)
    then = records.Query(order=("name",), limit=50, as_of=moment + timedelta(microseconds=1))

    def run(query: records.Query) -> None:
        with application.work(admin, door="cli", write=False) as work:
            records.select(work, "core.customer", query)

    present = median_of(lambda: seconds_of(lambda: run(now), 5))
    past = median_of(lambda: seconds_of(lambda: run(then)))
    yield compared(f"as-of list, {RECENT} changes since", present, past, 5)
