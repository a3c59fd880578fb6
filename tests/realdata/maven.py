"""Brings the Maven sales data into an application, through the public import alone."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.transfer import ImportOptions, Report, import_file

FOLDER = "crm-maven-pipeline"
STAGES = (("Prospecting", "open", 10), ("Engaging", "open", 40), ("Won", "won", 100), ("Lost", "lost", 0))
DEAL_MAPPING = {"opportunity_id": "code,title", "sales_agent": "owner"}


@dataclass(frozen=True)
class Maven:
    """The files, and an application that takes them."""

    application: Application
    folder: Path
    scratch: Path

    def rows(self, name: str) -> list[dict[str, str]]:
        """Return a file's rows as Python's own reader sees them."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def load(self, file: Path | str, entity: str, **options: object) -> Report:
        """Import a file of the set, or one made from it."""
        path = file if isinstance(file, Path) else self.folder / file
        return import_file(self.application, None, path, entity, ImportOptions(**options))  # type: ignore[arg-type]

    def make(self, name: str, headers: list[str], rows: list[list[str]]) -> Path:
        """Write a file that the set only implies, such as the teams."""
        path = self.scratch / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([headers, *rows])
        return path

    def load_people(self) -> list[Report]:
        """Make agents and managers users, a team for each manager below one for each office, and put them there."""
        people = self.rows("sales_teams.csv")
        managers = sorted({(row["manager"], row["regional_office"]) for row in people})
        offices = sorted({office for _, office in managers})
        # Parents stand below what is part of them: the order of rows must not matter.
        teams = [[name, office] for name, office in managers] + [[office, ""] for office in offices]
        leaders = [[name, name, "yes"] for name, _ in managers]
        return [
            self.load("sales_teams.csv", "core.user", mapping={"sales_agent": "name,login"}),
            self.load(
                self.make("managers.csv", ["name", "login"], [[n, n] for n, _ in managers]), "core.user"
            ),
            self.load(self.make("teams.csv", ["name", "part of"], teams), "core.team"),
            self.load(
                "sales_teams.csv", "core.membership", mapping={"sales_agent": "user", "manager": "team"}
            ),
            self.load(self.make("leaders.csv", ["user", "team", "is lead"], leaders), "core.membership"),
        ]

    def load_masters(self) -> list[Report]:
        """Import the customers and the price list."""
        return [self.load("accounts.csv", "core.customer"), self.load("products.csv", "core.product")]

    def set_up_pipeline(self) -> dict[str, int]:
        """Make the stages of the file; returns their ids by name."""
        with self.application.work() as work:
            pipeline = records.create(work, "sales.pipeline", {"name": "Maven"})["id"]
            stages = [
                {
                    "name": name,
                    "kind": kind,
                    "probability": chance,
                    "position": place,
                    "pipeline_id": pipeline,
                }
                for place, (name, kind, chance) in enumerate(STAGES, 1)
            ]
            ids = records.create_many(work, "sales.stage", stages)
        return {name: record_id for (name, _, _), record_id in zip(STAGES, ids, strict=True)}

    def load_deals(self, file: Path | str = "sales_pipeline.csv", **options: object) -> Report:
        """Import the deals with the stages and dates of the file."""
        return self.load(file, "sales.deal", **{"mapping": DEAL_MAPPING, "match": ("code",), **options})
