"""The URIs and anchors by which references call things: ``$id``, ``$anchor``, ``$dynamicAnchor``, ``$self``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from mock_server.source import FILES, Pointer
from mock_server.spec.dialect import NAMING, holds_data

_WORDS = ('$id"', "$id:", "$id'", "$anchor", "$dynamicAnchor")


class Names:
    """What the files of a document call their parts, and which URI relative references start from."""

    def __init__(self, *, has_ids: bool = True) -> None:
        """``has_ids``: whether ``$id`` and anchors mean something, as they do from 3.1 on."""
        self._has_ids = has_ids
        self.bases: dict[Pointer, str] = {}
        """Where a resource begins: ``()`` and each file's root, and each schema with an ``$id``."""
        self.resources: dict[str, Pointer] = {}
        self.anchors: dict[tuple[str, str], Pointer] = {}
        self.moves: list[tuple[str, str]] = []
        """Beginnings of URIs that are read from elsewhere, because a document says ``$self``."""

    def add_file(self, pointer: Pointer, uri: str, data: Any, text: str) -> None:
        """Take in a file found at ``uri`` whose tree hangs at ``pointer``."""
        self.resources[uri] = pointer
        own = data.get("$self") if isinstance(data, dict) else None
        if isinstance(own, str) and own:
            base = joined(uri, own).partition("#")[0]
            if base != uri:
                self.moves.append((base.rpartition("/")[0] + "/", uri.rpartition("/")[0] + "/"))
                self.resources[base] = pointer
            uri = base
        self.bases[pointer] = uri
        if self._has_ids and any(word in text for word in _WORDS):  # most files have none
            self._scan(data, pointer)

    def _scan(self, data: Any, root: Pointer) -> None:
        stack: list[tuple[Any, Pointer, str, bool]] = [(data, root, self.bases[root], False)]
        seen: set[tuple[int, str]] = set()
        while stack:
            node, pointer, base, names = stack.pop()
            if isinstance(node, list):
                stack.extend((item, (*pointer, index), base, False) for index, item in enumerate(node))
            elif isinstance(node, dict) and (id(node), base) not in seen:
                seen.add((id(node), base))
                if not names:
                    base = self._name(node, pointer, base)
                for key, value in node.items():
                    if isinstance(value, dict | list) and key != FILES and not holds_data(key, value, is_name=names):
                        stack.append((value, (*pointer, key), base, key in NAMING and not names))

    def _name(self, node: dict[str, Any], pointer: Pointer, base: str) -> str:
        given = node.get("$id")
        if isinstance(given, str) and given.partition("#")[0]:
            base = joined(base, given).partition("#")[0]
            self.resources.setdefault(base, pointer)
            self.bases.setdefault(pointer, base)
        if isinstance(given, str) and given.startswith("#") and len(given) > 1:  # the anchors of draft 7
            self.anchors.setdefault((base, given[1:]), pointer)
        for word in ("$anchor", "$dynamicAnchor"):
            name = node.get(word)
            if isinstance(name, str):
                self.anchors.setdefault((base, name), pointer)
        return base

    def base_of(self, pointer: Pointer) -> tuple[str, Pointer]:
        """The URI of the resource that ``pointer`` lies in, and where that begins."""
        if len(self.bases) == 1:
            return self.bases[()], ()
        for length in range(len(pointer), -1, -1):
            found = self.bases.get(pointer[:length])
            if found is not None:
                return found, pointer[:length]
        return "", ()

    def retrieval(self, uri: str) -> str:
        """Where to read what is called ``uri``: files beside a document that calls itself otherwise are beside it."""
        for named, found in self.moves:
            if uri.startswith(named):
                return found + uri[len(named) :]
        return uri


def joined(base: str, reference: str) -> str:
    """RFC 3986 §5.2, for a base of any scheme: ``urn:a`` and ``#b`` make ``urn:a#b``. Raises ``ValueError``."""
    if reference.startswith("#"):
        return base.partition("#")[0] + reference
    return urljoin(base, reference)
