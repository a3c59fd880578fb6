"""Each planted fault turns the test red that guards against it.

Without the fault the same tests run, and are green, where they stand.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from crmframe.core.errors import CrmError
from tests.core.access import test_policy
from tests.core.journal import test_events, test_lease
from tests.core.records import test_reading, test_writing
from tests.faults import test_invariants
from tests.faults.planting import plant
from tests.robustness import test_connections, test_contention
from tests.web.api import test_idempotency

# What a red test raises; anything else would be a fault of the planting.
RED = (AssertionError, CrmError, IntegrityError, pytest.fail.Exception)
BOTH = ("sqlite", "postgres")
POSTGRES = ("postgres",)
SQLITE = ("sqlite",)
Replacement = tuple[str, str, str]


@dataclass(frozen=True)
class Fault:
    """What is changed where, and the test that must not let it pass.

    Attributes:
        replacements: Each a function, what stands in it, and what is put in its place.
        where: The databases on which it shows.
        arguments: Of a parametrized test.
    """

    name: str
    replacements: tuple[Replacement, ...]
    guard: Callable[..., None]
    where: tuple[str, ...] = BOTH
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> tuple[pytest.MarkDecorator, ...]:
        """Return the marks of the room that the guard comes from."""
        below = self.guard.__module__.startswith("tests.core.access")
        return (pytest.mark.writes_directly("access lies below records"),) if below else ()


RECORDS = "crmframe.core.records"
STORAGE = "crmframe.core.storage"
HELD = f"{RECORDS}.rows:held"
UNLOCKED = (
    HELD,
    "return lock_rows(statement, of=of, to=to) if work.writes else statement",
    "return statement",
)
UNVERSIONED = (
    f"{RECORDS}.applying:_write_columns",
    'statement = statement.where(table.c.version == sa.bindparam("read_version"))',
    'statement = statement.where(sa.literal(0) < sa.bindparam("read_version"))',
)

FORGOTTEN_FIELD = """for name, value in changed.items():
        if name == "city":
            continue
        field = fields[name]
"""
CURSOR_FIRST = """
    with self._application.database.write() as connection:
        step.take(connection, self._application.clock())
    try:
"""
NO_POLYMORPHIC = """in work.registry.references_to(entity.name):
        if field.kind.name == "any_reference":
            continue
