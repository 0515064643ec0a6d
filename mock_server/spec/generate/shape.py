"""What several schemas ask for together: ``allOf``, ``$ref`` and chosen branches merged into one shape."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import field
from fractions import Fraction
from typing import Any

from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.value import dataclass

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_MEANT = (
    (("properties", "additionalProperties", "required", "patternProperties", "propertyNames"), "object"),
    (("minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties"), "object"),
    (("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"), "array"),
    (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
    (("pattern", "format", "minLength", "maxLength", "contentEncoding", "contentMediaType"), "string"),
)
"""The type that who left it out had in mind."""


class Item(NamedTuple):
    """A schema and where it stands. Schemas of our own making stand at pointers that the document does not have."""

    node: Any
    at: Pointer


PatternTest = Callable[[str, str], bool]
"""Whether a pattern has a match in a text."""
Conjunction = tuple[Item, ...]
"""Schemas that one value has to keep, all of them."""


class Members(NamedTuple):
    """What one schema says about the members of an object; ``rest`` is None when it says nothing."""

    properties: dict[str, Any]
    patterns: dict[str, Any]
    rest: Any
    at: Pointer


class Row(NamedTuple):
    """What one schema says about the items of an array."""

    prefix: list[Any]
    rest: Any
    at: Pointer
    words: tuple[str, str]


class Contains(NamedTuple):
    """At least ``least`` and at most ``most`` items keep ``item``."""

    item: Item
    least: int
    most: int | None


class Choice(NamedTuple):
    """One of these has to be added to the conjunction. ``word`` is the keyword it came from."""

    word: str
    options: tuple[Conjunction, ...]


@dataclass(slots=True, eq=False)
class Shape:
    """The keywords of a conjunction, intersected."""

    types: tuple[str, ...] | None = None
    enum: list[Any] | None = None
    given: list[Any] = field(default_factory=list)
    """Values of ``example`` and ``examples``."""
    defaults: list[Any] = field(default_factory=list)
    low: Fraction | None = None
    low_open: bool = False
    high: Fraction | None = None
    high_open: bool = False
    multiples: list[Fraction] = field(default_factory=list)
    min_length: int = 0
    max_length: int | None = None
    patterns: list[str] = field(default_factory=list)
    refused_patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    content: dict[str, Item] = field(default_factory=dict)
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    rows: list[Row] = field(default_factory=list)
    contains: list[Contains] = field(default_factory=list)
    members: list[Members] = field(default_factory=list)
    required: dict[str, None] = field(default_factory=dict)
    min_members: int = 0
    max_members: int | None = None
    names: list[Item] = field(default_factory=list)
    needs: list[tuple[str, list[str]]] = field(default_factory=list)
    """``dependentRequired``: with this member those."""
    choices: list[Choice] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)
    """Members that a discriminator gives a value to."""
    meant: str | None = None
    closed: list[Item] = field(default_factory=list)
    """``unevaluatedProperties`` and ``unevaluatedItems``."""
    never: Pointer | None = None
    """Where ``false`` stands."""
    is_tricky: bool = False
    """A value built by this shape may still break it, and has to be looked at."""
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False
    called: str = ""
    """The name of the component that is meant: ``Pet`` of ``#/components/schemas/Pet``."""
    core: int = -1
    """The same for shapes that are made of the same schemas."""
    names_known: dict[str, None] = field(default_factory=dict)

    def member(self, name: str, keeps: PatternTest) -> Conjunction:
        """What the member of this name has to keep."""
        found: list[Item] = []
        for layer in self.members:
            known = name in layer.properties
            if known:
                found.append(Item(layer.properties[name], (*layer.at, "properties", name)))
            for pattern, node in layer.patterns.items():
                if keeps(pattern, name):
                    found.append(Item(node, (*layer.at, "patternProperties", pattern)))
                    known = True
            if not known and layer.rest is not None:
                found.append(Item(layer.rest, (*layer.at, "additionalProperties")))
        return tuple(found)

    def item(self, index: int) -> Conjunction:
        """What the item at this index has to keep."""
        found: list[Item] = []
        for row in self.rows:
            if index < len(row.prefix):
                found.append(Item(row.prefix[index], (*row.at, row.words[0], index)))
            elif row.rest is not None:
                found.append(Item(row.rest, (*row.at, row.words[1])))
        return tuple(found)

    def allows(self, kind: str) -> bool:
        return self.types is None or kind in self.types or (kind == "integer" and "number" in self.types)

    def take(self, node: dict[str, Any], at: Pointer, *, is_3_0: bool) -> None:
        """Add the keywords of one schema. What has the wrong type is passed over: ``check`` tells of it."""
        self._take_types(node, is_3_0=is_3_0)
        if "const" in node:
            self._take_enum([node["const"]])
        if isinstance(node.get("enum"), list):
            self._take_enum(node["enum"])
        self._take_annotations(node)
        self._take_bounds(node)
        self._take_text(node, at)
        self._take_array(node, at)
        self._take_object(node, at)

    def _take_types(self, node: dict[str, Any], *, is_3_0: bool) -> None:
        if self.meant is None:
            self.meant = next((kind for words, kind in _MEANT if any(word in node for word in words)), None)
        kinds = node.get("type")
        if isinstance(kinds, str):
            kinds = [kinds, "null"] if is_3_0 and node.get("nullable") is True else [kinds]
        if isinstance(kinds, list):
            both = tuple(kind for kind in kinds if isinstance(kind, str) and kind in TYPES)
            self.types = both if self.types is None else both_types(self.types, both)

    def _take_enum(self, values: list[Any]) -> None:
        if self.enum is None:
            self.enum = list(values)
        else:
            self.enum = [value for value in self.enum if any(same(value, other) for other in values)]

    def _take_annotations(self, node: dict[str, Any]) -> None:
        if "example" in node:
            self.given.append(node["example"])
        self.given += listed(node, "examples")
        if "default" in node:
            self.defaults.append(node["default"])
        self.read_only |= node.get("readOnly") is True
        self.write_only |= node.get("writeOnly") is True
        self.deprecated |= node.get("deprecated") is True

    def _take_bounds(self, node: dict[str, Any]) -> None:
        for word in ("minimum", "exclusiveMinimum"):
            low = number(node, word)
            is_open = word != "minimum" or node.get("exclusiveMinimum") is True
            if low is not None and (self.low is None or (low, is_open) > (self.low, self.low_open)):
                self.low, self.low_open = low, is_open
        for word in ("maximum", "exclusiveMaximum"):
            high = number(node, word)
            is_open = word != "maximum" or node.get("exclusiveMaximum") is True
            if high is not None and (self.high is None or (-high, is_open) > (-self.high, self.high_open)):
                self.high, self.high_open = high, is_open
        step = number(node, "multipleOf")
        if step is not None:
            self.multiples.append(step)

    def _take_text(self, node: dict[str, Any], at: Pointer) -> None:
        self.min_length = max(self.min_length, count(node, "minLength") or 0)
        self.max_length = least(self.max_length, count(node, "maxLength"))
        for word, found in (("pattern", self.patterns), ("format", self.formats)):
            if isinstance(node.get(word), str) and node[word] not in found:
                found.append(node[word])
        refused = node.get(REFUSED_PATTERN)
        if isinstance(refused, str):
            self.refused_patterns.append(refused)
        for word in ("contentEncoding", "contentMediaType", "contentSchema"):
            if word in node:
                self.content[word] = Item(node[word], (*at, word))

    def _take_array(self, node: dict[str, Any], at: Pointer) -> None:
        self.min_items = max(self.min_items, count(node, "minItems") or 0)
        self.max_items = least(self.max_items, count(node, "maxItems"))
        self.unique |= node.get("uniqueItems") is True
        items = node.get("items")
        if isinstance(items, list):  # drafts before 2020-12
            self.rows.append(Row(items, node.get("additionalItems"), at, ("items", "additionalItems")))
        elif items is not None or "prefixItems" in node:
            self.rows.append(Row(listed(node, "prefixItems"), items, at, ("prefixItems", "items")))
        if "contains" in node:
            lower = count(node, "minContains")
            item = Item(node["contains"], (*at, "contains"))
            self.contains.append(Contains(item, 1 if lower is None else lower, count(node, "maxContains")))
            self.is_tricky = True
        self._take_closed(node, at, "unevaluatedItems")

    def _take_object(self, node: dict[str, Any], at: Pointer) -> None:
        self.required.update(dict.fromkeys(name for name in listed(node, "required") if isinstance(name, str)))
        self.min_members = max(self.min_members, count(node, "minProperties") or 0)
        self.max_members = least(self.max_members, count(node, "maxProperties"))
        properties, patterns = mapped(node, "properties"), mapped(node, "patternProperties")
        if properties or patterns or "additionalProperties" in node:
            self.members.append(Members(properties, patterns, node.get("additionalProperties"), at))
            self.names_known.update(dict.fromkeys(properties))
        if "propertyNames" in node:
            self.names.append(Item(node["propertyNames"], (*at, "propertyNames")))
        for name, others in mapped(node, "dependentRequired").items():
            if isinstance(others, list):
                self.needs.append((name, [each for each in others if isinstance(each, str)]))
        self._take_closed(node, at, "unevaluatedProperties")

    def _take_closed(self, node: dict[str, Any], at: Pointer, word: str) -> None:
        if word in node:
            self.closed.append(Item(node[word], (*at, word)))
            self.is_tricky = True


