"""Whom the mock may call: URLs, the allow-list, and addresses that are never called.

Pure: names are resolved elsewhere, once, and the addresses are judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from mock_server.later import regex
from mock_server.named import NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
MAX_URL = 8 * 1024
_PORTS = {"http": 80, "https": 443}
_NAME = regex(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_SENT_AS_IT_IS = "!#$%&'()*+,/:;=?@[]~"
"""Of a URL everything that RFC 3986 §2 allows; the rest is percent-encoded, line ends above all."""

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local (RFC 3927): the metadata of AWS, Azure, Google and most others
        "fe80::/10",  # link-local (RFC 4291 §2.5.6)
        "fd00:ec2::/32",  # AWS over IPv6
        "fd20:ce::/32",  # Google over IPv6
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's platform
        "192.0.0.192/32",  # Oracle
        "0.0.0.0/8",  # "this host" (RFC 1122 §3.2.1.3): Linux connects it to loopback
        "::/128",
        "224.0.0.0/4",  # multicast
        "ff00::/8",
        "240.0.0.0/4",  # reserved, broadcast included
    )
)
_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")


class NotAllowed(Exception):
    """A URL or address that is not called; the text says why and what to do."""


class Target(NamedTuple):
    """``Target("https", "example.com", 443, "/done?x=1")``; ``host`` is lower-case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What ``Host`` says (RFC 9110 §7.2): the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str) -> Target:
    """The parts of an absolute URL. Raises ``NotAllowed`` for what is never called."""
    if len(url) > MAX_URL:
        raise NotAllowed(f"the URL is longer than {MAX_URL} characters")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise NotAllowed(f"{_shown(url)} is no URL: {error}") from None
    if parts.scheme not in _PORTS or not host:
        raise NotAllowed(f"{_shown(url)} is no absolute http or https URL")
    if "@" in parts.netloc:
        raise NotAllowed("the URL holds credentials; send them as a header")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise NotAllowed(f"{_shown(url)} names no host") from None
    # A zone (fe80::1%eth0) is a part of link-local addresses only, which are never called.
    if not (":" in host or _NAME.match(host)) or "%" in host or port == 0:
        raise NotAllowed(f"{_shown(url)} names no host")
    path = quote(parts.path or "/", safe=_SENT_AS_IT_IS)
    query = "?" + quote(parts.query, safe=_SENT_AS_IT_IS) if parts.query else ""
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path + query)


def _shown(url: str) -> str:
    return repr(without_credentials(url)[:200])


def without_credentials(url: str) -> str:
    """For logs and the journal.

    >>> without_credentials("http://me:secret@example.com/x")
    'http://***@example.com/x'
    """
    return re.sub(r"//[^/?#]*@", "//***@", url) if "@" in url else url


class Allowed(NamedTuple):
    """One entry of the allow-list: a name, ``*.name``, ``*`` or a network, maybe with a port."""

    name: str
    network: Network | None
    port: int | None

    def covers(self, target: Target, address: Address) -> bool:
        if self.port is not None and self.port != target.port:
            return False
        if self.network is not None:
            return _plain(address) in self.network
        if self.name == "*":
            return True
        if self.name.startswith("*."):
            return target.host.endswith(self.name[1:])
        return target.host == self.name


def read_allowed(text: str) -> Allowed:
    """``example.com``, ``*.example.com``, ``example.com:8080``, ``10.0.0.0/8``, ``[::1]:80``, ``*``.

    Raises ``ValueError`` with what is wrong.
    """
    wanted = text.strip().lower()
    try:
        return Allowed("", ip_network(wanted.strip("[]"), strict=False), None)
    except ValueError:
        pass
    host, colon, port_text = wanted.rpartition(":")
    if not colon:
        host, port_text = wanted, ""
    elif not (port_text.isascii() and port_text.isdecimal() and 0 < int(port_text) < 65536):
        raise ValueError(f"{text!r}: after the colon comes a port from 1 to 65535")
    port = int(port_text) if port_text else None
    try:
        return Allowed("", ip_network(host.strip("[]"), strict=False), port)
    except ValueError:
        pass
    host = host.rstrip(".")
    if host == "*" or _NAME.match(host.removeprefix("*.")):
        return Allowed(host, None, port)
    hint = "write a host (example.com), *.example.com, a network (10.0.0.0/8) or one of them with :PORT"
    raise ValueError(f"{text!r} names no host; {hint}")


def allowed_addresses(target: Target, found: Iterable[str], allowed: Sequence[Allowed]) -> list[str]:
    """Of the addresses of a name those that may be called; loopback always may.

    Raises ``NotAllowed`` when there is none, and when *any* of them is one that is never called: a
    name that also leads to a metadata service is not a name to be trusted.
    """
    good: list[str] = []
    seen: list[str] = []
    for text in found:
        address = ip_address(text.partition("%")[0])
        seen.append(text)
        if "%" in text or _is_never_called(address):
            raise NotAllowed(f"{target.host} is {text}, which is never called (link-local, metadata or no unicast)")
        if _plain(address).is_loopback or any(each.covers(target, address) for each in allowed):
            good.append(text)
    if not good:
        where = f" ({seen[0]})" if seen and seen[0] != target.host else ""
        hint = f"allow it with --allow-callbacks {target.host}"
        raise NotAllowed(f"{target.host}{where} is not this machine; {hint}")
    return good


def _plain(address: Address) -> Address:
    """The IPv4 address inside ``::ffff:127.0.0.1``, which is where a socket would connect to."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_never_called(address: Address) -> bool:
    return any(each in network for each in _meant(address) for network in _NEVER)


def _meant(address: Address) -> list[Address]:
    """The address and every IPv4 address that an IPv6 one may stand for on its way."""
    if isinstance(address, IPv4Address):
        return [address]
    found: list[Address] = [address]
    found += [each for each in (address.ipv4_mapped, address.sixtofour) if each]
    found += address.teredo or ()
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found
