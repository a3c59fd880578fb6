"""The pages for beginners are run: files written, commands typed; the commands of every page exist."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.inventory import ROOT, tracked

DOCS = ROOT / "docs"
STEP = re.compile(
    r"^`([\w./]+)`[:：]\n\n```\w+\n(.*?)^```$|^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPIST = """
import json, shlex, sys
from click.testing import CliRunner
from crmframe.cli.main import main

printed = {}
for command in sys.argv[1:]:
    answer = CliRunner().invoke(main, shlex.split(command))
    if answer.exit_code:
        sys.exit(f"{command}: {answer.exit_code}\\n{answer.output}{answer.exception!r}")
    printed[command] = answer.stdout
print(json.dumps(printed))
"""
COMMAND = [sys.executable, "-m", "crmframe.cli.main"]


def steps(page: Path) -> list[tuple[str, str]]:
    """Return what a reader does: ("file", text) pairs, and ("", commands)."""
    return [(name, text or commands) for name, text, commands in STEP.findall(page.read_text("utf-8"))]


def follow(page: Path, folder: Path) -> dict[str, str]:
    """Do what the page says in an empty folder; returns what each command printed."""
    printed: dict[str, str] = {}
    for name, text in steps(page):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        else:
            printed |= typed([line.removeprefix("$ crmframe ") for line in text.splitlines()], folder)
    return printed


def typed(commands: list[str], folder: Path) -> dict[str, str]:
    """Type commands into one process of their own, which costs less than one for each."""
    done = subprocess.run(
        [sys.executable, "-c", TYPIST, *commands], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_first_steps_can_be_followed(tmp_path: Path) -> None:
    printed = follow(DOCS / "en/tutorial/first-steps.md", tmp_path)

    assert "Acme" in printed["customer list --where city=Berlin"]


def test_first_plugin_can_be_followed(tmp_path: Path) -> None:
    printed = follow(DOCS / "en/tutorial/first-plugin.md", tmp_path)

    assert "Rose garden" in printed["garden list --where area__gte=100"]
    assert "2 created" in printed["import garden gardens.csv"]
    assert printed["export garden --format jsonl"].count("\n") == 3
    assert "New: Roof garden" in printed["activity list --where about=core.customer:1"]


@pytest.mark.parametrize("page", ["tutorial/first-steps.md", "tutorial/first-plugin.md"])
def test_both_languages_say_the_same_in_code(page: str) -> None:
    english, chinese = (
        FENCE.findall((DOCS / language / page).read_text(encoding="utf-8")) for language in ("en", "zh")
    )

    assert english == chinese


def test_commands_named_anywhere_in_the_pages_exist() -> None:
    """A record type stands for all: ``customer`` has the commands that each has."""
    known = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    static = set(re.findall(r"^  ([a-z-]+)  ", known, re.MULTILINE))
    named = {
        (page, match)
        for page in tracked("docs/*.md", "README.md")
        for match in re.findall(
            r"[`$] ?crmframe (?:--[a-z-]+ )?([a-z][a-z-]+)", (ROOT / page).read_text(encoding="utf-8")
        )
    }
    dynamic = {
        "customer",
        "deal",
        "garden",
        "currency-rate",
        "holiday",
        "activity",
        "sales",
        "property",
        "plant",
    }

    assert {name for _, name in named} - static - dynamic == set(), named
