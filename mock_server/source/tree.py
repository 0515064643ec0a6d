"""YAML 1.2 core schema and JSON to plain Python values, with the place of every fault.

PyYAML's libyaml *events* feed a constructor of our own: PyYAML's loaders speak YAML 1.1 (``no`` is
false, ``12:30`` is 750), keep no positions and let the last duplicate key win. Keys are always
strings, so ``200:`` under ``responses:`` is the key ``"200"`` (OAS 3.1 §4.3: JSON-compatible keys).
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import yaml

from mock_server.errors import Broken, Place, Problem
from mock_server.later import regex
from mock_server.source.files import Source
from mock_server.source.places import Loaded, Pointer, Spot

MAX_DEPTH = 200
MAX_ALIASED_NODES = 100_000
"""Nodes that aliases repeat, unless :func:`allow_aliases` says otherwise."""
MAX_NODES = 2_000_000
MAX_EVENTS = 2 * MAX_NODES
"""A mapping or sequence is two events, and a key is one as well as its value."""

_allowed = [MAX_ALIASED_NODES]


def allow_aliases(nodes: int) -> None:
    """How many nodes the aliases of a file may repeat in this process from now on."""
    _allowed[0] = nodes


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
# YAML 1.2.2 §10.3.2, the core schema's tag resolution.
_INT = regex(r"[-+]?[0-9]+\Z")
_OCT_HEX = regex(r"0o([0-7]+)\Z|0x([0-9a-fA-F]+)\Z")
_FLOAT = regex(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_INF_NAN = regex(r"([-+]?)(\.inf|\.Inf|\.INF)\Z|(\.nan|\.NaN|\.NAN)\Z")
_JSON_TEXT = regex(r'"(?:[^"\\]|\\.)*"')
_PLAIN_TAGS = frozenset((None, "!", "tag:yaml.org,2002:str"))


def load(source: Source, *, placed: bool = False) -> Loaded:
    """Parse a YAML or JSON text. Raises ``Broken`` (MS102 to MS105) with the place.

    ``placed``: note where all of it stands at once, for a text whose places are asked for even when nothing is wrong.

    >>> load(Source("a.yaml", "responses: {200: no}")).data
    {'responses': {'200': 'no'}}
    """
    fault: ValueError | RecursionError | None = None
    if source.text.lstrip()[:1] in ("{", "["):
        if _values(source.text) > MAX_NODES and _values(_JSON_TEXT.sub("", source.text)) > MAX_NODES:
            raise Broken([Problem("MS105", f"more than {MAX_NODES} values", source.place(1, 1), "divide the file")])
        try:
            return Loaded(source, _json(source.text))
        except (ValueError, RecursionError) as error:
            fault = error  # YAML flow style, or broken: the YAML parser below says where
    if _items(source.text) > MAX_NODES:
        message = f"more than {MAX_NODES} values, or so many commas, dashes and colons in texts"
        raise Broken([Problem("MS105", message, source.place(1, 1), "divide the file")])
    found: dict[Pointer, Spot] | None = {} if placed else None
    loaded = Loaded(source, _Constructor(source, found).build(), _spots=found or {})
    if fault and source.path.partition("?")[0].endswith(".json"):
        place = source.place(fault.lineno, fault.colno) if isinstance(fault, json.JSONDecodeError) else None
        raise Broken([Problem("MS102", f"not valid JSON: {getattr(fault, 'msg', fault)}", place)])
    return loaded


def _values(text: str) -> int:
    """How many values a text of JSON has at most: each but the first follows one of these."""
    return text.count(",") + text.count("[") + text.count("{")


def _items(text: str) -> int:
    """How many values a text of YAML seems to have: counting them takes a fiftieth of parsing them.

    Signs in texts and comments count too, which no document of a person has that many of. What evades this
    meets ``MAX_EVENTS``.
    """
    if len(text) < 2 * MAX_NODES:
        return 0
    return text.count(",") + sum(text.count(sign + blank) for sign in "-:" for blank in " \t\r\n")


def spots(source: Source) -> dict[Pointer, Spot]:
    """Where every key and value stands. A second parse: only errors pay for it."""
    found: dict[Pointer, Spot] = {}
    with suppress(Broken):  # what was found up to the fault is still right
        _Constructor(source, found).build()
    return found


def _json(text: str) -> Any:
    data = json.loads(text, object_pairs_hook=_unique, parse_constant=_not_json)
    if "\\u" in text:
        json.dumps(data, ensure_ascii=False).encode()  # a lone surrogate is a ValueError here and not later
    level = [data] if text.count("{") + text.count("[") > MAX_DEPTH else []
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
    if level:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return data


def _children(node: Any) -> list[Any]:
    inside = node.values() if isinstance(node, dict) else node
    return [child for child in inside if isinstance(child, dict | list)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _not_json(word: str) -> Any:
    raise ValueError(f"{word} is not JSON (RFC 8259 §6)")


def scalar(text: str) -> Any:
    """A plain (unquoted) scalar by the core schema.

    >>> [scalar(text) for text in ("300", "0x1F", "1e3", "no", "null")]
    [300, 31, 1000.0, 'no', None]
    """
    if text in _NULL:
        return None
    first = text[0]
    if first in "0123456789-+.":
        if _INT.match(text):
            return int(text) if len(text) < 4000 else text
        if found := _OCT_HEX.match(text):
            return int(found[1], 8) if found[1] else int(found[2], 16)
        if _FLOAT.match(text):
            return float(text)
        if found := _INF_NAN.match(text):
            return float("nan") if found[3] else float(found[1] + "inf")
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return text


_TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml says from 0.2.6 on of more than 1,000 brackets, before it has given us the first of them."""


