"""Reports of follow-ups on the command line."""

from __future__ import annotations

import json


def test_daily_and_weekly_report_show_what_a_user_did(crmframe) -> None:
    crmframe("user", "create", "zhang", "--name", "张伟", "--role", "manager", "--password", "a quiet pond 7")
    made = crmframe("--as", "zhang", "customer", "create", "name=Nordvik", "--json")
    number = json.loads(made.out)["id"]
    logged = crmframe(
        "--as",
        "zhang",
        "customer",
        "log",
        str(number),
        "kind=call",
        "text=Wants a price",
        'values={"grade": "a"}',
    )
    assert logged.status == 0, logged.err

    daily, weekly = crmframe("report", "daily"), crmframe("report", "weekly", "--by", "zhang", "--json")
    assert "Wants a price" in daily.out
    assert json.loads(weekly.out.splitlines()[0])["kinds"] == {"call": 1}
    assert "Nothing was logged." in crmframe("report", "daily", "--day", "2001-01-01").out
