"""Marks of secrets: short keyed fingerprints that stand in an entry in place of what opens something.

Two marks of one store are equal when the secrets are; nobody who reads the journal learns the secret, or can try
out guesses, without the store's key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mock_server.mask import OUR_CODE, SECRET_FIELDS, SECRET_HEADERS, Hidden

KEY_BYTES = 16
MARK_CHARS = 12
MAX_MARKS = 50
"""Of one entry."""
_FORM = "application/x-www-form-urlencoded"


def mark(key: bytes, secret: str) -> str:
    """48 bits of HMAC-SHA256 (RFC 2104): enough to tell the secrets of one journal apart.

    >>> mark(b"key", "dev-token") == mark(b"key", "dev-token") != mark(b"other", "dev-token")
    True
    """
    return hmac.digest(key, secret.encode("utf-8", "surrogatepass"), "sha256").hex()[:MARK_CHARS]


def marks(hidden: Hidden, target: str, headers: Mapping[str, str], body: bytes, answer: bytes) -> dict[str, str]:
    """``{"header.authorization": "0f3a…", "body.pull_id": "77ab…", "response.body.pull_id": "77ab…"}``.

    Without a key there are none.
    """
    if not hidden.key:
        return {}
    found: dict[str, str] = {}
    for where, secret in _secrets(hidden, target, headers, body, answer):
        if len(found) >= MAX_MARKS:
            break
        if where not in found:
            found[where] = _known_mark(hidden.key, secret) if where[0] == "h" else mark(hidden.key, secret)
    return found


_known_mark = lru_cache(maxsize=256)(mark)
"""For what is sent again and again, as the token of a client is: the bodies' secrets mostly are new each time."""


def credential(header: str) -> str:
    """An Authorization without its scheme, so that a token is the same wherever it stands."""
    scheme, space, rest = header.partition(" ")
    return rest.strip() if space else scheme


def _secrets(
    hidden: Hidden, target: str, headers: Mapping[str, str], body: bytes, answer: bytes
) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name in SECRET_HEADERS or name in hidden.headers:
            yield f"header.{name}", credential(value) if name == "authorization" else value
    if "?" in target:
        for name, value in _pairs(target.partition("?")[2]):
            if name.lower() in SECRET_FIELDS or name in hidden.query:
                yield f"query.{name}", value
    yield from _of_body("body", body, headers.get("content-type", "").startswith(_FORM))
    yield from _of_body("response.body", answer, is_form=False)


def _of_body(root: str, body: bytes, is_form: bool) -> Iterator[tuple[str, str]]:
    if is_form:
        pairs = _pairs(body.decode("utf-8", "replace"))
        yield from ((f"{root}.{name}", value) for name, value in pairs if name.lower() in SECRET_FIELDS)
    elif body[:1] in (b"{", b"[") or body.lstrip()[:1] in (b"{", b"["):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return  # cut off or broken: what was hidden in it stays unknown
        yield from _of_value(root, value)


def _of_value(where: str, value: Any) -> Iterator[tuple[str, str]]:
    """Depth is that of ``orjson``, which reads no deeper than 1,024."""
    stack = [(where, value)]
    while stack:
        at, each = stack.pop()
        if isinstance(each, list):
            stack += [(f"{at}.{index}", item) for index, item in enumerate(each)]
        elif isinstance(each, dict):
            for key, item in each.items():
                if isinstance(item, str) and key.lower() in SECRET_FIELDS and not OUR_CODE.match(item):
                    yield f"{at}.{key}", item
                elif isinstance(item, list | dict):
                    stack.append((f"{at}.{key}", item))


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        return []
