from __future__ import annotations

import pytest

from crmframe.core.errors import BadRequest
from crmframe.web.body import MAX_DEPTH, decoded_json, form_fields, pairs


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_json_may_be_as_deep_as_the_limit():
    assert decoded_json(nested(MAX_DEPTH)) is not None


@pytest.mark.parametrize(
    "raw",
    [
        nested(MAX_DEPTH + 1),
        nested(100000),
        b"[" * 100000,
        b'{"a":' * 5000,
        b"{",
        b"\xff",
        b'"\xff"',
        b"NaN",
        b"1e400",
        b'"\\u0000"',
        b'{"a\\u0000": 1}',
        b'[{"a": ["x\\u0000"]}]',
        b'"\\ud800"',
        b'"\\ud800x"',
    ],
)
def test_what_cannot_be_stored_is_refused(raw):
    with pytest.raises(BadRequest):
        decoded_json(raw)


def test_an_escaped_backslash_before_u0000_is_text():
    assert decoded_json(b'"\\\\u0000"') == "\\u0000"


@pytest.mark.parametrize("raw", [b"a=%00", b"%00=a", b"a=%ff", b"a=\xff", b"&".join([b"a=1"] * 3000)])
def test_forms_and_queries_that_cannot_be_stored_are_refused(raw):
    with pytest.raises(BadRequest):
        pairs(raw)


def test_a_form_keeps_every_value_of_a_field():
    assert form_fields(b"tag=a&tag=b&name=%E5%BC%A0&empty=") == {
        "tag": ["a", "b"],
        "name": ["张"],
        "empty": [""],
    }
