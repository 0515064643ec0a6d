"""Ways of coming without being let in, and of being let in, as data.

``rules`` are the violations of the fixtures (``missing``, ``malformed``, ``unknown``) that the row may count
as; none = it must be let in like the good token.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from mock_server.contract.model import Headers, Level
from mock_server.named import NamedTuple


class Bearer(NamedTuple):
    """One way of sending, or not sending, a bearer token. ``headers`` and ``query`` take the good token."""

    name: str
    rules: tuple[str, ...]
    headers: Callable[[str], Headers]
    query: Callable[[str], str] = lambda token: ""
    level: Level | None = None
    in_body: bool = False
    """Whether it stands in fields of the body instead."""
    needs_known: bool = False
    """Whether it is only wrong where tokens are looked up: elsewhere any text is a good token."""


def _value(write: Callable[[str], str]) -> Callable[[str], Headers]:
    return lambda token: (("Authorization", write(token)),)


def _none(token: str) -> Headers:
    return ()


def _basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"{token}:{token}".encode()).decode()


def _changed(token: str, at: int) -> str:
    """One character replaced by another one."""
    at %= len(token)
    return token[:at] + ("x" if token[at] != "x" else "y") + token[at + 1 :]


MISSING, MALFORMED, UNKNOWN = ("missing",), ("malformed",), ("unknown",)
STRANGE = ("malformed", "unknown")

BEARER: tuple[Bearer, ...] = (
    Bearer("no token", MISSING, _none),
    Bearer("an empty Authorization", ("missing", "malformed"), _value(lambda token: "")),
    Bearer("Bearer without a token", MALFORMED, _value(lambda token: "Bearer")),
    Bearer("the token without a scheme", MALFORMED, _value(lambda token: token)),
    Bearer("Bearer without a blank", MALFORMED, _value(lambda token: f"Bearer{token}")),
    Bearer("Bearer with a colon", MALFORMED, _value(lambda token: f"Bearer: {token}")),
    Bearer("Bearer with =", MALFORMED, _value(lambda token: f"Bearer={token}")),
    Bearer("Basic", MALFORMED, _value(_basic)),
    Bearer("Basic with the token", MALFORMED, _value(lambda token: f"Basic {token}")),
    Bearer("the scheme Token", MALFORMED, _value(lambda token: f"Token {token}")),
    Bearer("the scheme Digest", MALFORMED, _value(lambda token: f"Digest {token}")),
    Bearer("the scheme OAuth", MALFORMED, _value(lambda token: f"OAuth {token}")),
    Bearer("a scheme that begins with Bearer", MALFORMED, _value(lambda token: f"BearerX {token}")),
    Bearer("the scheme twice", STRANGE, _value(lambda token: f"Bearer Bearer {token}")),
    Bearer("the token and a word", STRANGE, _value(lambda token: f"Bearer {token} x")),
    Bearer("the token and a comma", STRANGE, _value(lambda token: f"Bearer {token},")),
    Bearer("two tokens", STRANGE, _value(lambda token: f"Bearer {token},{token}")),
    Bearer("the token in quotes", STRANGE, _value(lambda token: f'Bearer "{token}"')),
    Bearer("the token with a letter more", UNKNOWN, _value(lambda token: f"Bearer {token}x"), needs_known=True),
    Bearer("the token twice in a row", UNKNOWN, _value(lambda token: f"Bearer {token}{token}"), needs_known=True),
    Bearer("a letter before the token", UNKNOWN, _value(lambda token: f"Bearer x{token}"), needs_known=True),
    Bearer("the token without its end", UNKNOWN, _value(lambda token: f"Bearer {token[:-1]}"), needs_known=True),
    Bearer("the token without its beginning", UNKNOWN, _value(lambda token: f"Bearer {token[1:]}"), needs_known=True),
    Bearer("half of the token", UNKNOWN, _value(lambda token: f"Bearer {token[: len(token) // 2 + 1]}"),
        needs_known=True),
    Bearer("the token with its first letter changed", UNKNOWN, _value(lambda token: f"Bearer {_changed(token, 0)}"),
        needs_known=True),
    Bearer("the token with a letter changed", UNKNOWN,
        _value(lambda token: f"Bearer {_changed(token, len(token) // 2)}"), needs_known=True),
    Bearer("the token with its last letter changed", UNKNOWN, _value(lambda token: f"Bearer {_changed(token, -2)}"),
        needs_known=True),
    Bearer("the token in capitals", UNKNOWN, _value(lambda token: f"Bearer {token.upper()}"), needs_known=True),
    Bearer("the token in the other case", UNKNOWN, _value(lambda token: f"Bearer {token.swapcase()}"),
        needs_known=True),
    Bearer("the token backwards", UNKNOWN, _value(lambda token: f"Bearer {token[::-1]}"), needs_known=True),
    Bearer("the token null", UNKNOWN, _value(lambda token: "Bearer null"), needs_known=True),
    Bearer("the token undefined", UNKNOWN, _value(lambda token: "Bearer undefined"), needs_known=True),
    Bearer("the token true", UNKNOWN, _value(lambda token: "Bearer true"), needs_known=True),
    Bearer("the token 0", UNKNOWN, _value(lambda token: "Bearer 0"), needs_known=True),
    Bearer("the token *", STRANGE, _value(lambda token: "Bearer *")),
    Bearer("a token of quotes and SQL", STRANGE, _value(lambda token: "Bearer ' OR '1'='1")),
    Bearer("a token of an unsigned JWT", UNKNOWN,
        _value(lambda token: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."), needs_known=True),
    Bearer("a token that is not ASCII", STRANGE, _value(lambda token: "Bearer t\xf6k\xe9n")),
    Bearer("a token of 2000 characters", UNKNOWN, _value(lambda token: "Bearer " + "x" * 2000), needs_known=True),
    Bearer("the token in the query", MISSING, _none, lambda token: f"access_token={token}"),
    Bearer("the token in the query as token", MISSING, _none, lambda token: f"token={token}"),
    Bearer("the token in the query as api_key", MISSING, _none, lambda token: f"api_key={token}"),
    Bearer("the header in the query", MISSING, _none, lambda token: f"Authorization=Bearer%20{token}"),
    Bearer("the token in a cookie", MISSING, lambda token: (("Cookie", f"access_token={token}; token={token}"),)),
    Bearer("the header in a cookie", MISSING, lambda token: (("Cookie", f"Authorization=Bearer {token}"),)),
    Bearer("the token in the body", MISSING, _none, in_body=True),
    Bearer("the token in X-Api-Key", MISSING, lambda token: (("X-Api-Key", token),)),
    Bearer("the token in X-Auth-Token", MISSING, lambda token: (("X-Auth-Token", token), ("X-Access-Token", token))),
    Bearer("the token in Proxy-Authorization", MISSING, lambda token: (("Proxy-Authorization", f"Bearer {token}"),)),
    Bearer("the token in X-Authorization", MISSING, lambda token: (("X-Authorization", f"Bearer {token}"),)),
    Bearer("a header that says who one is", MISSING,
        lambda token: (("X-Forwarded-User", "admin"), ("X-Original-URL", "/"), ("X-Forwarded-For", "127.0.0.1"))),
    Bearer("an unknown token before the good one", UNKNOWN,
        lambda token: (("Authorization", f"Bearer x{token}"), ("Authorization", f"Bearer {token}")), level="assumed",
        needs_known=True),
    Bearer("bearer in small letters", (), _value(lambda token: f"bearer {token}"), level="standard"),
    Bearer("BEARER in capitals", (), _value(lambda token: f"BEARER {token}"), level="standard"),
    Bearer("two blanks before the token", (), _value(lambda token: f"Bearer  {token}"), level="assumed"),
    Bearer("authorization in small letters", (), lambda token: (("authorization", f"Bearer {token}"),),
        level="standard"),
)  # fmt: skip
"""RFC 9110 §11.1: the name of the scheme ignores case, §5.1: so does that of the header. RFC 6750 §2.1: one token."""


class Key(NamedTuple):
    """A way of sending an API key that must not be taken for it, by where the key belongs."""

    name: str
    headers: Callable[[str, str], Headers]
    query: Callable[[str, str], str]


KEYS: tuple[tuple[str, Key], ...] = (
    ("any", Key("no key", lambda name, key: (), lambda name, key: "")),
    ("header", Key("the key in the query", lambda name, key: (), lambda name, key: f"{name}={key}")),
    ("header", Key("an empty key", lambda name, key: ((name, ""),), lambda name, key: "")),
    ("header", Key("the key as a token", lambda name, key: (("Authorization", f"Bearer {key}"),),
        lambda name, key: "")),
    ("query", Key("the key in a header", lambda name, key: ((name, key),), lambda name, key: "")),
    ("query", Key("an empty key", lambda name, key: (), lambda name, key: f"{name}=")),
    ("query", Key("a cookie for the key", lambda name, key: (("Cookie", f"{name}={key}"),), lambda name, key: "")),
    ("cookie", Key("the key in the query", lambda name, key: (), lambda name, key: f"{name}={key}")),
    ("cookie", Key("the key in a header", lambda name, key: (("X-Api-Key", key),), lambda name, key: "")),
)  # fmt: skip

BAD_BODIES: tuple[tuple[str, bytes, str], ...] = (
    ("no JSON", b'{"contract":', "application/json"),
    ("no body", b"", "application/json"),
    ("an empty object", b"{}", "application/json"),
    ("null", b"null", "application/json"),
    ("a list", b"[]", "application/json"),
    ("text/plain", b"contract", "text/plain"),
    ("wrong types", b'{"datasource_id": 1, "validity_duration": "x", "pull_id": 1}', "application/json"),
)
"""Bodies that a server must not talk about with a stranger."""
