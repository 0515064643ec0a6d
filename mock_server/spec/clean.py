"""One walk over a document that leaves everything in it of the shape that the readers expect.

What is of another shape (``required: "yes"``, ``parameters: null``) is taken out of the tree and noted as a fault,
so no reader behind needs to doubt: a mapping is a mapping. The walk also brings schemas of 3.0 into JSON Schema
2020-12 and finds every reference. It changes the tree in place and copies nothing.
"""

from __future__ import annotations

import json
from typing import Any

from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.dialect import convert
from mock_server.spec.fault import Fault, Faults
from mock_server.spec.formats import mark
from mock_server.spec.grammar import EXTENSIBLE, KINDS, NAMES, Word, fits, spoken, wanted
from mock_server.spec.schema import pattern_fault

LOCATIONS = ("path", "query", "header", "cookie", "querystring")
_NO_REFERENCE = frozenset(
    (
        "document",
        "components",
        "swagger",
        "requirement",
        "server",
        "serverVariable",
        "discriminator",
        "item2",
        "header2",
    )
)
_DIALECTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/",
    "http://json-schema.org/draft/2020-12",
)
_NONE: frozenset[str] = frozenset()
_ALONE = {kind: frozenset((kind,)) for kind in NAMES}
_PARTICULAR = frozenset(("parameter", "parameter2", "requirement", "schema", "discriminator"))


class Slot(NamedTuple):
    """A node and where it hangs: ``container[key]``."""

    node: Any
    kind: str
    pointer: Pointer
    container: Any
    key: str | int


