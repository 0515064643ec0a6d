"""What a shared store writes of an entry is what the journal shows, however often the like of it came before."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.mask import Hidden
from mock_server.model import Reason, Violation
from mock_server.state import written
from mock_server.state.journal import Entry
from mock_server.state.written import MAX_ONCE, MAX_TEMPLATES, write_entry
from tests.state.test_store import entry

HIDDEN = Hidden(frozenset({"x-key"}), frozenset({"key"}), b"k" * 16)


def shown(made: Entry, hidden: Hidden = HIDDEN) -> Any:
    return orjson.loads(orjson.dumps(made.as_json(hidden)))


def test_entries_that_differ_in_little_only_keep_their_difference() -> None:
    for number in range(6):
        made = entry(number)._replace(
            at=1.5 + number, handshake_id=f"h{number}" if number % 2 else None, duration_s=number / 7,
            request_headers={"authorization": f"Bearer {number // 3}", "x-key": "abc"},
            request_body=b'{"code":"secret-%d","n":%d}' % (number, number),
            response_body=b'{"pull_id":"secret-%d","uri":"/a?state=secret&n=%d"}' % (number, number),
        )  # fmt: skip
        text = write_entry(made, HIDDEN)
        assert orjson.loads(text) == shown(made)
        assert b"secret" not in text
        assert b"abc" not in text


@pytest.mark.parametrize(
    "change",
    [
        {"session": "other"}, {"method": "GET"}, {"target": "/other?code=1"}, {"operation": None}, {"status": 201},
        {"response": "other"}, {"source": "assumed"}, {"reasons": ()}, {"fault": "slow"}, {"handshake_state": "asked"},
        {"reasons": (Reason("client", "no preference", hit=True),)}, {"request_headers": {"host": "y"}},
        {"request_headers": {"host": "x", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
        {"request_body": b"\xff\x00"}, {"response_body": b"\xff\x00"}, {"response_headers": ((b"a", b"c"),)},
        {"kind": "outgoing", "status": 0, "error": ("MS1", "x")},
    ],
    ids=str,
)  # fmt: skip
def test_every_other_difference_is_shown(change: dict[str, Any]) -> None:
    for made in (entry(1), entry(1)._replace(**change)) * 3:
        assert orjson.loads(write_entry(made, HIDDEN)) == shown(made)


def test_reasons_with_the_same_words_are_told_apart() -> None:
    """``1``, ``True`` and ``"1"`` are equal or look so; violations are of one request alone."""
    for detail in (1, True, 1.0, "1", None, [Violation("a", "b", 1, 2, "c")], ["1"]) * 3:
        made = entry(1)._replace(reasons=(Reason("rule", "saw {!r}", (detail,)), Reason("x", "y")))
        assert orjson.loads(write_entry(made, HIDDEN)) == shown(made)


def test_what_is_hidden_now_is_hidden() -> None:
    made = entry(1)._replace(request_headers={"x-other": "abc"})
    for hidden in (HIDDEN, HIDDEN._replace(headers=frozenset({"x-other"})), HIDDEN._replace(key=b"o" * 16)) * 3:
        assert orjson.loads(write_entry(made, hidden)) == shown(made, hidden)


@given(st.binary(max_size=60), st.binary(max_size=60), st.dictionaries(st.text(max_size=9), st.text(max_size=9)))
def test_any_body_and_header(asked: bytes, given: bytes, headers: dict[str, str]) -> None:
    made = entry(1)._replace(request_body=asked, response_body=given, request_headers=headers)
    texts = [write_entry(made, HIDDEN) for _ in range(3)]
    assert texts[0] == texts[1] == texts[2]


def test_what_is_kept_of_entries_is_bounded() -> None:
    for number in range(MAX_ONCE + 10):
        for _ in range(2 if number < MAX_TEMPLATES + 10 else 1):
            write_entry(entry(1)._replace(target=f"/{number}"), HIDDEN)
    assert len(written._TEMPLATES) <= MAX_TEMPLATES
    assert len(written._ONCE) <= MAX_ONCE
    before = len(written._TEMPLATES)
    for _ in range(3):
        write_entry(entry(1)._replace(request_headers={"x": "y" * written.MAX_TEMPLATE_BYTES}), HIDDEN)
    assert len(written._TEMPLATES) == before
