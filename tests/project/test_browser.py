"""The browser that the page tests use."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_page_runs_scripts_and_keeps_no_cookies_of_other_tests(page) -> None:
    page.set_content("<p id=a>one</p><script>document.getElementById('a').textContent = 'two'</script>")

    assert page.locator("#a").inner_text() == "two"
    assert page.context.cookies() == []


def test_browser_has_a_font_for_chinese(page) -> None:
    page.set_content("<span id=a style='font: 40px sans-serif'>客户</span>")

    # A missing glyph is a narrow box; a Chinese character fills its square.
    assert page.locator("#a").bounding_box()["width"] == pytest.approx(80, abs=2)
