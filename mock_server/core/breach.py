"""What is wrong with a value, told as violations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from mock_server.model import Violation
from mock_server.spec.schema import Schema

MAX_VIOLATIONS = 200
"""Of one value: a list of a million wrong items has one fault, not a million."""
MAX_MESSAGE = 300
"""Characters; the validator's message quotes the whole value."""


def breaches(root: str, schema: Schema, value: Any) -> Iterator[Violation]:
    """The fast question first: most requests are good."""
    if schema.is_valid(value):
        return
    for breach in islice(schema.breaches(value), MAX_VIOLATIONS):
        path = list(breach.path)
        seen = _at(value, breach.path)
        if breach.keyword == "required":
            path.append(str(breach.wanted))
            seen = None
        where = ".".join([root, *map(str, path)])
        yield Violation(where, breach.keyword, seen, breach.wanted, breach.message[:MAX_MESSAGE])


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
