"""A journal as a Hurl file (https://hurl.dev/docs/hurl-file.html): each request, and the status that it got.

Secrets are variables: ``hurl --variable token=dev-token session.hurl``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.journal.entry import Told, line_of
from mock_server.journal.origin import headers_of, pieces, url_of
from mock_server.later import regex

_METHOD = regex(r"[A-Z]{1,20}\Z")
_ONE_LINE = regex(r"[^`\\\x00-\x1f\x7f]*\Z")
_CONTROL = regex(r"[\x00-\x1f\x7f]")


def hurl(entries: Iterable[Told], origin: str) -> str:
    """All requests of the entries, the oldest first; what Hurl cannot say is left out and told in a comment."""
    return "\n".join("\n".join(_lines(each, origin)) + "\n" for each in entries if each["kind"] == "request")


def _lines(entry: Told, origin: str) -> Iterator[str]:
    yield f"# {entry['id']}: {_CONTROL.sub('', line_of(entry))}"
    if not _METHOD.match(entry["method"]):
        yield "# its method is none that Hurl sends"
        return
    yield f"{entry['method']} {_filled(url_of(entry, origin), _in_url)}"
    for name, value in headers_of(entry):
        if value and not _CONTROL.search(value):
            yield _filled(f"{name}: {value}", _in_value)
    if (raw := entry["request"].get("base64")) is not None:
        yield f"base64,{raw};"
    elif entry["request"]["body"]:
        yield _body(entry["request"]["body"])
    if entry["status"]:
        yield f"HTTP {entry['status']}"


def _filled(text: str, escape: Callable[[str], str]) -> str:
    """The masked secrets as ``{{variables}}``, the rest escaped."""
    return "".join(escape(plain) + (f"{{{{{name}}}}}" if name else "") for plain, name in pieces(text))


def _in_url(text: str) -> str:
    """Blank, ``#`` and ``{`` mean something to Hurl; in a URL they may be percent-encoded (RFC 3986 §2.1)."""
    return re.sub(r"[\x00-\x20#{}\\\x7f]", lambda found: f"%{ord(found[0]):02X}", text)


def _in_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("#", "\\#").replace("{{", "\\u{7b}\\u{7b}")


def _body(text: str) -> str:
    """JSON as it is, another text on one line in backticks, anything else in base64."""
    is_object = _is_object(text)
    if "{{" in text or not (is_object or _ONE_LINE.match(text)):
        return f"base64,{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()};"
    shown = "".join(plain + (f"{{{{{name}}}}}" if name else "") for plain, name in pieces(text))
    return shown if is_object else f"`{shown}`"


def _is_object(text: str) -> bool:
    try:
        return isinstance(read_json(text.encode("utf-8", "surrogatepass")), dict | list)
    except Unreadable:
        return False
