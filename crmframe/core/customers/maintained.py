"""Fields that the pipeline keeps from other records: declared here, computed by ``core/records``."""

from __future__ import annotations

from crmframe.core.customers.links import stable_key
from crmframe.core.customers.normalize import normalized_value
from crmframe.core.entities.maintained import Derived, Maintained

# Nothing here depends on the clock: "next step" is the latest one that was planned, so that a replay gives the same.
MAINTAINED = (
    Maintained("core.activity", "about", "core.customer", "last_activity_at", "max", "at"),
    Maintained("core.activity", "about", "core.customer", "next_step_at", "max", "next_step_at"),
)

DERIVED = (
    Derived("core.contact_point", "normalized", ("kind", "value"), normalized_value),
    Derived("core.custom_field", "key", ("entity",), stable_key),
)
