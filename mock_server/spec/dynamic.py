"""Documents with ``$dynamicRef``: their resources, so that dynamic scopes work (JSON Schema 2020-12 §8.2.3.2).

Elsewhere ``$id`` is forgotten once references are bound: all schemas are then in one resource. What ``$dynamicRef``
means hangs on the resources that validation came through, so here each keeps an id of its own and every ``$ref`` is
made absolute.
"""

from __future__ import annotations

from typing import Any

from mock_server.source import FILES, Pointer
from mock_server.spec.dialect import NAMING, holds_data
from mock_server.spec.names import Names, joined
from mock_server.spec.reference import fragment, parse_reference

DOCUMENT = "urn:mock-server:document"


class Resources:
    """The resources of one document and their addresses for the validator."""

    def __init__(self, names: Names) -> None:
        self._names = names
        roots = sorted((pointer for pointer in names.bases if pointer), key=str)
        self._uris: dict[Pointer, str] = {root: f"urn:mock-server:resource:{n}" for n, root in enumerate(roots)}

    def address(self, pointer: Pointer) -> str:
        """The absolute URI of a schema: that of its resource, and the pointer in it."""
        for length in range(len(pointer), 0, -1):
            uri = self._uris.get(pointer[:length])
            if uri is not None:
                return f"{uri}#{fragment(pointer[length:])}"
        return f"{DOCUMENT}#{fragment(pointer)}"

    def registered(self, data: dict[str, Any]) -> list[tuple[str, Any]]:
        """A copy of the tree as resources: ``[("urn:mock-server:document", {…}), ("urn:…:resource:0", {…})]``."""
        found: dict[Pointer, Any] = {}
        copy = self._copy(data, (), False, found)
        return [(DOCUMENT, copy), *((uri, found[root]) for root, uri in self._uris.items() if root in found)]

    def _copy(self, node: Any, pointer: Pointer, names: bool, found: dict[Pointer, Any]) -> Any:
        if isinstance(node, list):
            return [self._copy(item, (*pointer, index), False, found) for index, item in enumerate(node)]
        if not isinstance(node, dict):
            return node
        copy: dict[str, Any] = {}
        for key, value in node.items():
            if not names and key == "$ref" and isinstance(value, str) and (steps := parse_reference(value)) is not None:
                copy[key] = self.address(steps)
            elif not names and key == "$dynamicRef" and isinstance(value, str):
                copy[key] = self._dynamic(value, pointer)
            elif holds_data(key, value, is_name=names):
                copy[key] = value
            else:
                inner_names = (key in NAMING and not names) or (not pointer and key == FILES)
                copy[key] = self._copy(value, (*pointer, key), inner_names, found)
        if pointer in self._uris:
            copy["$id"] = self._uris[pointer]
            found[pointer] = copy
        elif not names:
            copy.pop("$id", None)
        return copy

    def _dynamic(self, value: str, pointer: Pointer) -> str:
        if value.startswith("#") and not value.startswith("#/"):
            return value
        base, _ = self._names.base_of(pointer)
        uri, _, name = joined(base, value).partition("#")
        root = self._names.resources.get(uri)
        return value if root is None else f"{self._uris.get(root, DOCUMENT)}#{name}"
