"""What the core adds to crmframe, through the same hooks as every plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmframe.core.access import models as access
from crmframe.core.access import tables as access_tables
from crmframe.core.activities import models as activities
from crmframe.core.customers import links, models, reach, trade
from crmframe.core.jobs import tables as job_tables
from crmframe.core.journal import event_tables
from crmframe.core.journal import tables as journal_tables
from crmframe.hookspecs import hookimpl

# Tables that are no entities: importing their modules is what puts them into the schema.
TABLES = (access_tables, job_tables, event_tables, journal_tables)

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
    trade.Product,
    trade.Purchase,
    trade.CurrencyRate,
    links.ExternalRef,
    links.Tag,
    links.TagLink,
    links.CustomField,
    activities.Activity,
)


@hookimpl
def entities() -> Sequence[type[Any]]:
    """Declare the core's record types, targets before what refers to them."""
    return ENTITIES
