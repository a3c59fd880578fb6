"""One attempt of the matrix, and the names of what may come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_ID = 999_999_999
DONE, DENIED, MISSING, UNKNOWN = "done", "denied", "missing", "unknown"
BAD, REFUSED, BROKEN = "bad", "refused", "broken"
# A permitted write may still be impossible: the record is in use, closed, taken.
DONE_OR_REFUSED = frozenset({DONE, REFUSED})
# Looked at: those of others first, so that every verb meets a record that it must not touch.
FOREIGN = ("olga", "stray", "moved", "nina", "crossing", "sam", "shelved")
# For doors that stand on the same functions.
FEW = ("olga", "stray", "sam")
READ_VERBS = ("get", "history", "as_of", "titles")
EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Cell:
    """One attempt.

    Attributes:
        verb: What is tried; a door knows it by this name or has no such thing.
        expected: The outcomes that are right.
        ids: The records that must come back, where records come back; None where that is not looked at.
        values: What is written; ``field`` and ``value`` what is asked for.
        sent: Tokens that the attempt itself carries: they may be repeated.
        same_as: Another cell that must be answered alike but for the words in ``sent``.
    """

    verb: str
    entity: str = ""
    record_id: int | None = None
    expected: frozenset[str] = frozenset({DONE})
    ids: frozenset[int] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    field: str = ""
    value: Any = None
    action: str = ""
    operation: int | None = None
    sent: tuple[str, ...] = ()
    same_as: Cell | None = None

    @property
    def writes(self) -> bool:
        return self.verb not in READING

    @property
    def may_write(self) -> bool:
        """Return whether the attempt is right to change something."""
        return self.writes and DONE in self.expected

    def __str__(self) -> str:
        parts = (self.verb, self.action, self.entity, self.record_id, self.field, self.operation)
        return " ".join(str(part) for part in parts if part not in ("", None))


READING = frozenset(
    {
        *READ_VERBS,
        *("list", "count", "sort", "columns", "filter", "hop", "list_as_of", "export", "export_names"),
        *(
            "visible",
            "find_by",
            "changes",
            "operations",
            "index",
            "me",
            "openapi",
            "preview_undo",
            "health",
            "plugins",
        ),
        *(
            "new_form",
            "board",
            "condition",
            "options",
            "edit_form",
            "delete_form",
            "print",
            "action_form",
            "several_ask",
        ),
        *("home", "journal", "password_form", "admin_roles", "admin_users", "admin_plugins", "admin_plugin"),
        *("admin_jobs", "admin_role", "admin_user", "funnel", "funnel_data", "pipeline_data", "funnel_of"),
        *("forecast", "forecast_data", "team_page", "targets_page"),
        *("search", "search_list", "suggest"),
        *("conversion", "conversion_data", "duplicates_data"),
        *("operations_cli", "entities_cli"),
    }
)
