"""An OpenAPI document as parsed, and the one way to follow its references."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from mock_server.errors import Broken, Problem
from mock_server.source import Loaded, Pointer, pointer_text
from mock_server.spec.dialect import NAMING, holds_data
from mock_server.spec.direction import Direction
from mock_server.spec.schema import Schema, SchemaBook

MAX_REFERENCE_HOPS = 64
_VERSION = re.compile(r"3\.[0-2](\.|\Z)")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed OpenAPI 3 document.

    ``schemas`` compiles the schemas of the document by their pointer.
    """

    loaded: Loaded
    version: str
    schemas: SchemaBook = field(compare=False, repr=False)

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.loaded.data
        return data

    @property
    def title(self) -> str:
        info = self.data.get("info")
        return str(info.get("title", "")) if isinstance(info, dict) else ""

    def follow(self, node: Any, pointer: Pointer) -> tuple[Any, Pointer]:
        """The node that a chain of ``$ref`` ends at, and its pointer.

        Raises ``Broken``: MS203 dangling, MS204 circular or too long, MS205 outside the document.
        """
        start = pointer
        seen: set[Pointer] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            if pointer in seen or len(seen) >= MAX_REFERENCE_HOPS:
                message = "this reference leads in a circle" if pointer in seen else "this reference chain is too long"
                raise Broken([self.loaded.problem("MS204", message, start)])
            seen.add(pointer)
            target = parse_reference(node["$ref"])
            if target is None:
                hint = "only references inside the document (#/…) are followed"
                raise Broken(
                    [self.loaded.problem("MS205", f"the reference {node['$ref']!r} leaves the document", pointer, hint)]
                )
            node, pointer = self.at(target, pointer, node["$ref"])
        return node, pointer

    def at(self, target: Pointer, asked_from: Pointer, text: str) -> tuple[Any, Pointer]:
        """What stands at ``target``. Raises ``Broken`` (MS203) when nothing does."""
        node: Any = self.data
        path: list[str | int] = []
        for step in target:
            if isinstance(node, dict) and str(step) in node:
                node = node[str(step)]
                path.append(str(step))
            elif isinstance(node, list) and str(step).isdecimal() and str(step).isascii() and int(step) < len(node):
                node = node[int(step)]
                path.append(int(step))
            else:
                hint = f"nothing is called {step!r} at #{pointer_text(tuple(path))}"
                message = f"the reference {text!r} leads nowhere"
                raise Broken([self.loaded.problem("MS203", message, asked_from, hint)])
        return node, tuple(path)

    def schema(self, pointer: Pointer, direction: Direction = "response") -> Schema:
        """The schema at ``pointer`` as it holds in one direction, compiled when it is first used."""
        return self.schemas.at(pointer, direction)


def parse_reference(reference: str) -> Pointer | None:
    """The pointer in a ``#/…`` reference, or None when it names something else.

    >>> parse_reference("#/components/schemas/A~1B")
    ('components', 'schemas', 'A/B')
    """
    if reference == "#":
        return ()
    if not reference.startswith("#/"):
        return None
    steps = unquote(reference[2:]).split("/")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)


def open_document(loaded: Loaded) -> Document:
    """Take a parsed file as an OpenAPI 3.0, 3.1 or 3.2 document.

    Raises ``Broken`` with every reason why it cannot be served: MS201 when it is no OpenAPI
    document, MS203 to MS205 for references.
    """
    data = loaded.data
    if not isinstance(data, dict):
        raise Broken([loaded.problem("MS201", "an OpenAPI document is a mapping with `openapi` and `paths`", ())])
    version = data.get("openapi")
    if "swagger" in data:
        hint = "convert it to OpenAPI 3, for instance with swagger2openapi"
        raise Broken([loaded.problem("MS201", "Swagger 2.0 is not read", ("swagger",), hint)])
    if not isinstance(version, str) or not _VERSION.match(version):
        hint = 'start the document with `openapi: "3.1.0"`'
        raise Broken(
            [loaded.problem("MS201", f"`openapi` must be a version 3.0 to 3.2, not {version!r}", ("openapi",), hint)]
        )
    if not isinstance(data.get("paths", {}), dict):
        raise Broken([loaded.problem("MS201", "`paths` must be a mapping of paths", ("paths",))])
    problems = _reference_problems(loaded)
    if problems:
        raise Broken(problems)
    return Document(loaded, version, SchemaBook(data, version))


def _reference_problems(loaded: Loaded) -> list[Problem]:
    """Every reference that cannot be followed: the validator library must never meet one."""
    problems: list[Problem] = []
    probe = Document(loaded, "", SchemaBook({}, "3.1"))
    for pointer, reference in _references(loaded.data):
        try:
            probe.follow({"$ref": reference}, pointer)
        except Broken as broken:
            problems += broken.problems
    return problems


def _references(data: object) -> Iterator[tuple[Pointer, str]]:
    """Every ``$ref`` of the document's own language and where it stands."""
    stack: list[tuple[object, Pointer, bool]] = [(data, (), False)]
    while stack:
        node, pointer, names = stack.pop()
        if isinstance(node, list):
            stack.extend((value, (*pointer, index), False) for index, value in enumerate(node))
            continue
        if not isinstance(node, dict):
            continue
        if isinstance(node.get("$ref"), str):
            yield pointer, node["$ref"]
        for key, value in node.items():
            if not holds_data(key, value, is_name=names):
                stack.append((value, (*pointer, key), key in NAMING and not names))