REFUSED_PATTERN = "x-mock-server-refused-pattern"
"""A keyword of our own: ``not: {pattern: …}`` where the value is known to be a text."""


def both_types(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The types that both allow; every integer is a number.

    >>> both_types(("number", "null"), ("integer", "string"))
    ('integer',)
    """
    found = [kind for kind in some if kind in others or (kind == "integer" and "number" in others)]
    if "number" in some and "integer" in others and "integer" not in found and "number" not in found:
        found.append("integer")
    return tuple(found)


def number(node: dict[str, Any], word: str) -> Fraction | None:
    value = node.get(word)
    if isinstance(value, bool) or not isinstance(value, int | float) or value in (float("inf"), float("-inf")):
        return None
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value)) if value == value else None


def count(node: dict[str, Any], word: str) -> int | None:
    """A length or number of things; ``2.0`` is one too."""
    value = number(node, word)
    return int(value) if value is not None and value >= 0 else None


def least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def listed(node: dict[str, Any], word: str) -> list[Any]:
    value = node.get(word)
    return value if isinstance(value, list) else []


def mapped(node: dict[str, Any], word: str) -> dict[str, Any]:
    value = node.get(word)
    return value if isinstance(value, dict) else {}


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: ``1`` and ``1.0`` are the same, ``1`` and ``true`` are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def token(value: Any) -> Hashable:
    """Equal for the same JSON values and no others: ``1`` and ``1.0``, but not ``1`` and ``true``."""
    match value:
        case str():
            return value
        case bool() | None:
            return ("constant", value)
        case int() | float():
            return ("number", value)
        case list():
            return ("list", *map(token, value))
    return ("object", frozenset((name, token(each)) for name, each in value.items()))


def subschemas(shape: Shape) -> Iterator[Item]:
    """The schemas that stand in the shape, below members and items."""
    for layer in shape.members:
        yield from (Item(node, (*layer.at, "properties", name)) for name, node in layer.properties.items())
        yield from (Item(node, (*layer.at, "patternProperties", name)) for name, node in layer.patterns.items())
        if layer.rest is not None:
            yield Item(layer.rest, (*layer.at, "additionalProperties"))
    for row in shape.rows:
        yield from (Item(node, (*row.at, row.words[0], index)) for index, node in enumerate(row.prefix))
        if row.rest is not None:
            yield Item(row.rest, (*row.at, row.words[1]))
