"""Conformance of a plugin's pages: every one that is derived answers, in both languages, for whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.testing.conformance_base import Conformance, is_open
from crmframe.testing.doors import Doors, counted_statements
from crmframe.testing.samples import Samples

LOCALES = ("en", "zh_Hans")
FEW, MORE = 2, 9


class PageConformance(Conformance):
    """What people find."""

    def test_every_page_renders_in_both_languages(
        self, crm: Application, doors: Doors, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        root = doors.user(is_admin=True)
        browsers = {locale: doors.browser(root, locale) for locale in LOCALES}
        for entity in self.entities(crm):
            with crm.work() as work:
                record_id = make_samples.create(work, entity.name)
            for path in pages(crm, entity, record_id):
                for locale, browser in browsers.items():
                    with subtests.test(path=path, locale=locale):
                        answer = browser.get(path)
                        assert answer.status_code == 200, answer.text[-2000:]
                        assert answer.headers["content-type"].startswith("text/html")

    def test_list_and_form_speak_the_reader_s_language(self, crm: Application, doors: Doors) -> None:
        root = doors.user(is_admin=True)
        for locale in LOCALES:
            browser, text = doors.browser(root, locale), crm.translator.text
            for entity in self.entities(crm):
                listed, form = browser.get(f"/{entity.slug}").text, browser.get(f"/{entity.slug}/new").text
                assert text(entity.plugin, locale, entity.plural) in listed
                written = [f for f in entity.fields.values() if f.writable and not (f.written_by or f.hidden)]
                missing = [text(f.plugin, locale, f.label) for f in written if f'name="{f.name}"' not in form]
                assert missing == [], f"not in the form of {entity.name}"
                assert [f.name for f in written if text(f.plugin, locale, f.label) not in form] == []

    def test_nothing_it_contributes_fails_on_anybody_s_page(
        self, crm: Application, doors: Doors, make_samples: Samples
    ) -> None:
        for entity in self.entities(crm):
            with crm.work() as work:
                make_samples.create(work, entity.name)
        browser = doors.browser(doors.user(is_admin=True))
        with crm.work() as work:
            customer = make_samples.create(work, "core.customer")

        for path in ("/?stay=1", *(place for each in pages_with_records(crm) for place in each)):
            assert browser.get(path).status_code in (200, 303), path
        assert browser.get(f"/customers/{customer}").status_code == 200

        # A part that fails becomes a notice, and the page goes on: only here does it show.
        assert [failure.message() for failure in crm.hooks.failures if failure.plugin == self.plugin] == []

    def test_menu_shows_its_entities_to_those_who_may_see_them(self, crm: Application, doors: Doors) -> None:
        shown = [entity for entity in self.entities(crm) if entity.in_menu]
        # Where things are set up only those are led who may set them up.
        grants = [(f"{entity.name}.{verb}", "all") for entity in shown for verb in ("read", "update")]

        open_page = doors.browser(doors.user(grants=grants)).get(
            "/journal" if not shown else f"/{shown[0].slug}"
        )
        closed_page = doors.browser(doors.user()).get("/")

        assert [entity.slug for entity in shown if f'href="/{entity.slug}"' not in open_page.text] == []
        assert [entity.slug for entity in shown if f'href="/{entity.slug}"' in closed_page.text] == []

    def test_pages_are_closed_without_the_permission(
        self, crm: Application, doors: Doors, make_samples: Samples, subtests: pytest.Subtests
    ) -> None:
        nobody, stranger = doors.browser(doors.user()), doors.stranger(accept="text/html")
        for entity in self.entities(crm):
            with crm.work() as work:
                record_id = make_samples.create(work, entity.name)
            for path in pages(crm, entity, record_id):
                with subtests.test(path=path):
                    reads = not path.endswith(("/new", "/edit", "/delete"))
                    assert (reads and is_open(entity)) or nobody.get(path).status_code in (403, 404)
                    assert stranger.get(path).status_code in (303, 401)

    def test_statements_of_a_page_do_not_grow_with_its_rows(
        self, crm: Application, doors: Doors, make_samples: Samples
    ) -> None:
        browser = doors.browser(doors.user(is_admin=True))
        for entity in self.entities(crm):
            board = [f"/{entity.slug}/board"] if entity.board else []
            counts: dict[str, list[int]] = {path: [] for path in (f"/{entity.slug}", *board)}
            for rows in (FEW, MORE - FEW):
                with crm.work() as work:
                    for _ in range(rows):
                        make_samples.create(work, entity.name)
                for path, found in counts.items():
                    browser.get(path)  # whatever is read once for all is read now
                    with counted_statements(crm) as seen:
                        assert browser.get(path).status_code == 200
                    found.append(len(seen))
            grown = {path: found for path, found in counts.items() if found[0] != found[1]}
            assert grown == {}, "a statement for each row"


def pages_with_records(application: Application) -> Iterator[tuple[str, ...]]:
    """Yield list, detail and form of the first record of each entity that has any."""
    for entity in application.registry.public_entities():
        with application.work(write=False) as work:
            rows = records.select(work, entity.name, records.Query(columns=("id",), limit=1)).rows
        for row in rows:
            yield f"/{entity.slug}", f"/{entity.slug}/{row[0]}", f"/{entity.slug}/{row[0]}/edit"


def pages(application: Application, entity: Entity, record_id: int) -> Iterator[str]:
    """Yield the path of each page that is derived from an entity."""
    every, one = f"/{entity.slug}", f"/{entity.slug}/{record_id}"
    yield from (every, f"{every}/new", one, f"{one}/edit", f"{one}/history", f"{one}/delete")
    if entity.board:
        yield f"{every}/board"
    for action in application.registry.actions.get(entity.name, {}).values():
        if action.input is not None:
            yield f"{one}/{action.name}"
