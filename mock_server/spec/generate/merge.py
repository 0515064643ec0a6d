"""From schemas to shapes: references followed, ``allOf`` taken in, what is left to choose listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.errors import Broken
from mock_server.source import Pointer
from mock_server.spec.document import Document, parse_reference
from mock_server.spec.generate.refute import refutations
from mock_server.spec.generate.shape import Choice, Conjunction, Item, Shape, listed, mapped

MAX_PARTS = 2_000
"""Schemas in one conjunction; ``allOf`` inside ``allOf`` may multiply without end."""
_MANY = 24
"""With more branches than this a ``oneOf`` is not tried with each branch against all the others."""

Key = tuple[Pointer, ...]


class Shapes:
    """The shapes of one document, each merged once. Holds nodes of the document, never the document itself."""

    def __init__(self) -> None:
        self._found: dict[Key, Shape] = {}
        self.own: dict[Pointer, Shape] = {}
        """Shapes of single schemas without what they refer to, for the judge."""
        self._resolved: dict[Pointer, Item] = {}
        self._cores: dict[frozenset[Pointer], int] = {}
        self.active: set[tuple[Key, int]] = set()
        self.low: dict[Key, int] = {}
        self.high: dict[Key, int] = {}

    def of(self, document: Document, parts: Conjunction) -> Shape:
        """What the parts ask for together."""
        key = tuple(part.at for part in parts)
        shape = self._found.get(key)
        if shape is None:
            merger = _Merger(document, key)
            shape = self._found[key] = merger.merge(parts)
            shape.core = self._cores.setdefault(frozenset(merger.core), len(self._cores))
        return shape

    def resolved(self, document: Document, parts: Conjunction) -> Conjunction:
        """What a bare reference leads to in its place, so that one schema has one shape.

        Only where it stands alone: a branch beside its schema is known by its own pointer.
        """
        if len(parts) != 1 or not isinstance(parts[0].node, dict):
            return parts
        return (self._resolve(document, parts[0]),)

    def _resolve(self, document: Document, part: Item) -> Item:
        if "$ref" not in part.node or (len(part.node) > 1 and not document.version.startswith("3.0")):
            return part
        found = self._resolved.get(part.at)
        if found is None:
            reference = part.node["$ref"]
            target = target_of(document, reference, part.at) if isinstance(reference, str) else None
            found = self._resolved[part.at] = target or part
        return found


def target_of(document: Document, reference: str, at: Pointer) -> Item | None:
    """What a reference leads to, or None: a dangling one asks for nothing. Anchors are looked for upwards."""
    try:
        pointer = parse_reference(reference)
        if pointer is not None:
            return Item(*document.at(pointer, at, reference))
        if reference.startswith("#"):
            return _anchored(document, reference[1:], at)
    except Broken:
        return None
    return None


def _anchored(document: Document, name: str, at: Pointer) -> Item | None:
    """The nearest schema around ``at``, or in the ``$defs`` of one, that bears the name."""
    node: Any = document.data
    around: list[Item] = []
    for index, step in enumerate(at):
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        around.append(Item(node, at[: index + 1]))
    for outer in reversed(around):
        candidates: list[Item] = [outer, *_definitions(outer)]
        for item in candidates:
            if isinstance(item.node, dict) and name in (item.node.get("$anchor"), item.node.get("$dynamicAnchor")):
                return item
    return None


def _definitions(outer: Item) -> Iterator[Item]:
    if isinstance(outer.node, dict):
        yield from (Item(node, (*outer.at, "$defs", name)) for name, node in mapped(outer.node, "$defs").items())


class _Merger:
    """Makes one shape."""

    def __init__(self, document: Document, key: Key) -> None:
        self.document = document
        self.is_3_0 = document.version.startswith("3.0")
        self.key = set(key)
        self.shape = Shape()
        self.visited: dict[Pointer, None] = {}
        self.core: list[Pointer] = []
        """What the shape is made of: schemas that say more than where to look and what to call it."""
        self.discriminators: list[Item] = []

    def merge(self, parts: Conjunction) -> Shape:
        shape, stack = self.shape, list(reversed(parts))
        while stack and len(self.visited) < MAX_PARTS:
            node, at = stack.pop()
            if at in self.visited:
                continue
            self.visited[at] = None
            if not shape.called and len(at) == 3 and at[:2] == _SCHEMAS:
                shape.called = str(at[2])
            if node is False and shape.never is None:
                shape.never = at
            if not isinstance(node, dict):
                continue
            targets = [target_of(self.document, node[w], at) for w in _REFERENCES if isinstance(node.get(w), str)]
            own = not (targets and self.is_3_0)  # 3.0: what stands beside a $ref is ignored
            if own:
                stack.extend(reversed([Item(part, (*at, "allOf", i)) for i, part in enumerate(listed(node, "allOf"))]))
            stack.extend(target for target in reversed(targets) if target)
            if own:
                if not node.keys() <= _SAYS_NOTHING:
                    self.core.append(at)
                shape.take(node, at, is_3_0=self.is_3_0)
                self._choices(node, at)
        for item in self.discriminators:
            self._discriminate(*item)
        shape.choices.sort(key=lambda choice: _LATER.get(choice.word, 0))
        shape.is_tricky |= any(choice.word in _TRICKY for choice in shape.choices) or self._decided_tricky
        return shape

    _decided_tricky = False

    def _choices(self, node: dict[str, Any], at: Pointer) -> None:
        for word in ("oneOf", "anyOf"):
            if isinstance(node.get(word), list):
                self._branches(word, node[word], at)
        if "not" in node:
            self._add("not", at, [(item,) for item in refutations(Item(node["not"], (*at, "not")), self._follow)])
        if "if" in node and ("then" in node or "else" in node):
            test = Item(node["if"], (*at, "if"))
            unmet = Item({"not": node["if"]}, (*at, "if", "not"))
            then, other = Item(node.get("then", True), (*at, "then")), Item(node.get("else", True), (*at, "else"))
            self._add("if", at, [(test, then), (unmet, other)])
        for name, inner in mapped(node, "dependentSchemas").items():
            here: Pointer = (*at, "dependentSchemas", name)
            absent = Item({"properties": {name: False}}, (*here, "not"))
            self._add("dependentSchemas", at, [(Item(inner, here),), (absent,)])
        if isinstance(node.get("discriminator"), dict | str):
            self.discriminators.append(Item(node, at))

    def _follow(self, reference: str, at: Pointer) -> Item | None:
        return target_of(self.document, reference, at)

    def _branches(self, word: str, branches: list[Any], at: Pointer) -> None:
        items = [Item(branch, (*at, word, index)) for index, branch in enumerate(branches)]
        options: list[Conjunction] = [(item,) for item in items]
        if word == "oneOf" and 1 < len(items) <= _MANY:
            nots = [Item({"not": item.node}, (*item.at, "not")) for item in items]
            options += [(item, *(each for j, each in enumerate(nots) if j != i)) for i, item in enumerate(items)]
        self._add(word if len(items) != 1 else "anyOf", at, options)

    def _add(self, word: str, at: Pointer, options: list[Conjunction]) -> None:
        """Ask for a choice, unless one of its options is in the conjunction already."""
        if any(option and option[0].at in self.key for option in options):
            self._decided_tricky |= word in _TRICKY
        else:
            self.shape.choices.append(Choice(word, tuple(options)))

    def _discriminate(self, node: dict[str, Any], at: Pointer) -> None:
        """OAS 3.1 §4.8.25: the member that a discriminator names tells which schema is meant."""
        name, mapping = _discriminator(node["discriminator"])
        if not isinstance(name, str):
            return
        targets = {key: self._schema_called(value, at) for key, value in mapping.items() if isinstance(value, str)}
        meant = [key for key, item in targets.items() if item and item.at in self.visited and item.at != at]
        branches = [(word, index) for word in ("oneOf", "anyOf") for index in range(len(listed(node, word)))]
        chosen = next((listed(node, w)[i] for w, i in branches if (*at, w, i) in self.key), None)
        if isinstance(chosen, dict) and isinstance(chosen.get("$ref"), str):
            leads_to = self._follow(chosen["$ref"], at)
            meant = [key for key, item in targets.items() if item and leads_to and item.at == leads_to.at]
            meant = meant or [chosen["$ref"].rpartition("/")[2]]
        elif not branches and not meant and targets:
            found = [(item,) for item in targets.values() if item]
            self._add("mapping", at, [*found, (Item(True, (*at, "discriminator")),)])
        elif not branches and not meant:
            named = [str(each[-1]) for each in self.visited if each[:-1] in (_SCHEMAS, _DEFINITIONS)]
            meant = [each for each in named if each != at[-1]][:1] or named
        if meant:
            self.shape.hints[name] = meant[0]

    def _schema_called(self, name: str, at: Pointer) -> Item | None:
        if "/" not in name and not name.startswith("#"):
            name = "#/components/schemas/" + name
        return self._follow(name, at)


def _discriminator(word: Any) -> tuple[Any, dict[str, Any]]:
    return (word, {}) if isinstance(word, str) else (word.get("propertyName"), mapped(word, "mapping"))


_SCHEMAS = ("components", "schemas")
_DEFINITIONS = ("definitions",)  # of Swagger 2.0
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_SAYS_NOTHING = frozenset(
    (
        *("$ref", "allOf", "title", "description", "nullable", "deprecated", "readOnly", "writeOnly"),
        *("example", "examples", "default", "xml", "externalDocs"),
    )
)
_TRICKY = frozenset(("oneOf", "not", "if", "dependentSchemas"))
_LATER = {"dependentSchemas": 1, "if": 2, "not": 3}
