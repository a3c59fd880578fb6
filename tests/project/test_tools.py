"""The small scripts that the build leans on."""

from __future__ import annotations

from pathlib import Path

from tools import drive_demo, shape, skips

REPORT = '<testsuite><testcase><skipped message="{}"/></testcase><testcase/></testsuite>'


def test_skip_for_want_of_a_browser_fails_the_build(tmp_path: Path, capsys) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(REPORT.format("no Chromium: not installed"), encoding="utf-8")

    assert skips.main(str(report)) == 1
    assert "no Chromium" in capsys.readouterr().out


def test_skip_for_want_of_the_real_input_does_not_fail_the_build(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(REPORT.format("no real input: /data does not exist"), encoding="utf-8")

    assert skips.main(str(report)) == 0


def test_function_length_leaves_the_docstring_out(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        'def two():\n    """Say.\n\n    More.\n    """\n    a = 1\n    return a\n\n\ndef none():\n    """Only this."""\n'
    )

    assert dict(shape.functions(source)) == {"two": 2, "none": 0}


def test_first_account_is_read_from_the_output_of_the_demo(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    log.write_text(
        "crmframe on http://127.0.0.1:8000\n\n  wang.li@example.com   sunny-day-7   administrator\n"
    )

    assert drive_demo.first_account(log) == ("wang.li@example.com", "sunny-day-7")
