"""A good request of an operation: from the document's examples, else made from its schemas."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import quote

from mock_server.contract.model import Headers, Sent
from mock_server.contract.target import credentials
from mock_server.errors import Broken
from mock_server.spec.generate import generate
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import Operation
from mock_server.spec.parameters import Parameter

_TEMPLATE = re.compile(r"\{([^{}/]*)\}")
_NO_BODY = object()


class Unmakeable(ValueError):
    """No good request can be made; the text says why."""


class GoodRequest(NamedTuple):
    """``path`` is below the base, ``query`` without its ``?``; ``body`` is JSON or None for none."""

    operation: Operation
    path: str
    query: str
    headers: Headers
    body: Any
    has_body: bool

    def sent(self, base: str, token: str | None, **changes: Any) -> Sent:
        """With this token, and with these fields of the body changed."""
        body = {**self.body, **changes} if changes else self.body
        return self.raw(base, token, json.dumps(body).encode() if self.has_body or changes else b"")

    def raw(self, base: str, token: str | None, body: bytes, content_type: str | None = "application/json") -> Sent:
        """With exactly this body."""
        headers, query = credentials(self.operation, token)
        if body and content_type:
            headers = (*headers, ("Content-Type", content_type))
        target = base + self.path + "?".join(["", "&".join(filter(None, [self.query, query]))]).rstrip("?")
        return Sent(self.operation.method, target, (*self.headers, ("Accept", "*/*"), *headers), body)


def good_request(operation: Operation, seed: int = 0) -> GoodRequest:
    """Raises ``Unmakeable``, for instance when only a multipart body is documented."""
    values = {(each.location, each.name): _parameter(operation, each, seed) for each in operation.parameters}

    def fill(found: re.Match[str]) -> str:
        return quote(_text(values.get(("path", found[1]), "x")), safe="")

    query = "&".join(
        f"{quote(each.name, safe='')}={quote(_text(item), safe='')}"
        for each in operation.parameters
        if each.location == "query" and each.required
        for item in _items(values["query", each.name])
    )
    headers = [
        (each.name, _text(values["header", each.name]))
        for each in operation.parameters
        if each.location == "header" and each.required
    ]
    cookies = [
        f"{each.name}={quote(_text(values['cookie', each.name]))}"
        for each in operation.parameters
        if each.location == "cookie" and each.required
    ]
    if cookies:
        headers.append(("Cookie", "; ".join(cookies)))
    body = _body(operation, seed)
    made = None if body is _NO_BODY else body
    return GoodRequest(
        operation, _TEMPLATE.sub(fill, operation.path), query, tuple(headers), made, body is not _NO_BODY
    )


def _parameter(operation: Operation, parameter: Parameter, seed: int) -> Any:
    if parameter.schema is None:
        return "x"
    try:
        return generate(operation.document, parameter.schema.pointer, seed, "request")
    except Broken as broken:
        if parameter.required:
            raise Unmakeable(
                f"no value for {parameter.location}.{parameter.name}: {broken.problems[0].message}"
            ) from None
        return "x"


def _body(operation: Operation, seed: int) -> Any:
    if operation.body is None:
        return _NO_BODY
    media = next((each for each in operation.body.content if is_json(each.name)), None)
    if media is None:
        if operation.body.required:
            raise Unmakeable("its body is not JSON")
        return _NO_BODY
    return _example(operation, media, seed)


def _example(operation: Operation, media: MediaType, seed: int) -> Any:
    for example in media.examples:
        if media.schema is None or media.schema.is_valid(example.value):
            return example.value
    if media.schema is None:
        return {}
    try:
        return generate(operation.document, media.schema.pointer, seed, "request")
    except Broken as broken:
        raise Unmakeable(f"no body: {broken.problems[0].message}") from None


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case list():
            return ",".join(map(_text, value))
        case dict():
            return ",".join(f"{key},{_text(item)}" for key, item in value.items())
    return json.dumps(value)
