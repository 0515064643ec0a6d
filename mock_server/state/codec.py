"""What a shared store writes: the parts of a session as JSON lists, and back.

The first item is the version of the form; another version is refused, never guessed at. Fields stand in the order
of their class: who adds a field there counts ``FORM`` up here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

import orjson

from mock_server.codec.json_text import read_json, write_json
from mock_server.core.shelf import Shelf
from mock_server.core.snapshot import Meter, Queued
from mock_server.fixture.fault import Delay, Fault, FaultRule
from mock_server.handshake.machine import LIVE, Handshake, settle
from mock_server.handshake.provider import Grant
from mock_server.mask import NOTHING_MORE, Hidden
from mock_server.named import NamedTuple
from mock_server.state.clock import Clock
from mock_server.state.store import Unusable

FORM = 1


class Head(NamedTuple):
    """What a session says of itself besides its records."""

    clock: Clock = Clock()
    scenario: str | None = None
    queue: tuple[Queued, ...] = ()
    faults: tuple[FaultRule, ...] | None = None


NEW_HEAD = Head()


class Kept(NamedTuple):
    """A journal's entry as it was written down: its secrets were hidden then."""

    id: str
    written: Mapping[str, Any]

    def as_json(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]:
        return dict(self.written)

    def brief(self, hidden: Hidden = NOTHING_MORE) -> dict[str, Any]:
        return dict(self.written)


def write_head(head: Head) -> bytes:
    clock, scenario, queue, faults = head
    rules = None if faults is None else [_rule(each) for each in faults]
    return orjson.dumps([FORM, [clock.offset_s, clock.frozen_at], scenario, [list(each) for each in queue], rules])


def write_clock(clock: Clock) -> bytes:
    return orjson.dumps([FORM, clock.offset_s, clock.frozen_at])


def read_clock(data: bytes | None) -> Clock:
    """Raises ``Unusable``, as all that read do."""
    return Clock(*_read(data)) if data else Clock()


def write_text(text: str | None) -> bytes:
    return orjson.dumps([FORM, text])


def read_text(data: bytes | None) -> str | None:
    text: str | None = _read(data)[0] if data else None
    return text


def write_queue(queue: tuple[Queued, ...]) -> bytes:
    return orjson.dumps([FORM, *(list(each) for each in queue)])


def read_queue(data: bytes | None) -> tuple[Queued, ...]:
    return tuple(Queued(*each) for each in _read(data)) if data else ()


def write_faults(faults: tuple[FaultRule, ...] | None) -> bytes:
    return orjson.dumps([FORM, None if faults is None else [_rule(each) for each in faults]])


def read_faults(data: bytes | None) -> tuple[FaultRule, ...] | None:
    rules = _read(data)[0] if data else None
    return None if rules is None else tuple(_read_rule(each) for each in rules)


def read_head(data: bytes | str | None) -> Head:
    """A session's head; that of a new one for None. Raises ``Unusable``."""
    if data is None:
        return NEW_HEAD
    clock, scenario, queue, faults = _read(data)
    rules = None if faults is None else tuple(_read_rule(each) for each in faults)
    return Head(Clock(*clock), scenario, tuple(Queued(*each) for each in queue), rules)


def _rule(rule: FaultRule) -> list[Any]:
    fault = rule.fault
    delay = list(fault.delay) if fault.delay else None
    return [
        rule.key, [fault.kind, delay, fault.speed], rule.operation, rule.status, rule.times, rule.every,
        rule.probability,
    ]  # fmt: skip


def _read_rule(data: list[Any]) -> FaultRule:
    key, (kind, delay, speed), *rest = data
    return FaultRule(key, Fault(kind, Delay(*delay) if delay else None, speed), *rest)


def write_tally(tally: Mapping[str, Meter]) -> bytes:
    return orjson.dumps([FORM, {key: [each.value, each.at] for key, each in tally.items()}])


def read_tally(data: bytes | str | None) -> dict[str, Meter]:
    """Raises ``Unusable``."""
    return {key: Meter(*each) for key, each in _read(data)[0].items()} if data else {}


def write_handshake(handshake: Handshake) -> bytes:
    return orjson.dumps([FORM, *handshake])


def read_handshake(data: bytes | str) -> Handshake:
    """Raises ``Unusable``."""
    return Handshake(*_read(data))


def write_grant(grant: Grant) -> bytes:
    return orjson.dumps([FORM, *astuple(grant)])


def read_grant(data: bytes) -> Grant:
    """Raises ``Unusable``."""
    return Grant(*_read(data))


def write_shelf(shelf: Shelf) -> bytes:
    """Each value as JSON text of its own: it may be as deep as JSON may be, and hold integers of any size."""
    items = {key: write_json(value).decode() for key, value in shelf.items.items()}
    return orjson.dumps([FORM, shelf.name, shelf.version, items, shelf.made])


def read_shelf(data: bytes | str) -> Shelf:
    """Raises ``Unusable``."""
    name, version, items, made = _read(data)
    return Shelf(name, version, {key: read_json(value.encode()) for key, value in items.items()}, made)


def read_entry(data: bytes) -> Kept:
    written = orjson.loads(data)
    if written["violations"]:  # one may have seen an integer beyond 64 bits, of which orjson makes a float
        written = json.loads(data)
    return Kept(written["id"], written)


class Image(NamedTuple):
    """A session as it was at one moment, all but its journal and its grants, as it is written."""

    turn: int
    head: bytes | str
    tally: bytes | str
    handshakes: Sequence[bytes | str]
    shelves: Sequence[bytes | str]


def write_image(image: Image) -> bytes:
    """What is written already is not read for that: there may be megabytes of it."""
    return orjson.dumps([FORM, *image], default=bytes.decode)


def read_image(data: bytes) -> Image:
    """Raises ``Unusable``."""
    return Image(*_read(data))


class RawShelf(NamedTuple):
    """One whose values stay JSON texts."""

    name: str
    version: int
    items: Mapping[str, str]
    made: int


def read_raw_shelf(data: bytes | str) -> RawShelf:
    """Raises ``Unusable``."""
    return RawShelf(*_read(data))


def write_raw_shelf(shelf: RawShelf) -> bytes:
    return orjson.dumps([FORM, *shelf])


def _read(data: bytes | str) -> list[Any]:
    written: list[Any] = orjson.loads(data)
    check_form(written[0])
    return written[1:]


def check_form(form: object) -> None:
    """Raises ``Unusable`` for another than ours."""
    if form != FORM:
        message = f"the state was written in form {form}, this mock-server reads form {FORM}; use the version that"
        raise Unusable("MS452", f"{message} wrote it, or another file or database")


def ends_at(handshake: Handshake) -> float:
    """When it lives no more unless somebody changes it, by its session's clock; minus infinity = it has ended."""
    if handshake.state not in LIVE:
        return float("-inf")
    due = handshake.decide_at
    if due is not None and due < handshake.expires_at and settle(handshake, due).state not in LIVE:
        return due
    return handshake.expires_at
