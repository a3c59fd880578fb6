"""Searching with real indexes: what one may see and read, what one has just written, what was changed since."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import PermissionDenied
from crmframe.core.records import Query
from crmframe.core.search.feeding import Feeder
from crmframe.core.search.index import MOST
from crmframe.core.search.searching import matching, search

Feed = Callable[[], int]


@pytest.fixture(params=["waiting", "indexed"])
def feed(request: pytest.FixtureRequest, application: Application) -> Feed:
    """Index what was written, or leave it waiting: a search must find the same."""
    Feeder(application).drain()
    return Feeder(application).drain if request.param == "indexed" else lambda: 0


def found(
    application: Application, text: str, actor: Actor | None = None, entity: str = "core.customer"
) -> list[str]:
    with application.work(actor, write=False) as work:
        return [hit.title for hit in search(work, text, [entity], limit=50).hits.get(entity, ())]


def create(application: Application, actor: Actor | None = None, **values: object) -> int:
    with application.work(actor) as work:
        return int(records.create(work, "core.customer", values)["id"])


def seller(application: Application, login: str, *, scope: str = "own", hidden: str = "") -> Actor:
    with application.work() as work:
        role = records.create(work, "core.role", {"name": login})["id"]
        for verb in ("read", "create", "update"):
            grant = {"role_id": role, "permission": f"core.customer.{verb}", "scope": scope}
            records.create(work, "core.role_grant", grant)
        if hidden:
            rule = {"role_id": role, "entity": "core.customer", "field": hidden, "right": "hidden"}
            records.create(work, "core.role_field", rule)
        user = records.create(work, "core.user", {"login": login, "name": login.title()})["id"]
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    with application.work(write=False) as work:
        actor = actor_of_user(work.connection, user)
    assert actor is not None
    return actor


def test_what_was_written_is_found_by_words_spelling_and_numbers(
    application: Application, feed: Feed
) -> None:
    create(
        application,
        name="深圳华为技术有限公司",
        code="000720",
        phone="+86 138 0013 8000",
        email="li.lei@huawei.cn",
    )
    create(application, name="Müller & Söhne GmbH")
    feed()

    for text in ("华为", "huawei", "hwjs", "000720", "8000", "13800138000", "li.lei@huawei.cn", "@huawei.cn"):
        assert found(application, text) == ["深圳华为技术有限公司"], text
    for text in ("mueller", "MÜLLER", "soehne gmbh"):
        assert found(application, text) == ["Müller & Söhne GmbH"], text
    assert found(application, "阿里") == []


def test_changed_name_is_found_and_the_old_one_is_not(application: Application, feed: Feed) -> None:
    number = create(application, name="Old Name")
    feed()
    with application.work() as work:
        records.update(work, "core.customer", number, {"name": "New Name"})
    feed()

    assert (found(application, "new"), found(application, "old")) == (["New Name"], [])


def test_deleted_record_is_not_found_and_comes_back_with_the_undo(
    application: Application, feed: Feed
) -> None:
    number = create(application, name="Borealis")
    feed()
    with application.work() as work:
        records.delete(work, "core.customer", number)
    with application.work(write=False) as work:
        operation = work.connection.exec_driver_sql("SELECT max(id) FROM core_operation").scalar()
    feed()
    assert found(application, "borealis") == []

    with application.work() as work:
        records.undo(work, operation)
    feed()

    assert found(application, "borealis") == ["Borealis"]


def test_archived_record_comes_last_whatever_it_is_called(application: Application, feed: Feed) -> None:
    away = create(application, name="Alpha")
    create(application, name="The other alpha")
    with application.work() as work:
        records.archive(work, "core.customer", away)
    feed()

    assert found(application, "alpha") == ["The other alpha", "Alpha"]


def test_name_comes_before_beginning_before_word_and_own_before_others(
    application: Application, feed: Feed
) -> None:
    mine = seller(application, "mine", scope="all")
    create(application, name="Great Delta")
    create(application, name="Delta Works of others")
    create(application, mine, name="Delta Works of mine")
    create(application, name="Delta")
    feed()

    expected = ["Delta", "Delta Works of mine", "Delta Works of others", "Great Delta"]
    assert found(application, "delta", mine) == expected


def test_only_what_one_may_see_is_found(application: Application, feed: Feed) -> None:
    anna, bob = seller(application, "anna"), seller(application, "bob")
    create(application, anna, name="Ember of Anna")
    create(application, bob, name="Ember of Bob")
    feed()

    assert found(application, "ember", anna) == ["Ember of Anna"]
    assert found(application, "ember") == ["Ember of Bob", "Ember of Anna"]


def test_what_lies_behind_very_many_of_others_is_found_and_none_of_theirs(
    application: Application, feed: Feed
) -> None:
    """So many fit that the index is asked for what the actor sees, beyond the nearest."""
    anna = seller(application, "anna")
    for name in ("Gannet of Anna", "Old Gannet of Anna"):
        create(application, anna, name=name)
    with application.work() as work:
        rows = [{"name": f"Gannet {number:03}"} for number in range(2 * MOST)]
        records.create_many(work, "core.customer", rows)
    feed()

    assert sorted(found(application, "gannet", anna)) == ["Gannet of Anna", "Old Gannet of Anna"]


def test_who_may_not_read_an_entity_cannot_search_it(application: Application, feed: Feed) -> None:
    anna = seller(application, "anna")
    with application.work() as work:
        records.create(work, "core.product", {"name": "Fjord"})
    feed()

    with application.work(anna, write=False) as work:
        assert search(work, "fjord").hits == {}
        with pytest.raises(PermissionDenied):
            search(work, "fjord", ["core.product"])


def test_hidden_field_finds_nothing_for_whom_it_is_hidden(application: Application, feed: Feed) -> None:
    open_eyed = seller(application, "open", scope="all")
    create(application, name="Granite", phone="+86 138 0013 8000")
    feed()
    assert found(application, "8000", open_eyed) == ["Granite"]

    blind = seller(application, "blind", scope="all", hidden="phone")
    # Before the index is arranged anew nothing is found rather than too much.
    assert found(application, "8000", blind) == []
    feed()

    assert found(application, "8000", blind) == []
    assert found(application, "13800138000", blind) == []
    assert found(application, "8000", open_eyed) == ["Granite"]
    Feeder(application).drain()
    assert found(application, "granite", blind) == ["Granite"]
    with application.work(blind, write=False) as work:
        term = matching(work, work.schema.entity("core.customer"), "8000")
        assert records.select(work, "core.customer", Query(matching=term)).rows == []


def test_list_is_narrowed_to_what_fits_and_keeps_its_order(application: Application, feed: Feed) -> None:
    for number in range(12):
        create(application, name=f"Harbor {number}", city="Wuhan" if number % 2 else "Lyon")
    create(application, name="Iris", city="Lyon")
    feed()

    with application.work(write=False) as work:
        term = matching(work, work.schema.entity("core.customer"), "harb")
        where = records.parse_filter(work, "core.customer", [("city", "Lyon")])
        query = Query(where=where, order=("name",), columns=("name",), limit=4, matching=term)
        first = records.select(work, "core.customer", query)
        count = records.count(work, "core.customer", query)

    assert [name for (name,) in first.rows] == ["Harbor 0", "Harbor 2", "Harbor 4", "Harbor 6"]
    assert first.next is not None
    assert count.value == 6


def test_words_of_an_administrators_own_field_are_found(application: Application, feed: Feed) -> None:
    with application.work() as work:
        definition = {
            "entity": "core.customer",
            "name": "nickname",
            "kind": "text",
            "label_en": "Nickname",
        }
        records.create(work, "core.custom_field", definition)
    create(application, name="Juniper", **{"custom.nickname": "小刺柏"})
    feed()

    assert found(application, "小刺柏") == ["Juniper"]
    assert found(application, "xcb") == ["Juniper"]


NAUGHTY = ['"', "'", "' OR 1=1 --", "name:x", "a* b*", "NEAR(a b)", "a AND", "(((", "{}", "\\", "%", "_", "a:*", "!a & b", "\x00", "a" * 10_000, "华" * 10_000, "<->", "^a", "-a", "+", "\ud83d"]  # fmt: skip


def test_nothing_that_is_typed_breaks_a_search(application: Application, feed: Feed) -> None:
    create(application, name="Kestrel")
    feed()

    with application.work(write=False) as work:
        for text in NAUGHTY:
            search(work, text)
            term = matching(work, work.schema.entity("core.customer"), text)
            records.select(work, "core.customer", Query(matching=term))
        assert found(application, "kestrel") == ["Kestrel"]
