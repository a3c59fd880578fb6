"""The command line with ``--as USER``, in this process, on an application of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from crmframe.application import Application
from crmframe.cli.main import main
from tests.access_matrix.canaries import TOKEN
from tests.access_matrix.cast import Guest
from tests.access_matrix.cell import BAD, BROKEN, DENIED, DONE, FEW, MISSING, NO_ID, REFUSED, UNKNOWN, Cell
from tests.access_matrix.doors import Answer, Door
from tests.access_matrix.planting import moment_text

if TYPE_CHECKING:
    from tests.access_matrix.world import World

CODES = {
    "permission_denied": DENIED,
    "not_found": MISSING,
    "invalid_filter": BAD,
    "bad_request": BAD,
    "not_signed_in": UNKNOWN,
}
# Static groups that stand in for the derived commands of these entities.
STATIC = {"core.user": "user", "core.role": "role"}


# A token that was planted nowhere.
ABSENT = "zq000000zq"


class CommandLine(Door):
    """``crmframe --as USER``; whoever is switched off is not found there."""

    name = "cli"
    variants = FEW

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(world)
        self.config = folder / "crmframe.toml"
        self.config.write_text("", encoding="utf-8")

    def knows(self, cell: Cell, guest: Guest) -> bool:
        if guest.scopes is not None or guest.key in ("revoked", "expired", "nobody"):
            return False  # tokens and strangers have no command line
        if cell.verb == "create" and cell.entity in STATIC:
            return False
        if cell.verb in ("archive", "unarchive") and cell.entity:
            return bool(self.world.oracle.registry.entity(cell.entity).is_archivable)
        return cell.verb in COMMANDS

    def expected(self, cell: Cell, guest: Guest) -> frozenset[str]:
        """What a role gives is shown to those who may look at everybody's rights."""
        if cell.entity == "core.role" and cell.verb == "get" and guest.known:
            is_open = self.world.oracle.is_all_seeing(guest, "core.role")
            return cell.expected | {DENIED} if is_open else frozenset({DENIED})
        return cell.expected

    def operations(self, cell: Cell) -> tuple[str, ...]:
        words = COMMANDS[cell.verb](self.world, cell, self._command(cell))
        named = [word for word in words if not word.startswith("-") and "=" not in word]
        return (" ".join(named[:3]), " ".join(named[:2]), named[0])

    def _command(self, cell: Cell) -> str:
        entity = self.world.oracle.registry.entities.get(cell.entity)
        return entity.command if entity else ""

    def attempt(self, cell: Cell, guest: Guest) -> Answer:
        words = COMMANDS[cell.verb](self.world, cell, self._command(cell))
        arguments = ["--as", guest.person, "--json", *words]
        environment = {"CRMFRAME_DATABASE": self.world.settings.database, "CRMFRAME_CONFIG": str(self.config)}
        result = CliRunner().invoke(main, arguments, env=environment, obj={"open_application": self._lent})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return self.read(cell, guest, result)

    def _lent(self, settings: Any, *, migrate: bool) -> Application:
        return _Lent(self.world.application)  # type: ignore[return-value]

    def read(self, cell: Cell, guest: Guest, result: Any) -> Answer:
        """Read what was printed and how the command ended."""
        text = f"{result.exit_code} {result.stdout} {result.stderr}"
        if result.exit_code != 0:
            rows = result.stdout if cell.verb == "import" else ""
            plain = f"{result.exit_code} {result.stderr} {rows}"
            return Answer(self._outcome(cell, guest, result), text, plain=plain)
        answer = Answer(DONE, text)
        rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        if cell.verb in LISTS:
            answer.ids = frozenset(row["id"] for row in rows)
        if cell.verb == "count":
            answer.count = rows[0]["count"]
        return answer

    def _outcome(self, cell: Cell, guest: Guest, result: Any) -> str:
        try:
            error = json.loads(result.stderr.splitlines()[-1])["error"]
        except (ValueError, KeyError, IndexError):
            if cell.verb == "import" and '"counts"' in result.stdout:
                return REFUSED  # every row, with the reason of each
            return BAD if result.exit_code == 2 else BROKEN
        code = CODES.get(error["code"], REFUSED)
        return UNKNOWN if code == MISSING and not guest.known and guest.person in str(error) else code


