"""The commands that exist whatever the database holds: a table, so that ``--help`` imports none of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Name: (module:attribute, short help).
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "serve": ("crmframe.cli.serve:serve", "Serve the pages and the API."),
        "init": ("crmframe.cli.init:init", "Begin: the company's settings, and plugins from a preset."),
        "demo": ("crmframe.cli.demo:demo", "Serve a small sample company, to try crmframe."),
        "sample": ("crmframe.cli.sample:sample", "Load or remove sample data."),
        "worker": ("crmframe.cli.worker:worker", "Deliver events and run jobs."),
        "entities": ("crmframe.cli.entities:entities", "List the record types and their commands."),
        "search": ("crmframe.cli.search:search", "Search records of every kind."),
        "history": ("crmframe.cli.journal:history", "Show what happened to a record."),
        "as-of": ("crmframe.cli.journal:as_of", "Show a record as it was at a moment."),
        "operations": ("crmframe.cli.journal:operations", "Show what was done, by whom and why."),
        "undo": ("crmframe.cli.journal:undo", "Take back an operation."),
        "import": ("crmframe.cli.transfer:import_any", "Import a CSV file."),
        "export": ("crmframe.cli.transfer:export_any", "Export records as CSV or JSON lines."),
        "user": ("crmframe.cli.user:user", "Users, their passwords and API tokens."),
        "role": ("crmframe.cli.role:role", "Roles and what they permit."),
        "why": ("crmframe.cli.why:why", "Explain why a user may do something, or not."),
        "plugin": ("crmframe.cli.plugin:plugin", "Plugins: list, enable, disable, examine."),
        "hooks": ("crmframe.cli.hooks:hooks", "The extension points and who uses them."),
        "db": ("crmframe.cli.db:db", "The database's schema."),
        "check": ("crmframe.cli.check:check", "Check the data, or the installation."),
        "report": ("crmframe.cli.report:report", "What people did on a day or in a week."),
        "backup": ("crmframe.cli.backup:backup", "Write database and files into one archive."),
        "restore": ("crmframe.cli.backup:restore", "Put a backup in place."),
        "settings": ("crmframe.cli.settings:settings", "The settings in force."),
        "mail": ("crmframe.cli.mail:mail", "Whether outgoing mail works."),
        "setting": ("crmframe.cli.setting:setting", "What administrators decided for the workspace."),
        "version": ("crmframe.cli.version:version", "The version of crmframe."),
    }
)
EPILOG = (
    "Every record type has commands of its own, such as: crmframe customer list --where industry=retail. "
    "crmframe entities lists them."
)
