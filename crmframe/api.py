"""The only module of crmframe that a plugin imports. Versioned apart from the product: ``PLUGIN_API``."""

from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.access.term import ALL, NONE, Term
from crmframe.core.access.throttle import slow_down
from crmframe.core.assignment.models import Assignable
from crmframe.core.assignment.service import assign, has_rules
from crmframe.core.contributions import (
    Action,
    Badge,
    Button,
    Change,
    Check,
    Choice,
    ChoiceExtension,
    DuplicateKeys,
    Event,
    Extension,
    FormView,
    Job,
    Kept,
    LogPart,
    LongJob,
    MenuItem,
    NotificationChannel,
    NotificationKind,
    NumberSeries,
    Panel,
    Permission,
    PolicyContext,
    Prerequisite,
    Preset,
    Reachable,
    Sample,
    Setting,
    Strategy,
    Subscription,
    TimelineItem,
    Veto,
    ViewContext,
    Widget,
)
from crmframe.core.duplicates import Match
from crmframe.core.duplicates import find as find_duplicates
from crmframe.core.duplicates import find_of_record as find_duplicates_of
from crmframe.core.entities import filters, kinds
from crmframe.core.entities.declare import Archivable, Customizable, Owned, Timeline, plugin_base
from crmframe.core.entities.entity import Entity, computed
from crmframe.core.entities.field import Field, field
from crmframe.core.errors import Conflict, CrmError, InvalidInput, NotFound, PermissionDenied, Problem
from crmframe.core.i18n import Translator
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import JobRun
from crmframe.core.mail.queue import queue_mail
from crmframe.core.notifications.news import tell_followers, tell_new_owners
from crmframe.core.notifications.notify import notify
from crmframe.core.reachable import Person, reachable
from crmframe.core.records.query import Query
from crmframe.core.series.drawing import draw
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace.calendar import add_working_time, is_working, working_days_between, working_time
from crmframe.core.workspace.rates import convert, rate_on, rates_on
from crmframe.hookspecs import HOOKS, hookimpl
from crmframe.web.pdf import company_picture, pdf_of, pdf_reply
from crmframe.web.respond import Call, Reply
from crmframe.web.router import page

__all__ = [
    "ALL",
    "HOOKS",
    "NONE",
    "Action",
    "Actor",
    "Archivable",
    "Assignable",
    "Badge",
    "Button",
    "Call",
    "Change",
    "Check",
    "Choice",
    "ChoiceExtension",
    "Conflict",
    "CrmError",
    "Customizable",
    "DuplicateKeys",
    "Entity",
    "Event",
    "Extension",
    "Field",
    "FormView",
    "InvalidInput",
    "Job",
    "JobRun",
    "Kept",
    "LogPart",
    "LongJob",
    "Match",
    "MenuItem",
    "NotFound",
    "NotificationChannel",
    "NotificationKind",
    "NumberSeries",
    "Owned",
    "Panel",
    "Permission",
    "PermissionDenied",
    "Person",
    "PolicyContext",
    "Prerequisite",
    "Preset",
    "Problem",
    "Query",
    "Reachable",
    "Reply",
    "Sample",
    "Setting",
    "Strategy",
    "Subscription",
    "Term",
    "Timeline",
    "TimelineItem",
    "Translator",
    "UnitOfWork",
    "Veto",
    "ViewContext",
    "Widget",
    "add_working_time",
    "assign",
    "company_picture",
    "computed",
    "convert",
    "draw",
    "enqueue",
    "field",
    "filters",
    "find_duplicates",
    "find_duplicates_of",
    "has_rules",
    "hookimpl",
    "is_working",
    "kinds",
    "notify",
    "page",
    "pdf_of",
    "pdf_reply",
    "plugin_base",
    "queue_mail",
    "rate_on",
    "rates_on",
    "reachable",
    "records",
    "slow_down",
    "tell_followers",
    "tell_new_owners",
    "working_days_between",
    "working_time",
]
