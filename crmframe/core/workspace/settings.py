"""Reading and writing the settings that the core and the plugins declare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import SECOND_FACTOR
from crmframe.core.access.models import LOCALES
from crmframe.core.access.zone import ZoneName
from crmframe.core.contributions import Choice, Setting
from crmframe.core.customers.currency import CurrencyCode
from crmframe.core.entities import kinds
from crmframe.core.entities.kinds import ParseContext, ValueProblem
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import InvalidInput, NotFound, Problem
from crmframe.core.work import UnitOfWork, WorkspaceSettings
from crmframe.core.workspace import maps, models
from crmframe.core.workspace.rates import BASE, base_problem

ENTITY = "core.setting"
# What the workspace began with; "none" when an administrator wanted no preset.
PRESET = "core.preset"
# Whether the sample company is here; its record is part of the sample and goes with it.
IS_SAMPLE = "core.sample"
HEADINGS = ("Company", "Region and calendar", "Accounts")
COMPANY, WORKSPACE, ACCOUNTS = HEADINGS
_table: Any = models.Setting.__table__
_STORED = sa.select(_table.c.key, _table.c.value)
_ANYWHERE = ParseContext(zone=ZoneInfo("UTC"), today=date.min)

WEEKDAYS = (
    Choice("0", "Monday"),
    Choice("1", "Tuesday"),
    Choice("2", "Wednesday"),
    Choice("3", "Thursday"),
    Choice("4", "Friday"),
    Choice("5", "Saturday"),
    Choice("6", "Sunday"),
)

CORE_SETTINGS = (
    Setting("core.company_name", "Company name", kinds.Text(200), group=COMPANY),
    Setting("core.company_address", "Address", kinds.LongText(), group=COMPANY),
    Setting("core.company_phone", "Phone", kinds.Text(60), group=COMPANY),
    Setting("core.company_email", "E-mail", kinds.Email(), group=COMPANY),
    Setting("core.company_website", "Website", kinds.Url(), group=COMPANY),
    Setting("core.company_tax_id", "Tax id", kinds.Text(60), group=COMPANY),
    Setting(
        "core.company_bank",
        "Bank account",
        kinds.LongText(),
        help="As it stands on quotes: bank, account number, IBAN and SWIFT code.",
        group=COMPANY,
    ),
    Setting("core.logo", "Logo", kinds.Integer(min=1), group=COMPANY, hidden=True),
    Setting("core.seal", "Seal", kinds.Integer(min=1), group=COMPANY, hidden=True),
    Setting("core.locale", "Language", kinds.Choices(*LOCALES), group=WORKSPACE),
    Setting(
        "core.zone",
        "Time zone",
        ZoneName(),
        help="Decides what today is, for everybody.",
        group=WORKSPACE,
    ),
    Setting(
        "core.currency",
        "Base currency",
        CurrencyCode(),
        help="Three letters. Sums over several currencies are shown in it.",
        group=WORKSPACE,
    ),
    Setting(
        "core.region",
        "Country",
        kinds.Text(2),
        help="Two letters. Telephone numbers without a country code belong there.",
        group=WORKSPACE,
    ),
    Setting(
        "core.fiscal_year_start",
        "First month of the fiscal year",
        kinds.Integer(min=1, max=12),
        default=1,
        group=WORKSPACE,
    ),
    Setting(
        "core.week_start", "First day of the week", kinds.Choices(*WEEKDAYS), default="0", group=WORKSPACE
    ),
    Setting(
        maps.SETTING,
        "Maps",
        kinds.Choices(*maps.PROVIDERS),
        help="Addresses on records lead there; whoever opens one shows the map that address, and nothing else.",
        group=WORKSPACE,
    ),
    Setting(
        SECOND_FACTOR,
        "Second factor is required for",
        kinds.Choices(Choice("admins", "Administrators"), Choice("all", "Everybody")),
        help="They set it up at their next sign-in. Programs that use a token are not asked.",
        group=ACCOUNTS,
    ),
    Setting(
        "core.help_contact",
        "Whom to ask for help",
        kinds.Text(200),
        help="Shown to whoever forgot the password: a name, a telephone number or an address.",
        group=ACCOUNTS,
    ),
    Setting(
        "core.duplicates_show_holder",
        "Say who holds a duplicate",
        kinds.Boolean(),
        default=True,
        help="Whoever may not see a record learns whose it is, so that two people do not court the same customer.",
        group=WORKSPACE,
    ),
    Setting(PRESET, "Preset", kinds.Text(40), hidden=True),
    Setting(IS_SAMPLE, "Sample data", kinds.Boolean(), default=False, hidden=True),
)


def stored(connection: sa.Connection) -> Mapping[str, Any]:
    """Return the JSON of every setting that has a record, also of plugins that are off."""
    return {row.key: row.value for row in connection.execute(_STORED)}


def effective(declared: Sequence[Setting], held: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the value of every declared setting; what no longer fits its kind counts as its default."""
    return {each.key: _value(each, held.get(each.key)) for each in declared}


