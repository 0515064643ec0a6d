"""The operations of a document as values: what may come in, what may go out, who may ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

from mock_server.errors import Broken
from mock_server.later import regex
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.grammar import METHODS
from mock_server.spec.media import Body, MediaType, read_body, read_content
from mock_server.spec.parameters import Parameter, read_parameters
from mock_server.spec.security import Requirement, read_security
from mock_server.value import dataclass

MAX_BASE_PATHS = 64
MAX_URL = 8 * 1024
_AUTHORITY = regex(r"\A[^/]*//[^/]*")
_VARIABLE = regex(r"\{([^{}]*)\}")
_TEMPLATE = regex(r"\{[^{}/]*\}")


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """One entry of ``responses``; ``status`` is ``"200"``, ``"4XX"`` or ``"default"``."""

    status: str
    description: str
    content: tuple[MediaType, ...]
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``key`` is ``"POST /oauth2"``, with a base path where several documents have that path."""

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
        return shape_of(f"{self.method} {self.path}")

    @property
    def has_callbacks(self) -> bool:
        """Whether the document has any for it, readable or not."""
        return bool(self.document.at(self.pointer, self.pointer, "#")[0].get("callbacks"))

    def documented(self, status: int) -> DocumentedResponse | None:
        """The entry for a status: itself, its range, or ``default`` (OAS 3.1 §4.8.16)."""
        found = self.responses.get(str(status)) or self.responses.get(f"{status // 100}XX")
        return found or self.responses.get("default")


def shape_of(key: str) -> str:
    return _TEMPLATE.sub("{}", key)


def read_operations(document: Document) -> list[Operation]:
    """Every operation of the document that can be read, in its order; of the others there is a fault each."""
    operations: list[Operation] = []
    shapes: dict[str, str] = {}
    for path, item, pointer in path_items(document):
        for method, node, at in _methods(item, pointer):
            # OAS 3.1 §4.8.8: paths that differ in the names of their templates only are the same path.
            twin = shapes.setdefault(shape_of(f"{method} {path}"), path)
            if twin != path:
                message = f"{method} {path} answers to the same requests as {twin}, so it is never used"
                hint = "give the two one path, or one of them another method"
                document.faults.add("MS208", message, ("paths", path), hint, at="key")
                continue
            try:
                operations.append(_operation(document, path, method, item, pointer, node, at))
            except Broken as broken:
                for problem in broken.problems:
                    text = f"{method} {path} is left out: {problem.message}"
                    document.faults.take(replace(problem, message=text, severity="warning"))
    if not operations:
        document.faults.add(
            "MS217", "the document has no operations", ("paths",), "describe them under `paths`", at="key"
        )
    return operations


def path_items(document: Document) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """The path, what stands under it, and where."""
    for path, node in document.data.get("paths", {}).items():
        if path.startswith("/"):
            item, pointer = document.follow(node, ("paths", path))
            yield path, item, pointer
            if "?" in path or "#" in path:
                message = f"no request has the path {path}: it ends at `?` or `#`"
                hint = "describe it with parameters; here it only tells operations of one path apart"
                document.faults.add("MS212", message, ("paths", path), hint, at="key")
        elif not path.startswith("x-"):
            message = f"the path {path!r} does not begin with `/`; it is left out"
            document.faults.add("MS211", message, ("paths", path), f"write {'/' + path!r}", at="key")


def _methods(item: dict[str, Any], pointer: Pointer) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """``("GET", {…}, ("paths", "/a", "get"))`` for each, those of 3.2's ``additionalOperations`` too."""
    for method in METHODS:
        if method in item:
            yield method.upper(), item[method], (*pointer, method)
    for method, node in item.get("additionalOperations", {}).items():
        if method.lower() not in item:
            yield method, node, (*pointer, "additionalOperations", method)


def _operation(
    document: Document,
    path: str,
    method: str,
    item: dict[str, Any],
    item_at: Pointer,
    node: dict[str, Any],
    pointer: Pointer,
) -> Operation:
    servers = node.get("servers") or item.get("servers") or document.data.get("servers") or []
    return Operation(
        key=f"{method} {path}",
        method=method,
        path=path,
        operation_id=node.get("operationId", ""),
        summary=node.get("summary", ""),
        bases=tuple(dict.fromkeys(base for server in servers for base in base_paths(server))),
        parameters=tuple(read_parameters(document, item, item_at, node, pointer)),
        body=read_body(document, node, pointer, formats=True),
        responses={entry.status: entry for entry in _responses(document, node, pointer)},
        security=read_security(document, node, pointer),
        pointer=pointer,
        document=document,
    )


def base_paths(server: dict[str, Any]) -> list[str]:
    """The path parts of a server's URL, one for each choice of a variable in the path.

    >>> base_paths({"url": "https://{region}.example.com/api/"})
    ['/api']
    """
    template = _url(server)
    path = _AUTHORITY.sub("", template)
    # A variable of the host makes no other path.
    choices = {name: values if "{" + name + "}" in path else values[:1] for name, values in _choices(server).items()}
    return list(dict.fromkeys(_path_of(url) for url in _filled(template, choices))) or [""]


def host_names(server: dict[str, Any]) -> list[str]:
    """The hosts of a server's URL, in lower case, one for each choice of its variables; a relative URL has none.

    >>> host_names({"url": "https://{region}.example.com/api", "variables": {"region": {"enum": ["eu", "us"]}}})
    ['eu.example.com', 'us.example.com']
    """
    urls = _filled(_url(server), _choices(server))
    return list(dict.fromkeys(host for url in urls if (host := _host_of(url))))


def _url(server: dict[str, Any]) -> str:
    """The template; what is longer than any request could name is none."""
    url = str(server.get("url", "/"))
    return url if len(url) <= MAX_URL else ""


def _choices(server: dict[str, Any]) -> dict[str, list[Any]]:
    variables: dict[str, Any] = server.get("variables") or {}
    return {name: variable.get("enum") or [variable.get("default", "")] for name, variable in variables.items()}


def _filled(template: str, choices: dict[str, list[Any]]) -> Iterator[str]:
    """The first URLs of a template. What stands in a value is no variable, and too long a URL is left out.

    Else thirty variables that each name the next twice would make a URL of gigabytes.
    """
    pieces = _VARIABLE.split(template)
    named = [name for name in choices if name in pieces[1::2]]
    for values in islice(product(*(choices[name] for name in named)), MAX_BASE_PATHS):
        given = dict(zip(named, map(str, values), strict=True))
        filled = [given.get(piece, "{" + piece + "}") if at % 2 else piece for at, piece in enumerate(pieces)]
        if sum(map(len, filled)) <= MAX_URL:
            yield "".join(filled)


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _path_of(url: str) -> str:
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:  # no URL at all, such as http://[x/: its operations answer at the root
        return ""
    if path and not path.startswith("/"):  # relative to where the document stands: for us the root
        path = ("/" + path.lstrip("./")).rstrip("/")
    return path


def _responses(document: Document, node: dict[str, Any], pointer: Pointer) -> Iterator[DocumentedResponse]:
    for status, raw in (node.get("responses") or {}).items():
        if status.startswith("x-"):
            continue
        entry, at = document.follow(raw, (*pointer, "responses", status))
        yield DocumentedResponse(status, str(entry.get("description", "")), read_content(document, entry, at), at)
