"""Rows become records: each for itself, through the one pipeline."""

from __future__ import annotations

import csv
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.contributions import Change, Veto
from crmframe.core.errors import PermissionDenied, Vetoed
from crmframe.core.i18n import Translator
from crmframe.core.journal.tables import operation
from crmframe.core.transfer import ImportOptions, Report, import_file, importing
from tests.core.transfer.conftest import Load, column, snapshot


def codes(report: Report) -> list[tuple[int, str]]:
    return [(o.row, p.code) for o in report.outcomes for p in o.problems]


def kinds(report: Report) -> list[str]:
    return [outcome.kind for outcome in report.outcomes]


def test_rows_become_records_of_one_operation_that_can_be_undone(
    application: Application, load: Load
) -> None:
    before = snapshot(application)
    report = load("name,city\n上海恒达,上海\nAcme,Rome\n", reason="From the fair")

    with application.database.read() as connection:
        made = connection.execute(sa.select(operation)).one()
    assert (made.id, made.verb, made.door, made.reason, made.state) == (
        report.operation_id, "core.customer.import", "import", "From the fair", "done",
    )  # fmt: skip
    assert column(application, "name") == ["上海恒达", "Acme"]

    with application.work() as work:
        assert report.operation_id is not None
        records.undo(work, report.operation_id)
    assert snapshot(application) == before


def test_wrong_rows_are_refused_with_every_reason_and_hinder_nobody(
    application: Application, load: Load
) -> None:
    report = load("name,employees,email\nA,1,a@example.com\n,many,nobody\nC,-1,\nD,4,\n")

    assert codes(report) == [
        (3, "not_a_number"),
        (3, "not_an_email"),
        (3, "required"),
        (4, "out_of_range"),
    ]
    assert column(application, "name") == ["A", "D"]
    assert report.problems[("name", "required")] == 1


def test_refused_rows_can_be_mended_and_imported_again(
    application: Application, load: Load, tmp_path: Path
) -> None:
    mend = tmp_path / "mend.csv"
    report = load('name,employees,notes\nA,x,=1+1\nB,2,\nC,y,"two\nlines"\n', mend=mend)

    with mend.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert report.mend == str(mend)
    assert [(row["crmframe row"], row["name"], row["notes"]) for row in rows] == [
        ("2", "A", "'=1+1"),
        ("4", "C", "two\nlines"),
    ]
    assert "not a number" in rows[0]["crmframe problems"]

    mended = mend.read_bytes().replace(b"A,x", b"A,5").replace(b"C,y", b"C,6")
    again = load(mended)
    assert (again.created, again.refused, again.ignored) == (2, 0, [])
    assert column(application, "notes") == [None, "=1+1", "two\nlines"]


def test_no_file_to_mend_is_made_when_nothing_is_refused(load: Load, tmp_path: Path) -> None:
    assert load("name\nA\n", mend=tmp_path / "mend.csv").mend == ""
    assert list(tmp_path.glob("*.csv")) == []


def test_reasons_are_in_the_language_of_the_reader(application: Application, tmp_path: Path) -> None:
    catalog = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "core.po"
    catalog.parent.mkdir(parents=True)
    catalog.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "{field} is required."\nmsgstr "请填写{field}。"\n\nmsgid "Name"\nmsgstr "名称"\n',
        encoding="utf-8",
    )
    application.translator = Translator({"core": tmp_path / "locale"})
    mend, file = tmp_path / "mend.csv", tmp_path / "in.csv"
    file.write_text("name,city\n,Rome\n")
    reader = Actor(None, "李四", locale="zh_Hans", unlimited=True)
    import_file(application, reader, file, "core.customer", ImportOptions(mend=mend))

    assert "请填写名称。" in mend.read_text(encoding="utf-8-sig")


def test_ragged_rows_are_taken_when_short_and_refused_when_long(application: Application, load: Load) -> None:
    report = load("name,city,notes\nA,Rome\nB,Paris,x,y\nC,Bonn,z,,\n")

    assert (report.short_rows, codes(report)) == (1, [(3, "too_many_cells")])
    assert column(application, "name") == ["A", "C"]


def test_empty_cells_leave_alone_or_clear(application: Application, load: Load) -> None:
    load("name,code,city\nA,1,Rome\n")
    kept = load("name,code,city\nA,1,\n", match=("code",))
    cleared = load("name,code,city\n,1,\n", match=("code",), blanks="clear")

    assert (kinds(kept), kinds(cleared)) == (["unchanged"], ["updated"])
    assert cleared.outcomes[0].changes == {"city": ("Rome", None)}
    assert column(application, "name") == ["A"]


def test_what_databases_write_for_nothing_is_nothing_but_in_a_name(
    application: Application, load: Load
) -> None:
    load("name,city,notes\nNULL,NULL,\\N\n")

    assert [column(application, name) for name in ("name", "city", "notes")] == [["NULL"], [None], [None]]


