"""Calling other servers: where the program goes, where it does not, and what it makes of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from crmframe.core.outbound import http
from crmframe.core.outbound.http import MOST_BYTES, Forbidden, NoAnswer, Outbound, Unreached, is_public
from crmframe.settings import read_settings
from tests.http_server import Listener, listener

__all__ = ["listener"]
HOUSE = Outbound(["127.0.0.0/8"])


def leads_to(monkeypatch: Any, *addresses: str) -> None:
    found = [(2, 1, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(http, "getaddrinfo", lambda *given, **named: found)


def test_json_is_posted_and_answered(listener: Listener) -> None:
    answer = HOUSE.post_json(f"{listener.url}/hook?key=1", {"text": "您好"})
    assert (answer.status, answer.text) == (200, listener.answer)
    assert listener.calls == [("/hook?key=1", {"text": "您好"})]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::1", "ff02::1",
        "192.0.0.192", "192.88.99.1", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "fec0::1", "5f00::1", "3fff::1",
    ],
)  # fmt: skip
def test_addresses_of_the_house_are_not_of_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_other_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433", "0x7f.1"]
)
def test_a_private_address_is_not_called_however_it_is_written(address: str) -> None:
    with pytest.raises((Forbidden, Unreached)):
        Outbound().post_json(f"https://{address}/", {})


def test_a_name_with_one_private_address_is_not_called(monkeypatch: Any) -> None:
    leads_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1"):
        Outbound().post_json("https://rebound.example/", {})


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: Any, listener: Listener) -> None:
    """A second look-up, which might lead elsewhere, does not happen."""
    asked: list[str] = []

    def once(host: str, *given: Any, **named: Any) -> Any:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", listener.port))]

    monkeypatch.setattr(http, "getaddrinfo", once)
    Outbound(["erp.example"]).post_json(f"http://erp.example:{listener.port}/", {})
    assert asked == ["erp.example"]
    assert len(listener.calls) == 1


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://user:pass@127.0.0.1/", "https://", "no url"],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        HOUSE.post_json(url, {})


def test_a_redirect_is_not_followed(listener: Listener) -> None:
    listener.status, listener.headers = 302, {"location": f"{listener.url}/elsewhere"}
    assert HOUSE.post_json(f"{listener.url}/hook", {}).status == 302
    assert len(listener.calls) == 1


def test_of_a_long_answer_the_beginning_is_read(listener: Listener) -> None:
    listener.answer = "x" * (MOST_BYTES * 3)
    assert len(HOUSE.post_json(listener.url, {}).text) == MOST_BYTES


def test_nobody_there_is_told_apart_from_no_answer(listener: Listener) -> None:
    with pytest.raises(Unreached):
        HOUSE.post_json("http://127.0.0.1:9/", {})
    listener.cuts = True
    with pytest.raises(NoAnswer):
        HOUSE.post_json(listener.url, {})
    assert len(listener.calls) == 1


def test_the_environment_names_hosts_and_networks_with_commas(tmp_path: Any, listener: Listener) -> None:
    found = read_settings(
        {"CRMFRAME_OUTBOUND_ALLOWED": "erp.lan, 127.0.0.0/8", "CRMFRAME_CONFIG": str(tmp_path / "no")}
    )
    assert found.outbound_allowed == ("erp.lan", "127.0.0.0/8")
    assert Outbound(found.outbound_allowed).post_json(listener.url, {}).status == 200
