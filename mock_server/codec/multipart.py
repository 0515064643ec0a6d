"""``multipart/form-data`` and the other multipart types (RFC 7578, RFC 2046 §5.1, OAS 3.1 §4.8.14.5).

Read by splitting at the boundary, which takes time in proportion to the body, however hostile it is.
"""

from __future__ import annotations

from typing import Any

from mock_server.codec.json_text import read_json, write_json
from mock_server.codec.scalar import text_of
from mock_server.codec.style import Maker, deep_object, maker_of, pairs, repeated, split
from mock_server.codec.unreadable import Unreadable
from mock_server.later import regex
from mock_server.named import NamedTuple
from mock_server.spec.media import Encoding, MediaType, PartHeader, essence, is_json, media_parameters
from mock_server.spec.shape import Shape

MAX_PARTS = 1_000
MAX_PART_HEADERS = 8_192
"""Bytes of one part's header."""
BOUNDARY = "mock-server-boundary"
_BOUNDARY = regex(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]\Z")
_PLAIN = Encoding()
_JOINED = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}


class Part(NamedTuple):
    """One part; header names are lower-case."""

    headers: dict[str, str]
    data: bytes

    @property
    def disposition(self) -> dict[str, str]:
        return media_parameters(self.headers.get("content-disposition", ""))


def read(data: bytes, media: MediaType, content_type: str) -> Any:
    """Form-data as an object by the parts' names, other multipart types as the list of their parts."""
    parts = parts_of(data, content_type)
    maker = maker_of(media.shape)
    if essence(content_type) != "multipart/form-data" and not any("name" in part.disposition for part in parts):
        return [_value(part, maker.property(""), _PLAIN) for part in parts]
    named: dict[str, list[Part]] = {}
    for index, part in enumerate(parts):
        name = part.disposition.get("name")
        if name is None:
            message = f"part {index + 1} has no name in its Content-Disposition"
            raise Unreadable("multipart", 'form-data; name="…"', message)
        named.setdefault(name, []).append(part)
    value = {name: deep for name, encoding in media.encoding.items() if (deep := _deep(name, encoding, maker, named))}
    for name, found in named.items():
        value[name] = _property(name, found, maker, media.encoding.get(name, _PLAIN))
    return value


def _deep(name: str, encoding: Encoding, maker: Maker, named: dict[str, list[Part]]) -> Any:
    """``filter[age]`` and its like as one object, taken out of ``named``; None where there is none."""
    if encoding.style != "deepObject":
        return None
    given = {key: parts for key, parts in named.items() if key.startswith(name + "[")}
    for key in given:
        del named[key]
    texts = [(key, text_in(part.data)) for key, parts in given.items() for part in parts]
    try:
        return deep_object(texts, name, maker.property(name))
    except Unreadable as error:
        raise error.below(name) from None


def parts_of(data: bytes, content_type: str) -> list[Part]:
    """The parts of a body. Raises ``Unreadable`` (``multipart``)."""
    boundary = media_parameters(content_type).get("boundary", "")
    if not _BOUNDARY.match(boundary):
        message = "the Content-Type names no boundary of 1 to 70 characters (RFC 2046 §5.1.1)"
        raise Unreadable("multipart", "a boundary", message)
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary.encode(), MAX_PARTS + 2)
    if len(pieces) > MAX_PARTS + 2:
        raise Unreadable("multipart", MAX_PARTS, f"more than {MAX_PARTS} parts")
    end = next((index for index, piece in enumerate(pieces) if index and piece.startswith(b"--")), None)
    if end is None:
        message = f"the body does not end with --{boundary}--"
        if len(pieces) == 1 and b"--" + boundary.encode() not in data:
            message = f"the body has no line --{boundary}, which the Content-Type says divides it"
        elif b"\r\n" not in data:
            message = "its lines end with LF alone, not with CRLF (RFC 2046 §4.1.1)"
        raise Unreadable("multipart", "a closing boundary", message)
    return [_part(piece, index) for index, piece in enumerate(pieces[1:end], 1)]


def _part(piece: bytes, index: int) -> Part:
    line_end = piece.find(b"\r\n")
    if line_end < 0 or piece[:line_end].strip(b" \t"):
        raise Unreadable("multipart", "a line break", f"part {index} does not begin on a line of its own")
    rest = piece[line_end:]
    if rest.startswith(b"\r\n\r\n"):
        return Part({}, rest[4:])
    end = rest.find(b"\r\n\r\n", 0, MAX_PART_HEADERS)
    if end < 0:
        message = f"the header of part {index} has no end within {MAX_PART_HEADERS} bytes"
        raise Unreadable("multipart", "an empty line", message)
    headers: dict[str, str] = {}
    for line in rest[2:end].split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return Part(headers, rest[end + 4 :])


