"""Everything that could be asked of crmframe, enumerated, and what the matrix does not ask, with the reason."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

import click

from crmframe.cli.commands import COMMANDS
from crmframe.cli.main import load
from crmframe.core import records
from crmframe.web.api.openapi import describe
from tests.access_matrix.cast import GUESTS, UNPLANTED, Guest
from tests.access_matrix.cell import DONE, Cell
from tests.access_matrix.cells import cells_of
from tests.access_matrix.cli_door import cli_cells
from tests.access_matrix.page_cells import page_cells

if TYPE_CHECKING:
    from tests.access_matrix.doors import Door
    from tests.access_matrix.world import World

INSTALLATION = "is about the installation: whoever may start the program holds the database and its file"
OWN = "concerns nobody but the one who asks; tests/web/test_auth.py looks at it"
OWN_ACCOUNT = "is about the asker's own account; tests/web/pages/test_account.py tries another's"
OWN_NOTIFICATIONS = "shows nobody but their reader; tests/web/pages/test_notifications.py tries another's"
OWN_SECOND_FACTOR = "is about the asker's own account; tests/web/pages/test_second_factor.py"
LINK = "opens what the link's secret is for; tests/web/pages/test_invitations.py"
ADMINISTRATORS = "is for administrators alone; tests/web/pages/test_invitations.py refuses others"
FILES = "hands out bytes; tests/web/pages/test_files.py tries it with every right and without"
FOLLOWED = (
    "writes with the asker's own rights; tests/web/pages/test_follow_up.py refuses what is not to be seen"
)
REPORTED = "reads what is visible only; tests/web/pages/test_agenda.py looks for what is not"
DOCUMENT = "shows what records.get gives; plugins/sales/tests/quotes/test_pages.py tries another's"
OFFER = "opens what the link's secret is for; plugins/sales/tests/quotes/test_pages.py"
# Every guest tries everything with the functions on SQLite. The doors before them and the other database get each verb
# of each entity from every third guest, another third for each verb, where there are many of a verb; imports differ too
# much from each other to leave one out. CRMFRAME_MATRIX=whole leaves nothing out.
FULL = ("sqlite", "functions")
SHARE = 3
MANY = 40
DIFFERENT = ("import",)
IS_WHOLE = os.environ.get("CRMFRAME_MATRIX") == "whole"
ON_RECORDS = ("read", "show", "create", "update", "delete", "restore", "history", "batch", "import")
EXCUSED: Mapping[str, str] = {
    # functions
    "readable": "names fields and reads no record; tests/core/access/test_fields.py",
    "refresh": "writes no value that anybody chose; plugins/sales/tests/leads/test_scoring.py",
    "holding": "is handed the rows and says nothing of stored ones",
    "move_about": "refuses everybody but a running action; plugins/sales/tests/leads/test_converting.py",
    "write": "refuses everybody but a running action; tests/core/records/test_writing.py",
    "name_of": "is handed the record",
    "attach": "creates an attachment; tests/core/files",
    "get_and_verbs": "is get as the pages use it; their cells come by it",
    # routes
    "GET /p/sales/{kind}/{id:int}/document": DOCUMENT,
    "GET /p/sales/{kind}/{id:int}/document.pdf": DOCUMENT,
    "GET /p/sales/quotes/{id:int}/link": DOCUMENT,
    "GET /p/sales/offer/{key}": OFFER,
    "GET /p/sales/offer/{key}/quote.pdf": OFFER,
    "POST /p/sales/offer/{key}/accept": OFFER,
    "POST /p/sales/offer/{key}/decline": OFFER,
    "GET /login": "is for strangers",
    "POST /login": "is for strangers; tests/web/test_auth.py",
    "POST /logout": OWN,
    "POST /account/password": OWN,
    "POST /account/language": "sets a cookie; tests/web/pages/test_shell.py",
    "GET /admin/settings": "is for administrators; tests/web/pages/test_settings.py refuses others",
    "POST /admin/settings": "is for administrators; tests/web/pages/test_settings.py refuses others",
    "GET /notifications": OWN_NOTIFICATIONS,
    "POST /notifications/read": OWN_NOTIFICATIONS,
    "POST /notifications/{id:int}/open": OWN_NOTIFICATIONS,
    "GET /account/notifications": OWN_NOTIFICATIONS,
    "POST /account/notifications": OWN_NOTIFICATIONS,
    "GET /admin/mail": "is for administrators; tests/web/pages/test_notifications.py refuses others",
    "POST /admin/mail/{id:int}/again": "is for administrators; tests/web/pages/test_notifications.py refuses others",
    "GET /{slug}/{id:int}/file": FILES,
    "POST /{slug}/{id:int}/files": FILES,
    "POST /api/v1/files": FILES,
    "POST /{slug}/{id:int}/comment": FOLLOWED,
    "POST /{slug}/{id:int}/follow": FOLLOWED,
    "GET /{slug}/{id:int}/log": FOLLOWED,
    "POST /{slug}/{id:int}/log": FOLLOWED,
    "GET /agenda": REPORTED,
    "GET /reports/follow-ups": REPORTED,
    "GET /{slug}/quiet": "leads to the list, which is tried; tests/web/pages/test_agenda.py",
    "GET /docs/errors": "says the same to everybody: texts of the program, no records",
    "GET /{slug}/{id:int}/pdf": "is the sheet of GET /{slug}/{id:int}/print, which is tried; tests/web/pages/test_printing.py",
    "GET /occasions": "one statement with the policies of its records; tests/core/occasions",
    "GET /home/hand": "is a part of the page of GET /, which is tried",
    "GET /home": "is the page of GET /, which is tried",
    "GET /account": OWN_ACCOUNT,
    "POST /account/tokens": OWN_ACCOUNT,
    "POST /account/tokens/{id:int}/end": OWN_ACCOUNT,
    "POST /account/sessions/{id:int}/end": OWN_ACCOUNT,
    "POST /account/sessions/end": OWN_ACCOUNT,
    "GET /account/second-factor": OWN_SECOND_FACTOR,
    "POST /account/second-factor/{verb}": OWN_SECOND_FACTOR,
    "POST /login/code": "is for strangers; tests/web/pages/test_second_factor.py",
    "GET /login/forgotten": "is for strangers and shows no record",
    "POST /login/forgotten": "is for strangers; tests/web/pages/test_forgotten.py",
    "GET /welcome": LINK,
    "POST /welcome": LINK,
    "GET /admin/invite": ADMINISTRATORS,
    "POST /admin/invite": ADMINISTRATORS,
    "POST /admin/users/{id:int}/link": ADMINISTRATORS,
    "POST /admin/plugins/{name}": "changes the program itself; tests/web tries it as an administrator and not",
    "GET /admin/sample": "is for administrators; tests/web/pages/test_samples.py refuses others",
    "user reset-second-factor": INSTALLATION,
    "POST /admin/sample/{verb}": "is for administrators and asks for no record; tests/web/pages/test_samples.py refuses others",
    "POST /p/sales/standard-pipeline": "needs a database without stages; tests/web/pages/test_first_deal.py refuses it",
    "POST /{slug}/{id:int}/favorite": "creates a favorite, whose cells are tried; tests/web/pages/test_keeping.py",
    "GET /{slug}/{id:int}/tags": "shows a record and its tags, whose cells are tried; tests/web/pages/test_keeping.py",
    "POST /{slug}/{id:int}/tags": "creates a tag link, whose cells are tried; tests/web/pages/test_keeping.py",
    "GET /admin/choices": "tests/web/pages/test_choosing.py refuses others",
    "GET /admin/choices/{entity}/{field}": "tests/web/pages/test_choosing.py refuses others",
    "POST /admin/choices/{entity}/{field}": "tests/web/pages/test_choosing.py refuses others",
    "POST /{slug}/similar": "says what may be there already, to whoever may create; tests/web/pages/test_similar.py",
    "GET /{slug}/views/new": "asks for a name; tests/web/pages/test_views.py",
    "POST /{slug}/views/new": "creates a saved view, whose cells are tried; tests/web/pages/test_views.py",
    "GET /{slug}/views/{id:int}": "shows a saved view, whose cells are tried; tests/web/pages/test_views.py",
    "POST /{slug}/views/{id:int}": "changes a saved view; tests/web/pages/test_views.py tries another's",
    "GET /{slug}/{id:int}/share": "shows a record and its shares, whose cells are tried; tests/web/pages/test_sharing.py",
    "POST /{slug}/{id:int}/share": "creates a share, whose cells are tried; tests/web/pages/test_sharing.py",
    "GET /{slug}/several/{id:int}": "is for whoever queued it; tests/web/pages/test_several.py tries another's",
    "GET /admin/users/{id:int}/handover": "tests/web/pages/test_handing.py refuses others",
    "POST /admin/users/{id:int}/handover": "tests/web/pages/test_handing.py refuses others",
    "POST /p/sales/targets": "writes by create_many, update_many and delete_many; plugins/sales/tests/forecast/test_grid.py tries a stranger",
    "GET /p/sales/forms/{token}": "is for strangers, who get nothing but the form; plugins/sales/tests/leads/test_forms.py",
    "POST /p/sales/forms/{token}": "is for strangers, who read nothing; plugins/sales/tests/leads/test_forms.py",
    "POST /p/sales/leads/assign": "is the action assign on many; plugins/sales/tests/leads/test_routes.py",
    "* /static/core": "serves files of the program",
    # commands
    "init": INSTALLATION,
    "GET /setup": "is for administrators; tests/web/pages/test_first_run.py refuses others",
    "POST /setup": "is for administrators; tests/web/pages/test_first_run.py refuses others",
    "report daily": REPORTED,
    "report weekly": REPORTED,
    "serve": INSTALLATION,
    "demo": INSTALLATION,
    "sample": INSTALLATION,
    "mail": INSTALLATION,
    "setting": "writes core.setting, whose cells are tried; tests/cli",
    "worker": INSTALLATION,
    "plugin": INSTALLATION,
    "hooks": INSTALLATION,
    "db": INSTALLATION,
    "check": INSTALLATION,
    "backup": INSTALLATION,
    "restore": INSTALLATION,
    "settings": INSTALLATION,
    "search rebuild": INSTALLATION,
    "version": INSTALLATION,
}


def all_cells(world: World, door: Door, guest: Guest) -> list[Cell]:
    """Return what a guest tries at a door."""
    more: Iterable[Cell] = ()
    if door.name == "pages":
        more = page_cells(world, guest)
    elif door.name == "cli":
        more = cli_cells(world, guest)
    found = (*cells_of(world, guest, door.variants), *more)
    here = (world.application.database.dialect, door.name)
    share = 1 if IS_WHOLE or not guest.known or here == FULL else SHARE
    turn = list(GUESTS).index(guest.key)
    possible = [cell for cell in found if _can_be_tried(cell) and door.knows(cell, guest)]
    often = {verb for verb, number in Counter(cell.verb for cell in possible).items() if number > MANY}
    often -= {*DIFFERENT}
    return [cell for cell in possible if cell.verb not in often or (_number(cell) + turn) % share == 0]


def _number(cell: Cell) -> int:
    """Return a number that stays the same from run to run, for what is tried of an entity."""
    return crc32(f"{cell.entity} {cell.verb} {cell.action}".encode())


def _can_be_tried(cell: Cell) -> bool:
    """Return whether a cell needs no values that only a plugin knows."""
    return cell.entity not in UNPLANTED or not cell.values or DONE not in cell.expected


def used_operations(world: World, doors: Iterable[Door]) -> tuple[set[str], int]:
    """Return what the cells go through, and how many cells there are."""
    used: set[str] = set()
    number = 0
    for door in doors:
        for guest in GUESTS.values():
            cells = all_cells(world, door, guest)
            number += len(cells)
            used |= {name for cell in cells for name in door.operations(cell)}
    return used, number


def every_operation(world: World) -> Iterator[str]:
    """Yield everything that can be called, requested or run."""
    yield from (name for name in records.__all__ if callable(getattr(records, name)) and name.islower())
    yield from _routes(world)
    yield from _described(world)
    yield from _commands(world)


def _routes(world: World) -> Iterator[str]:
    site = world.host.site
    for methods, pattern in site.router.patterns:
        plugin = pattern.removeprefix("/p/")
        if methods == "*" and pattern.startswith("/p/"):
            for route in site.application.plugins.plugin(plugin).declared["routes"]:
                yield from (f"{method} {pattern}{route.path}" for method in route.methods - {"HEAD"})
        else:
            yield from (f"{method} {pattern}" for method in methods.split())


def _described(world: World) -> Iterator[str]:
    """Yield the operations of the OpenAPI document as an administrator sees it."""
    with world.application.work(world.actor(GUESTS["root"]), write=False) as work:
        paths = describe(work, "/api/v1")["paths"]
    for methods in paths.values():
        for method, operation in methods.items():
            if method != "parameters":
                yield operation["operationId"]


def _commands(world: World) -> Iterator[str]:
    context = click.Context(click.Command("crmframe"))
    for name in COMMANDS:
        command = load(COMMANDS[name][0])
        inner = _below(command, context) if isinstance(command, click.Group) and name not in EXCUSED else []
        yield from (f"{name} {each}" for each in inner) if inner else [name]
    for entity in world.application.registry.public_entities():
        if entity.command not in COMMANDS:
            yield from (f"{entity.command} {verb}" for verb in _verbs(world, entity))
    for plugin, commands in world.application.hooks.collect("commands"):
        yield from (f"{plugin} {command.name}" for command in commands)


def _below(group: click.Group, context: click.Context) -> Iterator[str]:
    """Yield the hand-written commands of a group; the derived ones are those of its entity."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from (f"{name} {each}" for each in command.commands)
        else:
            yield name


def _verbs(world: World, entity: object) -> list[str]:
    from crmframe.cli.console import Console
    from crmframe.cli.entity import EntityGroup

    console = Console(open_application=lambda *_, **__: world.application)
    console.replace_application(world.application) if console.opened is None else None
    return EntityGroup(console, entity).list_commands(click.Context(click.Command("crmframe")))  # type: ignore[arg-type]


def uncovered(world: World, doors: Iterable[Door]) -> tuple[list[str], int]:
    """Return what no cell goes through and nothing excuses, and the number of cells."""
    used, number = used_operations(world, doors)
    excused = {*EXCUSED, *_of_unplanted(world)}
    return sorted({name for name in every_operation(world) if name not in {*used, *excused}}), number


def _of_unplanted(world: World) -> Iterator[str]:
    """Yield the operations that need a record of an entity that has none here."""
    for name in UNPLANTED:
        entity = world.application.registry.entity(name)
        verbs = {*ON_RECORDS, *world.application.registry.actions.get(name, {})}
        yield from (f"{name}.{verb}" for verb in verbs)
        yield from (f"{entity.command} {verb}" for verb in verbs)