class _Lent:
    """The world's application, which a command must not close."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __getattr__(self, name: str) -> Any:
        return getattr(self._application, name)

    def close(self) -> None:
        """Leave it open: others go on with it."""


LISTS = ("list", "search", "search_list", "sort", "columns", "filter", "hop", "list_as_of", "export")
Make = Callable[["World", Cell, str], Sequence[str]]
ALL = ("--archived", "yes", "--limit", "0")


def _pairs(cell: Cell) -> list[str]:
    """Return values as arguments; one that is a list is repeated."""
    pairs = []
    for name, value in cell.values.items():
        listed = isinstance(value, list) and cell.entity and all(isinstance(each, str) for each in value)
        given = value if listed and name in REPEATED else [value]
        pairs += [f"{name}={_text(each)}" for each in given if each is not None]
    return pairs or ["name=x"]


# Fields of several choices; other lists are JSON.
REPEATED = ("marks", "grades")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _of_record(*words: str) -> Make:
    return lambda world, cell, command: [*words, f"{cell.entity}:{cell.record_id}"]


def _of_id(verb: str) -> Make:
    return lambda world, cell, command: [command, verb, str(cell.record_id)]


def _listing(*words: str) -> Make:
    return lambda world, cell, command: [command, "list", *ALL, *(word.format(cell=cell) for word in words)]


COMMANDS: Mapping[str, Make] = {
    "list": _listing(),
    "count": lambda world, cell, command: [command, "list", "--archived", "yes", "--count"],
    "sort": _listing("--order={cell.field}"),
    "columns": _listing("--columns", "id,{cell.field}"),
    "filter": _listing("--where", "{cell.field}={cell.value}"),
    "hop": _listing("--where", "{cell.field}={cell.value}"),
    "search": lambda world, cell, command: [
        *("search", "find", str(cell.value), "--entity", cell.entity, "--limit", "100"),
    ],
    "search_list": _listing("--search", "{cell.value}"),
    "list_as_of": lambda world, cell, command: [command, "list", *ALL, "--as-of", moment_text(world.early)],
    "export": lambda world, cell, command: [command, "export", "--archived", "yes", "--format", "jsonl"],
    "export_names": lambda world, cell, command: [
        *("export", cell.entity, "--archived", "yes", "--format", "csv", "--names"),
    ],
    "get": _of_id("show"),
    "as_of": lambda world, cell, command: [
        "as-of",
        f"{cell.entity}:{cell.record_id}",
        moment_text(world.early),
    ],
    "history": _of_record("history"),
    "create": lambda world, cell, command: [command, "create", *_pairs(cell)],
    "update": lambda world, cell, command: [command, "update", str(cell.record_id), *_pairs(cell)],
    "delete": _of_id("delete"),
    "restore": _of_id("restore"),
    "archive": _of_id("archive"),
    "unarchive": _of_id("unarchive"),
    "action": lambda world, cell, command: [
        command,
        # Groups that people wrote name their commands as command lines do.
        cell.action.replace("_", "-") if cell.entity in STATIC else cell.action,
        str(cell.record_id),
        *(_pairs(cell) if cell.values else []),
    ],
    "undo": lambda world, cell, command: ["undo", str(cell.operation)],
    "preview_undo": lambda world, cell, command: ["undo", str(cell.operation), "--dry-run"],
    "entities_cli": lambda world, cell, command: ["entities"],
    "import": lambda world, cell, command: list(cell.value),
    "operations_cli": lambda world, cell, command: ["operations", "list"],
    "extra": lambda world, cell, command: list(cell.value),
}


def cli_cells(world: World, guest: Guest) -> Iterator[Cell]:
    """Yield the hand-written commands: what a user may see of people and rights."""
    expected = None if guest.known else frozenset({UNKNOWN})
    yield Cell("operations_cli", expected=expected or frozenset({DONE}))
    yield Cell("entities_cli")  # says what kinds of records there are, to whomever
    yield from _imports(world, guest, expected)
    yield from _probes(world, guest)
    role, token_of = "seller", "olga"
    for words, entity, verb in (
        (("role", "show", role), "", "rights"),
        (("role", "create", "name=New role"), "core.role", "create"),
        (("sales", "funnel"), "", "any"),
        (("sales", "pipeline"), "", "any"),
        (("sales", "forecast"), "", "any"),
        (("sales", "conversion"), "", "any"),
        (("role", "grant", role, "core.customer.delete", "--scope", "all"), "core.role_grant", "create"),
        (("role", "revoke", role, "core.customer.read"), "core.role_grant", "delete"),
        (("role", "give", role, "nil"), "core.user_role", "create"),
        (("role", "take", role, "olga"), "core.user_role", "delete"),
        (("user", "deactivate", "olga"), "core.user", "update"),
        (("user", "create", "zoe", "--password", "a long and new password"), "core.user", "create"),
        (("why", "olga", "read", "core.customer"), "core.role_grant", "read"),
        (("user", "set-password", "olga", "--password", "a long and new password"), "", "admin"),
        (("user", "token", "create", token_of, "mine"), "", "admin"),
        (("user", "token", "list", token_of), "", "admin"),
        (("user", "token", "revoke", token_of, "1"), "", "admin"),
    ):
        yield Cell("extra", expected=expected or _right(world, guest, entity, verb), value=words)


def _imports(world: World, guest: Guest, expected: frozenset[str] | None) -> Iterator[Cell]:
    """Yield imports that look for others' records by a value, and that link to them by name."""
    for entity in world.application.registry.public_entities():
        may = guest.known and _may_import(world, guest, entity.name)
        both = may and world.oracle.may(guest, entity.name, "create")
        level = expected or frozenset({DONE, REFUSED, BAD} if both else {DENIED, REFUSED, BAD})
        words = [_file(world, entity.name, ["id"], ["1"]), *(("--dry-run",) if may else ())]
        yield Cell("import", entity.name, None, level, value=[entity.command, "import", *words])
        if entity.name == "core.tag":
            yield Cell("import", entity.name, None, level, value=["import", entity.name, *words])
    rows = world.oracle.rows
    customer = rows["core.customer"][world.planter.ids["core.customer", "olga"]]
    may = guest.known and _may_import(world, guest, "core.customer")
    level = expected or frozenset({DONE, REFUSED, DENIED, BAD} if may else {DENIED, REFUSED, BAD})
    for name in ("email", "code", "name"):
        columns = dict.fromkeys(("name", name))
        values = [str(customer[column]) for column in columns]
        words = (
            _file(world, name, list(columns), values),
            "--match",
            name,
            "--mode",
            "update",
            *(("--dry-run",) if may else ()),
        )
        sent = tuple(found for value in values for found in TOKEN.findall(value))
        yield Cell("import", "core.customer", None, level, value=["customer", "import", *words], sent=sent)


