"""Finding the operation of a request: a trie over path segments, literal before template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote

Target = TypeVar("Target")
_TEMPLATE = re.compile(r"\{([^{}/]+)\}")


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
    """No path fits; ``nearest`` are the likeliest ones."""

    nearest: tuple[str, ...]


class _Node(Generic[Target]):
    __slots__ = ("literals", "patterns", "targets")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[Target]] = {}
        self.patterns: dict[str, tuple[re.Pattern[str], _Node[Target]]] = {}
        self.targets: dict[str, tuple[Target, tuple[str, ...]]] = {}


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
        for method, path, target in routes:
            self._insert(method, path, target)

    def _insert(self, method: str, path: str, target: Target) -> None:
        self._paths[path] = None
        node = self._root
        names: list[str] = []
        for segment in path.split("/")[1:]:
            found = _TEMPLATE.findall(segment)
            names += found
            if not found:
                node = node.literals.setdefault(segment, _Node())
                continue
            shape = _TEMPLATE.sub("{}", segment)
            if shape not in node.patterns:
                literal = [re.escape(part) for part in shape.split("{}")]
                node.patterns[shape] = (re.compile("(.+?)".join(literal) + r"\Z", re.DOTALL), _Node())
            node = node.patterns[shape][1]
        node.targets.setdefault(method, (target, tuple(names)))
        if not names:
            self._literal.setdefault(path, {}).setdefault(method, Found(target, {}))

    def find(self, method: str, raw_path: str) -> Found[Target] | WrongMethod | NotFound:
        """``raw_path`` is still percent-encoded, so ``%2F`` inside a segment does not divide it."""
        literal = self._literal.get(raw_path)
        if literal and method in literal:
            return literal[method]
        segments = raw_path.split("/")[1:]
        allowed: set[str] = set()
        found = self._walk(self._root, segments, 0, (), method, allowed)
        if found:
            if "%" not in raw_path:
                return found
            return Found(found.target, {name: unquote(text) for name, text in found.values.items()}, found.values)
        if allowed:
            return WrongMethod(tuple(sorted(allowed)))
        return NotFound(tuple(get_close_matches(raw_path[:200], self._paths, 3, 0.5)))

    def _walk(
        self,
        node: _Node[Target],
        segments: list[str],
        at: int,
        values: tuple[str, ...],
        method: str,
        allowed: set[str],
    ) -> Found[Target] | None:
        if at == len(segments):
            if method in node.targets:
                target, names = node.targets[method]
                return Found(target, dict(zip(names, values, strict=True)))
            allowed.update(node.targets)
            return None
        segment = segments[at]
        literal = node.literals.get(unquote(segment) if "%" in segment else segment)
        if literal and (found := self._walk(literal, segments, at + 1, values, method, allowed)):
            return found
        for pattern, child in node.patterns.values():
            match = pattern.match(segment)
            if match and (found := self._walk(child, segments, at + 1, (*values, *match.groups()), method, allowed)):
                return found
        return None
