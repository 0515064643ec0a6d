"""Finding the operation of a request: a trie over path segments, literal before template.

Paths are compared as RFC 3986 §6.2.2 has it. A literal segment equals its percent-encoded forms. Inside a
segment with templates (``{id}:cancel``) an encoded reserved character is data and never a delimiter (§2.2).
Nothing else is made equal: a trailing slash, an empty segment, ``.`` and ``..`` and the case of letters count,
for OAS 3.1 §4.8.8 appends the path to the server's URL as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote, unquote

from mock_server.later import regex
from mock_server.named import NamedTuple
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.core.nearest import Nearest

Target = TypeVar("Target")
_TEMPLATE = regex(r"\{([^{}/]+)\}")
_ENCODED = regex("%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Found(Generic[Target]):
    """The target, and the decoded values of the path's templates; ``encoded``: as they came, where that differs."""

    target: Target
    values: dict[str, str]
    encoded: dict[str, str] | None = field(default=None, compare=False)


class WrongMethod(NamedTuple):
    """The path exists; ``allowed`` are its methods, sorted."""

    allowed: tuple[str, ...]


class NotFound(NamedTuple):
    """No path fits. What is near is asked of :meth:`Router.nearest`, by who wants to know."""


class _Shape(NamedTuple):
    """A segment with several templates or with text around one: ``{a}.{b}``, ``{id}:cancel``."""

    head: str
    middle: tuple[str, ...]
    tail: str

    @property
    def weight(self) -> tuple[int, int]:
        """The more literal characters the earlier; then the more templates."""
        return len(self.head) + len(self.tail) + sum(map(len, self.middle)), len(self.middle)

    def match(self, segment: str) -> tuple[str, ...] | None:
        """The templates' values, each as short as can be and never empty.

        Each literal is taken where it first comes. Whenever any division fits, this one does, so
        nothing is tried twice and hostile text takes no longer than other text.
        """
        at, end = len(self.head), len(segment) - len(self.tail)
        values = []
        for literal in self.middle:
            found = segment.find(literal, at + 1, end)
            if found < 0:
                return None
            values.append(segment[at:found])
            at = found + len(literal)
        if at >= end:
            return None
        values.append(segment[at:end])
        return tuple(values)


class _Node(Generic[Target]):
    __slots__ = ("literals", "sizes", "targets", "whole")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[Target]] = {}
        self.sizes: dict[tuple[int, int], dict[tuple[str, str], dict[_Shape, _Node[Target]]]] | None = None
        """Shapes by the lengths of their head and tail, then by those texts: a thousand shapes such as
        ``Users({id})`` are looked up and not tried one after the other."""
        self.whole: _Node[Target] | None = None
        """Where ``{id}`` alone leads."""
        self.targets: dict[str, tuple[Target, tuple[str, ...]]] = {}

    def shape(self, shape: _Shape) -> _Node[Target]:
        """The node that a shape leads to, made when there is none yet."""
        if self.sizes is None:
            self.sizes = {}
        size = len(shape.head), len(shape.tail)
        same_ends = self.sizes.setdefault(size, {}).setdefault((shape.head, shape.tail), {})
        return same_ends.setdefault(shape, _Node())

    def shaped(self, segment: str) -> list[tuple[_Node[Target], tuple[str, ...]]]:
        """Where the shapes that fit lead, the most literal one first, and the values."""
        found = []
        for (head, tail), by_ends in (self.sizes or {}).items():
            if head + tail < len(segment):
                ends = segment[:head], segment[len(segment) - tail :]
                for shape, node in by_ends.get(ends, {}).items():
                    values = shape.match(segment)
                    if values:
                        found.append((shape.weight, node, values))
        found.sort(key=lambda each: each[0], reverse=True)  # stable: then as they stand in the document
        return [(node, values) for _, node, values in found]


