"""Import and export on the command line, on both databases."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture
def file(tmp_path):
    """Give a file with one row that is wrong."""
    path = tmp_path / "customers.csv"
    path.write_text(
        "name,kind,employees\n北京客户,company,12\nAcme,company,many\nBöhm,company,7\n", encoding="utf-8"
    )
    return path


def test_import_reports_row_by_row_and_can_be_undone(crmframe, file) -> None:
    answer = crmframe("import", "customer", str(file))

    assert answer.status == 1
    assert "! 3: " in answer.out
    assert "2 created, 0 changed, 0 unchanged, 0 skipped, 1 refused." in answer.out
    with file.with_name("customers.refused.csv").open(encoding="utf-8-sig") as mend:
        assert [row["name"] for row in csv.DictReader(mend)] == ["Acme"]
    operation = answer.out.rpartition("crmframe undo ")[2].strip()
    assert crmframe("undo", operation).status == 0
    assert crmframe.rows("customer", "list") == []


def test_dry_run_shows_the_exact_change_and_writes_nothing(crmframe, file) -> None:
    crmframe("customer", "create", "name=Böhm", "kind=company", "employees=6")

    answer = crmframe("import", "customer", str(file), "--match", "name", "--dry-run")

    assert "+ 2: " in answer.out
    assert "name=北京客户" in answer.out
    assert "~ 4 (1): employees: 6 → 7" in answer.out
    assert "Nothing was written." in answer.out
    assert [row["employees"] for row in crmframe.rows("customer", "list")] == [6]
    assert not file.with_name("customers.refused.csv").exists()


def test_import_for_programs_is_json_lines(crmframe, file) -> None:
    lines = [
        json.loads(line)
        for line in crmframe("customer", "import", str(file), "--mend", "-", "--json").out.splitlines()
    ]

    assert lines[0]["row"] == 3
    assert lines[-1]["counts"]["created"] == 2
    assert lines[-1]["mend"] == ""


def test_columns_are_named_values_aliased_and_constants_set(crmframe, tmp_path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("Firma;Art\nAcme;Fa.\n", encoding="utf-8")
    extra = ("--map", "Firma=name", "--map", "Art=kind", "--alias", "Art:Fa.=company", "--set", "city=Bonn")

    answer = crmframe("import", "customer", str(path), *extra)

    assert answer.status == 0, answer.out + answer.err
    [record] = crmframe.rows("customer", "list")
    assert (record["name"], record["kind"], record["city"]) == ("Acme", "company", "Bonn")


def test_wrong_options_and_files_are_usage_errors(crmframe, file, tmp_path) -> None:
    assert crmframe("import", "customer", str(file), "--alias", "x=y").status == 2
    assert crmframe("import", "customer", str(tmp_path / "none.csv")).status == 2
    assert crmframe("import", "rockets", str(file)).status == 3
    assert crmframe("import", "customer", str(file), "--resume", "77").status in {3, 4}


def test_export_comes_back_unchanged(crmframe, file, tmp_path) -> None:
    crmframe("import", "customer", str(file))
    out = tmp_path / "out.csv"

    exported = crmframe(
        "export", "customer", str(out), "--columns", "id,name,kind,employees", "--order", "id"
    )
    again = crmframe("import", "customer", str(out), "--match", "id")

    assert exported.status == 0, exported.err
    assert out.read_text(encoding="utf-8").splitlines() == [
        "id,name,kind,employees",
        "1,北京客户,company,12",
        "2,Böhm,company,7",
    ]
    assert "2 unchanged" in again.out


def test_export_filters_and_speaks_json_lines(crmframe, file) -> None:
    crmframe("import", "customer", str(file))

    answer = crmframe("customer", "export", "--where", "employees__gt=10", "--columns", "name", "--json")

    assert [json.loads(line) for line in answer.out.splitlines()] == [{"name": "北京客户"}]


def test_export_obeys_the_rights_of_the_user(crmframe, file) -> None:
    crmframe("import", "customer", str(file))
    crmframe("user", "create", "lisi", "--role", "salesperson", "--password", "a quiet pond 7")

    answer = crmframe("--as", "lisi", "export", "customer", "--columns", "name")

    assert answer.out.splitlines() == ["name"]


def test_interrupted_import_goes_on_where_it_was(crmframe, tmp_path) -> None:
    from crmframe.application import Application
    from crmframe.core.transfer import ImportOptions, import_file
    from crmframe.settings import read_settings

    path = tmp_path / "many.csv"
    path.write_text("name,kind\n" + "".join(f"c{i},company\n" for i in range(450)), encoding="utf-8")
    given = {"CRMFRAME_DATABASE": crmframe.url, "CRMFRAME_CONFIG": str(crmframe.config)}
    application = Application(
        read_settings(given, folder=crmframe.folder), clock=crmframe.clock, migrate=False
    )

    options = ImportOptions(mend=tmp_path / "many.refused.csv")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(application, None, path, "core.customer", options, progress=stop)
    application.close()
    there = int(crmframe("customer", "list", "--count").out)

    answer = crmframe("import", "customer", str(path))

    assert 0 < there < 450
    assert answer.status == 0, answer.err
    assert "Going on with the interrupted import" in answer.err
    assert int(crmframe("customer", "list", "--count").out) == 450
    assert crmframe.rows("operations", "list", "--state", "open") == []
