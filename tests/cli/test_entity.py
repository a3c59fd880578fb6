"""The commands that derive from record types, on both databases."""

from __future__ import annotations

import pytest


@pytest.fixture
def customers(crmframe):
    """Give three customers."""
    for name, city, size in (
        ("北京客户", "北京", "12"),
        ("Acme", "Berlin", "300"),
        ("Böhm & Söhne", "Wien", "7"),
    ):
        answer = crmframe(
            "customer", "create", f"name={name}", "kind=company", f"city={city}", f"employees={size}"
        )
        assert answer.status == 0, answer.err
    return crmframe


def names(answer) -> list[str]:
    return [row["name"] for row in answer]


def test_create_prints_the_operation_that_undoes_it(crmframe) -> None:
    answer = crmframe("customer", "create", "name=王五", "kind=company")

    assert answer.status == 0
    assert "Customer 1 is created." in answer.out
    assert "crmframe undo" in answer.out


def test_create_is_journaled_with_door_and_reason(crmframe) -> None:
    crmframe("--reason", "fair 2026", "customer", "create", "name=A", "kind=company")

    [last] = crmframe.rows("operations", "list", "--limit", "1")

    assert (last["by"], last["door"], last["verb"], last["reason"]) == (
        "system:cli",
        "cli",
        "core.customer.create",
        "fair 2026",
    )


def test_list_filters_sorts_and_limits(customers) -> None:
    found = customers.rows("customer", "list", "--where", "employees__gte=10", "--order", "-employees")
    one_of = customers.rows(
        "customer", "list", "--where", "city__in=北京,Wien", "--order", "name", "--limit", "1"
    )
    either = '{"or": [{"city": "Berlin"}, {"employees__lt": 10}]}'

    assert names(found) == ["Acme", "北京客户"]
    assert names(one_of) == ["北京客户"]
    assert sorted(names(customers.rows("customer", "list", "--where", either))) == ["Acme", "Böhm & Söhne"]


def test_list_says_that_there_are_more_and_zero_lists_all(customers) -> None:
    cut = customers("customer", "list", "--limit", "2")

    assert "There are more" in cut.err
    assert len(customers.rows("customer", "list", "--limit", "0")) == 3
    assert customers("customer", "list", "--count").out.strip() == "3"


def test_columns_are_aligned_also_for_chinese(customers) -> None:
    lines = customers("customer", "list", "--columns", "name,city", "--order", "id").out.splitlines()

    assert lines == [
        "Id  Name          City",
        "--  ------------  ------",
        " 1  北京客户      北京",
        " 2  Acme          Berlin",
        " 3  Böhm & Söhne  Wien",
    ]


def test_json_holds_wire_values_of_every_field(customers) -> None:
    [record] = customers.rows("customer", "show", "2")

    assert record["employees"] == 300
    assert record["created_at"].endswith("Z")
    assert record["archived_at"] is None


def test_unknown_filter_names_the_allowed_ones(customers) -> None:
    answer = customers("customer", "list", "--where", "colour=red")

    assert answer.status == 2
    assert "invalid_filter" in answer.err
    assert "employees" in answer.err


def test_every_problem_of_a_record_is_named_at_once(crmframe) -> None:
    answer = crmframe("customer", "create", "kind=planet", "employees=many")

    assert answer.status == 1
    assert "invalid_input" in answer.err
    assert all(part in answer.err for part in ("name: ", "kind: ", "employees: "))


def test_errors_are_json_for_programs(crmframe) -> None:
    import json

    answer = crmframe("--json", "customer", "create", "kind=planet")

    error = json.loads(answer.err)["error"]
    assert error["code"] == "invalid_input"
    assert {problem["field"] for problem in error["problems"]} == {"name", "kind"}
    assert answer.out == ""


def test_update_checks_the_version_and_empties_fields(customers) -> None:
    assert customers("customer", "update", "2", "city=", "--version", "1").status == 0
    stale = customers("customer", "update", "2", "city=Bonn", "--version", "1")

    assert stale.status == 4
    assert "(stale)" in stale.err
    assert customers.rows("customer", "show", "2")[0]["city"] is None


def test_update_that_changes_nothing_says_so(customers) -> None:
    assert "Nothing had to be changed." in customers("customer", "update", "2", "city=Berlin").out


