"""The only module of crmframe that a plugin imports. Versioned apart from the product: ``PLUGIN_API``."""

from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.access.term import ALL
from crmframe.core.access.term import NONE
from crmframe.core.access.term import Term
from crmframe.core.contributions import Action
from crmframe.core.contributions import Badge
from crmframe.core.contributions import Button
from crmframe.core.contributions import Change
from crmframe.core.contributions import Check
from crmframe.core.contributions import Choice
from crmframe.core.contributions import ChoiceExtension
from crmframe.core.contributions import Event
from crmframe.core.contributions import Extension
from crmframe.core.contributions import FormView
from crmframe.core.contributions import Job
from crmframe.core.contributions import MenuItem
from crmframe.core.contributions import Panel
from crmframe.core.contributions import Permission
from crmframe.core.contributions import PolicyContext
from crmframe.core.contributions import Subscription
from crmframe.core.contributions import TimelineItem
from crmframe.core.contributions import Veto
from crmframe.core.contributions import ViewContext
from crmframe.core.contributions import Widget
from crmframe.core.entities import filters
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Archivable
from crmframe.core.entities.declare import Customizable
from crmframe.core.entities.declare import Owned
from crmframe.core.entities.declare import Timeline
from crmframe.core.entities.declare import plugin_base
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.entity import computed
from crmframe.core.entities.field import Field
from crmframe.core.entities.field import field
from crmframe.core.errors import Conflict
from crmframe.core.errors import CrmError
from crmframe.core.errors import InvalidInput
from crmframe.core.errors import NotFound
from crmframe.core.errors import PermissionDenied
from crmframe.core.errors import Problem
from crmframe.core.i18n import Translator
from crmframe.core.records.query import Query
from crmframe.core.work import UnitOfWork
from crmframe.hookspecs import HOOKS
from crmframe.hookspecs import hookimpl
from crmframe.web.respond import Call
from crmframe.web.respond import Reply
from crmframe.web.router import page

__all__ = [
    "ALL",
    "Action",
    "Actor",
    "Archivable",
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
    "Entity",
    "Event",
    "Extension",
    "Field",
    "FormView",
    "HOOKS",
    "InvalidInput",
    "Job",
    "MenuItem",
    "NONE",
    "NotFound",
    "Owned",
    "Panel",
    "Permission",
    "PermissionDenied",
    "PolicyContext",
    "Problem",
    "Query",
    "Reply",
    "Subscription",
    "Term",
    "Timeline",
    "TimelineItem",
    "Translator",
    "UnitOfWork",
    "Veto",
    "ViewContext",
    "Widget",
    "computed",
    "field",
    "filters",
    "hookimpl",
    "kinds",
    "page",
    "plugin_base",
    "records",
]
