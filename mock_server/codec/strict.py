"""Reading JSON as strictly as RFC 8259 and RFC 7493 have it: what parsers forgive one by one, nobody may rely on."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

_ESCAPED = re.compile(r"(?i)\\ud[89a-f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotStrict(ValueError):
    """No strict JSON; the text says why in words that are the same for the same defect."""


def read_strictly(body: bytes) -> Any:
    """The value. Raises ``NotStrict``: duplicate keys, NaN, a BOM, half a surrogate pair, bytes that follow, no
    UTF-8, too deep, no JSON.

    >>> read_strictly(b'{"a": 1}')
    {'a': 1}
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotStrict("it begins with a byte order mark (RFC 8259 §8.1)")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStrict("it is not UTF-8 (RFC 8259 §8.1)") from None
    if not text.strip():
        raise NotStrict("it is empty")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except NotStrict:
        raise
    except RecursionError:
        raise NotStrict("it is too deep to be read") from None
    except ValueError as error:
        trailing = getattr(error, "msg", "") == "Extra data"
        raise NotStrict("something follows the value" if trailing else "it is not JSON") from None
    if _ESCAPED.search(text) and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise NotStrict("half of a surrogate pair stands in it (RFC 7493 §2.1)")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a key is there twice (RFC 7493 §2.3)")
    return found


def _constant(name: str) -> NoReturn:
    raise NotStrict(f"{name} is no number of JSON (RFC 8259 §6)")
