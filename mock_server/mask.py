"""Hiding secrets before anything is logged, journalled or shown.

Secrets are what opens something: Authorization, cookies, ``code``, ``state``, tokens, ``pull_id``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from math import nan
from typing import Any, Final
from urllib.parse import unquote_plus

import orjson

from mock_server.later import regex
from mock_server.named import NamedTuple

MASK = "***"
SECRET_HEADERS = frozenset((
    "authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-auth-token", "api-key",
))  # fmt: skip
SECRET_FIELDS = frozenset((
    "access_token", "refresh_token", "id_token", "token", "pull_id", "code", "state", "client_secret",
    "code_verifier", "password", "ticket", "api_key", "apikey", "api-key",
))  # fmt: skip
# Where to look is told by one character that stands in few places, and only there by what stands before it: this is
# thirty times as fast as to try every name at every character of a text. Most other names end on other letters.
_VALUE = r"[^&\s\"'#]*"
_LAST_TWO = "".join(f"[{''.join(sorted({name[at] + name[at].upper() for name in SECRET_FIELDS}))}]" for at in (-2, -1))
_NAMES = "|".join(rf"(?<=\b{name}=)" for name in sorted(SECRET_FIELDS))
_IN_TEXT = regex(f"=(?<={_LAST_TWO}=)(?i:{_NAMES}){_VALUE}")
_ENCODED_IN_TEXT = regex("%3[Dd](?i:" + "|".join(rf"(?<=\b{name}%3D)" for name in sorted(SECRET_FIELDS)) + ")" + _VALUE)
_TICKET = regex(r"\.(?<=[A-Za-z0-9_-]{12}\.)[A-Za-z0-9_-]{16,}")
"""Our own tickets (``handshake/ticket.py``) wherever they stand: the id may be seen, the secret not."""
_TICKET_OF_SESSION = regex(
    r"([A-Za-z0-9_-]{12}(?:~|%7E)[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})\.[A-Za-z0-9_-]{16,}", re.IGNORECASE
)
OUR_CODE = regex(r"MS[1-9][0-9]{2}\Z")
"""The ``code`` of our own problems opens nothing."""
_CONTROL = regex(r"[\x00-\x1f\x7f-\x9f]")


def mask_text(text: str) -> str:
    """Hide tickets, and the values of secret query and form parameters, in a URL or any other text.

    >>> mask_text("/cb?code=abc&x=1")
    '/cb?code=***&x=1'
    """
    if "=" in text:
        text = _IN_TEXT.sub(f"={MASK}", text)
    if "%" in text:
        text = _ENCODED_IN_TEXT.sub(_masked_encoded, text)
    if "." in text:
        text = _TICKET.sub(f".{MASK}", text)
        if "~" in text or "%7" in text:
            text = _TICKET_OF_SESSION.sub(rf"\1.{MASK}", text)
    return text


def _masked_encoded(found: re.Match[str]) -> str:
    return found[0][:3] + MASK


def mask_reason(text: str) -> str:
    """A reason may quote a piece of the request: hide what JSON in it would hide."""
    return mask_text(_JSON_FIELD.sub(rf'\1"{MASK}"', text) if '"' in text else text)


def is_secret_where(where: str) -> bool:
    """Whether the value at ``header.authorization`` or ``body.pull_id`` is not to be told.

    >>> is_secret_where("header.authorization"), is_secret_where("body.datasource_id")
    (True, False)
    """
    name = where.rpartition(".")[2].lower()
    if where == "handshake.state":
        return False  # a word of ours, not OAuth2's parameter
    return name in SECRET_FIELDS or name in SECRET_HEADERS or where.startswith("cookie.")


def printable(text: str) -> str:
    """Control characters as escapes, so that nobody writes to a terminal through a log."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Hidden(NamedTuple):
    """Under which names a document's own API keys travel: headers in lower case, query parameters as they are."""

    headers: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    key: bytes = b""
    """What marks in place of secrets are made with (``journal/marks.py``); empty = there are none."""


NOTHING_MORE = Hidden()


def hide(api_keys: Iterable[tuple[str, str]]) -> Hidden:
    """What to hide for keys such as ``("header", "X-Key")``; those in cookies are hidden anyway."""
    keys = set(api_keys)
    return Hidden(
        frozenset(name.lower() for location, name in keys if location == "header"),
        frozenset(name for location, name in keys if location == "query"),
    )


def all_hidden(one: Hidden, other: Hidden) -> Hidden:
    """What either of the two hides."""
    return Hidden(one.headers | other.headers, one.query | other.query)


