"""Whose birthday comes: of what one may see, in order, told once to the owner in the morning."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.i18n import Translator
from crmframe.core.occasions.coming import occasions
from crmframe.core.occasions.greeting import greeting
from crmframe.core.occasions.telling import tell_occasions

MORNING = datetime(2026, 9, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def owner(application: Any, clock: Any) -> int:
    """Give a seller with own records, on the day before Mid-Autumn."""
    clock.set(MORNING)
    with application.work() as work:
        user: int = records.create(work, "core.user", {"login": "ann", "name": "Ann", "zone": "UTC"})["id"]
        role = records.create(work, "core.role", {"name": "own"})["id"]
        for name, scope in (("contact", "own"), ("customer", "own"), ("anniversary", "parent")):
            grant = {"role_id": role, "permission": f"core.{name}.read", "scope": scope}
            records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    return user


def seen_by(application: Any, user: int, *, mine: bool = True, days: int = 31) -> list[Any]:
    with application.database.read() as connection:
        actor = actor_of_user(connection, user)
    with application.work(actor, write=False) as work:
        return occasions(work, MORNING.date(), days, mine=mine)


def add(application: Any, entity: str, **values: Any) -> int:
    with application.work() as work:
        return int(records.create(work, entity, values)["id"])


def contact(application: Any, owner: int | None, name: str, birthday: str, *, lunar: bool = False) -> int:
    values = {"name": name, "birthday": birthday, "birthday_is_lunar": lunar, "owner_id": owner}
    return add(application, "core.contact", **values)


def test_the_next_comes_first_by_either_calendar(application: Any, owner: int) -> None:
    contact(application, owner, "October", "1990-10-01")
    contact(application, owner, "Mid-Autumn", "1985-09-29", lunar=True)
    contact(application, owner, "Today", "1986-09-24")
    contact(application, owner, "Gone by", "1986-09-23")
    company = add(application, "core.customer", name="Nordvik", kind="company", owner_id=owner)
    about = f"core.customer:{company}"
    add(application, "core.anniversary", about=about, title="Founded", day="2006-09-26", owner_id=owner)

    found = [(each.title, each.words, each.on, each.years) for each in seen_by(application, owner)]

    assert found == [
        ("Today", "", date(2026, 9, 24), 40),
        ("Mid-Autumn", "", date(2026, 9, 25), 41),
        ("Nordvik", "Founded", date(2026, 9, 26), 20),
        ("October", "", date(2026, 10, 1), 36),
    ]


def test_only_own_ones_are_mine_and_only_what_one_may_see_is_everybody_s(
    application: Any, owner: int
) -> None:
    contact(application, owner, "Mine", "1990-09-24")
    contact(application, None, "Another's", "1990-09-24")
    stranger = add(application, "core.customer", name="Hidden Corp", kind="company")
    add(application, "core.anniversary", about=f"core.customer:{stranger}", title="Secret", day="2000-09-24")

    assert [each.title for each in seen_by(application, owner)] == ["Mine"]
    assert [each.title for each in seen_by(application, owner, mine=False)] == ["Mine"]
    with application.work(write=False) as work:
        everything = occasions(work, MORNING.date(), 1, mine=False)
    assert sorted(each.title for each in everything) == ["Another's", "Hidden Corp", "Mine"]


def test_a_birthday_that_is_hidden_is_not_told_of(application: Any, owner: int) -> None:
    contact(application, owner, "Mia", "1990-09-24")
    with application.work() as work:
        [role] = records.select(work, "core.role", records.Query(order=("-id",), limit=1)).records()
        rule = {"role_id": role["id"], "entity": "core.contact", "field": "birthday", "right": "hidden"}
        records.create(work, "core.role_field", rule)

    assert seen_by(application, owner) == []
    assert tell(application) == 0


def test_a_changed_birthday_and_an_archived_contact_follow(application: Any, owner: int) -> None:
    mia = contact(application, owner, "Mia", "1990-01-01")
    assert seen_by(application, owner) == []
    with application.work() as work:
        records.update(work, "core.contact", mia, {"birthday": "1990-09-30"})
    assert [each.on for each in seen_by(application, owner)] == [date(2026, 9, 30)]
    with application.work() as work:
        records.update(work, "core.contact", mia, {"birthday_is_lunar": True})
    # September 30, 1990 was the twelfth of the eighth lunar month.
    assert [each.lunar_key for each in seen_by(application, owner, days=366)] == [10812]
    with application.work() as work:
        records.archive(work, "core.contact", mia)
    assert seen_by(application, owner, days=366) == []


def test_it_takes_one_statement_and_the_names(application: Any, owner: int) -> None:
    for number in range(5):
        contact(application, owner, f"C{number}", "1990-09-24")
    counted: list[str] = []
    engine = application.database.engine
    with application.work(write=False) as work:
        sa.event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
        assert len(occasions(work, MORNING.date(), 31, mine=False)) == 5

    assert len([text for text in counted if text.lstrip().startswith("SELECT")]) == 2


def tell(application: Any) -> int:
    with application.work(door="job") as work:
        return int(tell_occasions(work, {})["told"])


def told(application: Any, user: int) -> list[tuple[str, str]]:
    with application.database.read() as connection:
        statement = sa.text("select kind, about from core_notification where user_id = :user order by id")
        return [tuple(row) for row in connection.execute(statement, {"user": user})]


def test_the_owner_is_told_once_in_the_own_morning(application: Any, owner: int, clock: Any) -> None:
    mia = contact(application, owner, "Mia", "1990-09-24")
    person = add(
        application, "core.customer", name="Wang", kind="person", birthday="1991-09-24", owner_id=owner
    )
    contact(application, None, "Nobody's", "1990-09-24")
    contact(application, owner, "Tomorrow's", "1990-09-25")
    clock.set(MORNING - timedelta(hours=2))
    assert tell(application) == 0
    clock.set(MORNING)

    assert (tell(application), tell(application)) == (2, 0)
    expected = [("core.birthday", f"core.contact:{mia}"), ("core.birthday", f"core.customer:{person}")]
    assert told(application, owner) == expected
    clock.advance(days=1)
    assert (tell(application), tell(application)) == (1, 0)


def test_mornings_come_by_the_owner_s_zone(application: Any, owner: int, clock: Any) -> None:
    with application.work() as work:
        records.update(work, "core.user", owner, {"zone": "Asia/Shanghai"})
    contact(application, owner, "Mia", "1990-09-25")
    clock.set(datetime(2026, 9, 24, 23, 30, tzinfo=UTC))  # half past seven in Shanghai, on the 25th
    assert tell(application) == 0
    clock.advance(minutes=40)
    assert tell(application) == 1


def test_an_anniversary_says_what_it_is_of(application: Any, owner: int) -> None:
    company = add(application, "core.customer", name="Nordvik", kind="company", owner_id=owner)
    about = f"core.customer:{company}"
    add(
        application, "core.anniversary", about=about, title="First contract", day="2016-09-24", owner_id=owner
    )

    assert tell(application) == 1
    assert told(application, owner) == [("core.anniversary", about)]


def test_words_that_are_hidden_from_the_owner_are_not_told(application: Any, owner: int) -> None:
    company = add(application, "core.customer", name="Nordvik", kind="company", owner_id=owner)
    values = {"about": f"core.customer:{company}", "title": "Divorce", "day": "2016-09-24"}
    add(application, "core.anniversary", **values, owner_id=owner)
    with application.work() as work:
        [role] = records.select(work, "core.role", records.Query(order=("-id",), limit=1)).records()
        rule = {"role_id": role["id"], "entity": "core.anniversary", "field": "title", "right": "hidden"}
        records.create(work, "core.role_field", rule)

    assert tell(application) == 0
    assert told(application, owner) == []


def test_owners_are_told_some_days_before_if_the_workspace_wants_it(
    application: Any, owner: int, clock: Any
) -> None:
    mia = contact(application, owner, "Mia", "1990-09-26")
    about = f"core.contact:{mia}"
    add(application, "core.anniversary", about=about, title="Wedding", day="2016-09-26", owner_id=owner)
    assert tell(application) == 0
    add(application, "core.setting", key="core.occasion_days_before", value="2")

    assert (tell(application), tell(application)) == (2, 0)
    early = [("core.birthday_soon", about), ("core.anniversary_soon", about)]
    assert told(application, owner) == early
    clock.advance(days=1)
    assert tell(application) == 0
    clock.advance(days=1)
    assert (tell(application), tell(application)) == (2, 0)
    assert told(application, owner) == [*early, ("core.birthday", about), ("core.anniversary", about)]


@pytest.mark.parametrize(("language", "part"), [("en", "Dear Mia, happy birthday!"), ("zh_Hans", "生日快乐")])
def test_the_greeting_is_in_the_language_of_whom_it_is_for(
    application: Any, owner: int, language: str, part: str
) -> None:
    mia = contact(application, owner, "Mia", "1990-09-24")
    with application.work() as work:
        records.update(work, "core.contact", mia, {"language": language})
    [occasion] = seen_by(application, owner)

    with application.work() as work:
        assert part in greeting(work, Translator({}), occasion, "en")


def test_the_workspace_s_own_words_are_no_code(application: Any, owner: int) -> None:
    contact(application, owner, "[sender] {sender}", "1990-09-24")
    own = "To [name]: {words.__class__} {unknown} [other] 100 % {0}"
    add(application, "core.setting", key="core.birthday_greeting", value=own)
    [occasion] = seen_by(application, owner)

    with application.work() as work:
        text = greeting(work, Translator({}), occasion, "en")

    assert text == "To [sender] {sender}: {words.__class__} {unknown} [other] 100 % {0}"