def _probes(world: World, guest: Guest) -> Iterator[Cell]:
    """Yield imports that link to another's customer, or would change it: answered as if there were none."""
    oracle, hidden = world.oracle, world.planter.ids["core.customer", "olga"]
    if not guest.known or not oracle.may(guest, "core.customer", "read"):
        return
    if hidden in oracle.visible(guest, "core.customer"):
        return
    row = oracle.rows["core.customer"][hidden]
    email, no_email = str(row["email"]), f"{ABSENT}@example.com"
    change = ("--match", "email", "--mode", "update")
    for entity, field, value, none, words in (
        ("core.contact", "customer_id", str(hidden), str(NO_ID), ()),
        ("core.contact", "customer_id", str(row["name"]), ABSENT, ()),
        ("core.customer", "id", str(hidden), str(NO_ID), ("--match", "id", "--mode", "update")),
        ("core.customer", "email", email, no_email, change),
        ("core.customer", "email", email, no_email, ("--match", "email")),
    ):
        if oracle.may(guest, entity, "create") and oracle.may(guest, entity, "update"):
            twin = _probe(world, entity, {field: none}, words)
            yield replace(_probe(world, entity, {field: value}, words), same_as=twin)


def _probe(world: World, entity: str, values: Mapping[str, str], words: tuple[str, ...]) -> Cell:
    [(field, value)] = values.items()
    digest = hashlib.sha256(f"{field} {value}".encode()).hexdigest()[:12]
    file = _file(world, digest, ("name", field, "city"), ("Probe", value, "Wuhan"))
    # By its e-mail alone a new customer is made, whoever else has one with it.
    level = frozenset({DONE if words[-1:] == ("email",) else REFUSED})
    command = [entity.removeprefix("core."), "import", file, *words, "--dry-run"]
    sent = tuple(TOKEN.findall(value))
    return Cell("import", entity, None, level, None, values, field, command, sent=sent)


def _may_import(world: World, guest: Guest, entity: str) -> bool:
    return any(world.oracle.may(guest, entity, verb) for verb in ("create", "update"))


def _file(world: World, name: str, columns: Sequence[str], values: Sequence[str]) -> str:
    file = Path(world.settings.folder) / f"import_{name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{','.join(columns)}\n{','.join(values)}\n", encoding="utf-8")
    return str(file)


def _right(world: World, guest: Guest, entity: str, verb: str) -> frozenset[str]:
    if verb == "rights":
        return frozenset({DONE, DENIED} if world.oracle.is_all_seeing(guest, "core.role") else {DENIED})
    if verb == "any":
        return frozenset({DONE})  # counts what the user may see: nothing, then
    if verb == "admin":
        is_admin = guest.person == "root"
        return frozenset({DONE, MISSING} if is_admin else {DENIED})
    if not world.oracle.may(guest, entity, verb):
        return frozenset({DENIED})
    return frozenset({DONE, MISSING, DENIED, REFUSED})
