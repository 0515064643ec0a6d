"""Who may reach the real API through the mock: clients, and pages of this machine; no page of just any site.

A page that a person happens to look at can send requests to this machine. What the mock makes up it may have; the
real API, with the credentials of ``--proxy-header`` and from inside a company's network, it may not.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

_PRIVATE = ("localhost", "local", "internal", "test", "home.arpa")
"""Ends of names that nobody can register (RFC 6761, RFC 6762, RFC 8375, ICANN 2024), so that they lead nowhere else."""


def refusal(origins: Collection[str], host: str, allowed: Collection[str], own: str) -> str:
    """Why a request is not passed on; ``""`` = it is. ``allowed`` are origins, ``own`` the name of ``--host``.

    >>> refusal(["https://evil.example"], "127.0.0.1:4010", (), "127.0.0.1")
    'a page of https://evil.example may not use the real API through this mock; --cors https://evil.example lets it'
    """
    names = {_name(each) for each in allowed}
    for origin in origins:
        if origin not in allowed and not _is_near(_name(origin)):
            return f"a page of {origin[:200]} may not use the real API through this mock; --cors {origin[:200]} lets it"
    name = _name(f"//{host}")
    # A name that only points here (DNS rebinding) makes a foreign page look like our own.
    if host and name not in {*names, own.lower()} and not _is_near(name) and not _is_address(name) and "." in name:
        return f"the real API is not reached under the name {name[:200]}; --cors http://{name[:200]} lets it"
    return ""


def _name(origin: str) -> str:
    try:
        return (urlsplit(origin).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_near(name: str) -> bool:
    """This machine, or a name that is nobody's."""
    if name in _PRIVATE or name.endswith(tuple(f".{each}" for each in _PRIVATE)):
        return True
    return _is_address(name) and ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
