"""The one way to read and to write records, whatever the door."""

from crmframe.core.records.acting import action_of
from crmframe.core.records.acting import run
from crmframe.core.records.as_of import as_of
from crmframe.core.records.deleting import archive
from crmframe.core.records.deleting import delete
from crmframe.core.records.deleting import delete_many
from crmframe.core.records.deleting import unarchive
from crmframe.core.records.history import Entry
from crmframe.core.records.history import FieldChange
from crmframe.core.records.history import history
from crmframe.core.records.query import Count
from crmframe.core.records.query import Page
from crmframe.core.records.query import Query
from crmframe.core.records.reading import count
from crmframe.core.records.reading import get
from crmframe.core.records.reading import select
from crmframe.core.records.reading import titles
from crmframe.core.records.reading import visible
from crmframe.core.records.restoring import restore
from crmframe.core.records.undo import Kept
from crmframe.core.records.undo import UndoResult
from crmframe.core.records.undo import preview as preview_undo
from crmframe.core.records.undo import undo
from crmframe.core.records.writing import create
from crmframe.core.records.writing import create_many
from crmframe.core.records.writing import find_by
from crmframe.core.records.writing import update
from crmframe.core.records.writing import update_many
from crmframe.core.records.writing import upsert_many
from crmframe.core.records.writing import write

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
    "history",
    "preview_undo",
    "restore",
    "run",
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
