"""Marks of secrets: short keyed fingerprints that stand in an entry in place of what opens something.

Two marks of one store are equal when the secrets are; nobody who reads the journal learns the secret, or can try
out guesses, without the store's key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from mock_server.mask import OUR_CODE, SECRET_FIELDS, SECRET_HEADERS, Hidden

Headers = tuple[tuple[str, str], ...]
Body = tuple[bytes, Any]
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
    made = _keyed(key).copy()
    made.update(secret.encode("utf-8", "surrogatepass"))
    return made.hexdigest()[:MARK_CHARS]


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def marks(hidden: Hidden, target: str, headers: Headers, body: Body, answer: Body) -> dict[str, str]:
    """``{"header.authorization": "0f3a…", "body.pull_id": "77ab…", "response.body.pull_id": "77ab…"}``.

    A body is given with its ``json_in``. Without a key there are no marks.
    """
    if not hidden.key:
        return {}
    of_headers, is_form = _of_headers(hidden, headers)
    found = dict(of_headers)
    for where, secret in _secrets(hidden, target, body, answer, is_form):
        if len(found) >= MAX_MARKS:
            break
        if where not in found:
            found[where] = mark(hidden.key, secret)
    return found


@lru_cache(maxsize=64)
def _of_headers(hidden: Hidden, headers: Headers) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The marks, and whether they speak of a form.

    A client sends the same headers again and again; the bodies' secrets mostly are new each time.
    """
    secrets = ((name, value) for name, value in headers if name in SECRET_HEADERS or name in hidden.headers)
    found = [
        (f"header.{name}", mark(hidden.key, credential(value) if name == "authorization" else value))
        for name, value in secrets
    ]
    is_form = any(name == "content-type" and value.startswith(_FORM) for name, value in headers)
    return tuple(found[:MAX_MARKS]), is_form


def credential(header: str) -> str:
    """An Authorization without its scheme, so that a token is the same wherever it stands."""
    scheme, space, rest = header.partition(" ")
    return rest.strip() if space else scheme


def _secrets(hidden: Hidden, target: str, body: Body, answer: Body, is_form: bool) -> Iterator[tuple[str, str]]:
    if "?" in target:
        for name, value in _pairs(target.partition("?")[2]):
            if name.lower() in SECRET_FIELDS or name in hidden.query:
                yield f"query.{name}", value
    if is_form:
        pairs = _pairs(body[0].decode("utf-8", "replace"))
        yield from ((f"body.{name}", value) for name, value in pairs if name.lower() in SECRET_FIELDS)
    else:
        yield from _of_value("body", body[1])
    yield from _of_value("response.body", answer[1])


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
