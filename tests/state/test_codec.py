"""What a shared store writes is read again as it was, and another form is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mock_server.core.shelf import Shelf, ShelfChange
from mock_server.core.snapshot import Meter, Queued
from mock_server.fixture.fault import Delay, Fault, FaultRule
from mock_server.mask import NOTHING_MORE
from mock_server.state import codec
from mock_server.state.clock import Clock
from mock_server.state.codec import Head
from mock_server.state.shelves import weighed, weight
from mock_server.state.store import Unusable
from mock_server.state.written import write_entry
from tests.state.test_store import WALL, entry, grant, handshake

RULES = (
    FaultRule("k", Fault("reset", Delay("uniform", 0.1, 0.2), 10), "GET /x", "5XX", 1, None, 0.5),
    FaultRule("l", Fault()),
)
HEAD = Head(Clock(1.5, WALL), "expired", (Queued("GET /x", "ok", 3),), RULES)
SHELF = Shelf("/things", 4, {"b": 2**80, "a": {"ü": [None, 1.0, "\x00"]}}, 9)
IMAGE = codec.Image(7, "[1]", "[1,{}]", ["[1,2]", "[1,3]"], ["[1,4]"])
RAW = codec.RawShelf("/things", 4, {"b": "12345678901234567890123", "a": '{"n":1}'}, 9)


@pytest.mark.parametrize(
    "value, write, read",
    [
        (HEAD, codec.write_head, codec.read_head),
        (Head(), codec.write_head, codec.read_head),
        (Clock(-3.0), codec.write_clock, codec.read_clock),
        (None, codec.write_text, codec.read_text),
        ("x", codec.write_text, codec.read_text),
        (HEAD.queue, codec.write_queue, codec.read_queue),
        (RULES, codec.write_faults, codec.read_faults),
        (None, codec.write_faults, codec.read_faults),
        ({"a": Meter(0.5, WALL)}, codec.write_tally, codec.read_tally),
        (
            handshake()._replace(decision="deny", decide_at=WALL, failure="f"),
            codec.write_handshake,
            codec.read_handshake,
        ),
        (grant(), codec.write_grant, codec.read_grant),
        (SHELF, codec.write_shelf, codec.read_shelf),
        (IMAGE, codec.write_image, codec.read_image),
        (RAW, codec.write_raw_shelf, codec.read_raw_shelf),
    ],
)
def test_what_is_written_is_read_again(value: Any, write: Any, read: Any) -> None:
    data = write(value)
    assert read(data) == value
    form = orjson.loads(data)
    form[0] = codec.FORM + 1
    with pytest.raises(Unusable, match="form 2") as refused:
        read(orjson.dumps(form) if read is not codec.read_shelf else data.replace(b"[1,", b"[2,", 1))
    assert refused.value.code == "MS452"


def test_a_shelf_that_is_not_read_weighs_what_its_values_do() -> None:
    raw = codec.read_raw_shelf(codec.write_shelf(SHELF))
    assert {name: orjson.loads(text) for name, text in raw.items.items()}["a"] == SHELF.items["a"]
    weighs, values = weighed(Shelf(SHELF.name), ShelfChange(SHELF.name, 0, SHELF.items, (), 9))
    assert (weight(raw.name, raw.items), 1 + len(raw.items)) == (weighs, values)
    assert codec.write_raw_shelf(raw) == codec.write_shelf(SHELF)


def test_an_entry_is_read_as_it_is_shown() -> None:
    kept = codec.read_entry(write_entry(entry(1), NOTHING_MORE))
    assert (kept.id, kept.as_json()) == ("1", entry(1).as_json())


@pytest.mark.parametrize(
    "changes, ends",
    [
        ({}, WALL + 300),
        ({"state": "denied"}, float("-inf")),
        ({"state": "granted"}, WALL + 300),
        ({"decision": "deny", "decide_at": WALL + 5}, WALL + 5),
        ({"decision": "approve", "decide_at": WALL + 5}, WALL + 300),
        ({"decision": "deny", "decide_at": WALL + 900}, WALL + 300),
        ({"state": "granted", "decision": "deny", "decide_at": WALL + 5}, WALL + 300),
    ],
)
def test_it_is_known_when_a_handshake_lives_no_more(changes: dict[str, Any], ends: float) -> None:
    assert codec.ends_at(handshake()._replace(**changes)) == ends