def _value(declared: Setting, data: Any) -> Any:
    try:
        value = declared.kind.parse(data, _ANYWHERE)
    except ValueProblem:
        value = None
    return declared.default if value is None else value


def workspace_of(base: WorkspaceSettings, values: Mapping[str, Any]) -> WorkspaceSettings:
    """Return what every unit of work carries: the installation's settings where the workspace has none of its own."""
    zone: str | None = values.get("core.zone")
    return replace(
        base,
        zone=ZoneInfo(zone) if zone else base.zone,
        currency=(values.get("core.currency") or base.currency).upper(),
        region=(values.get("core.region") or base.region).upper(),
        locale=values.get("core.locale") or base.locale,
    )


def declared_settings(work: UnitOfWork) -> Mapping[str, Setting]:
    """Return what is declared, by key, in the order of the plugins."""
    return {each.key: each for _, found in work.hooks.collect("settings") for each in found}


def write_settings(work: UnitOfWork, values: Mapping[str, Any]) -> None:
    """Write settings by key in one batch; None goes back to the default.

    Args:
        values: Raw values as a form or a program gives them.

    Raises:
        NotFound: A key is not declared.
        InvalidInput: Names every value that does not fit, by key.
        PermissionDenied: The actor is no administrator.
    """
    declared = declared_settings(work)
    for key in values:
        if key not in declared:
            raise NotFound(entity="setting", id=key)
    rows = [{"key": key, "value": raw} for key, raw in values.items()]
    found = [problem for row in rows if (problem := _problem(declared, row, 0)) is not None]
    if found:
        raise InvalidInput(found)
    for row in rows:
        kind = declared[row["key"]].kind
        value = kind.parse(row["value"], _ANYWHERE)
        # Text that a JSON field is given is read as JSON.
        row["value"] = None if value is None else json.dumps(kind.to_json(value))
    records.upsert_many(work, ENTITY, "key", rows)


def problems(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
) -> list[Problem]:
    """Return what is wrong with settings that are about to be written; those of plugins that are off may wait."""
    declared = declared_settings(work)
    found = [_problem(declared, row, position) for position, row in enumerate(complete)]
    for row in complete:
        if row.get("key") == BASE and isinstance(row.get("value"), str) and not any(found):
            found.append(base_problem(work, row["value"]))
    return [problem for problem in found if problem is not None]


def _problem(declared: Mapping[str, Setting], row: Mapping[str, Any], position: int) -> Problem | None:
    key = row.get("key") or ""
    if key not in declared:
        return None
    try:
        declared[key].kind.parse(row.get("value"), _ANYWHERE)
    except ValueProblem as wrong:
        data = {"field": declared[key].label, **wrong.data}
        return Problem(key, wrong.code, wrong.template, data, position)
    return None


CHECKED = (Checked(ENTITY, problems),)
