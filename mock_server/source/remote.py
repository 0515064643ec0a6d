"""Fetching a document by http or https: only from hosts that were allowed, bounded in size and time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mock_server.errors import Broken, Problem
from mock_server.source.files import MAX_FILE_BYTES, Source

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

TIMEOUT_S = 10.0
"""For a connection, and for each wait for more of the text."""
TOTAL_S = 60.0
MAX_REDIRECTS = 5


def is_remote(address: str) -> bool:
    """Whether it is an address of http or https."""
    return address.lower().startswith(("http://", "https://"))


def is_allowed(address: str, allowed: Iterable[str]) -> bool:
    """Whether one of ``HOST`` or ``HOST:PORT`` fits the address; a name without a port fits every port.

    >>> is_allowed("https://Example.com:8443/a.yaml", ["example.com"])
    True
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:  # a port that is no number, brackets that are not closed
        return False
    names = {f"[{host}]", f"[{host}]:{port}"} if ":" in host else {host, f"{host}:{port}"}
    return parts.scheme in ("http", "https") and bool({each.lower() for each in allowed} & {host, *names})


def fetch(address: str, allowed: Iterable[str]) -> Source:
    """The text at an address. Raises ``Broken``: MS102 no text, and as ``fetch_bytes`` does."""
    try:
        return Source(address, fetch_bytes(address, allowed).decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Broken([Problem("MS102", f"{address} is not UTF-8")]) from None


def fetch_bytes(address: str, allowed: Iterable[str]) -> bytes:
    """What is at an address. Raises ``Broken``: MS205 not allowed, MS219 unreachable, MS105 too big."""
    from http.client import HTTPException
    from time import monotonic
    from urllib.error import HTTPError

    names = tuple(allowed)
    if not is_allowed(address, names):
        raise Broken([refused(address)])
    deadline = monotonic() + TOTAL_S
    data = bytearray()
    try:
        with _opener(names).open(address, timeout=TIMEOUT_S) as answer:
            while chunk := answer.read1(65_536):
                data += chunk
                if len(data) > MAX_FILE_BYTES:
                    raise Broken([Problem("MS105", f"{address} is larger than {MAX_FILE_BYTES} bytes")])
                if monotonic() > deadline:
                    raise OSError(f"it took longer than {TOTAL_S:g} s")
    except (OSError, HTTPException, ValueError) as error:  # a URLError is an OSError
        hint = "look whether the address is right and its server up"
        reason = getattr(error, "reason", None) or error
        if isinstance(error, HTTPError):
            error.close()  # an answer as well as an error
        raise Broken([Problem("MS219", f"{address} cannot be fetched: {reason}", hint=hint)]) from None
    return bytes(data)


def refused(address: str) -> Problem:
    """The address is of a host that nobody allowed."""
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        host = "HOST"
    return Problem("MS205", f"{address} is not fetched", hint=f"allow its host with --allow-remote {host}")


def _opener(allowed: tuple[str, ...]) -> OpenerDirector:
    """One that knows http and https and nothing else: no file:, no ftp:, no data:."""
    from urllib import request

    class Redirects(request.HTTPRedirectHandler):
        max_redirections = MAX_REDIRECTS

        def redirect_request(self, *given: Any, **named: Any) -> request.Request | None:
            target = str(given[5] if len(given) > 5 else named["newurl"])
            if not is_allowed(target, allowed):
                (given[1] if len(given) > 1 else named["fp"]).close()
                raise OSError(f"it redirects to {target}, which is not allowed")
            return super().redirect_request(*given, **named)

    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        Redirects(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", "mock-server"), ("Accept", "application/yaml, application/json, */*;q=0.5")]
    return opener