def test_long_text_comes_from_a_file(customers, tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("first\nsecond", encoding="utf-8")

    customers("customer", "update", "2", f"notes=@{tmp_path / 'notes.txt'}")

    assert customers.rows("customer", "show", "2")[0]["notes"] == "first\nsecond"


def test_missing_record_ends_with_its_own_status(crmframe) -> None:
    answer = crmframe("customer", "show", "99")

    assert answer.status == 3
    assert "(not_found)" in answer.err


@pytest.mark.parametrize("number", ["0", "-1", "x", "9223372036854775808999"])
def test_ids_that_cannot_be_are_refused(crmframe, number) -> None:
    assert crmframe("customer", "show", "--", number).status in {2, 3}


def test_delete_restore_archive(customers) -> None:
    assert customers("customer", "delete", "1", "2").status == 0
    assert customers("customer", "show", "1").status == 3
    assert customers("customer", "restore", "1").status == 0
    assert customers("customer", "archive", "1").status == 0

    assert names(customers.rows("customer", "list")) == ["Böhm & Söhne"]
    assert names(customers.rows("customer", "list", "--archived", "only")) == ["北京客户"]
    assert customers("customer", "unarchive", "1").status == 0
    assert len(customers.rows("customer", "list")) == 2


def test_past_is_listed_and_shown(customers) -> None:
    before = customers.clock().isoformat()
    customers.clock.advance(days=1)
    customers("customer", "update", "2", "name=Acme Inc", "city=Bonn")
    customers("customer", "delete", "3")

    then = customers.rows("customer", "list", "--as-of", before, "--order", "id")
    [record] = customers.rows("as-of", "customer:2", before)

    assert names(then) == ["北京客户", "Acme", "Böhm & Söhne"]
    assert record["city"] == "Berlin"
    assert customers("as-of", "customer:2", "2020-01-01").status == 3
    assert customers("as-of", "customer:2", "soon").status == 2


def test_history_shows_what_changed(customers) -> None:
    customers("customer", "update", "2", "city=Bonn")

    text = customers("history", "core.customer:2").out
    entries = customers.rows("history", "customers/2")

    assert "City: Berlin → Bonn" in text
    assert [entry["kind"] for entry in entries] == ["update", "create"]
    assert entries[0]["changes"] == [{"field": "city", "was": "Berlin", "now": "Bonn"}]


def test_undo_previews_takes_back_and_refuses(customers) -> None:
    customers("customer", "update", "2", "city=Bonn")
    first = customers.rows("operations", "list", "--limit", "1")[0]["id"]
    preview = customers("undo", str(first), "--dry-run")
    customers("customer", "update", "2", "city=Köln")

    refused = customers("undo", str(first))
    partly = customers("undo", str(first), "--partly")

    assert "1 changes would be taken back." in preview.out
    assert refused.status == 4
    assert "core.customer:2" in refused.err
    assert "Kept: core.customer 2" in partly.out
    assert customers("undo", "99999").status == 3


def test_undo_of_a_create_removes_the_record(crmframe) -> None:
    made = crmframe.rows("customer", "create", "name=A", "kind=company")[0]

    assert crmframe("undo", str(made["operation_id"])).status == 0
    assert crmframe("customer", "show", str(made["id"])).status == 3


def test_names_from_the_database_cannot_command_the_terminal(crmframe) -> None:
    from crmframe.cli.output import cell_text

    assert cell_text("a\x1b[2Jb\nc\u202e") == "a\N{REPLACEMENT CHARACTER}[2Jb c\N{REPLACEMENT CHARACTER}"


def test_help_of_a_record_type_lists_verbs(crmframe) -> None:
    text = crmframe("customer", "--help").out

    assert all(verb in text for verb in ("list", "show", "create", "update", "delete", "archive", "restore"))


def test_unknown_command_is_a_usage_error(crmframe) -> None:
    assert crmframe("dael", "list").status == 2
    assert crmframe("customer", "fly").status == 2


def test_actions_are_commands(with_sales) -> None:
    with_sales("pipeline", "create", "name=Standard")
    stages = with_sales.rows("stage", "list", "--order", "id")
    if not stages:
        for name, kind, position in (("New", "open", 1), ("Talk", "open", 2), ("Won", "won", 3)):
            made = with_sales(
                "stage", "create", f"name={name}", f"kind={kind}", "pipeline_id=1", f"position={position}"
            )
            assert made.status == 0, made.err
        stages = with_sales.rows("stage", "list", "--order", "id")
    made = with_sales("deal", "create", "title=Big", "amount=1000")
    assert made.status == 0, made.err

    moved = with_sales("deal", "move", "1", f"stage_id={stages[1]['id']}")
    refused = with_sales("deal", "update", "1", f"stage_id={stages[0]['id']}")

    assert moved.status == 0, moved.err
    assert with_sales.rows("deal", "show", "1")[0]["stage_id"] == stages[1]["id"]
    assert refused.status == 1
    assert "move" in refused.err
    assert "stage_id" in with_sales("deal", "move", "--help").out


def test_hook_commands_are_found_below_their_plugin(with_sales) -> None:
    assert "funnel" in with_sales("sales", "--help").out
    assert with_sales("sales", "pipeline").status == 0
    assert with_sales("sales", "deal", "list").status == 0


def test_entities_are_listed(with_sales) -> None:
    by_command = {row["command"]: row for row in with_sales.rows("entities")}

    assert by_command["deal"]["name"] == "sales.deal"
    assert "win" in by_command["deal"]["actions"]
