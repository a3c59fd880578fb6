"""The house listener itself: what it refuses, what it lets pass, and that it is on without asking."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.journal.tables import operation
from crmframe.testing.one_way import PastThePipeline, Watch, is_entity_table, written_table


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("SELECT * FROM core_customers", ""),
        ('INSERT INTO "core_customers" (name) VALUES (?)', "core_customers"),
        ("insert or ignore into core_customers values (1)", "core_customers"),
        ("UPDATE core_customers SET name = 'x'", "core_customers"),
        ("update only public.core_customers set name = 'x'", "core_customers"),
        ("\n DELETE FROM core_customers", "core_customers"),
        ("WITH old AS (SELECT 1) DELETE FROM core_customers", "core_customers"),
        ("COPY core_customers FROM STDIN", "core_customers"),
        ("TRUNCATE TABLE core_customers", "core_customers"),
        ("CREATE TABLE core_customers (id int)", ""),
    ],
)
def test_table_of_a_writing_statement_is_recognized(statement: str, table: str) -> None:
    assert written_table(statement) == table


@pytest.mark.usefixtures("application")
def test_tables_of_entities_are_told_from_those_of_the_framework() -> None:
    assert is_entity_table("core_customers")
    assert not is_entity_table("core_operation")
    assert not is_entity_table("crm_plugin")


def test_writing_through_records_is_let_pass(application: Any, one_way_to_write: Watch) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Acme"})["id"]
        records.create_many(work, "core.customer", [{"name": "B"}, {"name": "C"}])
        records.update(work, "core.customer", customer, {"name": "Acme 2"})
        records.delete(work, "core.customer", customer)
    with application.work() as work:
        records.restore(work, "core.customer", customer)
        work.connection.execute(
            sa.update(operation).values(reason="the framework's own tables are not watched")
        )

    assert one_way_to_write.seen == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO core_tags (name, version) VALUES ('x', 1)",
        "UPDATE core_customers SET name = 'x'",
        "DELETE FROM core_customers",
    ],
)
def test_writing_past_records_is_refused(application: Any, one_way_to_write: Watch, statement: str) -> None:
    with pytest.raises(PastThePipeline), application.work() as work:
        work.connection.exec_driver_sql(statement)

    assert len(one_way_to_write.seen) == 1
    one_way_to_write.seen.clear()


def test_writing_from_a_thread_that_swallows_the_error_is_noted(
    application: Any, one_way_to_write: Watch
) -> None:
    table = application.registry.entity("core.customer").table

    def run() -> None:
        with pytest.raises(PastThePipeline), application.work() as work:
            work.connection.execute(sa.update(table).values(name="x"))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert len(one_way_to_write.seen) == 1
    one_way_to_write.seen.clear()


@pytest.mark.writes_directly("shows that the marker opts out")
def test_marked_test_may_write_directly(application: Any, one_way_to_write: Watch | None) -> None:
    with application.work() as work:
        work.connection.exec_driver_sql("DELETE FROM core_customers")

    assert one_way_to_write is None
