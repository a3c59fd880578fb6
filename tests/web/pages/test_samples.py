"""The sample company in a server: loaded into an empty database, removed with one click."""

from __future__ import annotations

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.demo.jobs import LOAD
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import run_next
from crmframe.core.jobs.tables import job


def counted(write, entity):
    return write(lambda work: records.count(work, entity, records.Query()).value)


def test_an_administrator_loads_and_removes_the_sample(host, root, write):
    application = host.site.application
    assert "/admin/sample/load" in root.get("/admin/sample").text

    write(lambda work: enqueue(work, LOAD, {"customers": 160}, unique_key=LOAD))
    waiting = root.get("/admin/sample")
    assert waiting.headers["refresh"]
    assert "/admin/sample/load" not in waiting.text
    assert run_next(application)
    assert counted(write, "core.customer") == 160

    page = root.get("/admin/sample").text
    assert "/admin/sample/remove" in page
    assert root.post("/admin/sample/load").status_code == 409
    assert root.post("/admin/sample/remove").headers["location"] == "/admin/sample"
    while run_next(application):
        pass
    assert counted(write, "core.customer") == 0
    assert "/journal/" in root.get("/admin/sample").text


def test_nothing_is_loaded_among_real_records_and_by_nobody_else(company, root, seller, host):
    assert root.post("/admin/sample/load").status_code == 409
    assert "/admin/sample/load" not in root.get("/admin/sample").text
    assert seller.get("/admin/sample").status_code == 403
    assert seller.post("/admin/sample/remove").status_code == 403
    with host.site.application.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(job)) == 0
