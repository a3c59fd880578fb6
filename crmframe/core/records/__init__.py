"""The one way to read and to write records, whatever the door."""

from crmframe.core.records.acting import action_of, run, run_many
from crmframe.core.records.as_of import as_of
from crmframe.core.records.deleting import archive, delete, delete_many, unarchive
from crmframe.core.records.history import Entry, FieldChange, history
from crmframe.core.records.holding import holding
from crmframe.core.records.moving import move_about
from crmframe.core.records.query import Count, Page, Query
from crmframe.core.records.reading import (
    count,
    get,
    get_and_verbs,
    name_of,
    parse_filter,
    readable,
    select,
    titles,
    visible,
)
from crmframe.core.records.restoring import restore
from crmframe.core.records.undo import Kept, UndoResult, undo
from crmframe.core.records.undo import preview as preview_undo
from crmframe.core.records.writing import (
    create,
    create_many,
    find_by,
    refresh,
    update,
    update_many,
    upsert_many,
    write,
)

__all__ = [
    "Count",
    "Entry",
    "FieldChange",
    "Kept",
    "Page",
    "Query",
    "UndoResult",
    "action_of",
    "archive",
    "as_of",
    "count",
    "create",
    "create_many",
    "delete",
    "delete_many",
    "find_by",
    "get",
    "get_and_verbs",
    "history",
    "holding",
    "move_about",
    "name_of",
    "parse_filter",
    "preview_undo",
    "readable",
    "refresh",
    "restore",
    "run",
    "run_many",
    "select",
    "titles",
    "unarchive",
    "undo",
    "update",
    "update_many",
    "upsert_many",
    "visible",
    "write",
]
