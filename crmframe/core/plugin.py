"""What the core adds to crmframe, through the same hooks as every plugin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core import choicelists
from crmframe.core.access import lending
from crmframe.core.access import models as access
from crmframe.core.access import tables as access_tables
from crmframe.core.access.accounts import purge, reset_second_factor
from crmframe.core.activities import appointments, around, tasks, telling
from crmframe.core.activities import home as first_page
from crmframe.core.activities import models as activities
from crmframe.core.assignment import models as assignment
from crmframe.core.assignment.strategies import STRATEGIES
from crmframe.core.contributions import (
    Action,
    Button,
    Change,
    DuplicateKeys,
    Job,
    MenuItem,
    NotificationChannel,
    NotificationKind,
    Permission,
    Preset,
    Reachable,
    Setting,
    Strategy,
    Subscription,
    ViewContext,
    Widget,
)
from crmframe.core.customers import consent, links, models, reach, trade
from crmframe.core.demo import jobs as sample_jobs
from crmframe.core.everyday import bulk
from crmframe.core.everyday import models as everyday
from crmframe.core.everyday import tables as everyday_tables
from crmframe.core.everyday import telling as sharing
from crmframe.core.files import attachments
from crmframe.core.files import models as file_models
from crmframe.core.jobs import tables as job_tables
from crmframe.core.jobs.running import AnyJob
from crmframe.core.journal import event_tables
from crmframe.core.journal import tables as journal_tables
from crmframe.core.mail import account_letters, sending
from crmframe.core.mail import tables as mail_tables
from crmframe.core.notifications import mailing, news
from crmframe.core.notifications import tables as notification_tables
from crmframe.core.occasions import greeting as occasion_greeting
from crmframe.core.occasions import home as occasion_home
from crmframe.core.occasions import models as occasions
from crmframe.core.occasions import telling as occasion_telling
from crmframe.core.robots import models as robots
from crmframe.core.robots import telling as robot_telling
from crmframe.core.search import index as search_tables
from crmframe.core.series import models as series
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace import holidays
from crmframe.core.workspace import models as workspace
from crmframe.core.workspace.presets import PRESETS
from crmframe.core.workspace.settings import CORE_SETTINGS
from crmframe.hookspecs import hookimpl

# Tables that are no entities: importing their modules is what puts them into the schema.
TABLES = (
    telling,
    mail_tables,
    notification_tables,
    access_tables,
    assignment,
    everyday_tables,
    job_tables,
    event_tables,
    journal_tables,
    search_tables,
)

ENTITIES = (
    access.User,
    access.Team,
    access.Membership,
    access.Role,
    access.RoleGrant,
    access.RoleField,
    access.UserRole,
    models.Customer,
    models.Contact,
    models.CustomerContact,
    reach.ContactPoint,
    reach.Address,
    consent.Consent,
    trade.Product,
    trade.Purchase,
    trade.CurrencyRate,
    links.ExternalRef,
    links.Tag,
    links.TagLink,
    links.CustomField,
    workspace.Setting,
    robots.Robot,
    file_models.Attachment,
    series.NumberSeries,
    workspace.Calendar,
    workspace.Holiday,
    activities.Activity,
    tasks.Task,
    choicelists.Choice,
    assignment.AssignmentRule,
    assignment.AssignmentMember,
    *lending.ENTITIES,
    *everyday.ENTITIES,
    appointments.Appointment,
    appointments.Attendee,
    appointments.AppointmentTime,
    around.Need,
    around.Comment,
    around.Follower,
    around.Mention,
    *occasions.ENTITIES,
)


PEOPLE = (
    Reachable("core.contact", {"email": "email", "mobile": "mobile", "phone": "phone", "wechat": "wechat"}),
    Reachable("core.customer", {"email": "email", "phone": "phone"}, where={"kind": "person"}),
)
DUPLICATES = (
    DuplicateKeys("core.customer", phones=("phone",), emails=("email",), company="name"),
    DuplicateKeys("core.contact", phones=("phone", "mobile"), emails=("email",)),
)
PERMISSIONS = (
    Permission("core.plugins.read", "See plugins"),
    Permission("core.jobs.read", "See jobs and events"),
    Permission("core.jobs.update", "Try jobs and events again"),
)
RESET_SECOND_FACTOR = Action(
    "core.user",
    "reset_second_factor",
    run=reset_second_factor,
    label="Reset second factor",
    undoable=False,
    confirm="Signing in then asks for the password alone, until a new second factor is set up.",
    tone="red",
)
KEPT_ANSWERS = timedelta(days=1)
KEPT_JOBS = timedelta(days=30)


@hookimpl
def entities() -> Sequence[type[Any]]:
    """Declare the core's record types, targets before what refers to them."""
    return ENTITIES


