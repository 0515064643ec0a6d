"""A good request of an operation: from the document's examples, else made from its schemas.

Bodies and parameters are written by the codecs, so that forms, parts, XML and every style work as JSON does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from mock_server.codec.multipart import sent_as
from mock_server.codec.specimen import specimen
from mock_server.codec.table import judged, read_value, write_value
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.model import Headers, Sent
from mock_server.contract.target import credentials
from mock_server.contract.write import Unwritable, write_parameter
from mock_server.errors import Broken
from mock_server.named import NamedTuple
from mock_server.spec.family import family
from mock_server.spec.generate import generate
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter

_TEMPLATE = re.compile(r"\{([^{}/]*)\}")
_RANGES = {"*/*": "application/octet-stream", "application/*": "application/octet-stream", "text/*": "text/plain"}
OWN_TYPE = object()
"""The Content-Type that the request has anyway."""
Values = Mapping[tuple[str, str], Any]


class Unmakeable(ValueError):
    """No good request can be made; the text says why."""


class GoodRequest(NamedTuple):
    """``path`` is below the base, ``query`` without its ``?``; ``body`` is a value of ``media``, None for none."""

    operation: Operation
    path: str
    query: str
    headers: Headers
    body: Any
    has_body: bool
    media: MediaType | None = None
    content_type: str = "application/json"
    values: Values = MappingProxyType({})
    """The parameters that are sent: ``{("query", "limit"): 3}``."""

    def sent(self, base: str, token: str | None, **changes: Any) -> Sent:
        """With this token, and with these fields of the body changed."""
        body = {**self.body, **changes} if changes else self.body
        return self.raw(base, token, self.written(body) if self.has_body or changes else b"")

    def written(self, body: Any) -> bytes:
        """A body as its media type writes it."""
        if self.media is None or is_json(self.content_type):
            return json.dumps(body).encode()
        return write_value(body, self.media, self.content_type)

    def raw(self, base: str, token: str | None, body: bytes, content_type: Any = OWN_TYPE) -> Sent:
        """With exactly this body; ``content_type`` None = without that header."""
        headers, query = credentials(self.operation, token)
        kind = self.content_type if content_type is OWN_TYPE else content_type
        if kind is not None and (body or content_type is not OWN_TYPE):
            headers = (*headers, ("Content-Type", kind))
        target = base + self.path + "?".join(["", "&".join(filter(None, [self.query, query]))]).rstrip("?")
        return Sent(self.operation.method, target, _one_cookie((*self.headers, ("Accept", "*/*"), *headers)), body)

    def with_values(self, values: Values) -> GoodRequest:
        """With these parameters and no others. Raises ``Unwritable``."""
        path, query, headers = address(self.operation, values)
        return self._replace(path=path, query=query, headers=headers, values=values)


def _one_cookie(headers: Headers) -> Headers:
    """RFC 6265 §5.4: a client sends one Cookie header."""
    cookies = [value for name, value in headers if name == "Cookie"]
    if len(cookies) < 2:
        return headers
    return (*(pair for pair in headers if pair[0] != "Cookie"), ("Cookie", "; ".join(cookies)))


def good_request(operation: Operation, seed: int = 0) -> GoodRequest:
    """Raises ``Unmakeable``, for instance when the schema of a required parameter cannot be satisfied."""
    values: dict[tuple[str, str], Any] = {
        (each.location, each.name): parameter_value(operation, each, seed)
        for each in operation.parameters
        if each.required or each.location == "path"
    }
    try:
        path, query, headers = address(operation, values)
    except Unwritable as error:
        raise Unmakeable(f"no value for a parameter: {error}") from None
    request = GoodRequest(operation, path, query, headers, None, False, values=values)
    content = operation.body.content if operation.body else ()
    why = ""
    for media in sorted(content, key=lambda each: not is_json(each.name)):
        try:
            return _with_body(request, media, seed)
        except (Unmakeable, Unreadable, Broken, ValueError) as error:
            why = why or str(error).splitlines()[0]
    if operation.body and operation.body.required:
        raise Unmakeable(f"no body: {why or 'the document has no media type for it'}")
    return request


def address(operation: Operation, values: Values) -> tuple[str, str, Headers]:
    """Path, query and headers of a request with these parameters. Raises ``Unwritable``."""
    paths: dict[str, str] = {}
    query: list[str] = []
    headers: list[tuple[str, str]] = []
    cookies: list[str] = []
    for each in operation.parameters:
        if (each.location, each.name) not in values:
            continue
        written = write_parameter(each, values[each.location, each.name])
        match each.location:
            case "path":
                paths[each.name] = written.path
            case "header":
                headers.append((each.name, written.header))
            case "cookie":
                cookies += [f"{name}={text}" for name, text in written.pairs]
            case "query" | "querystring":
                query += [f"{name}={text}" if name else text for name, text in written.pairs]
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    return _filled(operation.path, paths), "&".join(query), tuple(headers)


def _parts(template: str) -> list[str]:
    """What stands between the templates, as in a URL, and their names at the odd places.

    A documented path may have characters that no URL has (RFC 3986 §3.3).
    """
    parts = _TEMPLATE.split(template.partition("?")[0].partition("#")[0])
    return [quote(part, safe="/%!$&'()*+,;=:@~") if index % 2 == 0 else part for index, part in enumerate(parts)]


def _filled(template: str, values: Mapping[str, str]) -> str:
    return "".join(values.get(part, "x") if index % 2 else part for index, part in enumerate(_parts(template)))


def fits(template: str, path: str) -> bool:
    """Whether a path of a request may be meant by a documented one; an empty part counts.

    >>> fits("/a/{id}/b", "/a/7/b"), fits("/a/{id}", "/a/7/b")
    (True, False)
    """
    return re.fullmatch("[^/]*".join(map(re.escape, _parts(template)[::2])), path) is not None


def parameter_value(operation: Operation, parameter: Parameter, seed: int) -> Any:
    """A value that can be written and that nothing else is made of. Raises ``Unmakeable``."""
    schema = parameter.schema
    why = "no valid value was found"
    for value in _candidates(operation, parameter, seed):
        if schema is not None and not schema.is_valid(value):
            continue
        try:
            written = write_parameter(parameter, value)
        except (Unwritable, ValueError) as error:
            why = str(error)
            continue
        if parameter.location != "path" or written.path.strip(".") != "":
            return value
    raise Unmakeable(f"no value for {parameter.location}.{parameter.name}: {why}")


def _candidates(operation: Operation, parameter: Parameter, seed: int) -> Iterator[Any]:
    if parameter.schema is None:
        yield from ("x", {})
        return
    for each in (seed, 0, 1, 2, 3):
        try:
            yield generate(operation.document, parameter.schema.pointer, each, "request")
        except Broken:
            break
    yield from ("x", "1", 1, True)


def _with_body(request: GoodRequest, media: MediaType, seed: int) -> GoodRequest:
    """A body that is read as it was meant and keeps its schema. Raises ``Unmakeable`` and what codecs raise."""
    kind = sent_as(_RANGES.get(media.name, media.name))
    for value in _bodies(request.operation, media, kind, seed):
        made = request._replace(body=value, has_body=True, media=media, content_type=kind)
        if is_good_body(made.written(value), media, kind):
            return made
    raise Unmakeable(f"no body of {media.name} could be made")


def _bodies(operation: Operation, media: MediaType, kind: str, seed: int) -> Iterator[Any]:
    yield from (example.value for example in media.examples)
    if media.schema is None or family(kind) == "binary":
        yield {} if is_json(kind) else specimen(kind).decode("latin-1") if family(kind) == "binary" else "x"
    if media.schema is not None:
        for each in (seed, 0):
            yield generate(operation.document, media.schema.pointer, each, "request")
    if media.item_schema is not None:
        yield [generate(operation.document, media.item_schema.pointer, seed, "request")]


def is_good_body(data: bytes, media: MediaType, kind: str) -> bool:
    """Whether the bytes can be read and keep the schema. Nothing at all is no body."""
    if not data:
        return False
    try:
        value = read_value(data, media, kind)
    except Unreadable:
        return False
    return all(schema.is_valid(part) for _, schema, part in judged(media, value, kind))