class _Constructor:
    """One pass over the events with an explicit stack, so depth costs no Python recursion."""

    def __init__(self, source: Source, found: dict[Pointer, Spot] | None) -> None:
        self.source = source
        self.found = found
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.aliased_nodes = 0

    def build(self) -> Any:
        try:
            return self._build()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = " ".join(part for part in (error.problem, error.context) if part)
            place = self._place_of_mark(mark) if mark else None
            if error.problem == _TOO_DEEP:
                raise Broken([Problem("MS105", f"nested deeper than {MAX_DEPTH}", place)]) from None
            hint = _syntax_hint(message, place)
            raise Broken([Problem("MS102", f"not valid YAML: {message}", place, hint)]) from None
        except yaml.reader.ReaderError as error:
            raise Broken([Problem("MS102", f"not valid YAML: {error.reason}", self._place_of_byte(error))]) from None
        except yaml.YAMLError as error:
            raise Broken([Problem("MS102", f"{self.source.path}: not valid YAML: {error}".strip())]) from None

    def _place_of_mark(self, mark: yaml.Mark) -> Place:
        """What was never closed is missed at the end of the last line, not on a line that does not exist."""
        lines = self.source.text.splitlines()
        if lines and mark.line >= len(lines):
            return self.source.place(len(lines), len(lines[-1]) + 1)
        return self.source.place(mark.line + 1, mark.column + 1)

    def _place_of_byte(self, error: yaml.reader.ReaderError) -> Place:
        """libyaml counts bytes, its Python twin characters."""
        text = self.source.text
        if _Loader is not yaml.SafeLoader:
            text = text.encode()[: error.position].decode(errors="ignore")
        before = text[: error.position].splitlines(keepends=True) or [""]
        return self.source.place(len(before), len(before[-1]) + 1)

    def _build(self) -> Any:
        root: Any = None
        documents = 0
        # A frame: (container, key waiting for its value, anchor, nodes counted so far, pointer).
        stack: list[_Frame] = []
        parser = _Loader(self.source.text)
        try:
            count = 0
            # `yaml.parse` and isinstance cost as much as the parsing: a document of 10 MB is a million events.
            while (event := parser.get_event()) is not None:
                kind = type(event)
                count += 1
                if count > MAX_EVENTS:
                    self._fail(event, "MS105", f"more than {MAX_NODES} values", "divide the file")
                if kind is yaml.ScalarEvent:
                    if stack and stack[-1].wants_key:
                        self._key(stack[-1], event)
                        continue
                    value: Any = self._scalar(event)
                    nodes, anchor = 1, event.anchor
                elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    frame = stack.pop()
                    value, nodes, anchor = frame.container, frame.nodes, frame.anchor
                    event = frame.event
                elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                    self._open(stack, event)
                    continue
                elif kind is yaml.AliasEvent:
                    if stack and stack[-1].wants_key:
                        self._fail(event, "MS104", "an alias cannot be a key")
                    value, nodes = self._alias(event)
                    anchor = None
                elif kind is yaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        self._fail(event, "MS104", "a second document after ---", "keep one document a file")
                    continue
                else:
                    continue
                if anchor:
                    self.anchors[anchor] = (value, nodes)
                if stack:
                    self._add(stack[-1], value, nodes, event)
                else:
                    root = value
                    self._note((), event)
        finally:
            parser.dispose()
        return root

    def _open(self, stack: list[_Frame], event: Any) -> None:
        if stack and stack[-1].wants_key:
            self._fail(event, "MS104", "a key must be a plain word, not a list or a mapping")
        if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            self._fail(event, "MS104", f"the tag {event.tag} is not supported", "leave the tag out")
        if len(stack) >= MAX_DEPTH:
            self._fail(event, "MS105", f"nested deeper than {MAX_DEPTH}")
        pointer = stack[-1].next_pointer() if stack and self.found is not None else ()
        container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        stack.append(_Frame(container, event, pointer))

    def _key(self, frame: _Frame, event: Any) -> None:
        if event.tag not in _PLAIN_TAGS:
            self._fail(event, "MS104", f"the tag {event.tag} is not supported", "leave the tag out")
        if event.value in frame.container:
            self._fail(event, "MS103", f"the key {event.value!r} is written twice", "keep one of the two")
        frame.key = event.value
        frame.key_event = event
        frame.wants_key = False

    def _scalar(self, event: Any) -> Any:
        if event.tag == "tag:yaml.org,2002:str":
            return event.value
        if event.tag not in (None, "!"):
            self._fail(event, "MS104", f"the tag {event.tag} is not supported", "leave the tag out")
        return scalar(event.value) if event.implicit[0] else event.value

    def _alias(self, event: Any) -> tuple[Any, int]:
        if event.anchor not in self.anchors:
            self._fail(event, "MS104", f"the alias *{event.anchor} has no finished anchor before it")
        value, nodes = self.anchors[event.anchor]
        self.aliased_nodes += nodes
        if self.aliased_nodes > _allowed[0]:
            self._fail(event, "MS105", f"aliases repeat more than {_allowed[0]} nodes")
        return value, nodes

    def _add(self, frame: _Frame, value: Any, nodes: int, event: Any) -> None:
        if self.found is not None:
            self._note(frame.next_pointer(), event, frame.key_event)
        frame.nodes += nodes
        if isinstance(frame.container, dict):
            frame.container[frame.key] = value
            frame.wants_key = True
        else:
            frame.container.append(value)

    def _note(self, pointer: Pointer, event: Any, key_event: Any = None) -> None:
        if self.found is not None:
            mark = event.start_mark
            key = key_event.start_mark if key_event else mark
            self.found[pointer] = Spot(mark.line + 1, mark.column + 1, key.line + 1, key.column + 1)

    def _fail(self, event: Any, code: str, message: str, hint: str | None = None) -> None:
        mark = event.start_mark
        raise Broken([Problem(code, message, self.source.place(mark.line + 1, mark.column + 1), hint)])


class _Frame:
    """A mapping or sequence that is still open."""

    __slots__ = ("anchor", "container", "event", "key", "key_event", "nodes", "pointer", "wants_key")

    def __init__(self, container: Any, event: Any, pointer: Pointer) -> None:
        self.container = container
        self.event = event
        self.pointer = pointer
        self.anchor: str | None = event.anchor
        self.key: str = ""
        self.key_event: Any = None
        self.nodes = 1
        self.wants_key = isinstance(container, dict)

    def next_pointer(self) -> Pointer:
        step = self.key if isinstance(self.container, dict) else len(self.container)
        return (*self.pointer, step)


def _syntax_hint(message: str, place: Place | None) -> str | None:
    at = place.excerpt[place.column - 1 : place.column] if place else ""
    if at == "\t" or "tab" in message or "\\t" in message:
        return "indent with spaces, not tabs"
    if "flow" in message:
        return "quote a text that holds one of [ ] { } , inside brackets"
    if "mapping values are not allowed" in message:
        return "quote a value that contains ': '"
    return None