@hookimpl
def actions() -> Sequence[Action]:
    """Declare the verbs of the core's record types."""
    return (
        *tasks.ACTIONS,
        *appointments.ACTIONS,
        *holidays.ACTIONS,
        *robot_telling.ACTIONS,
        RESET_SECOND_FACTOR,
    )


@hookimpl
def permissions() -> Sequence[Permission]:
    """Declare who sees how the installation is doing, beyond administrators."""
    return PERMISSIONS


@hookimpl
def settings() -> Sequence[Setting]:
    """Declare the company's master data and what "today" and "money" mean here."""
    return (*CORE_SETTINGS, *attachments.SETTINGS, *first_page.SETTINGS, *occasion_greeting.SETTINGS)


@hookimpl
def menu() -> Sequence[MenuItem]:
    """Declare the calendar, the report of follow-ups, and the days to congratulate on."""
    return (*first_page.MENU, *occasion_home.MENU)


@hookimpl
def widgets() -> Sequence[Widget]:
    """Declare what is to be done today, which customers wait, and whose birthday comes."""
    return (*first_page.WIDGETS, *occasion_home.WIDGETS)


@hookimpl
def presets() -> Sequence[Preset]:
    """Declare what a workspace may begin with."""
    return PRESETS


@hookimpl
def jobs() -> Sequence[AnyJob]:
    """Declare what keeps house, sends, tells, and changes many records."""
    many = (
        sample_jobs,
        bulk,
        sending,
        mailing,
        account_letters,
        attachments,
        telling,
        robot_telling,
        occasion_telling,
    )
    found: list[AnyJob] = [job for each in many for job in each.JOBS]
    return [*found, Job("core.clean_up", clean_up, cron="17 3 * * *")]


@hookimpl
def subscriptions() -> Sequence[Subscription]:
    """Declare who is told of what happened with activities and tasks."""
    return [*sharing.SUBSCRIPTIONS, *news.SUBSCRIPTIONS, *telling.SUBSCRIPTIONS]


@hookimpl
def notification_kinds() -> Sequence[NotificationKind]:
    """Declare what people are told of."""
    return [*telling.KINDS, *sharing.KINDS, *news.KINDS, *occasion_telling.KINDS]


@hookimpl
def before_delete(change: Change) -> None:
    """Keep the values of editable lists that records hold."""
    if change.entity.name == choicelists.ENTITY:
        choicelists.keep_used(change)


@hookimpl
def assignment_strategies() -> Sequence[Strategy]:
    """Declare turns, regions and load."""
    return STRATEGIES


@hookimpl
def reachable() -> Sequence[Reachable]:
    """Declare contacts, and customers who are persons."""
    return PEOPLE


@hookimpl
def duplicate_keys() -> Sequence[DuplicateKeys]:
    """Declare by what customers and contacts are recognized."""
    return DUPLICATES


@hookimpl
def notification_channels() -> Sequence[NotificationChannel]:
    """Declare that robots tell groups what people are told."""
    return robot_telling.CHANNELS


@hookimpl
def record_buttons(context: ViewContext) -> Sequence[Button]:
    """Lead from a user to what the user may do; let readers follow what has a timeline."""
    if context.entity is None or context.record is None or context.entity.name != "core.user":
        return around.follow_buttons(context)
    url = f"/admin/users/{context.record['id']}"
    return [
        Button("core.access", "Roles and password", url, permission="core.user_role.read"),
        Button("core.hand_over", "Hand over", f"{url}/handover", permission="core.user.update"),
    ]


def clean_up(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Delete what has served its time: ended sessions, old log-in attempts, kept answers, jobs done long ago."""
    purge(work.connection, work.now)
    answers, done = journal_tables.idempotency, job_tables.job
    work.connection.execute(sa.delete(answers).where(answers.c.at < work.now - KEPT_ANSWERS))
    finished = sa.and_(done.c.state == "done", done.c.finished_at < work.now - KEPT_JOBS)
    work.connection.execute(sa.delete(done).where(finished))
