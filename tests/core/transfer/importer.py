"""A process that imports a file and can be killed: ``python importer.py URL FOLDER FILE``; resumes what it finds open."""

from __future__ import annotations

import sys
from pathlib import Path

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.journal.tables import operation
from crmframe.core.transfer import ImportOptions, import_file
from crmframe.settings import AppSettings


def main(url: str, folder: str, file: str) -> None:
    application = Application(AppSettings(database=url, folder=Path(folder)), migrate=False)
    with application.database.read() as connection:
        number = connection.scalar(sa.select(operation.c.id).where(operation.c.state == "open"))
        done = connection.scalar(
            sa.select(operation.c.id).where(operation.c.door == "import", operation.c.state == "done")
        )
    if done is None:
        options = None if number else ImportOptions(mend=Path(folder) / "mend.csv")
        print("begun", flush=True)
        import_file(application, None, Path(file), "core.customer", options, operation=number)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
