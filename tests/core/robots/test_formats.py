"""What chat programs are sent: bodies, signatures and what their answers mean."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from crmframe.core.outbound.http import Answer
from crmframe.core.robots.formats import FORMATS, fitting, posting, verdict

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_dingtalk_is_signed_in_the_query_with_milliseconds() -> None:
    url, body = posting(
        "dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=t", "SECx", "您好", NOW
    )
    query = parse_qs(urlsplit(url).query)
    stamp = query["timestamp"][0]
    expected = hmac.new(b"SECx", f"{stamp}\nSECx".encode(), hashlib.sha256).digest()
    assert stamp == str(int(NOW.timestamp()) * 1000)
    assert base64.b64decode(query["sign"][0]) == expected
    assert body == {"msgtype": "text", "text": {"content": "您好"}}


def test_feishu_is_signed_in_the_body_with_seconds() -> None:
    url, body = posting("feishu", "https://open.feishu.cn/hook/x", "s3", "您好", NOW)
    stamp = str(int(NOW.timestamp()))
    expected = hmac.new(f"{stamp}\ns3".encode(), b"", hashlib.sha256).digest()
    assert url == "https://open.feishu.cn/hook/x"
    assert body["timestamp"] == stamp
    assert base64.b64decode(body["sign"]) == expected
    assert (body["msg_type"], body["content"]) == ("text", {"text": "您好"})


@pytest.mark.parametrize("kind", list(FORMATS))
def test_without_a_secret_nothing_is_signed(kind: str) -> None:
    url, body = posting(kind, "https://chat.example/x", "", "text", NOW)
    assert url == "https://chat.example/x"
    assert "sign" not in body


def test_names_of_customers_call_nobody_and_link_nowhere() -> None:
    assert "<at" not in posting("feishu", "u", "", '<at user_id="all">x</at>', NOW)[1]["content"]["text"]
    assert posting("slack", "u", "", "<!channel> & co", NOW)[1]["text"] == "&lt;!channel&gt; &amp; co"
    card = posting("teams", "u", "", "[x](https://evil.example)", NOW)[1]["attachments"][0]["content"]
    assert card["body"][0]["inlines"][0]["type"] == "TextRun"


@pytest.mark.parametrize(
    ("kind", "status", "text", "state"),
    [
        ("wecom", 200, '{"errcode": 0, "errmsg": "ok"}', "sent"),
        ("wecom", 200, '{"errcode": 93000, "errmsg": "invalid webhook url"}', "failed"),
        ("wecom", 200, '{"errcode": 45009}', "queued"),
        ("dingtalk", 200, '{"errcode": 310000, "errmsg": "sign not match"}', "failed"),
        ("feishu", 200, '{"code": 19021, "msg": "sign match fail"}', "failed"),
        ("feishu", 200, '{"StatusCode": 0, "code": 0}', "sent"),
        ("wecom", 200, "<html>a proxy</html>", "failed"),
        ("slack", 200, "ok", "sent"),
        ("slack", 404, "no_service", "failed"),
        ("slack", 302, "", "failed"),
        ("teams", 202, "", "sent"),
        ("teams", 429, "", "queued"),
        ("teams", 503, "", "queued"),
    ],
)
def test_what_an_answer_means(kind: str, status: int, text: str, state: str) -> None:
    assert verdict(kind, Answer(status, text))[0] == state


def test_many_lines_are_cut_where_the_chat_program_takes_no_more() -> None:
    text = fitting("wecom", [f"{n} 商机赢单：华新重工" for n in range(200)])
    assert len(text.encode()) <= 2_000
    assert text.splitlines()[-1].startswith("… +")
    assert fitting("wecom", ["ab", "c"]) == "ab\nc"
    assert len(fitting("wecom", ["长" * 5_000]).encode()) <= 2_000
