"""The operations of a document as values: what may come in, what may go out, who may ask."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from mock_server.errors import Broken, Problem
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.schema import Schema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
MAX_BASE_PATHS = 64
_IGNORED_HEADERS = frozenset(("accept", "content-type", "authorization"))
"""Parameters of these names are ignored (OAS 3.1 §4.8.12.2.1)."""
_AUTHORITY = re.compile(r"[^/]*//[^/]*")
Location = Literal["path", "query", "header", "cookie"]
_TEMPLATE = re.compile(r"\{[^{}/]*\}")


@dataclass(frozen=True, slots=True)
class Example:
    """A named example of the document. The name is ``""`` for the nameless ``example``."""

    name: str
    value: Any
    pointer: Pointer
    provenance: str


@dataclass(frozen=True, slots=True)
class MediaType:
    """One entry of a ``content`` map."""

    name: str
    schema: Schema | None
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; its schema is put before the decoded value."""

    name: str
    location: Location
    required: bool
    schema: Schema | None
    type: str
    """The schema's ``type``: how the text is read (``integer``, ``array``, … or ``""``)."""


@dataclass(frozen=True, slots=True)
class Body:
    """The request body."""

    required: bool
    content: tuple[MediaType, ...]


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """One entry of ``responses``; ``status`` is ``"200"``, ``"4XX"`` or ``"default"``."""

    status: str
    description: str
    content: tuple[MediaType, ...]
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Requirement:
    """One scheme that a request must satisfy, and the scopes it must carry."""

    scheme: str
    kind: str
    """``bearer``, ``basic``, ``digest``, ``apiKey:header``, ``apiKey:query``, ``apiKey:cookie``."""
    parameter: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``key`` is ``"POST /oauth2"``."""

    key: str
    method: str
    path: str
    operation_id: str
    summary: str
    bases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, DocumentedResponse]
    security: tuple[tuple[Requirement, ...], ...]
    """Alternatives (OAS 3.1 §4.8.30): one of the tuples must be satisfied whole; empty = open to all."""
    pointer: Pointer
    document: Document = field(compare=False, repr=False)

    @property
    def shape(self) -> str:
        """``POST /a/{}``: two operations of one shape answer to the same requests."""
        return shape_of(self.key)

    def documented(self, status: int) -> DocumentedResponse | None:
        """The entry for a status: itself, its range, or ``default`` (OAS 3.1 §4.8.16)."""
        found = self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")
        return found or self.responses.get("default")


def shape_of(key: str) -> str:
    return _TEMPLATE.sub("{}", key)


def read_operations(document: Document) -> list[Operation]:
    """Every operation of the document, in its order. Raises ``Broken`` with all problems."""
    problems: list[Problem] = []
    operations: list[Operation] = []
    shapes: dict[str, str] = {}
    for path, item, pointer in _path_items(document):
        for method in METHODS:
            if isinstance(item.get(method), dict):
                # OAS 3.1 §4.8.8: paths that differ in the names of their templates only are the same path.
                twin = shapes.setdefault(shape_of(f"{method} {path}"), path)
                if twin != path:
                    message = f"{method.upper()} {path} answers to the same requests as {twin}"
                    problems.append(document.loaded.problem("MS208", message, ("paths", path), at="key"))
                try:
                    operations.append(_operation(document, path, method, item, pointer))
                except Broken as broken:
                    problems += broken.problems
    if problems:
        raise Broken(problems)
    return operations


def _path_items(document: Document) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    for path, node in document.data.get("paths", {}).items():
        if path.startswith("/"):
            item, pointer = document.follow(node, ("paths", path))
            if isinstance(item, dict):
                yield path, item, pointer


def _operation(document: Document, path: str, method: str, item: dict[str, Any], at: Pointer) -> Operation:
    node = item[method]
    pointer: Pointer = (*at, method)
    servers = node.get("servers") or item.get("servers") or document.data.get("servers") or []
    return Operation(
        key=f"{method.upper()} {path}",
        method=method.upper(),
        path=path,
        operation_id=str(node.get("operationId", "")),
        summary=str(node.get("summary", "")),
        bases=tuple(dict.fromkeys(base for server in servers for base in base_paths(server))),
        parameters=tuple(_parameters(document, item, at, node, pointer)),
        body=_body(document, node, pointer),
        responses={entry.status: entry for entry in _responses(document, node, pointer)},
        security=_security(document, node, pointer),
        pointer=pointer,
        document=document,
    )


def base_paths(server: dict[str, Any]) -> list[str]:
    """The path parts of a server's URL, one for each choice of a variable in the path.

    >>> base_paths({"url": "https://{region}.example.com/api/"})
    ['/api']
    """
    urls = [str(server.get("url", "/"))]
    for name, variable in (server.get("variables") or {}).items():
        choices = variable.get("enum") or [variable.get("default", "")]
        if "{" + name + "}" not in _AUTHORITY.sub("", urls[0]):
            choices = choices[:1]  # a variable of the host makes no other path
        urls = [url.replace("{" + name + "}", str(choice)) for url in urls for choice in choices][:MAX_BASE_PATHS]
    return list(dict.fromkeys(_path_of(url) for url in urls))


def _path_of(url: str) -> str:
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:  # no URL at all, such as http://[x/: its operations answer at the root
        return ""
    if path and not path.startswith("/"):  # relative to where the document stands: for us the root
        path = ("/" + path.lstrip("./")).rstrip("/")
    return path


def _parameters(
    document: Document, item: dict[str, Any], at: Pointer, node: dict[str, Any], pointer: Pointer
) -> list[Parameter]:
    """The path's parameters, overridden by the operation's (OAS 3.1 §4.8.9)."""
    found: dict[tuple[str, str], Parameter] = {}
    for owner, place in ((item, at), (node, pointer)):
        for index, raw in enumerate(owner.get("parameters") or []):
            entry, entry_at = document.follow(raw, (*place, "parameters", index))
            schema, schema_at = document.follow(entry.get("schema", {}), (*entry_at, "schema"))
            kind = schema.get("type", "") if isinstance(schema, dict) else ""
            parameter = Parameter(
                name=str(entry.get("name", "")),
                location=entry.get("in", "query"),
                required=bool(entry.get("required", False)),
                schema=document.schema(schema_at) if "schema" in entry else None,
                type=kind if isinstance(kind, str) else "",
            )
            if not (parameter.location == "header" and parameter.name.lower() in _IGNORED_HEADERS):
                found[parameter.location, parameter.name] = parameter
    return list(found.values())


def _body(document: Document, node: dict[str, Any], pointer: Pointer) -> Body | None:
    if "requestBody" not in node:
        return None
    entry, at = document.follow(node["requestBody"], (*pointer, "requestBody"))
    return Body(bool(entry.get("required", False)), _content(document, entry, at))


def _responses(document: Document, node: dict[str, Any], pointer: Pointer) -> Iterator[DocumentedResponse]:
    for status, raw in (node.get("responses") or {}).items():
        if status.startswith("x-"):
            continue
        entry, at = document.follow(raw, (*pointer, "responses", status))
        yield DocumentedResponse(status, str(entry.get("description", "")), _content(document, entry, at), at)


def _content(document: Document, entry: dict[str, Any], at: Pointer) -> tuple[MediaType, ...]:
    found = []
    for name, media in (entry.get("content") or {}).items():
        media_at: Pointer = (*at, "content", name)
        schema = document.schema((*media_at, "schema")) if "schema" in media else None
        found.append(MediaType(name, schema, tuple(_examples(document, media, media_at))))
    return tuple(found)


def _examples(document: Document, media: dict[str, Any], at: Pointer) -> Iterator[Example]:
    if "example" in media:
        yield Example("", media["example"], (*at, "example"), str(media.get("x-provenance", "documented")))
    for name, raw in (media.get("examples") or {}).items():
        entry, entry_at = document.follow(raw, (*at, "examples", name))
        if "value" in entry:
            provenance = str(entry.get("x-provenance", "documented"))
            yield Example(name, entry["value"], (*entry_at, "value"), provenance)


def _security(document: Document, node: dict[str, Any], pointer: Pointer) -> tuple[tuple[Requirement, ...], ...]:
    asked = node.get("security", document.data.get("security")) or []
    alternatives = []
    for index, alternative in enumerate(asked):
        place: Pointer = (*pointer, "security", index) if "security" in node else ("security", index)
        pairs = alternative.items()
        alternatives.append(tuple(_requirement(document, name, scopes, place) for name, scopes in pairs))
    return tuple(alternatives)


def _requirement(document: Document, name: str, scopes: list[str], pointer: Pointer) -> Requirement:
    schemes = (document.data.get("components") or {}).get("securitySchemes") or {}
    if name not in schemes:
        hint = "define it under components/securitySchemes"
        raise Broken([document.loaded.problem("MS214", f"the security scheme {name!r} is not defined", pointer, hint)])
    scheme, _ = document.follow(schemes[name], ("components", "securitySchemes", name))
    kind = scheme.get("type")
    if kind == "http":
        word = str(scheme.get("scheme", "")).lower()
    elif kind == "apiKey":
        word = f"apiKey:{scheme.get('in', 'header')}"
    else:  # oauth2, openIdConnect: the token travels as a bearer token (RFC 6750 §2.1)
        word = "bearer"
    return Requirement(name, word, str(scheme.get("name", "")), tuple(scopes))


def is_json(media_type: str) -> bool:
    """Whether bodies of this media type are JSON, by name or by suffix (RFC 6839 §3.1)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")