"""
COMPUTED_FIRST = """    early = work.connection.execute(
        _select(work, target, sorted(fields)), {"ids": ids}
    ).all()
    rows = locked("""
# What a new row hangs on is locked before anything else: without it, the later locks are on their own.
NOT_HELD_EARLY = (f"{RECORDS}.writing:_new_values", "lock_new_targets(work, entity, values)", "pass")
FORGOTTEN_IDS = """
    work.connection.execute(sa.text("UPDATE sqlite_sequence SET seq = 0"))
    return work.connection.execute(statement"""

FAULTS = (
    Fault(
        "a field is left out of the journal",
        (
            (
                f"{RECORDS}.applying:_changed_columns",
                "for name, value in changed.items():\n        field = fields[name]\n",
                FORGOTTEN_FIELD,
            ),
        ),
        test_invariants.test_every_changed_field_is_journaled,
    ),
    Fault(
        "a batch is written without a look at the versions",
        ((f"{RECORDS}.writing:_require_versions", "if current != given:", "if False:"),),
        test_invariants.test_a_batch_with_one_stale_version_changes_nothing,
    ),
    Fault(
        "rows are not locked",
        (UNLOCKED,),
        test_invariants.test_the_before_value_is_what_the_other_one_wrote,
        POSTGRES,
    ),
    Fault(
        "rows are neither locked nor compared",
        (UNLOCKED, UNVERSIONED),
        test_invariants.test_the_before_value_is_what_the_other_one_wrote,
        POSTGRES,
    ),
    Fault(
        "a write begins without the right to write",
        ((f"{STORAGE}.engine:_begin_sqlite", '"BEGIN IMMEDIATE" if writes else "BEGIN"', '"BEGIN"'),),
        test_invariants.test_processes_take_turns_at_a_file,
        SQLITE,
    ),
    Fault(
        "a record is read without the policy",
        (
            (
                f"{RECORDS}.reading:_one",
                'sa.bindparam("record_id"), term.build(table)',
                'sa.bindparam("record_id")',
            ),
        ),
        test_invariants.test_others_records_are_not_there,
    ),
    Fault(
        "a list is read without the policy",
        ((f"{RECORDS}.reading:Source.statement", ".where(self.term.build(table))", ""),),
        test_invariants.test_others_records_are_not_there,
    ),
    Fault(
        "names are read without the policy",
        (
            (
                f"{RECORDS}.reading:titles",
                'in_set(table.c.id, "ids"), term.build(table)',
                'in_set(table.c.id, "ids")',
            ),
        ),
        test_invariants.test_others_records_are_not_there,
    ),
    Fault(
        "rows are locked for a change without the policy",
        (
            (
                f"{RECORDS}.rows:locked",
                'in_set(table.c.id, "ids"), term.build(table)',
                'in_set(table.c.id, "ids")',
            ),
        ),
        test_invariants.test_others_records_are_not_there,
    ),
    Fault(
        "the policy is left out of an UPDATE",
        (
            (
                f"{RECORDS}.applying:_write_columns",
                'sa.bindparam("which_id"), term.build(table)',
                'sa.bindparam("which_id")',
            ),
        ),
        test_invariants.test_the_policy_stands_in_every_statement_on_rows,
    ),
    Fault(
        "the policy is left out of a DELETE",
        (
            (
                f"{RECORDS}.applying:_delete",
                'in_set(table.c.id, "ids"), term.build(table)',
                'in_set(table.c.id, "ids")',
            ),
        ),
        test_invariants.test_the_policy_stands_in_every_statement_on_rows,
    ),
    Fault(
        "the policy is left out of references",
        (
            (
                f"{RECORDS}.checks:_existing",
                'in_set(identity, "ids"), term.build(other.table)',
                'in_set(identity, "ids")',
            ),
        ),
        test_invariants.test_others_records_cannot_be_referred_to,
    ),
    Fault(
        "what is referred to is not held",
        (
            (f"{RECORDS}.checks:_existing", 'held(work, statement, other.table, "refer")', "statement"),
            NOT_HELD_EARLY,
        ),
        test_contention.test_nothing_refers_to_what_is_being_deleted,
        POSTGRES,
        {"reference": "core.activity"},
    ),
    Fault(
        "the cursor of a subscription moves before its handler",
        (
            (
                "crmframe.core.journal.delivery:Delivery._call",
                "fence(unit.connection, unit.now)\n",
                "pass\n",
            ),
            (
                "crmframe.core.journal.delivery:Delivery._react",
                "    try:\n",
                CURSOR_FIRST,
            ),
        ),
        test_lease.test_crash_between_handler_and_commit_repeats_and_loses_nothing,
    ),
    Fault(
        "events are read past transactions that still run",
        (
            (
                "crmframe.core.storage.transactions:_from_the_snapshot",
                '"CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"',
                "str(NO_TRANSACTION)",
            ),
        ),
        test_events.test_reader_waits_for_a_transaction_that_began_before,
        POSTGRES,
    ),
    Fault(
        "an undo does not look at later changes",
        ((f"{RECORDS}.conflicts:_reason", "for row in later:", "for row in ():"),),
        test_invariants.test_an_undo_spares_what_was_changed_later,
    ),
    Fault(
        "an undo looks at later changes without locking",
        ((f"{RECORDS}.undo:undo", "_hold(work, steps)", "pass"),),
        test_contention.test_an_undo_sees_the_change_that_is_being_made,
        POSTGRES,
    ),
    Fault(
        "a delete does not walk polymorphic references",
        (
            (
                f"{RECORDS}.deleting:delete_rows",
                "in work.registry.references_to(entity.name):\n",
                NO_POLYMORPHIC,
            ),
        ),
        test_invariants.test_deleting_takes_along_what_is_about_the_record,
    ),
    Fault(
        "children are changed although they went elsewhere",
        ((f"{RECORDS}.deleting:_still_referring", "if row.columns[field.name] in keys", "if keys"),),
        test_contention.test_a_child_given_away_is_not_touched_by_the_delete,
        POSTGRES,
    ),
    Fault(
        "a sort key is not renewed",
        ((f"{RECORDS}.rows:store", "if field.key_column:", "if not row.columns.get(field.key_column, ''):"),),
        test_invariants.test_a_renamed_record_moves_in_the_list,
    ),
    Fault(
        "a maintained field is not recomputed after an undo",
        (
            (
                f"{RECORDS}.reversing:_remove",
                "maintain(work, entity, [row.columns for row in rows.values()])",
                "pass",
            ),
        ),
        test_invariants.test_an_undo_recomputes_what_is_maintained,
    ),
    Fault(
        "a maintained field is computed before it is locked",
        (
            (f"{RECORDS}.maintaining:_recompute", "    rows = locked(", COMPUTED_FIRST),
            (
                f"{RECORDS}.maintaining:_recompute",
                'found = work.connection.execute(_select(work, target, names), {"ids": sorted(rows)})',
                "found = early",
            ),
            NOT_HELD_EARLY,
        ),
        test_contention.test_a_maintained_field_knows_what_both_wrote,
        POSTGRES,
    ),
    Fault(
        "trees are changed without taking turns",
        ((f"{RECORDS}.writing:_locked_for", 'take_turn(work.connection, f"tree of {entity.name}")', "pass"),),
        test_contention.test_two_cannot_hang_below_each_other,
        POSTGRES,
    ),
    Fault(
        "a clash that only the database sees is not translated",
        ((f"{STORAGE}.violations:taken", "UNIQUE_VIOLATION", '"99999"'),),
        test_contention.test_the_second_to_take_a_unique_value_is_told_so,
        POSTGRES,
    ),
    Fault(
        "a deadlock is taken for a lost server",
        ((f"{STORAGE}.engine:_translated", "if state in CONTENDED or", "if"),),
        test_contention.test_one_of_two_that_wait_for_each_other_is_told_to_try_again,
        POSTGRES,
    ),
    Fault(
        "a reader sees several moments",
        ((f"{STORAGE}.engine:Database.__init__", '"REPEATABLE READ"', '"READ COMMITTED"'),),
        test_connections.test_a_reader_sees_one_moment,
        POSTGRES,
    ),
    Fault(
        "an undone operation goes on",
        (("crmframe.core.journal.write:JournalBuffer._go_on", '== "undone"', '== "never"'),),
        test_contention.test_an_undone_operation_does_not_grow,
    ),
    Fault(
        "an idempotency key is stored in a transaction of its own",
        (
            (
                "crmframe.web.idempotency:once",
                "work.connection.execute(CLAIM, claim)",
                'work.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT").execute(CLAIM, claim)',
            ),
        ),
        test_idempotency.test_a_request_that_failed_may_come_again,
        POSTGRES,
    ),
    Fault(
        "a policy holds a literal instead of a bind",
        (
            (
                "crmframe.core.access.scopes:own",
                "sa.bindparam(ACTOR, type_=Id())",
                "sa.literal(work.actor.id)",
            ),
            # The table of scopes holds on to the function as it was.
            ("crmframe.core.access.scopes:scoped", "SCOPES[scope](", "{**SCOPES, 'own': own}[scope]("),
        ),
        test_policy.test_a_warm_statement_cache_shows_nobody_the_rows_of_another,
    ),
    Fault(
        "pages skip the rows without a value",
        ((f"{RECORDS}.paging:fetch_page", "if ordering.nullable and len(rows) <= limit:", "if False:"),),
        test_reading.test_pages_together_hold_every_row_once_in_order,
        BOTH,
        {"order": ("birthday",), "limit": 4},
    ),
    Fault(
        "the past forgets what was deleted since",
        ((f"{RECORDS}.as_of:_walk_back", 'elif entry.kind == "delete":', 'elif entry.kind == "never":'),),
        test_reading.test_a_past_list_is_the_list_of_then,
    ),
    Fault(
        "ids are not unique for ever",
        ((f"{RECORDS}.applying:_delete", "    return work.connection.execute(statement", FORGOTTEN_IDS),),
        test_writing.test_ids_are_never_used_again,
        SQLITE,
    ),
)
CASES = [
    pytest.param(kind, fault, marks=fault.marks, id=f"{fault.name} ({kind})")
    for fault in FAULTS
    for kind in fault.where
]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("database_kind", "fault"), CASES, indirect=["database_kind"])
def test_a_planted_fault_turns_its_test_red(
    database_kind: str, fault: Fault, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Planted before the fixtures are made: some of them build what the fault is in.
    for place in dict.fromkeys(place for place, _, _ in fault.replacements):
        plant(monkeypatch, place, *((old, new) for where, old, new in fault.replacements if where == place))
    names = [name for name in inspect.signature(fault.guard).parameters if name not in fault.arguments]
    fixtures = {name: request.getfixturevalue(name) for name in names}

    with pytest.raises(RED):
        fault.guard(**fixtures, **fault.arguments)
    gc.collect()  # what a red test left open is nobody else's concern


def test_there_are_enough_faults() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20