# --- matching -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (None, ["updated", "unchanged", "created"]),
        ("upsert", ["updated", "unchanged", "created"]),
        ("update", ["updated", "unchanged", "refused"]),
        ("create", ["refused", "refused", "created"]),
        ("skip", ["skipped", "skipped", "created"]),
    ],
)
def test_records_that_are_there_are_treated_as_told(load: Load, mode: Any, expected: list[str]) -> None:
    load("name,code,city\nA,1,Rome\nB,2,Bonn\n")

    report = load("name,code,city\nA,1,Paris\nB,2,Bonn\nC,3,Oslo\n", match=("code",), mode=mode)
    assert kinds(report) == expected
    if expected[0] == "updated":
        assert report.outcomes[0].changes == {"city": ("Rome", "Paris")}


def test_rows_without_their_key_and_keys_of_several_records_are_refused(load: Load) -> None:
    load("name,city\nA,Rome\nA,Rome\nB,Bonn\n")
    report = load("name,city\nA,Oslo\n,Oslo\nB,Oslo\n", match=("name",))

    assert codes(report) == [(2, "key_ambiguous"), (3, "key_missing")]
    assert kinds(report)[2] == "updated"


def test_several_fields_together_can_be_the_key(application: Application, load: Load) -> None:
    load("name,city\nA,Rome\nA,Bonn\n")
    load("name,city,notes\nA,Bonn,x\n", match=("name", "city"))

    assert column(application, "notes") == [None, "x"]


def test_the_same_key_twice_in_a_file_is_one_record(application: Application, load: Load) -> None:
    text = "name,code\nA,1\nB,1\nC,1\n"
    upserted = load(text, match=("code",))
    assert (kinds(upserted), column(application, "name")) == (["created", "updated", "updated"], ["C"])
    assert kinds(load("name,code\nX,9\nY,9\n", match=("code",), mode="create")) == ["created", "refused"]


def test_a_value_of_a_refused_row_is_free_for_the_next(application: Application, load: Load) -> None:
    report = load("name,code,employees\nA,1,x\nB,1,2\nC,1,3\nD,2,4\n")

    assert kinds(report) == ["refused", "created", "refused", "created"]
    assert codes(report)[1] == (4, "taken")
    assert sorted(column(application, "name")) == ["B", "D"]


def test_external_ids_are_kept_and_found(application: Application, load: Load) -> None:
    first = load("name,ERP no\nA,000720\nB,7\n", mapping={"ERP no": "ref:erp"})
    again = load("name,ref:erp,city\nA,000720,Rome\nC,8,\n", match=("ref:erp",))
    stolen = load("name,ref:erp\nD,7\n")

    assert (kinds(first), kinds(again)) == (["created", "created"], ["updated", "created"])
    assert codes(stolen) == [(2, "taken")]
    assert column(application, "external_id", "core.external_ref") == ["000720", "7", "8"]
    assert column(application, "record", "core.external_ref")[0] == "core.customer:1"


def test_records_are_found_by_id(application: Application, load: Load) -> None:
    load("name\nA\nB\n")
    report = load("id,city\n2,Rome\n9,Oslo\n", match=("id",), mode="update")

    assert (kinds(report), column(application, "city")) == (["updated", "refused"], [None, "Rome"])


# --- links --------------------------------------------------------------------------------------------


def test_links_are_found_by_name_code_and_id(application: Application, load: Load) -> None:
    load("name,code\nAcme,C-1\nAcme,C-2\nBeta,C-3\n7,C-4\n")
    report = load(
        "name,customer\nby name,Beta\nby code,C-2\ntwice,Acme\nnobody,Gamma\na name of digits,7\nby id,3\n",
        "core.contact",
    )

    assert codes(report) == [(4, "ambiguous_link"), (5, "unknown_link")]
    assert column(application, "customer_id", "core.contact") == [3, 2, 4, 3]


def test_a_column_of_ids_holds_ids(application: Application, load: Load) -> None:
    load("name\nA\nB\n1\n")
    load("name,customer_id\nX,1\n", "core.contact")

    assert column(application, "customer_id", "core.contact") == [1]


def test_links_can_be_told_by_which_field_they_go(application: Application, load: Load) -> None:
    load("name,code,ref:erp\nA,B,77\nB,A,78\n")
    load("n,c\nX,A\n", "core.contact", mapping={"n": "name", "c": "customer.code"})
    load("n,c\nY,77\n", "core.contact", mapping={"n": "name", "c": "customer.ref:erp"})
    load("about,kind,text\nB,note,hello\n", "core.activity", mapping={"about": "about:core.customer"})

    assert column(application, "customer_id", "core.contact") == [2, 1]
    assert column(application, "about", "core.activity") == ["core.customer:2"]


def test_a_record_in_use_is_meant_before_one_put_away(application: Application, load: Load) -> None:
    load("name\nAcme\nAcme\n")
    with application.work() as work:
        records.archive(work, "core.customer", 1)
    load("name,customer\nX,Acme\n", "core.contact")

    assert column(application, "customer_id", "core.contact") == [2]


