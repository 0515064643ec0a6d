"""Parameters of path, query, header and cookie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final, Literal, cast

from mock_server.errors import Problem
from mock_server.model import MISSING
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.media import MediaType, read_content
from mock_server.spec.schema import Schema
from mock_server.spec.shape import EVERY, Shape
from mock_server.value import dataclass

_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
"""Parameters of these names are ignored (OAS 3.1 §4.8.12.2.1)."""
Location = Literal["path", "query", "header", "cookie", "querystring"]
Style = Literal[
    "simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject", "cookie"
]
STYLES: Final[dict[str, tuple[Style, ...]]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form", "cookie"),
    "querystring": ("form",),
}
"""The styles of each location, its default first (OAS 3.1 §4.8.12.3, OAS 3.2 §4.12.3)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; its schema is put before the decoded value."""

    name: str
    location: Location
    required: bool
    schema: Schema | None
    type: str
    """The schema's ``type`` (``integer``, ``array``, … or ``""``), for what is said to people."""
    style: Style = "form"
    explode: bool = True
    allows_empty: bool = False
    """``allowEmptyValue``: ``?flag`` and ``?flag=`` stand for a flag that is set (OAS 3.1 §4.8.12.2.1)."""
    default: Any = MISSING
    content: MediaType | None = None
    """Its media type, when it is described by ``content`` in place of ``schema``."""
    shape: Shape | None = field(default=None, compare=False, repr=False)

    @property
    def where(self) -> tuple[str, str]:
        """``("header", "x-id")``: where violations and facts find it."""
        return self.location, self.name.lower() if self.location == "header" else self.name


def read_parameters(
    document: Document, item: dict[str, Any], at: Pointer, node: dict[str, Any], pointer: Pointer
) -> list[Parameter]:
    """The path's parameters, overridden by the operation's (OAS 3.1 §4.8.9)."""
    found: dict[tuple[str, str], Parameter] = {}
    for owner, place in ((item, at), (node, pointer)):
        for index, raw in enumerate(owner.get("parameters") or []):
            entry, entry_at = document.follow(raw, (*place, "parameters", index))
            parameter = _parameter(document, entry, entry_at)
            if not (parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS):
                found[parameter.location, parameter.name] = parameter
    return list(found.values())


def _parameter(document: Document, entry: dict[str, Any], at: Pointer) -> Parameter:
    location = entry.get("in", "query")
    location = location if location in STYLES else "query"
    styles = STYLES[location]
    style = entry.get("style") if entry.get("style") in styles else styles[0]
    style = _COLLECTIONS.get(str(entry.get("x-collectionFormat")), style)
    explode = entry.get("explode", style in ("form", "cookie"))
    shape = Shape(document, (*at, "schema"), entry["schema"]) if "schema" in entry else None
    contents = read_content(document, entry, at, "request", formats=True) if shape is None else ()
    kind = shape.word("type", "") if shape else ""
    return Parameter(
        name=str(entry.get("name", "")),
        location=cast("Location", location),
        required=entry.get("required") is True,
        schema=_schema(document, shape, (*at, "schema")) if shape else contents[0].schema if contents else None,
        type=kind if isinstance(kind, str) else "",
        style=cast("Style", style),
        explode=explode is True,
        allows_empty=entry.get("allowEmptyValue") is True and location == "query",
        default=shape.word("default", MISSING) if shape else MISSING,
        content=contents[0] if contents else None,
        shape=shape,
    )


def _schema(document: Document, shape: Shape, pointer: Pointer) -> Schema:
    """Parameters that refer to one schema share it, unless they add something to it (3.1)."""
    alone = isinstance(shape.node, dict) and len(shape.node) == 1
    target = document.follow(shape.node, pointer)[1] if alone else pointer
    return document.schema(target, "request", formats=True)


def style_problems(document: Document, node: dict[str, Any], pointer: Pointer) -> Iterator[Problem]:
    """Styles that their location does not have (MS240) and parameters that cannot be read by theirs (MS241)."""
    for index, raw in enumerate(node.get("parameters") or []):
        entry, at = document.follow(raw, (*pointer, "parameters", index))
        location, style = entry.get("in", "query"), entry.get("style")
        styles = STYLES.get(location, ())
        if style is not None and styles and style not in styles:
            message = f"a parameter in {location} has no style {style!r}; it is read as {styles[0]}"
            hint = f"the styles of a parameter in {location} are {', '.join(styles)}"
            yield document.loaded.problem("MS240", message, (*at, "style"), hint, severity="warning")
        kinds = Shape(document, (*at, "schema"), entry["schema"]).kinds if "schema" in entry else EVERY
        wanted = _WANTED.get(str(style)) if style in styles else None
        if wanted and kinds != EVERY and not kinds & wanted:
            message = f"the style {style} is for values of type {' or '.join(sorted(wanted))} only"
            hint = "give it another style, or another schema (OAS 3.1 §4.8.12.3)"
            yield document.loaded.problem("MS241", message, (*at, "style"), hint, severity="warning")


_COLLECTIONS: Final = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "tsv": "tabDelimited"}
"""What Swagger 2.0 has in places or ways that OpenAPI 3 has not; its converter leaves the word behind."""
_WANTED: Final = {
    "deepObject": frozenset(("object", "array")),
    "spaceDelimited": frozenset(("array", "object")),
    "pipeDelimited": frozenset(("array", "object")),
}
