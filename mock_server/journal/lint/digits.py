"""Numbers that lost digits on their way through a client that keeps them as doubles (IEEE 754 binary64).

JavaScript, and every JSON reader that makes floating-point numbers of integers, holds integers up to 2^53-1 exactly
(RFC 8259 §6). Beyond, a neighbour comes back: 194785639383273121 as 194785639383273120.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from mock_server.journal.entry import Told, line_of
from mock_server.journal.lint.model import Hit, Known, is_good, json_body, requests
from mock_server.later import regex
from mock_server.model import MISSING

EXACT = 2**53 - 1
MAX_ISSUED = 2_000
"""Long numbers that are remembered of one session."""
_DIGITS = regex(r"(?<![0-9.])[0-9]{16,40}(?![0-9.])|(?<![\w.])[0-9]\.[0-9]{5,20}[eE]\+?[0-9]{2}(?!\w)")
_LONGEST = 40


def loses_digits(entries: Sequence[Told], known: Known) -> Iterator[Hit]:
    issued: dict[int, Told] = {}
    neighbours: dict[int, int] = {}
    for entry in requests(entries):
        for number in _sent(entry):
            original = neighbours.get(number)
            if original is not None and number not in issued:
                message = f"{line_of(entry)} sent {number}, which is {original} after it was read as a double"
                yield Hit(message, [issued[original], entry])
        if is_good(entry) and len(issued) < MAX_ISSUED:
            for number in _numbers(json_body(entry, "answer")):
                issued.setdefault(number, entry)
                neighbours |= dict.fromkeys(rounded(number), number)


def rounded(number: int) -> set[int]:
    """What becomes of an integer as a double, and as JavaScript prints that (ECMA-262 §6.1.6.1.20); not itself.

    >>> rounded(194785639383273121) == {194785639383273120, 194785639383273120}
    True
    """
    as_double = float(number)
    return {int(as_double), int(Decimal(repr(as_double)))} - {number}


def _sent(entry: Told) -> Iterator[int]:
    """Long numbers anywhere in a request: its target and its body, as numbers and in texts."""
    for text in (entry["path"], entry["request"]["body"]):
        for found in _DIGITS.findall(text):
            number = int(Decimal(found))
            if number > EXACT:
                yield number


def _numbers(value: Any) -> Iterator[int]:
    """Integers beyond what a double holds, in a JSON value."""
    stack = [] if value is MISSING else [value]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            stack += each.values()
        elif isinstance(each, list):
            stack += each
        elif isinstance(each, int) and not isinstance(each, bool) and EXACT < each < 10**_LONGEST:
            yield each
