"""An OpenAPI document as parsed, and the one way to follow its references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from types import NoneType
from typing import Any

from mock_server.errors import Broken, Problem
from mock_server.later import regex
from mock_server.source import Library, Loaded, Pointer, pointer_text
from mock_server.spec.bind import MAX_REFERENCE_HOPS, bind
from mock_server.spec.direction import Direction
from mock_server.spec.dynamic import Resources
from mock_server.spec.fault import Faults
from mock_server.spec.reference import parse_reference
from mock_server.spec.schema import Schema, SchemaBook
from mock_server.value import dataclass

__all__ = ["MAX_REFERENCE_HOPS", "Document", "open_document", "parse_reference"]
_VERSION = regex(r"3(?:\.([0-9]{1,3}))?(?:\.([0-9]{1,5}))?(\S*)\Z")
_PATCHES = {"3.0": 4, "3.1": 2, "3.2": 0}
"""The last published patch of each version of the specification."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed OpenAPI 3 document, every reference in it a pointer into ``data``.

    ``schemas`` compiles the schemas of the document by their pointer. ``faults`` is what was tolerated.
    """

    loaded: Loaded
    version: str
    schemas: SchemaBook = field(compare=False, repr=False)
    faults: Faults = field(compare=False, repr=False)
    references: int = 0
    """How many there are."""

    @property
    def files(self) -> int:
        """Of how many files the document is made."""
        return 1 + len(self.loaded.files)

    def problems(self) -> Iterator[Problem]:
        """The warnings about this document so far."""
        return self.faults.problems()

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

        Raises ``Broken``: MS203 dangling, MS204 circular or too long.
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
                raise Broken([self.loaded.problem("MS203", f"the reference {node['$ref']!r} leads nowhere", pointer)])
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

    def schema(self, pointer: Pointer, direction: Direction = "response", *, formats: bool = False) -> Schema:
        """The schema at ``pointer`` as it holds in one direction, compiled when it is first used.

        ``formats``: judge the ``format`` of texts and numbers too, as is done with what comes in.
        """
        return self.schemas.at(pointer, direction, formats=formats)


def open_document(loaded: Loaded, uri: str = "", library: Library | None = None) -> Document:
    """Take a parsed file as an OpenAPI 3.0, 3.1 or 3.2 document, or as Swagger 2.0.

    ``uri`` is where it was found; ``library`` opens the other files it refers to, and without it none is opened.
    The tree is changed in place: references are bound and what is of no use is taken out, with a fault for each.
    Raises ``Broken`` (MS201) when it is no document that can be served.
    """
    data = loaded.data
    if not isinstance(data, dict):
        hint = "give the file that begins with `openapi:` or `swagger:`"
        message = "an OpenAPI document is a mapping with `openapi` and `paths`"
        raise Broken([loaded.problem("MS201", message, (), hint)])
    faults = Faults(loaded)
    is_swagger = "swagger" in data and "openapi" not in data
    version = _swagger_version(loaded, faults) if is_swagger else _version(loaded, faults)
    if not isinstance(data.get("paths"), dict | NoneType):
        hint = "write `paths: {}` where there is none"
        raise Broken([loaded.problem("MS201", "`paths` must be a mapping of paths", ("paths",), hint)])
    found = bind(
        loaded, uri or "file:///", library or Library(), faults, version, "swagger" if is_swagger else "document"
    )
    if is_swagger:
        from mock_server.spec.swagger import convert_swagger

        convert_swagger(loaded, faults)
        version = "3.0.3"
    if not isinstance(data.get("info"), dict):
        faults.add("MS217", "the document has no `info`", (), "give it `info` with `title` and `version`")
    files = (loaded, *loaded.files.values())
    is_dynamic = not version.startswith("3.0") and any("$dynamicRef" in each.source.text for each in files)
    if not is_dynamic:
        found.forget_ids()
    schemas = SchemaBook(data, Resources(found.names) if is_dynamic else None)
    return Document(loaded, version, schemas, faults, found.references)


def _version(loaded: Loaded, faults: Faults) -> str:
    """The version to read the document by: ``3.1.0``. Raises ``Broken`` (MS201)."""
    given = loaded.data.get("openapi")
    match = _VERSION.match(str(given)) if isinstance(given, str | float | int) else None
    if match is None:
        hint = 'start the document with `openapi: "3.1.0"`'
        message = (
            "the document has no `openapi`" if given is None else f"`openapi` must be a version of 3, not {given!r}"
        )
        raise Broken([loaded.problem("MS201", message, ("openapi",), hint)])
    minor, patch = match[1] or "0", match[2]
    name = f"3.{min(int(minor), 2)}"
    if (
        int(minor) <= 2
        and patch is not None
        and int(patch) <= _PATCHES[name]
        and not match[3]
        and isinstance(given, str)
    ):
        return given
    message = f"the version {given!r} is none that was published; it is read as {name}"
    faults.add("MS216", message, ("openapi",), f'write `openapi: "{name}.{_PATCHES[name]}"`')
    return f"{name}.0"


def _swagger_version(loaded: Loaded, faults: Faults) -> str:
    given = loaded.data["swagger"]
    if str(given) != "2.0" and given != 2:
        hint = "documents of Swagger 2.0 and OpenAPI 3 are served"
        raise Broken([loaded.problem("MS201", f"Swagger {given} is not read", ("swagger",), hint)])
    if not isinstance(given, str):
        faults.add("MS216", f"the version {given!r} is read as 2.0", ("swagger",), 'write `swagger: "2.0"`')
    return "2.0"
