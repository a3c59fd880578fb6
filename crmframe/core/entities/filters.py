"""The filter language: one for URLs, API, command line, views and rules.

``amount__gte=1000``, ``stage__in=a,b``, ``owner=me``, ``created_at__within=30d``, ``customer.industry=retail``; groups
as JSON. A filter is a tree (``Node``); its ``shape`` and ``clause`` hold no value, its ``binds`` hold them all.
"""

from __future__ import annotations

from crmframe.core.entities.filter_nodes import (
    RESERVED,
    All,
    Any,
    Condition,
    Node,
    Not,
    all_of,
    any_of,
    binds,
    conditions,
    shape,
    to_json,
    to_params,
)
from crmframe.core.entities.filter_parse import Readable, parse_json, parse_params
from crmframe.core.entities.filter_sql import Policy, clause, fields_of, looked_at, targets

__all__ = [
    "RESERVED",
    "All",
    "Any",
    "Condition",
    "Node",
    "Not",
    "Policy",
    "Readable",
    "all_of",
    "any_of",
    "binds",
    "clause",
    "conditions",
    "fields_of",
    "looked_at",
    "parse_json",
    "parse_params",
    "shape",
    "targets",
    "to_json",
    "to_params",
]