def _property(name: str, parts: list[Part], maker: Maker, encoding: Encoding) -> Any:
    inner = maker.property(name)
    try:
        if inner.form == "array" and not (len(parts) == 1 and is_json(parts[0].headers.get("content-type", ""))):
            if encoding.style and encoding.explode is False and len(parts) == 1:
                _check(parts[0], parts[0].headers.get("content-type", ""), encoding)
                # Not percent-decoded: form-data is not (OAS 3.1.1 §4.8.15.1.2).
                text = text_in(parts[0].data)
                return inner.array(text.split(_JOINED.get(encoding.style, ",")) if text else [])
            items = Maker(inner.shape.items) if inner.shape else inner
            return [_value(part, items, encoding) for part in parts]
        if len(parts) > 1:
            if inner.form in ("any", "either"):
                return [_value(part, inner, encoding) for part in parts]
            raise repeated(name)
        return _value(parts[0], inner, encoding)
    except Unreadable as error:
        raise error.below(name) if error.path[:1] != (name,) else error from None


def _value(part: Part, maker: Maker, encoding: Encoding) -> Any:
    """One part by its own Content-Type, by ``encoding``, or by what its property takes."""
    given = part.headers.get("content-type", "")
    _check(part, given, encoding)
    kind = given or encoding.content_type.partition(",")[0]
    if is_json(kind) or (not kind and maker.form == "object"):
        return read_json(part.data)
    text = text_in(part.data)
    return text if "filename" in part.disposition else maker.scalar(text)


def _check(part: Part, given: str, encoding: Encoding) -> None:
    """What ``encoding`` asks of a part: its type, a list of them with ranges, and its headers."""
    wanted = [essence(each) for each in encoding.content_type.split(",") if each.strip()]
    if given and wanted and not any(_covers(each, essence(given)) for each in wanted):
        message = f"a part of {essence(given)[:60]!r} is not read here, {encoding.content_type} is"
        raise Unreadable("part-type", encoding.content_type, message, seen=given)
    for name, header in encoding.headers.items():
        text = part.headers.get(name)
        if text is None and header.required:
            raise Unreadable("required", name, f"the part has no header {name}", (name,))
        if text is not None and header.schema is not None:
            _check_header(name, text, header)


def _check_header(name: str, text: str, header: PartHeader) -> None:
    maker, schema = maker_of(header.shape), header.schema
    value: Any
    if maker.form == "array":
        value = maker.array(split(text, "simple", False, str.strip))
    elif maker.form == "object":
        value = maker.object(pairs(text, "simple", header.explode, str.strip))
    else:
        value = maker.scalar(text)
    for breach in schema.breaches(value) if schema else ():
        raise Unreadable(breach.keyword, breach.wanted, breach.message, (name, *breach.path), text)


def _covers(wanted: str, given: str) -> bool:
    return wanted in (given, "*/*") or (wanted.endswith("/*") and given.startswith(wanted[:-1]))


def text_in(data: bytes) -> str:
    """Bytes as a text: UTF-8, or one character a byte where they are none (a file, for JSON has no bytes)."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def write(value: Any, media: MediaType, content_type: str) -> bytes:
    """An object as form-data, a list as parts without names; the boundary is the media type's, else ours."""
    boundary = boundary_of(content_type)
    parts: list[bytes] = []
    if isinstance(value, dict):
        for name, item in value.items():
            shape = media.shape.property(name) if media.shape else None
            encoding = media.encoding.get(name, _PLAIN)
            items = item if isinstance(item, list) and not is_json(encoding.content_type) else [item]
            if encoding.style and encoding.explode is False and isinstance(item, list):
                items = [_JOINED.get(encoding.style, ",").join(map(text_of, item))]
            parts += [_written(name, each, encoding, shape) for each in items]
    else:
        parts = [_written(None, each, _PLAIN, None) for each in (value if isinstance(value, list) else [value])]
    line = b"--" + boundary.encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def boundary_of(content_type: str) -> str:
    boundary = media_parameters(content_type).get("boundary", "")
    return boundary if _BOUNDARY.match(boundary) else BOUNDARY


def sent_as(media_type: str) -> str:
    """The Content-Type of an answer: multipart needs its boundary in it (RFC 2046 §5.1.1).

    >>> sent_as("multipart/mixed"), sent_as("text/plain")
    ('multipart/mixed; boundary=mock-server-boundary', 'text/plain')
    """
    if media_type[:10].lower() != "multipart/" or media_parameters(media_type).get("boundary"):
        return media_type
    return f"{media_type}; boundary={BOUNDARY}"


def _written(name: str | None, value: Any, encoding: Encoding, shape: Shape | None) -> bytes:
    kind = encoding.content_type.partition(",")[0].strip()
    lines: list[str] = []
    is_file = shape is not None and (shape.word("format") == "binary" or shape.items.word("format") == "binary")
    if name is not None:
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f'Content-Disposition: form-data; name="{quoted}"' + ('; filename="file"' if is_file else ""))
    if isinstance(value, dict | list):
        lines.append(f"Content-Type: {kind or 'application/json'}")
        data = write_json(value)
    else:
        if kind and "*" not in kind:
            lines.append(f"Content-Type: {kind}")
        elif is_file:
            lines.append("Content-Type: application/octet-stream")
        data = text_of(value).encode("utf-8", "replace")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + data
