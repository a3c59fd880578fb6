from __future__ import annotations

import pytest

from crmframe.web.locales import accepted, of_request


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh_Hans"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh;q=0.1,en;q=0.9", "en"),
        ("de,fr;q=0.9", "en"),
        ("de,zh;q=0.2", "zh_Hans"),
        ("zh;q=nonsense,en", "en"),
        ("*", "en"),
    ],
)
def test_the_first_language_that_is_there_counts(header, locale):
    assert accepted(header) == locale


def test_what_was_chosen_in_this_browser_wins_over_the_user_s_and_the_browser_s():
    headers = {b"accept-language": b"en", b"cookie": b"a=b; crmframe_locale=zh_Hans"}

    assert of_request(headers, "en") == "zh_Hans"
    assert of_request({b"accept-language": b"zh"}, "en") == "en"
    assert of_request({b"accept-language": b"zh"}) == "zh_Hans"
    assert of_request({b"cookie": b"crmframe_locale=xx"}) == "en"
    assert of_request({b"accept-language": b"zh"}, "", "en") == "zh_Hans"
    assert of_request({b"accept-language": b"fr"}, "", "zh_Hans") == "zh_Hans"
