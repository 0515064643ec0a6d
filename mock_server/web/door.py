"""The cookie that opens the control API to a browser on another machine, made from the control token.

The token itself is in no cookie, and no state is kept: another token, another cookie, and the old one opens nothing.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

COOKIE = "mock-control"
LOGIN = "/console/login"
"""Below ``/__mock``; with ``/static`` all that whoever has no token may see."""


def key_of(token: str) -> str:
    """What the cookie of that token holds."""
    return hmac.new(token.encode(), b"mock-server: the console's cookie", sha256).hexdigest()


def opens(cookies: str, token: str) -> bool:
    """Whether a ``Cookie`` header holds the key of the token."""
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and hmac.compare_digest(value.encode(), key_of(token).encode()):
            return True
    return False
