"""The parameters that a callback's description requires: in its URL, its headers and its cookies.

Values are made from their schemas in the direction of a request and written by ``style`` and ``explode``
(OAS 3.1 §4.8.12.3). What is not required is not sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from mock_server.codec.scalar import text_of
from mock_server.errors import Broken
from mock_server.fixture.template import write_json
from mock_server.named import NamedTuple
from mock_server.spec.callbacks import Callback
from mock_server.spec.generate import generate
from mock_server.spec.parameters import Parameter
from mock_server.spec.schema import SchemaError

_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


class Unmakeable(Exception):
    """A body or parameter that neither fixture nor document can give; the text says why."""


class Sent(NamedTuple):
    """``Sent((("x-kind", "a"),), (("page", "page=1"),))``: the query's pieces are percent-encoded already."""

    headers: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]


def sent_parameters(callback: Callback) -> Sent:
    """The parameters that the document requires. Raises ``Unmakeable``."""
    headers: list[tuple[str, str]] = []
    query: list[tuple[str, str]] = []
    cookies: list[str] = []
    for parameter in callback.parameters:
        if not parameter.required or parameter.schema is None or parameter.location == "path":
            continue
        value = _value(callback, parameter)
        match parameter.location:
            case "header":
                headers.append((parameter.name.lower(), _on_one_line(parameter, value)))
            case "cookie":
                cookies += (piece for _, piece in _pairs(parameter, value))
            case "query":
                query += _pairs(parameter, value)
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    return Sent(tuple(headers), tuple(query))


def with_query(url: str, query: tuple[tuple[str, str], ...]) -> str:
    """The address with these pieces in its query; a name that it has already stays as it is."""
    if not query:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url  # whoever calls it says what is wrong with the address
    there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = [piece for name, piece in query if name not in there]
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, *added)))))


def _value(callback: Callback, parameter: Parameter) -> Any:
    assert parameter.schema is not None
    try:
        return generate(callback.document, parameter.schema.pointer, direction="request")
    except (Broken, SchemaError):
        where = f"{parameter.location} parameter" if parameter.location != "header" else "header"
        raise Unmakeable(f"no value can be made for the {where} {parameter.name!r}") from None


def _on_one_line(parameter: Parameter, value: Any) -> str:
    """A header's value. One that would split the header is refused by whoever writes it (RFC 9110 §5.5)."""
    if parameter.content is not None:
        return value if isinstance(value, str) else write_json(value).decode()
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    if isinstance(value, dict):
        joint = "=" if parameter.explode else ","
        return ",".join(f"{name}{joint}{text_of(item)}" for name, item in value.items())
    return text_of(value)


def _pairs(parameter: Parameter, value: Any) -> Iterator[tuple[str, str]]:
    """The name under which each piece stands, and the piece: ``("tag", "tag=a%20b")``."""
    name = parameter.name
    if parameter.content is not None:
        yield _pair(name, value if isinstance(value, str) else write_json(value).decode())
    elif isinstance(value, dict) and parameter.style == "deepObject":
        yield from (_pair(f"{name}[{key}]", text_of(item)) for key, item in value.items())
    elif isinstance(value, dict) and parameter.explode:
        yield from (_pair(key, text_of(item)) for key, item in value.items())
    elif isinstance(value, list) and parameter.explode:
        yield from (_pair(name, text_of(item)) for item in value)
    elif isinstance(value, dict | list):
        flat = [each for pair in value.items() for each in pair] if isinstance(value, dict) else value
        texts = (quote(text_of(each), safe="") for each in flat)
        yield name, f"{quote(name, safe='')}={_SEPARATORS.get(parameter.style, ',').join(texts)}"
    else:
        yield _pair(name, text_of(value))


def _pair(name: str, text: str) -> tuple[str, str]:
    return name, f"{quote(name, safe='')}={quote(text, safe='')}"
