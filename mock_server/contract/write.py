"""Parameters as they stand in a request: the way back of ``codec.parameter`` (OAS 3.1 §4.8.12.3, RFC 6570)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mock_server.codec.parameter import Sources, parameter_reader
from mock_server.codec.scalar import text_of
from mock_server.codec.table import write_value
from mock_server.codec.unreadable import Unreadable
from mock_server.model import MISSING
from mock_server.named import NamedTuple
from mock_server.spec.parameters import Parameter

_JOINED = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


class Unwritable(ValueError):
    """The style has no way to write this value; the text says why."""


class Written(NamedTuple):
    """One parameter on the wire, encoded. ``path`` and ``header`` are one text, ``pairs`` those of query and cookie.

    ``Written("", "", (("tags", "a"), ("tags", "b")))``
    """

    path: str = ""
    header: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


def write_parameter(parameter: Parameter, value: Any) -> Written:
    """The value in the parameter's style. Raises ``Unwritable``, also when it would be read as another value."""
    written = _written(parameter, value)
    try:
        read = _read_back(parameter, written)
    except Unreadable as error:
        raise Unwritable(str(error)) from None
    if read != value or type(read) is not type(value):
        raise Unwritable(f"{parameter.style} would be read as {read!r}")
    return written


def wire_value(parameter: Parameter, text: str) -> tuple[Written, Any]:
    """A bare text in place of the value, and what it is read as: ``MISSING`` when it cannot be read."""
    written = _written(parameter, text)
    try:
        return written, _read_back(parameter, written)
    except Unreadable:
        return written, MISSING


def _read_back(parameter: Parameter, written: Written) -> Any:
    headers = {parameter.name.lower(): written.header} if parameter.location == "header" else {}
    query = "&".join(f"{name}={text}" for name, text in written.pairs) if parameter.location == "query" else ""
    if parameter.location == "cookie":
        headers["cookie"] = "; ".join(f"{name}={text}" for name, text in written.pairs)
    if parameter.location == "querystring":
        query = written.pairs[0][1] if written.pairs else ""
    return parameter_reader(parameter)(Sources({parameter.name: written.path}, query, headers))


def _written(parameter: Parameter, value: Any) -> Written:
    if parameter.content is not None:
        text = write_value(value, parameter.content).decode("utf-8", "replace")
        match parameter.location:
            case "path":
                return Written(path=_quoted(text))
            case "header":
                return Written(header=_header_text(text))
            case "querystring":
                return Written(pairs=(("", text if "=" in text else _quoted(text)),))
        return Written(pairs=((_quoted(parameter.name), _quoted(text)),))
    match parameter.location:
        case "path":
            return Written(path=_path(parameter, value))
        case "header":
            return Written(header=_header_text(_simple(value, parameter.explode, str)))
    return Written(pairs=tuple(_pairs(parameter, value)))


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _header_text(text: str) -> str:
    if any(ord(char) < 32 or ord(char) > 126 for char in text):
        raise Unwritable("a header has no such characters")
    return text


def _simple(value: Any, explode: bool, quoted: Any) -> str:
    if isinstance(value, list):
        return ",".join(quoted(_scalar(item)) for item in value)
    if isinstance(value, dict):
        return ",".join(_members(value, "=" if explode else ",", quoted))
    return str(quoted(_scalar(value)))


def _members(value: Mapping[str, Any], between: str, quoted: Any = _quoted) -> list[str]:
    return [f"{quoted(str(key))}{between}{quoted(_scalar(item))}" for key, item in value.items()]


def _scalar(value: Any) -> str:
    if isinstance(value, list | dict):
        raise Unwritable("a parameter has no nested values")
    return text_of(value)


def _path(parameter: Parameter, value: Any) -> str:
    name, explode = _quoted(parameter.name), parameter.explode
    match parameter.style:
        case "label":
            if isinstance(value, list):
                return "." + ("." if explode else ",").join(_quoted(_scalar(item)) for item in value)
            if isinstance(value, dict):
                return "." + ("." if explode else ",").join(_members(value, "=" if explode else ","))
            return "." + _quoted(_scalar(value))
        case "matrix":
            if isinstance(value, list) and explode:
                return "".join(f";{name}={_quoted(_scalar(item))}" for item in value)
            if isinstance(value, dict) and explode:
                return "".join(f";{pair}" for pair in _members(value, "="))
            return f";{name}={_simple(value, False, _quoted)}"
    return _simple(value, explode, _quoted)


def _pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    name, explode = _quoted(parameter.name), parameter.explode
    quoted = str if parameter.style == "cookie" else _quoted
    if parameter.style == "deepObject":
        if not isinstance(value, dict):
            raise Unwritable("deepObject is for objects")
        return [(f"{name}%5B{_quoted(key)}%5D", _quoted(_scalar(item))) for key, item in value.items()]
    if parameter.style in _JOINED and isinstance(value, list | dict) and not explode:
        items = value if isinstance(value, list) else [part for pair in value.items() for part in pair]
        return [(name, _JOINED[parameter.style].join(_quoted(_scalar(item)) for item in items))]
    if isinstance(value, list) and explode:
        return [(name, quoted(_scalar(item))) for item in value]
    if isinstance(value, dict) and explode:
        return [(quoted(str(key)), quoted(_scalar(item))) for key, item in value.items()]
    return [(name, _simple(value, False, quoted))]