class Cleaner:
    """Walks on from wherever it is told to; remembers where it has been."""

    def __init__(self, faults: Faults, version: str) -> None:
        self.faults = faults
        self.is_old = version.startswith(("2.", "3.0"))
        """Whether schemas speak the dialect of 3.0, where words beside a ``$ref`` mean nothing."""
        self.kinds: dict[int, frozenset[str]] = {}
        """The kinds that each object was read as, by its ``id``."""
        self.references: list[Slot] = []
        self.unreadable: dict[int, Fault] = {}
        """Objects that can be nothing at all, by their ``id``; whoever refers to one shares its fate."""
        self.broken: list[Slot] = []
        """Where they hang."""
        self.identified: list[dict[str, Any]] = []
        """Schemas with ``$id`` or ``$schema``."""
        self.discriminators: list[Slot] = []
        """The mappings of discriminators."""

    def walk(self, node: Any, kind: str, pointer: Pointer, container: Any = None, key: str | int = "") -> None:
        """Clean ``node`` and all that is in it."""
        stack = [Slot(node, kind, pointer, container, key)]
        while stack:
            slot = stack.pop()
            if not isinstance(slot.node, dict):
                continue  # a schema that is true or false
            known = self.kinds.get(id(slot.node), _NONE)
            if slot.kind in known:  # an alias of YAML, or the target of a reference
                if "$ref" in slot.node or id(slot.node) in self.unreadable:
                    self._note_again(slot)
                continue
            self.kinds[id(slot.node)] = known | _ALONE[slot.kind] if known else _ALONE[slot.kind]
            self._visit(slot, stack)

    def _note_again(self, slot: Slot) -> None:
        (self.broken if id(slot.node) in self.unreadable else self.references).append(slot)

    def _visit(self, slot: Slot, stack: list[Slot]) -> None:
        node, kind, pointer = slot.node, slot.kind, slot.pointer
        if "$ref" in node and kind not in _NO_REFERENCE:
            if isinstance(node["$ref"], str):
                self.references.append(slot)
                if self.is_old and kind == "schema":
                    for word in [word for word in node if word != "$ref"]:
                        del node[word]
                    return
            else:
                self._drop(node, "$ref", node["$ref"], "a text", pointer)
        if kind == "schema" and self.is_old:
            convert(node)
        if kind == "schema":
            self._patterns(node, pointer)
        words = KINDS[kind]
        bad: list[tuple[str, str]] = []
        for key, value in node.items():
            word = words.get(key) or (words.get("*") if key[:2] != "x-" and key != "$ref" else None)
            if word is None:
                continue
            if not word.fits(value):
                bad.append((key, word.wanted))
            elif word.form == "one":
                stack.append(Slot(value, word.kind, (*pointer, key), node, key))
            elif word.form != "leaf":
                self._inside(word, key, value, (*pointer, key), stack)
        for key, what in bad:
            self._drop(node, key, node[key], what, pointer)
        if kind in _PARTICULAR:
            self._particular(slot)

    def _inside(self, word: Word, key: str, value: Any, pointer: Pointer, stack: list[Slot]) -> None:
        """The items of a list, or the members of a mapping from names."""
        test = fits(word.kind)
        items = list(enumerate(value)) if word.form == "each" else list(value.items())
        for name, item in items:
            if isinstance(name, str) and name.startswith("x-") and key in EXTENSIBLE:
                continue
            if test(item):
                stack.append(Slot(item, word.kind, (*pointer, name), value, name))
            elif isinstance(name, str):
                self._drop(value, name, item, wanted(word.kind), pointer)
            else:
                self._fault(f"item {name}", item, wanted(word.kind), (*pointer, name))
                self.broken.append(Slot(None, word.kind, (*pointer, name), value, name))

    def _particular(self, slot: Slot) -> None:
        """What a table of words cannot say."""
        node, pointer = slot.node, slot.pointer
        if slot.kind == "requirement":
            for name, scopes in node.items():
                if not isinstance(scopes, list) or not all(isinstance(each, str) for each in scopes):
                    self._fault(f"`{name}`", scopes, "a list of scopes", (*pointer, name), "no scope is asked for")
                    node[name] = []
        elif slot.kind == "discriminator":
            if "mapping" in node:
                self.discriminators.append(Slot(node["mapping"], "", (*pointer, "mapping"), node, "mapping"))
        elif slot.kind == "schema":
            self._schema(node, pointer)
        elif "$ref" not in node:
            places = ("path", "query", "header", "body", "formData") if slot.kind == "parameter2" else LOCATIONS
            if not isinstance(node.get("name"), str) and node.get("in") != "body":
                self._unreadable(slot, "a parameter without a `name`", "give it a `name`")
            elif node.get("in") not in places:
                message = f"the parameter {node.get('name')!r} has no `in` that is known"
                self._unreadable(slot, message, f"`in` is one of {', '.join(places)}")

    def _schema(self, node: dict[str, Any], pointer: Pointer) -> None:
        if "format" in node:
            mark(node)
        for word in ("allOf", "anyOf", "oneOf"):
            if node.get(word) == []:
                self._drop(node, word, [], "a list of at least one schema", pointer)
        if "$id" in node or "$schema" in node:
            self.identified.append(node)
            if not str(node.get("$schema", _DIALECTS[0])).startswith(_DIALECTS):
                message = f"the dialect {node['$schema']!r} is read as JSON Schema 2020-12"
                self.faults.add("MS212", message, (*pointer, "$schema"))

    def _patterns(self, node: dict[str, Any], pointer: Pointer) -> None:
        """Before what stands under a pattern is visited, for the pattern is its name."""
        if isinstance(node.get("pattern"), str):
            self._pattern(node, "pattern", node["pattern"], (*pointer, "pattern"))
        named = node.get("patternProperties")
        if isinstance(named, dict):
            for name in list(named):
                self._pattern(named, name, name, (*pointer, "patternProperties", name))

    def _pattern(self, node: dict[str, Any], key: str, pattern: str, pointer: Pointer) -> None:
        """A pattern of another dialect is read as ECMA-262 would have it; what is no pattern at all goes out."""
        from mock_server.spec.patterns import is_suspect, read_pattern  # many documents have none

        reason = pattern_fault(pattern)
        if reason is None and not is_suspect(pattern):
            return
        reading = read_pattern(pattern)
        if reading.pattern != pattern and pattern_fault(reading.pattern) is None:
            rewritten = {reading.pattern if name == key != "pattern" else name: each for name, each in node.items()}
            if key == "pattern":
                node[key] = reading.pattern
            else:
                node.clear()
                node.update(rewritten)
        elif reason is not None:
            del node[key]
            message = f"the pattern {shown(pattern)} is no regular expression: {reason}; it is left out"
            self.faults.add("MS206", message, pointer, "patterns are those of ECMA-262")
            return
        if reading.foreign:
            words = " ".join(reading.foreign)
            message = (
                f"the pattern {shown(pattern)} is not of ECMA-262: {words}; it is read as {shown(reading.pattern)}"
            )
            self.faults.add("MS206", message, pointer, "other tools may read it otherwise: write it as ECMA-262 has it")

    def _unreadable(self, slot: Slot, message: str, hint: str) -> None:
        self.unreadable[id(slot.node)] = self.faults.add("MS215", f"{message}; it is left out", slot.pointer, hint)
        self.broken.append(slot)

    def _drop(self, container: dict[str, Any], key: str, value: Any, what: str, pointer: Pointer) -> None:
        del container[key]
        self._fault(f"`{key}`", value, what, (*pointer, key))

    def _fault(self, name: str, value: Any, what: str, pointer: Pointer, then: str = "it is left out") -> Fault:
        return self.faults.add("MS215", f"{name} must be {what}, not {shown(value)}; {then}", pointer, hint(value))


def shown(value: Any) -> str:
    """A value in a message, as JSON and short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def hint(value: Any) -> str | None:
    """What was probably meant."""
    if value is None:
        return "leave the word out where there is nothing to say"
    if isinstance(value, str) and value.lower() in ("yes", "no", "true", "false", "on", "off"):
        return "write true or false without quotes"
    return None


def described(kind: str) -> str:
    """``a response``, ``an operation``."""
    word = spoken(kind)
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