def test_value_aliases_are_settled_per_column(application: Application, load: Load) -> None:
    load("name\nGTX Pro\n", "core.customer")
    load("name,客户\nGTXPro,GTXPro\n", "core.contact", aliases={"customer": {"GTXPro": "GTX Pro"}})

    assert column(application, "name", "core.contact") == ["GTXPro"]
    assert column(application, "customer_id", "core.contact") == [1]


def test_parents_may_stand_anywhere_in_the_file(application: Application, load: Load) -> None:
    report = load(
        "name,parent,code\nleaf,C-2,C-9\nmiddle,top,C-2\nother,,C-3\ntop,,C-1\norphan,nobody,C-4\nx,y,C-5\ny,x,C-6\n"
    )

    names = column(application, "name")
    parents = dict(zip(names, column(application, "parent_id"), strict=True))
    ids = dict(zip(names, column(application, "id"), strict=True))
    assert parents == {"top": None, "middle": ids["top"], "leaf": ids["middle"], "other": None}
    assert sorted(codes(report)) == [(6, "unknown_link"), (7, "unknown_link"), (8, "unknown_link")]
    assert set(column(application, "version")) == {1}


def test_a_file_with_parents_can_be_imported_again(load: Load) -> None:
    text = "name,parent,code\nleaf,top,1\ntop,,2\n"
    load(text)

    assert kinds(load(text, match=("code",))) == ["unchanged", "unchanged"]


# --- rights and guards --------------------------------------------------------------------------------


def test_whoever_may_not_create_may_not_import(application: Application, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("name\nA\n")
    nobody = Actor(5, "Nobody", grants={"core.customer.read": frozenset({"all"})})

    with pytest.raises(PermissionDenied):
        import_file(application, nobody, file, "core.customer")
    assert column(application, "name") == []


def test_rows_outside_the_actors_reach_are_refused_alone(application: Application, tmp_path: Path) -> None:
    with application.work() as work:
        ids = records.create_many(
            work, "core.user", [{"login": "a", "name": "Ann"}, {"login": "b", "name": "Bob"}]
        )
    own = frozenset({"own"})
    every = frozenset({"all"})
    grants = {
        "core.customer.create": own,
        "core.customer.read": own,
        "core.user.read": every,
        "core.user.names": every,
    }
    file = tmp_path / "a.csv"
    file.write_text("name,owner\nmine,Ann\nhis,Bob\nmine too,a\n")

    report = import_file(application, Actor(ids[0], "Ann", grants=grants), file, "core.customer")
    assert codes(report) == [(3, "permission_denied")]
    assert column(application, "name") == ["mine", "mine too"]


def test_a_veto_falls_on_the_row_it_is_about(application: Application, load: Load) -> None:
    class Guard:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def guard(self, name: str, change: Change) -> None:
            if name == "before_create" and any(row.get("city") == "Atlantis" for row in change.after):
                raise Vetoed(plugin="test", reason=str(Veto("Nobody lives there.")))
            self.inner.guard(name, change)

    application.hooks = Guard(application.hooks)  # type: ignore[assignment]
    rows = "".join(f"C{i},{'Atlantis' if i in (3, 11) else 'Rome'}\n" for i in range(20))
    report = load("name,city\n" + rows)

    assert codes(report) == [(5, "vetoed"), (13, "vetoed")]
    assert report.created == 18


def test_the_system_and_the_maintained_cannot_be_imported(application: Application, load: Load) -> None:
    load("name,id,created_at,last_activity_at\nA,77,2001-01-01,2001-01-01\n")

    assert column(application, "id") == [1]
    assert column(application, "last_activity_at") == [None]


def test_waiting_for_other_writers_does_not_make_the_chunks_shorter(
    application: Application, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    file.write_text("name\n" + "".join(f"Company {i}\n" for i in range(900)), encoding="utf-8")
    lengths: list[int] = []
    ended = threading.Event()

    def write_all_the_time() -> None:
        while not ended.is_set():
            with application.database.write():
                time.sleep(0.4)

    other = threading.Thread(target=write_all_the_time)
    other.start()
    try:
        import_file(
            application, None, file, "core.customer", progress=lambda _, rows: lengths.append(len(rows))
        )
    finally:
        ended.set()
        other.join()

    assert sum(lengths) == 900
    assert min(lengths[:-1]) >= importing.SMALLEST_CHUNK
    assert max(lengths) > importing.FIRST_CHUNK


def test_the_planner_knows_of_many_new_rows(application: Application, load: Load) -> None:
    """Without that, PostgreSQL reads lists row by row until it looks by itself."""
    load("name\n" + "".join(f"Customer {number}\n" for number in range(importing.GROWTH)))

    with application.database.read() as connection:
        if application.database.dialect == "sqlite":
            assert not sa.inspect(connection).has_table("sqlite_stat1")
        else:
            known = "SELECT reltuples FROM pg_class WHERE relname = 'core_customers'"
            assert connection.scalar(sa.text(known)) >= importing.GROWTH
