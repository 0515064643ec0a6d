"""A journal's entry as stores that others share write it, all its secrets hidden.

Most requests to an operation differ in a few places only: what is the same in all of them is written once.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any

import orjson

from mock_server.codec.json_text import write_json
from mock_server.journal.marks import marks
from mock_server.mask import Hidden, json_in, mask_read_body
from mock_server.model import Reason
from mock_server.state.journal import Entry, is_binary

MAX_TEMPLATES = 256
MAX_TEMPLATE_BYTES = 8 * 1024
MAX_ONCE = 1_024
_HOLE = token_hex(16)
"""What stands in a template where entries differ. Nobody who asks can know it, so no request has it."""
_BORDER = b'"%b"' % _HOLE.encode()
_HOLES = 7
_TEMPLATES: dict[tuple[Any, ...], tuple[tuple[Reason, ...], list[bytes]]] = {}
"""By all that is the same: the reasons, and what stands around the holes."""
_ONCE: set[int] = set()
"""What came once: it has a template when it comes again, for many things never do."""


def write_entry(entry: Entry, hidden: Hidden) -> bytes:
    """As ``GET /__mock/journal`` shows it."""
    pieces = _template(entry, hidden)
    if pieces is None:
        return write_json(entry.as_json(hidden))
    asked, given = json_in(entry.request_body), json_in(entry.response_body)
    if is_binary(entry.request_body, asked) or is_binary(entry.response_body, given):
        return write_json(entry.as_json(hidden))  # it has members of its own
    headers = tuple(entry.request_headers.items())
    found = marks(hidden, entry.target, headers, (entry.request_body, asked), (entry.response_body, given))
    fillings = (
        entry.id, entry.at, entry.handshake_id, round(entry.duration_s * 1000, 3),
        mask_read_body(entry.request_body, asked), mask_read_body(entry.response_body, given), found,
    )  # fmt: skip
    written = pieces.copy()
    written[1::2] = map(orjson.dumps, fillings)
    return b"".join(written)


def _template(entry: Entry, hidden: Hidden) -> list[bytes] | None:
    """What stands around the holes, and room for what fills them; None = the entry is like no other so far."""
    same = _same(entry, hidden)
    if same is None:
        return None
    known = _TEMPLATES.get(same)
    if known is not None:
        return known[1]
    once = hash(same)
    if once not in _ONCE:
        if len(_ONCE) >= MAX_ONCE:
            _ONCE.clear()
        _ONCE.add(once)
        return None
    shown = entry.as_json(hidden)
    if "base64" in shown["request"] or "base64" in shown["answer"]:
        return None
    pieces = _pieces(shown)
    if len(pieces) != 2 * _HOLES + 1 or sum(map(len, pieces)) > MAX_TEMPLATE_BYTES:
        return None
    if len(_TEMPLATES) >= MAX_TEMPLATES:
        _TEMPLATES.clear()
    _TEMPLATES[same] = entry.reasons, pieces
    return pieces


def _same(entry: Entry, hidden: Hidden) -> tuple[Any, ...] | None:
    """All that a template is made of; None = there is none for such an entry.

    Of the details of a reason, texts count as they are, and of all else the identity: a template keeps its reasons,
    so nothing else has that.
    """
    if entry.kind != "request":
        return None
    told: list[Any] = []
    for reason in entry.reasons:
        step, text, details, hit = reason
        told += type(reason), step, text, hit
        for each in details:
            if type(each) is list:
                return None  # the violations of this very request
            told.append(each if type(each) is str else id(each))
    return (
        *told, hidden, entry.session, entry.method, entry.target, entry.operation, entry.status, entry.response,
        entry.source, entry.fault, entry.handshake_state, entry.response_headers, *entry.request_headers.items(),
    )  # fmt: skip


def _pieces(shown: dict[str, Any]) -> list[bytes]:
    """``[b'{"id":', b"", b',"kind":"request","at":', b"", …]``."""
    shown["id"] = shown["at"] = shown["handshake"] = shown["duration_ms"] = shown["marks"] = _HOLE
    shown["request"]["body"] = shown["answer"]["body"] = _HOLE
    first, *more = write_json(shown).split(_BORDER)
    pieces = [first]
    for each in more:
        pieces += b"", each
    return pieces