def mask_target(target: str, hidden: Hidden = NOTHING_MORE) -> str:
    """A path and query with their secrets hidden.

    >>> mask_target("/a?my%2Dkey=abc&x=1", Hidden(query=frozenset({"my-key"})))
    '/a?my%2Dkey=***&x=1'
    """
    path, mark, query = target.partition("?")
    if mark and hidden.query:
        target = path + mark + "&".join(_hidden_pair(pair, hidden.query) for pair in query.split("&"))
    return mask_text(target)


def _hidden_pair(pair: str, names: frozenset[str]) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={MASK}" if equals and unquote_plus(name) in names else pair


def mask_headers(headers: Mapping[str, str], hidden: Hidden = NOTHING_MORE) -> dict[str, str]:
    """Header values, the secret ones hidden; the scheme of an Authorization stays readable."""
    own = hidden.headers - SECRET_HEADERS
    return {name: MASK if name in own else _header(name, value) for name, value in headers.items()}


def _header(name: str, value: str) -> str:
    if name not in SECRET_HEADERS:
        return mask_text(value)
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and name == "authorization" else MASK


def mask_body(body: bytes) -> str:
    """A body as text; JSON with its secret fields hidden."""
    return mask_read_body(body, json_in(body))


NO_JSON: Final = object()


def json_in(body: bytes) -> Any:
    """What a body says in JSON; ``NO_JSON`` when it is empty, cut off, broken or something else.

    An integer beyond 64 bits is a float in it, which is good enough to look for secrets.
    """
    try:
        return orjson.loads(body) if body else NO_JSON
    except orjson.JSONDecodeError:
        return NO_JSON


def mask_read_body(body: bytes, value: Any) -> str:
    """``mask_body`` of a body whose ``json_in`` is known."""
    if value is not NO_JSON:
        try:
            return _masked_json(body, value)
        except (orjson.JSONEncodeError, RecursionError):  # it reads deeper than it writes
            pass
    return _mask_other(body.decode("utf-8", "backslashreplace")) if body else ""


def is_text(body: bytes, most: int) -> bool:
    """Whether it is text in UTF-8, or the beginning of one when it is ``most`` bytes long."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return len(body) == most and error.reason == "unexpected end of data"
    return True


def mask_bytes(body: bytes) -> bytes:
    """A body that is no text, with the same hidden in it, and every other byte as it is."""
    return _mask_other(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _mask_other(text: str) -> str:
    """What is hidden in forms, XML, parts, and JSON that cannot be read."""
    if text.lstrip()[:1] in ("{", "["):
        # Broken JSON may still hold a secret, and nobody can tell where it ends.
        text = _JSON_FIELD.sub(rf'\1"{MASK}"', text)
    return mask_text(_PART_FIELD.sub(rf"\1{MASK}", _XML_FIELD.sub(rf"\1{MASK}", text)))


def _masked_json(body: bytes, value: Any) -> str:
    try:
        return orjson.dumps(mask_value(value, _ROUNDED_FROM)).decode()
    except _Rounded:  # the standard library has integers of any size, and takes ten times as long
        return json.dumps(mask_value(json.loads(body)), ensure_ascii=False, separators=(",", ":"))


_FIELDS = "|".join(sorted(SECRET_FIELDS))
_XML_FIELD = regex(rf"(?i)(<(?:[\w.-]{{1,60}}:)?(?:{_FIELDS})(?:\s[^<>]{{0,200}})?>)[^<]+")
# A part of a form: its header has few lines, its value goes on to the next boundary or the end.
_PART_FIELD = regex(
    rf'(?is)(name="?(?:{_FIELDS})"?(?:;[^\r\n]{{0,200}})?(?:\r\n[^\r\n]{{1,200}}){{0,5}}\r\n\r\n)(?:(?!\r\n--).)+'
)
_JSON_FIELD = regex(r'(?i)("(?:' + "|".join(sorted(SECRET_FIELDS)) + r')"\s*:\s*)("[^"]*"?|[^,}\s]+)')


class _Rounded(Exception):
    """A number was so big that it may stand for an integer beyond 64 bits."""


_ROUNDED_FROM = 2.0**63


def mask_value(value: Any, rounded_from: float = nan) -> Any:
    """A JSON value with its secret fields hidden and its texts cleared of secret parameters.

    Raises ``_Rounded`` for a float of the size ``rounded_from`` or more.
    """
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {
            mask_text(key): MASK if _is_secret(key, item) else mask_value(item, rounded_from)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [mask_value(item, rounded_from) for item in value]
    if type(value) is float and abs(value) >= rounded_from:
        raise _Rounded
    return value


def _is_secret(key: str, value: Any) -> bool:
    return key.lower() in SECRET_FIELDS and isinstance(value, str) and not OUR_CODE.match(value)
