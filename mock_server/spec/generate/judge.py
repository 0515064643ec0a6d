"""Whether a value keeps a schema, asked many times while a body is being made.

The validator has the last word on every body. This one judges parts of it where compiling a validator
would cost more than the body itself, and reads 3.0 and 3.1 as the document has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.generate.grammar import is_of_format
from mock_server.spec.generate.merge import target_of
from mock_server.spec.generate.numbers import limits
from mock_server.spec.generate.shape import Conjunction, Contains, Item, Shape, mapped, same, token
from mock_server.spec.schema import has_match

MAX_DEPTH = 120
MAX_STEPS = 60_000


class Judge:
    """Judges values against schemas of one document."""

    def __init__(
        self,
        document: Document,
        without: str | None = None,
        own: dict[Pointer, Shape] | None = None,
        *,
        formats: bool = False,
    ) -> None:
        """``without``: the word for required members that may be missing; ``own``: shapes made before.

        With ``formats`` a ``format`` is asserted, which JSON Schema leaves to the validator.
        """
        self.formats = formats
        self.own = {} if own is None else own
        self.document = document
        self.without = without
        self.is_3_0 = document.version.startswith("3.0")
        self.steps_left = MAX_STEPS

    def keeps_all(self, value: Any, parts: Conjunction) -> bool:
        return all(self.keeps(value, part) for part in parts)

    def keeps(self, value: Any, item: Item, depth: int = 0) -> bool:
        """A schema that leads back to itself without end is kept by nothing, and so is one too costly to judge."""
        node, at = item
        self.steps_left -= 1
        if not isinstance(node, dict):
            return node is not False
        if depth > MAX_DEPTH or self.steps_left < 0:
            return False
        for word in ("$ref", "$dynamicRef"):
            if isinstance(node.get(word), str):
                target = target_of(self.document, node[word], at)
                if target and not self.keeps(value, target, depth + 1):
                    return False
                if self.is_3_0:
                    return True
        shape = self._own(node, at)
        return (
            keeps_own(value, shape)
            and (not self.formats or keeps_formats(value, shape))
            and (not isinstance(value, dict) or self._is_complete(value, shape))
            and self._branches(value, node, at, depth)
            and self._parts(value, shape, node, at, depth)
        )

    def _own(self, node: dict[str, Any], at: Pointer) -> Shape:
        """The shape of this schema's own keywords."""
        shape = self.own.get(at)
        if shape is None:
            shape = self.own[at] = Shape()
            shape.take(node, at, is_3_0=self.is_3_0)
        return shape

    def _is_complete(self, value: dict[str, Any], shape: Shape) -> bool:
        missing = [name for name in shape.required if name not in value]
        return not missing or (self.without is not None and all(self._excused(shape, name) for name in missing))

    def _excused(self, shape: Shape, name: str) -> bool:
        nodes = [layer.properties[name] for layer in shape.members if name in layer.properties]
        nodes += [target.node for node in nodes if (target := self._target(node))]
        return any(isinstance(node, dict) and node.get(self.without) is True for node in nodes)

    def _target(self, node: Any) -> Item | None:
        reference = node.get("$ref") if isinstance(node, dict) else None
        return target_of(self.document, reference, ()) if isinstance(reference, str) else None

    def _branches(self, value: Any, node: dict[str, Any], at: Pointer, depth: int) -> bool:
        def kept(word: str) -> Iterator[bool]:
            for index, branch in enumerate(node[word]):
                yield self.keeps(value, Item(branch, (*at, word, index)), depth + 1)

        if isinstance(node.get("allOf"), list) and not all(kept("allOf")):
            return False
        if isinstance(node.get("anyOf"), list) and not any(kept("anyOf")):
            return False
        if isinstance(node.get("oneOf"), list) and sum(kept("oneOf")) != 1:
            return False
        if "not" in node and self.keeps(value, Item(node["not"], (*at, "not")), depth + 1):
            return False
        if "if" in node:
            word = "then" if self.keeps(value, Item(node["if"], (*at, "if")), depth + 1) else "else"
            if word in node and not self.keeps(value, Item(node[word], (*at, word)), depth + 1):
                return False
        return True

    def _parts(self, value: Any, shape: Shape, node: dict[str, Any], at: Pointer, depth: int) -> bool:
        if isinstance(value, dict):
            for name, inner in mapped(node, "dependentSchemas").items():
                if name in value and not self.keeps(value, Item(inner, (*at, "dependentSchemas", name)), depth + 1):
                    return False
            for name, member in value.items():
                parts = shape.member(name, has_match) if shape.members else ()
                if not all(self.keeps(member, part, depth + 1) for part in parts):
                    return False
                if not all(self.keeps(name, part, depth + 1) for part in shape.names):
                    return False
        elif isinstance(value, list):
            for index, item in enumerate(value if shape.rows else ()):
                if not all(self.keeps(item, part, depth + 1) for part in shape.item(index)):
                    return False
            if not all(self._contained(value, each, depth) for each in shape.contains):
                return False
        else:
            return True
        return not shape.closed or self._closed(value, shape.closed, Item(node, at), depth)

    def _contained(self, value: list[Any], wanted: Contains, depth: int) -> bool:
        found = sum(self.keeps(each, wanted.item, depth + 1) for each in value)
        return found >= wanted.least and (wanted.most is None or found <= wanted.most)

    def _closed(self, value: Any, closed: list[Item], item: Item, depth: int) -> bool:
        """JSON Schema 2020-12 §11: what no keyword beside it has looked at must keep ``unevaluated…``."""
        seen = set(self._evaluated(value, item, depth + 1, is_outermost=True))
        word = "unevaluatedProperties" if isinstance(value, dict) else "unevaluatedItems"
        left = [each for key, each in _entries(value) if key not in seen]
        return all(self.keeps(each, part, depth + 1) for part in closed if part.at[-1] == word for each in left)

    def _evaluated(self, value: Any, item: Item, depth: int, *, is_outermost: bool = False) -> Iterator[Any]:
        node, at = item
        if not isinstance(node, dict) or depth > MAX_DEPTH:
            return
        if isinstance(node.get("$ref"), str):
            target = target_of(self.document, node["$ref"], at)
            if target:
                yield from self._evaluated(value, target, depth + 1)
        shape = self._own(node, at)
        if not is_outermost and any(part.at[-1] == _UNEVALUATED[isinstance(value, dict)] for part in shape.closed):
            yield from (key for key, _ in _entries(value))
        if isinstance(value, dict):
            yield from (name for name in value if shape.member(name, has_match))
        else:
            yield from (index for index in range(len(value)) if shape.item(index))
            for wanted in shape.contains:
                yield from (i for i, each in enumerate(value) if self.keeps(each, wanted.item, depth + 1))
        for branch in self._applied(value, item, depth):
            yield from self._evaluated(value, branch, depth + 1)

    def _applied(self, value: Any, item: Item, depth: int) -> Iterator[Item]:
        """The schemas beside the item's own keywords that the value keeps."""
        node, at = item
        for word in ("allOf", "anyOf", "oneOf"):
            branches = node.get(word)
            for index, branch in enumerate(branches if isinstance(branches, list) else ()):
                inner = Item(branch, (*at, word, index))
                if self.keeps(value, inner, depth + 1):
                    yield inner
        if "if" in node:
            test = Item(node["if"], (*at, "if"))
            met = self.keeps(value, test, depth + 1)
            yield from (test,) if met else ()
            word = "then" if met else "else"
            yield from (Item(node[word], (*at, word)),) if word in node else ()
        for name, inner_node in mapped(node, "dependentSchemas").items():
            if isinstance(value, dict) and name in value:
                yield Item(inner_node, (*at, "dependentSchemas", name))


