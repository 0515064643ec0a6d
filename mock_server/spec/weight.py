"""How often a value would be looked at, by all that a schema applies to the very same value.

Sixty schemas of which each is ``allOf`` the next one twice are short to write and 2^60 looks to check;
no validator gives up by itself. What is too heavy is not compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.spec.reference import parse_reference

MAX_WEIGHT = 100_000
"""Looks at one value. The heaviest schema that we know in a real document has some thousands."""
MAX_GROUPS = 500_000
"""Groups of a pattern times its characters. The engine keeps the place of each group for each of its states."""
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")
_DATA = frozenset(("enum", "const", "default", "example", "examples"))


def is_heavy_pattern(pattern: object) -> bool:
    """Whether matching it takes more memory than anybody has; time is linear anyway.

    >>> is_heavy_pattern("(a|b)" * 20_000)
    True
    """
    return isinstance(pattern, str) and pattern.count("(") * len(pattern) > MAX_GROUPS


class Scale:
    """Weighs the schemas of one document; each part of it once."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._known: dict[int, int] = {}
        self._seen: set[int] = set()

    def is_too_heavy(self, schema: Any) -> bool:
        """Whether the schema, or one for a part of the value, looks at a value more than ``MAX_WEIGHT`` times."""
        waiting = [schema]
        while waiting:
            node = waiting.pop()
            if not isinstance(node, dict | list) or id(node) in self._seen:
                continue
            self._seen.add(id(node))
            if isinstance(node, list):
                waiting += node
                continue
            if self._weigh(node) > MAX_WEIGHT or is_heavy_pattern(node.get("pattern")):
                self._seen.clear()  # whoever asks again gets the same answer
                return True
            target = self._target(node)
            waiting += [value for key, value in node.items() if key not in _DATA]
            waiting += [] if target is None else [target]
        return False

    def _weigh(self, root: dict[str, Any]) -> int:
        """Without recursion, for a chain of references may be as long as the document."""
        known = self._known
        cyclic: set[int] = set()
        open_ones: dict[int, int] = {}
        stack = [(root, self._in_place(root))]
        open_ones[id(root)] = 1
        while id(root) not in known:
            node, inner = stack[-1]
            child = next(inner, None)
            if child is None:
                stack.pop()
                weight = open_ones.pop(id(node))
                # The library follows a circle once more before it notices.
                weight = min(weight * weight if id(node) in cyclic else weight, MAX_WEIGHT + 1)
                known[id(node)] = weight
                if stack:
                    open_ones[id(stack[-1][0])] += weight
            elif id(child) in known:
                open_ones[id(node)] += known[id(child)]
            elif id(child) in open_ones:
                cyclic.add(id(child))
                open_ones[id(node)] += 1
            else:
                open_ones[id(child)] = 1
                stack.append((child, self._in_place(child)))
        return known[id(root)]

    def _in_place(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What is applied to the same value."""
        target = self._target(node)
        if target is not None:
            yield target
        for key in _LISTS:
            found = node.get(key)
            if isinstance(found, list):
                yield from (each for each in found if isinstance(each, dict))
        for key in _SINGLE:
            if isinstance(node.get(key), dict):
                yield node[key]
        dependent = node.get("dependentSchemas")
        if isinstance(dependent, dict):
            yield from (each for each in dependent.values() if isinstance(each, dict))

    def _target(self, node: dict[str, Any]) -> dict[str, Any] | None:
        """What a reference of the bound document leads to."""
        reference = node.get("$ref")
        steps = parse_reference(reference) if isinstance(reference, str) else None
        if steps is None:
            return None
        found: Any = self._data
        try:
            for step in steps:
                found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None  # of a document with identifiers of its own: the library reads it, or says why not
        return found if isinstance(found, dict) else None
