"""Calling other servers: the address is checked where the connection is made, and what comes back is little.

A name may lead to another address at every look-up, so the address that was checked is the one that is connected to.
Redirects are not followed, proxies of the environment are not asked, a URL with a password in it is refused.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import IPPROTO_TCP, SOCK_STREAM, gaierror, getaddrinfo
from typing import Any

import httpcore2
import httpx2

SECONDS = 10.0
# However slowly an answer drips in.
MOST_SECONDS = 30.0
MOST_BYTES = 65_536
TRANSLATED = IPv6Network("64:ff9b::/96")
# All that is given out of IPv6. Outside lie old site-local addresses, and ones that hide those of IPv4.
GIVEN_OUT = IPv6Network("2000::/3")
# For protocols, relays and documents; Python knows them only from some versions on. One cloud keeps its secrets there.
SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))


class Unreached(Exception):
    """No connection: nothing was handed over."""


class Forbidden(Exception):
    """The URL or its address is one that the program does not call."""


class NoAnswer(Exception):
    """The request was handed over and no whole answer came: it may have arrived."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    text: str


class Outbound:
    """Calls servers on the internet, and those of the house that are named.

    Args:
        allowed: Hosts and networks that may be private ones, and called without TLS: ``erp.example.lan``, ``10.1.0.0/16``.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._hosts = frozenset(each.lower() for each in allowed if not _is_network(each))
        self._networks = tuple(ip_network(each, strict=False) for each in allowed if _is_network(each))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def post_json(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Post JSON.

        Raises:
            Forbidden, Unreached, NoAnswer: See there.
        """
        target = self.checked(url)
        headers = [
            (b"host", target.netloc),
            (b"content-type", b"application/json; charset=utf-8"),
            (b"accept", b"application/json"),
            (b"user-agent", b"crmframe"),
        ]
        content = json.dumps(body, ensure_ascii=False).encode()
        request = httpcore2.Request(
            "POST",
            httpcore2.URL(
                scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
            ),
            headers=[*headers, (b"content-length", str(len(content)).encode())],
            content=content,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)},
        )
        backend = _CheckedAddresses(self)
        with httpcore2.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool:
            return _answer(pool, request)

    def checked(self, url: str) -> httpx2.URL:
        """Return the URL when it may be called as far as its words tell.

        Raises:
            Forbidden: It may not.
        """
        parsed = parsed_url(url)
        if parsed.scheme == "http" and not self.is_named(parsed.host):
            raise Forbidden("Only https:// is called.")
        return parsed

    def is_named(self, host: str) -> bool:
        """Return whether a host, a name or an address, is one of those that may be private."""
        return host.lower() in self._hosts or any(_is_in(host, network) for network in self._networks)

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be connected to.

        Raises:
            Forbidden: One of them is not of the internet.
            Unreached: The name leads nowhere.
        """
        try:
            found = getaddrinfo(host, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
        except (gaierror, UnicodeError) as error:
            raise Unreached(f"{host}: {error}") from None
        known = list(dict.fromkeys(str(each[4][0]) for each in found))
        for each in known:
            if not (host.lower() in self._hosts or self.is_named(each) or is_public(each)):
                raise Forbidden(f"{host} leads to {each}, which is not on the internet.")
        return known


def parsed_url(url: str) -> httpx2.URL:
    """Return the URL when it is one that any installation might call.

    Raises:
        Forbidden: It names no host, holds a password or is no HTTP.
    """
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as wrong:
        raise Forbidden(str(wrong)) from None
    if not parsed.host or parsed.userinfo or parsed.scheme not in ("https", "http"):
        raise Forbidden("A URL starts with https://, names a host and holds no password.")
    return parsed


def is_public(address: str) -> bool:
    """Return whether an address is one of the internet, also where it hides an older one."""
    plain = _unpacked(ip_address(address.partition("%")[0]))
    if any(plain in network for network in SPECIAL) or (plain.version == 6 and plain not in GIVEN_OUT):
        return False
    return plain.is_global and not plain.is_multicast


def _unpacked(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_in(host: str, network: Any) -> bool:
    try:
        return ip_address(host.partition("%")[0]) in network
    except ValueError:
        return False


class _CheckedAddresses(httpcore2.SyncBackend):
    """Connects to the very addresses that were checked; the certificate is still asked for the name."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers."""
        failed: Exception | None = None
        for address in self._outbound.addresses(host, port):
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError(host)


def _answer(pool: httpcore2.ConnectionPool, request: httpcore2.Request) -> Answer:
    until, content = time.monotonic() + MOST_SECONDS, b""
    try:
        response = pool.handle_request(request)
    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
        raise Unreached(f"{type(error).__name__}: {error}") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from None
    try:
        for chunk in response.iter_stream():
            content += chunk
            if len(content) > MOST_BYTES or time.monotonic() > until:
                break
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from None
    finally:
        response.close()
    return Answer(response.status, content[:MOST_BYTES].decode("utf-8", "replace"))
