"""What the sales plugin adds to crmframe: read this first, the rest follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmframe.api import (
    Action,
    Badge,
    Button,
    Change,
    Check,
    DuplicateKeys,
    Job,
    Kept,
    LogPart,
    LongJob,
    MenuItem,
    NotificationKind,
    NumberSeries,
    Panel,
    Prerequisite,
    Preset,
    Reachable,
    Sample,
    Setting,
    Subscription,
    TimelineItem,
    UnitOfWork,
    Veto,
    ViewContext,
    Widget,
    hookimpl,
    kinds,
    records,
)
from crmframe_sales import queries, say
from crmframe_sales.actions import ACTIONS, DEAL_WON
from crmframe_sales.commands import COMMANDS
from crmframe_sales.forecast import commands as forecast_commands
from crmframe_sales.forecast import grid as forecast_grid
from crmframe_sales.forecast import models as forecast
from crmframe_sales.forecast import routes as forecast_routes
from crmframe_sales.forecast.targets import refuse_double
from crmframe_sales.handover import models as handover
from crmframe_sales.handover import news
from crmframe_sales.handover import notes as handover_notes
from crmframe_sales.handover.notes import notes_of_customer
from crmframe_sales.jobs import count_overdue, note_won_deals
from crmframe_sales.leads import plugin as leads
from crmframe_sales.leads.guards import check_leads
from crmframe_sales.leads.pages import badges_of_leads
from crmframe_sales.models import BEFORE_DEALS, DEALS
from crmframe_sales.participants import models as participants
from crmframe_sales.participants.panels import competitors_of_deal, contacts_of_deal, keep_one_primary
from crmframe_sales.progress import models as progress
from crmframe_sales.progress import queries as late
from crmframe_sales.progress import steps
from crmframe_sales.progress.stale import close_stale_tasks, make_stale_tasks
from crmframe_sales.progress.steps import require_next_step
from crmframe_sales.quotes import guards, pages
from crmframe_sales.quotes import plugin as quotes
from crmframe_sales.routes import ROUTES, deals_of_customer, deals_on_timeline, my_pipeline
from crmframe_sales.standard import begin_with_sales, has_open_stage, missing_for_deals, standard_buttons
from crmframe_sales.team import routes as team_routes

if TYPE_CHECKING:
    import click
    from starlette.routing import BaseRoute

LARGEST_AMOUNT = Decimal(10**14)
FUNNEL = "/p/sales/funnel"
SETTINGS = (
    Setting(
        steps.REQUIRED,
        "An open deal needs a next step",
        kinds.Boolean(),
        default=False,
        help="Whoever saves or moves an open deal says what comes next and when, or makes a task for it.",
    ),
    Setting(
        handover_notes.REQUIRED,
        "A won deal needs a handover note",
        kinds.Boolean(),
        default=False,
        help="Whoever wins a deal says what was promised to the customer.",
    ),
)
PANELS = (
    Panel(
        "sales.deals",
        "core.customer",
        "Deals",
        deals_of_customer,
        "sales/customer_deals.html",
        "sales.deal.read",
        shows="sales.deal",
    ),
    Panel(
        "sales.contacts",
        "sales.deal",
        "People in this deal",
        contacts_of_deal,
        "sales/deal_contacts.html",
        "sales.deal_contact.read",
        shows="sales.deal_contact",
    ),
    Panel(
        "sales.competitors",
        "sales.deal",
        "Competitors",
        competitors_of_deal,
        "sales/deal_competitors.html",
        "sales.deal_competitor.read",
        shows="sales.deal_competitor",
    ),
    Panel(
        "sales.handover",
        "core.customer",
        "Handed over to service",
        notes_of_customer,
        "sales/handover_notes.html",
        "sales.handover_note.read",
        shows="sales.handover_note",
    ),
)


@hookimpl
def entities() -> Sequence[type[Any]]:
    """Return pipelines, stages, reasons, deals and what hangs on them."""
    return [
        *BEFORE_DEALS,
        participants.Competitor,
        *DEALS,
        *participants.ENTITIES,
        *progress.ENTITIES,
        *handover.ENTITIES,
        *forecast.ENTITIES,
        *leads.ENTITIES,
        *quotes.ENTITIES,
    ]


@hookimpl
def actions() -> Sequence[Action]:
    """Return what can be done to deals, leads, quotes and orders."""
    return [*ACTIONS, *leads.ACTIONS, *quotes.ACTIONS]


@hookimpl
def number_series() -> Sequence[NumberSeries]:
    """Return what quotes and orders are numbered by."""
    return quotes.SERIES


@hookimpl
def routes() -> Sequence[BaseRoute]:
    """Return the funnel, the weighted pipeline and the forecast, as pages and as JSON."""
    return [
        *ROUTES,
        *forecast_routes.ROUTES,
        *forecast_grid.ROUTES,
        *team_routes.ROUTES,
        *leads.ROUTES,
        *pages.ROUTES,
    ]


@hookimpl
def log_parts() -> Sequence[LogPart]:
    """Return the stage, which a follow-up about a deal may change in the same go."""
    return [LogPart("sales.deal", "move", ("stage_id",))]


@hookimpl
def commands() -> Sequence[click.Command]:
    """Return ``crmframe sales funnel``, ``crmframe sales pipeline`` and ``crmframe sales forecast``."""
    return [*COMMANDS, *forecast_commands.COMMANDS]


@hookimpl
def menu() -> Sequence[MenuItem]:
    """Return the entries of the funnel and the forecast."""
    may = "sales.deal.read"
    return [
        MenuItem("sales.funnel", "Sales funnel", FUNNEL, may, "chart-no-axes-column"),
        MenuItem("sales.team", "Team", team_routes.PATH, may, "users"),
        MenuItem("sales.forecast", "Forecast", forecast_routes.PATH, may, "trending-up"),
        *leads.MENU,
    ]


@hookimpl
def panels() -> Sequence[Panel]:
    """Return the deals beside a customer, and who has a part in a deal."""
    return [*PANELS, *leads.PANELS, *quotes.PANELS]


@hookimpl
def widgets() -> Sequence[Widget]:
    """Return the tile of the home page."""
    return [
        Widget("sales.my_pipeline", "My pipeline", my_pipeline, "sales/my_pipeline.html", "sales.deal.read")
    ]


@hookimpl
def jobs() -> Sequence[Job | LongJob]:
    """Return what happens at night: overdue deals are counted, and stale ones get a task."""
    return [
        Job("sales.count_overdue", count_overdue, cron="30 2 * * *"),
        Job("sales.make_stale_tasks", make_stale_tasks, cron="40 2 * * *"),
        *leads.JOBS,
        *quotes.JOBS,
    ]


@hookimpl
def presets() -> Sequence[Preset]:
    """Return the standard pipeline, for those who begin with sales."""
    return [Preset("sales", apply=begin_with_sales)]


@hookimpl
def samples() -> Sequence[Sample]:
    """Return the deals of the sample company."""
    return [Sample("crmframe_sales.demo.company:steps")]


@hookimpl
def subscriptions() -> Sequence[Subscription]:
    """Return the reactions to a won deal, a note and news, and to one that moves: its task is closed."""
    return [
        Subscription("sales.note_won_deals", [DEAL_WON], note_won_deals),
        *news.SUBSCRIPTIONS,
        Subscription("sales.close_stale_tasks", ["sales.stage_change.created"], close_stale_tasks),
        *leads.SUBSCRIPTIONS,
    ]


@hookimpl
def notification_kinds() -> Sequence[NotificationKind]:
    """Return what people are told: a deal was won, a lead came in, a quote was answered."""
    return [*news.KINDS, *leads.KINDS, *quotes.NOTIFICATIONS]


@hookimpl
def settings() -> Sequence[Setting]:
    """Return what the workspace may ask of those who sell."""
    return [*SETTINGS, *quotes.SETTINGS]


@hookimpl
def kept_fields() -> Sequence[Kept]:
    """Return the score of leads and the address of forms."""
    return leads.KEPT


@hookimpl
def reachable() -> Sequence[Reachable]:
    """Return the people behind leads."""
    return leads.PEOPLE


@hookimpl
def duplicate_keys() -> Sequence[DuplicateKeys]:
    """Return by what leads are recognized."""
    return leads.DUPLICATES


@hookimpl
def checks() -> Sequence[Check]:
    """Return what must hold for deals."""
    return [Check("sales.deal_stages", deals_agree_with_stages)]


# What must hold whenever records are made or changed.
GUARDS = (keep_one_primary, check_leads, refuse_double, require_next_step, guards.guard_documents)


@hookimpl
def before_create(change: Change) -> None:
    """Refuse lines whose amount no column could hold; see to contacts and targets."""
    for guard in GUARDS:
        guard(change)
    if change.entity.name == "sales.deal_line":
        for line in change.after:
            refuse_too_large(line["quantity"], line["price"])


@hookimpl
def before_update(change: Change) -> None:
    """Refuse to make the amount of a line larger than a column could hold; see to contacts and targets."""
    for guard in GUARDS:
        guard(change)
    if change.entity.name == "sales.deal_line":
        for record_id, values in zip(change.ids, change.after, strict=True):
            line = {**change.before[record_id], **values}
            refuse_too_large(line["quantity"], line["price"])


@hookimpl
def before_delete(change: Change) -> None:
    """Refuse to delete a customer who has open deals, and what was sent or confirmed."""
    guards.guard_documents(change)
    if change.entity.name != "core.customer":
        return
    held = queries.customers_with_open_deals(change.work, change.ids)
    if held:
        name = records.name_of(change.work, "core.customer", change.before[held[0].customer_id])
        template = "Open deals of {customer}: {count}. Close or move them first."
        raise Veto(template, customer=name, count=held[0].deals)


@hookimpl
def record_buttons(context: ViewContext) -> Sequence[Button]:
    """Return the way from a customer to a new deal with it, and from a first pipeline to its stages."""
    if context.entity is not None and context.entity.name == "sales.web_form":
        return leads.form_buttons(context)
    if context.entity is not None and context.entity.name == "sales.pipeline":
        return [] if has_open_stage(context.work) else standard_buttons(context)
    if context.entity is not None and context.entity.name in (quotes.QUOTE, quotes.ORDER):
        return quotes.buttons(context)
    if context.entity is None or context.record is None or context.entity.name != "core.customer":
        return ()
    url = f"/deals/new?customer_id={context.record['id']}"
    return [Button("sales.new_deal", say(context.locale, "New deal"), url, permission="sales.deal.create")]


@hookimpl
def prerequisites(context: ViewContext) -> Sequence[Prerequisite]:
    """Return what deals need first: a pipeline with an open stage."""
    return missing_for_deals(context)


@hookimpl
def row_badges(context: ViewContext) -> Sequence[Badge]:
    """Mark open deals that are past their close date, and those that stay too long in their stage."""
    if context.entity is not None and context.entity.name == "sales.lead":
        return badges_of_leads(context)
    if context.entity is None or context.entity.name != "sales.deal":
        return ()
    work, badges = context.work, []
    for deal in late.slow_deals(work, [row["id"] for row in context.rows]):
        if deal.close_on is not None and deal.close_on < work.today:
            badges.append(Badge(deal.id, say(context.locale, "Overdue"), "red"))
        elif late.is_stale(work, deal):
            badges.append(Badge(deal.id, say(context.locale, "Stale"), "amber"))
    return badges


@hookimpl
def timeline(context: ViewContext) -> Sequence[TimelineItem]:
    """Return the won and lost deals of a customer."""
    if context.entity is None or context.record is None or context.entity.name != "core.customer":
        return ()
    return deals_on_timeline(context)


@hookimpl
def home_page(context: ViewContext) -> str | None:
    """Lead those who only look on to the funnel; whoever works on deals starts with the own tiles."""
    may = context.work.actor.may
    return FUNNEL if may("sales.deal.read") and not may("sales.deal.update") else None


@hookimpl
def notices(context: ViewContext) -> Sequence[str]:
    """Return a reminder of the actor's overdue deals."""
    if not context.work.actor.may("sales.deal.read"):
        return ()
    count = late.overdue_count(context.work)
    sentence = "Open deals of yours that are past their expected close date: {count}."
    return [say(context.locale, sentence, count=count)] if count else ()


def refuse_too_large(quantity: Decimal, price: Decimal) -> None:
    """Raise Veto when quantity times price is beyond what an amount may be."""
    if abs(quantity * price) > LARGEST_AMOUNT:
        template = "{quantity} times {price} is more than an amount can be, {most}. Split the line."
        raise Veto(template, quantity=quantity, price=price, most=LARGEST_AMOUNT)


def deals_agree_with_stages(work: UnitOfWork) -> Sequence[str]:
    """Return a sentence for each deal whose dates, pipeline or history contradict its stage."""
    return [f"Deal {row.id} ({row.title}) contradicts its stage." for row in queries.inconsistent_deals(work)]
