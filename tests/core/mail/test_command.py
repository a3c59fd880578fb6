"""``crmframe mail test`` and the settings behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from crmframe.core.mail.transport import MailServer
from crmframe.settings import AppSettings
from tests.mail_server import Running, mail_server

__all__ = ["mail_server"]


def run(folder: Path, *arguments: str, **settings: Any) -> Any:
    environment = {**os.environ, **{f"CRMFRAME_{key.upper()}": str(value) for key, value in settings.items()}}
    command = [sys.executable, "-m", "crmframe.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_setting_of_mail_reaches_the_server() -> None:
    settings = AppSettings(
        mail_host="smtp.qiming.example",
        mail_port=465,
        mail_user="crm",
        mail_password="a secret",
        mail_security="ssl",
        mail_sender="crm@qiming.example",
        mail_name="启明 CRM",
    )
    expected = MailServer(
        "smtp.qiming.example", 465, "crm", "a secret", "ssl", "crm@qiming.example", "启明 CRM"
    )
    assert settings.mail_server() == expected


def test_the_command_says_what_the_server_answers(tmp_path: Path, mail_server: Running) -> None:
    given = {
        "mail_host": mail_server.server.host,
        "mail_port": mail_server.server.port,
        "mail_security": "none",
        "mail_sender": "crm@qiming.example",
    }
    sent = run(tmp_path, "mail", "test", "admin@qiming.example", **given)
    assert sent.returncode == 0, sent.stderr
    assert [mail["To"] for mail in mail_server.post.mails] == ["admin@qiming.example"]

    mail_server.post.answers["admin@qiming.example"] = "550 5.7.1 not you"
    refused = run(tmp_path, "mail", "test", "admin@qiming.example", **given)
    assert refused.returncode == 1
    assert "550 5.7.1 not you" in refused.stderr
    assert run(tmp_path, "mail", "test", "admin@qiming.example").returncode == 1


def test_the_password_of_the_mail_server_is_not_shown(tmp_path: Path) -> None:
    shown = run(tmp_path, "settings", "show", "--json", mail_password="very secret words")
    assert json.loads(shown.stdout)["mail_password"] == "***"
