"""Files in and files out: import with matching, links by name and a dry run; export that comes back unchanged."""

from crmframe.core.transfer.exporting import ExportOptions, export
from crmframe.core.transfer.importing import import_file
from crmframe.core.transfer.options import ImportOptions
from crmframe.core.transfer.outcome import Outcome, Report
from crmframe.core.transfer.problems import CannotResume, UnknownEncoding, UnreadableFile
from crmframe.core.transfer.reading import ReadOptions

__all__ = [
    "CannotResume",
    "ExportOptions",
    "ImportOptions",
    "Outcome",
    "ReadOptions",
    "Report",
    "UnknownEncoding",
    "UnreadableFile",
    "export",
    "import_file",
]
