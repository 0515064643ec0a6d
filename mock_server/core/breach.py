"""What is wrong with a value, told as violations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.model import Violation
from mock_server.spec.schema import Schema
from mock_server.spec.wording import shown

MAX_VIOLATIONS = 200
"""Of one value: a list of a million wrong items has one fault, not a million."""
MAX_MESSAGE = 600
"""Characters; an `enum` may be long."""
MAX_SEEN = 1_000
"""Bytes, as JSON, of a value that is told back."""


def breaches(root: str, schema: Schema, value: Any) -> Iterator[Violation]:
    """The fast question first: most requests are good."""
    if schema.is_valid(value):
        return
    told: set[tuple[str, str, str]] = set()
    for breach in islice(schema.breaches(value), MAX_VIOLATIONS):
        path = list(breach.path)
        seen = _at(value, breach.path)
        if breach.keyword == "required":
            path.append(str(breach.wanted))
            seen = None
        where = ".".join([root, *map(str, path)])
        same = where, breach.keyword, breach.message
        if same in told:  # two parts of the schema say one thing
            continue
        told.add(same)
        yield Violation(where, breach.keyword, bounded(seen), breach.wanted, breach.message[:MAX_MESSAGE])


def bounded(seen: Any) -> Any:
    """The value, or where it is big the beginning of a text, or a text that says what it is."""
    if isinstance(seen, str):
        return seen if len(seen) <= MAX_SEEN else seen[:MAX_SEEN] + "…"
    if isinstance(seen, list | dict):
        return seen if len(seen) <= MAX_SEEN and len(write_json(seen)) <= MAX_SEEN else shown(seen)
    return shown(seen) if isinstance(seen, int) and seen.bit_length() > MAX_SEEN else seen


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