_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")


def _entries(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value))


def type_of(value: Any) -> str:
    """The JSON type; ``integer`` for a number without a fraction (JSON Schema 2020-12 §4.2.1)."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case None:
            return "null"
        case list():
            return "array"
    return "object"


def keeps_own(value: Any, shape: Shape) -> bool:
    """The keywords that look at the value alone, not at what is in it; but ``required``."""
    kind = type_of(value)
    if not shape.allows(kind):
        return False
    if shape.enum is not None and not any(same(value, each) for each in shape.enum):
        return False
    match value:
        case bool() | None:
            return True
        case int() | float():
            return _keeps_bounds(Fraction(value) if isinstance(value, int) else Fraction(repr(value)), shape)
        case str():
            return keeps_text(value, shape)
        case list():
            return _within(len(value), shape.min_items, shape.max_items) and not (shape.unique and has_twins(value))
        case dict():
            met = all(name not in value or all(each in value for each in others) for name, others in shape.needs)
            lengths = _within(len(value), shape.min_members, shape.max_members)
            return met and lengths
    return False


def keeps_text(value: str, shape: Shape) -> bool:
    """Length and patterns; the length counts characters, not bytes."""
    if not _within(len(value), shape.min_length, shape.max_length):
        return False
    if any(has_match(pattern, value) for pattern in shape.refused_patterns):
        return False
    return all(has_match(pattern, value) for pattern in shape.patterns)


def keeps_formats(value: Any, shape: Shape) -> bool:
    """Whether a text or number is of its formats."""
    if not shape.formats or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return all(is_of_format(name, value) for name in shape.formats)
    if isinstance(value, int | float):
        low, high = limits(shape)
        return (low is None or value >= low) and (high is None or value <= high)
    return True


def _keeps_bounds(value: Fraction, shape: Shape) -> bool:
    if shape.low is not None and (value <= shape.low if shape.low_open else value < shape.low):
        return False
    if shape.high is not None and (value >= shape.high if shape.high_open else value > shape.high):
        return False
    return all(step > 0 and (value / step).denominator == 1 for step in shape.multiples)


def _within(size: int, least: int, most: int | None) -> bool:
    return least <= size and (most is None or size <= most)


def has_twins(values: list[Any]) -> bool:
    """Whether two items are the same JSON value."""
    return len(set(map(token, values))) < len(values)
