"""Fields that the pipeline keeps from other records: declared here, computed by ``core/records``."""

from __future__ import annotations

from crmframe.core.customers.links import stable_key
from crmframe.core.customers.normalize import normalized_value
from crmframe.core.entities.maintained import Derived, Maintained

# Nothing here depends on the clock, so that a replay gives the same. The next step of a customer is the earliest of what is
# planned and not yet done, be it late or still to come: open tasks, planned appointments, and what the last activity
# says (a later activity answers for the plans of an earlier one). Appointments that repeat are no step: which of them
# comes next is a matter of the clock.
CUSTOMER = "core.customer"
MAINTAINED = (
    Maintained("core.activity", "about", CUSTOMER, "last_activity_at", "max", "at"),
    Maintained("core.activity", "about", CUSTOMER, "next_step_at", "last", "next_step_at", by="at"),
    Maintained("core.task", "about", CUSTOMER, "next_step_at", "min", "due_at", where=(("done_at", None),)),
    Maintained(
        "core.appointment",
        "about",
        CUSTOMER,
        "next_step_at",
        "min",
        "start_at",
        where=(("state", "planned"), ("recurrence", None)),
    ),
)

DERIVED = (
    Derived("core.contact_point", "normalized", ("kind", "value"), normalized_value),
    Derived("core.custom_field", "key", ("entity",), stable_key),
)
