"""The ``charset`` of a media type: which texts can be read and written."""

from __future__ import annotations

import re

from mock_server.codec.unreadable import Unreadable
from mock_server.later import regex
from mock_server.spec.media import media_parameters

# A closed list: Python's own look-up imports modules by name and knows "encodings" such as punycode,
# which is quadratic. These are the IANA names of character sets that people do send.
_KNOWN = regex(
    r"(utf-?8|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-125\d|cp125\d|utf-?(16|32)(le|be)?|koi8-[ru]|shift_jis|"
    r"euc-(jp|kr)|gb2312|gbk|gb18030|big5|iso-2022-jp|macintosh|ibm\d{3})\Z",
    re.IGNORECASE,
)
_UTF8 = frozenset(("", "utf-8", "utf8", "us-ascii", "ascii"))


def charset_of(content_type: str) -> str:
    """The charset, lower-case; ``""`` when none is named."""
    return media_parameters(content_type).get("charset", "").lower() if ";" in content_type else ""


def is_utf8(content_type: str) -> bool:
    return ";" not in content_type or charset_of(content_type) in _UTF8


def decoded(data: bytes, content_type: str) -> str:
    """The text. Raises ``Unreadable``: ``content-type`` for a charset nobody knows, ``charset`` for bytes not in it."""
    charset = charset_of(content_type)
    if charset in _UTF8:
        charset = "utf-8"
    elif not _KNOWN.match(charset):
        message = f"the charset {charset[:40]!r} is not read here, utf-8 is"
        raise Unreadable("content-type", "charset=utf-8", message)
    try:
        return data.decode(charset)
    except LookupError:
        message = f"the charset {charset!r} is not read here, utf-8 is"
        raise Unreadable("content-type", "charset=utf-8", message) from None
    except UnicodeError as error:
        raise Unreadable("charset", charset, f"the body is not {charset}: {error}"[:200]) from None


def encoded(text: str, content_type: str) -> bytes:
    """The text in the charset that its media type names; UTF-8 when that is none we know."""
    charset = charset_of(content_type)
    if charset in _UTF8 or not _KNOWN.match(charset):
        return text.encode("utf-8", "replace")
    try:
        return text.encode(charset, "replace")
    except LookupError:
        return text.encode("utf-8", "replace")