class Router(Generic[Target]):
    """Paths are looked up in time that does not depend on how many there are.

    >>> router = Router([("GET", "/x/{id}", "it")])
    >>> router.find("GET", "/x/7")
    Found(target='it', values={'id': '7'})
    """

    def __init__(self, routes: Iterable[tuple[str, str, Target]]) -> None:
        self._root: _Node[Target] = _Node()
        self._paths: dict[str, None] = {}
        self._literal: dict[str, dict[str, Found[Target]]] = {}
        self._depth = 0
        self._nearest: Nearest | None = None
        for method, path, target in routes:
            self._insert(method, path, target)

    def _insert(self, method: str, path: str, target: Target) -> None:
        self._paths[path] = None
        path = path.partition("?")[0].partition("#")[0]  # no request's path has a query: serve what can be served
        node = self._root
        names: list[str] = []
        segments = path.split("/")[1:]
        for segment in segments:
            found = _TEMPLATE.findall(segment)
            names += found
            if not found:
                node = node.literals.setdefault(unquote(segment), _Node())
            elif segment == f"{{{found[0]}}}":
                node.whole = node.whole or _Node()
                node = node.whole
            else:
                head, *middle, tail = map(comparable, _TEMPLATE.sub("{}", segment).split("{}"))
                node = node.shape(_Shape(head, tuple(middle), tail))
        self._depth = max(self._depth, len(segments))
        first, _ = node.targets.setdefault(method, (target, tuple(names)))
        if not names:
            for written in {path, quote(path, "/%!$&'()*+,;=:@~")}:
                self._literal.setdefault(written, {}).setdefault(method, Found(first, {}))

    def find(self, method: str, raw_path: str) -> Found[Target] | WrongMethod | NotFound:
        """``raw_path`` is still percent-encoded, so ``%2F`` inside a segment does not divide it."""
        literal = self._literal.get(raw_path)
        if literal is not None and method in literal:
            return literal[method]
        if raw_path.count("/") > self._depth or raw_path[:1] != "/":
            return _NOT_FOUND
        if not raw_path.isascii():
            raw_path = _as_text(raw_path)
        raw = raw_path.split("/")
        segments = [unquote(segment) for segment in raw] if "%" in raw_path else raw
        count = len(segments)
        allowed: dict[str, None] = {}
        # Each node of the trie is reached by one way only, so however hostile the path, none is seen twice.
        waiting: list[tuple[_Node[Target], int, tuple[str, ...]]] = [(self._root, 1, ())]
        while waiting:
            node, at, values = waiting.pop()
            while at < count:
                segment = segments[at]
                following = node.literals.get(segment)
                whole = node.whole
                if whole is not None and segment:
                    if following is None and node.sizes is None:  # nothing to choose: the usual way
                        following, values = whole, (*values, raw[at])
                    else:
                        waiting.append((whole, at + 1, (*values, raw[at])))
                if node.sizes is not None:
                    for child, own in reversed(node.shaped(comparable(raw[at]))):
                        waiting.append((child, at + 1, (*values, *own)))
                if following is None:
                    break
                node = following
                at += 1
            else:
                entry = node.targets.get(method)
                if entry is not None:
                    found = dict(zip(entry[1], values, strict=True))
                    if "%" not in raw_path:
                        return Found(entry[0], found)
                    return Found(entry[0], {name: unquote(text) for name, text in found.items()}, found)
                allowed |= dict.fromkeys(node.targets)
        return WrongMethod(tuple(sorted(allowed))) if allowed else _NOT_FOUND

    def methods(self, raw_path: str) -> tuple[str, ...]:
        """The methods that the path has, sorted; empty when there is no such path."""
        found = self.find("", raw_path)
        return found.allowed if isinstance(found, WrongMethod) else ()

    def nearest(self, raw_path: str) -> tuple[str, ...]:
        """Up to three paths like this one, the likeliest first. Takes 1 ms, for thousands of paths too."""
        from mock_server.core.nearest import Nearest  # only mistakes need it

        if self._nearest is None:
            self._nearest = Nearest(self._paths)
        return self._nearest.to(raw_path)


_NOT_FOUND = NotFound()


def comparable(segment: str) -> str:
    """With what needs no encoding decoded, and nothing else (RFC 3986 §6.2.2.2).

    >>> comparable("a%2Db%3A")
    'a-b%3A'
    """
    return _ENCODED.sub(_decoded_if_unreserved, segment) if "%" in segment else segment


def _decoded_if_unreserved(found: re.Match[str]) -> str:
    character = chr(int(found[0][1:], 16))
    return character if character in _UNRESERVED else found[0].upper()


def _as_text(raw_path: str) -> str:
    """A path that a client sent as bare UTF-8, which came to us as Latin-1; another is left as it is."""
    try:
        return raw_path.encode("latin-1").decode()
    except ValueError:
        return raw_path
