"""Edge values as data: what is put into a field, and what is done to a whole body.

What each must give is not written here where the schema says it. ``outcome`` is only for what no schema
says: ``same`` = as the good request, ``either`` = nobody promises it, else the rule that is broken.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from typing import Literal

from mock_server.contract.model import Level
from mock_server.named import NamedTuple

Outcome = Literal["same", "either", "schema", "json", "content-type", "required"]
Edit = Callable[[bytes], bytes]


class Value(NamedTuple):
    """A value as it is written into a JSON body. ``is_odd`` = what JSON readers make of it differs."""

    name: str
    text: str
    is_odd: bool = False
    deep_only: bool = False


class Row(NamedTuple):
    """One thing done to a good body. ``content_type`` ``"="`` = as it was, None = without the header."""

    name: str
    edit: Edit
    outcome: Outcome
    content_type: str | None = "="
    level: Level | None = None
    headers: tuple[tuple[str, str], ...] = ()


def _long(length: int) -> str:
    return '"' + "x" * length + '"'


VALUES: tuple[Value, ...] = (
    Value("null", "null"),
    Value("true", "true"),
    Value("false", "false"),
    Value("0", "0"),
    Value("-0", "-0"),
    Value("1", "1"),
    Value("-1", "-1"),
    Value("300", "300"),
    Value("300.0", "300.0"),
    Value("3e2", "3e2"),
    Value("3.0E+2", "3.0E+2"),
    Value("30000e-2", "30000e-2"),
    Value("300.5", "300.5"),
    Value("-300", "-300"),
    Value("0.1", "0.1"),
    Value("2^31 - 1", "2147483647"),
    Value("2^31", "2147483648"),
    Value("2^32 + 300", "4294967596"),
    Value("2^53 + 1", "9007199254740993"),
    Value("2^63 - 1", "9223372036854775807"),
    Value("2^63", "9223372036854775808"),
    Value("2^64 + 300", "18446744073709551916"),
    Value("-2^63 - 1", "-9223372036854775809"),
    Value("a number of 400 digits", "9" * 400),
    Value("a number of 5000 digits", "9" * 5000, is_odd=True),
    Value("1e400", "1e400", is_odd=True),
    Value("1e-400", "1e-400", is_odd=True),
    Value("1e30", "1e30"),
    Value('"300"', '"300"'),
    Value('"0"', '"0"'),
    Value('"true"', '"true"'),
    Value('"null"', '"null"'),
    Value("the empty text", '""'),
    Value("a blank", '" "'),
    Value("tabs and line breaks", '"\\t\\r\\n"'),
    Value("a text", '"contract-edge"'),
    Value("a text of 300 characters", _long(300)),
    Value("a text of 65537 characters", _long(65_537), deep_only=True),
    Value("NUL", '"\\u0000"'),
    Value("NUL within a text", '"a\\u0000b"'),
    Value("a control character", '"\\u001b[31m"'),
    Value("an emoji", '"\\ud83d\\ude00"'),
    Value("an emoji of several parts", '"👩‍👩‍👧"'),
    Value("a lone surrogate", '"\\ud800"', is_odd=True),
    Value("a lone low surrogate", '"x\\udc00y"', is_odd=True),
    Value("a text from right to left", '"\u202e\u05d0\u05d1"'),
    Value("a combining accent", '"e\u0301"'),
    Value("a noncharacter", '"\\uffff"'),
    Value("quotes and backslashes", '"\'\\"\\\\ ;--"'),
    Value("a path", '"../../../../etc/passwd"'),
    Value("SQL", "\"' OR '1'='1\""),
    Value("markup", '"<script>alert(1)</script>"'),
    Value("a text of three parts", '"eyJhbGciOiJub25lIn0.e30.x"'),
    Value("a text of three empty parts", '".."'),
    Value("no URL", '"http://[::1"'),
    Value("a URL without a host", '"http:///?a=%zz"'),
    Value("a template", '"{{ 7*7 }} ${7*7} %s %n"'),
    Value("[]", "[]"),
    Value("{}", "{}"),
    Value("a list with it", '["x"]'),
    Value("a list of a number", "[300]"),
    Value("an object", '{"value": 300}'),
    Value("an operator", '{"$ne": null}'),
    Value("nested 40 deep", "[" * 40 + "]" * 40),
    Value("nested 1000 deep", "[" * 1000 + "]" * 1000, is_odd=True),
    Value("nested 100000 deep", "[" * 100_000 + "]" * 100_000, is_odd=True, deep_only=True),
)
"""For every field, whatever its type: the schema says which of them it takes."""


def twisted(good: object) -> Iterator[Value]:
    """What careless readers take for the good value itself; the schema and the rules say what it is."""
    if isinstance(good, str | int | float | bool):
        yield Value("its good value in a list", json.dumps([good]))
        yield Value("its good value in an object", json.dumps({"value": good}))
    if isinstance(good, int | float) and not isinstance(good, bool):
        yield Value("its good value as a text", json.dumps(str(good)))
        yield Value("its good value as a text with blanks", json.dumps(f" {good} "))
    if isinstance(good, str) and good:
        yield Value("its good value with blanks around", json.dumps(f" {good} "))
        yield Value("its good value and a line break", json.dumps(f"{good}\n"))
        yield Value("its good value, NUL and more", json.dumps(f"{good}\0x"))
        yield Value("its good value twice", json.dumps(f"{good},{good}"))
        yield Value("its good value in quotes", json.dumps(f'"{good}"'))
        yield Value("its good value with other capitals", json.dumps(good.swapcase()))
        yield Value("its good value percent-encoded", json.dumps("".join(f"%{byte:02X}" for byte in good.encode())))


NOT_JSON_VALUES: tuple[Value, ...] = (
    Value("NaN", "NaN"),
    Value("Infinity", "Infinity"),
    Value("-Infinity", "-Infinity"),
    Value("None", "None"),
    Value("True", "True"),
    Value("undefined", "undefined"),
    Value("a leading zero", "0300"),
    Value("a plus sign", "+300"),
    Value("a bare point", "300."),
    Value("a point first", ".5"),
    Value("hexadecimal", "0x12C"),
    Value("an underscore", "3_000"),
    Value("single quotes", "'fb'"),
    Value("no quotes", "fb"),
    Value("nothing", ""),
    Value("an open text", '"fb'),
    Value("a line break in a text", '"a\nb"'),
    Value("a raw NUL in a text", '"a\0b"'),
    Value("an unknown escape", '"\\x41"'),
    Value("half an escape", '"\\u12"'),
)
"""What RFC 8259 does not know: no JSON, whatever field it stands in."""


def _inserted(text: str) -> Edit:
    """The object with one more member."""
    return lambda good: good.rstrip()[:-1] + (b", " if good.strip() != b"{}" else b"") + text.encode() + b"}"


def _bytes_inserted(data: bytes) -> Edit:
    """The object with one more member, a text of these bytes."""
    return lambda good: _inserted('"contract": "#"')(good).replace(b'"#"', b'"' + data + b'"')


def _escaped(good: bytes) -> bytes:
    r"""The same JSON: ``{"\u0066b": 1}`` for ``{"fb": 1}`` (RFC 8259 §7)."""
    return re.sub(rb'(?<!\\)"([a-z])', lambda found: b'"\\u%04x' % found[1][0], good)


def _with(before: bytes = b"", after: bytes = b"") -> Edit:
    return lambda good: before + good + after


def _always(data: bytes) -> Edit:
    return lambda good: data


def _same(good: bytes) -> bytes:
    return good


WHOLE: tuple[Row, ...] = (
    Row("no body at all", _always(b""), "required"),
    Row("no body and no Content-Type", _always(b""), "required", None),
    Row("a body of blanks", _always(b" \r\n\t "), "json"),
    Row("a body of NUL", _always(b"\0"), "json"),
    Row("null as the whole body", _always(b"null"), "schema"),
    Row("true as the whole body", _always(b"true"), "schema"),
    Row("a number as the whole body", _always(b"300"), "schema"),
    Row("a text as the whole body", _always(b'"fb"'), "schema"),
    Row("an empty list as the whole body", _always(b"[]"), "schema"),
    Row("an empty object as the whole body", _always(b"{}"), "schema"),
    Row("the body in a list", _with(b"[", b"]"), "schema"),
    Row("the body as a text", lambda good: b'"' + good.replace(b'"', b'\\"') + b'"', "schema"),
    Row("the body without its last byte", lambda good: good[:-1], "json"),
    Row("half of the body", lambda good: good[: len(good) // 2], "json"),
    Row("only the first byte of the body", lambda good: good[:1], "json"),
    Row("garbage after the body", _with(after=b"x"), "json"),
    Row("a bracket after the body", _with(after=b"}"), "json"),
    Row("NUL after the body", _with(after=b"\0"), "json"),
    Row("the body twice", lambda good: good + good, "json"),
    Row("the body twice, on two lines", lambda good: good + b"\n" + good, "json"),
    Row("garbage before the body", _with(b")]}',\n"), "json"),
    Row("a comment after the body", _with(after=b"// x"), "json"),
    Row("a comment before the body", _with(b"/* x */"), "json"),
    Row("a comment within the body", lambda good: good[:1] + b"/* x */" + good[1:], "json"),
    Row("a comma after the last member", lambda good: good.rstrip()[:-1] + b",}", "json"),
    Row("a comma before the first member", lambda good: good[:1] + b"," + good[1:], "json"),
    Row("single quotes", lambda good: good.replace(b'"', b"'"), "json"),
    Row("names without quotes", lambda good: b"{contract: 1," + good[1:], "json"),
    Row("= for :", lambda good: good.replace(b'":', b'"=', 1), "json"),
    Row("an HTML page as the body", _always(b"<!DOCTYPE html><html></html>"), "json"),
    Row("XML as the body", _always(b"<?xml version='1.0'?><a/>"), "json"),
    Row("a form as the body", _always(b"a=1&b=2"), "json"),
    Row("bytes that are no text", _always(bytes(range(128, 256))), "json"),
    Row("a field of bytes that are no UTF-8", _bytes_inserted(b"\xff\xfe"), "json", "=", "assumed"),
    Row("a field in Latin-1", _bytes_inserted(b"\xfc"), "json", "=", "assumed"),
    Row("a field of overlong UTF-8", _bytes_inserted(b"\xc0\xaf"), "json", "=", "assumed"),
    Row("blanks around the body", _with(b" \r\n\t", b"\n\n "), "same"),
    Row("first letters as escapes", _escaped, "same"),
    Row("a byte order mark", _with(b"\xef\xbb\xbf"), "either"),
    Row("UTF-16", lambda good: good.decode().encode("utf-16"), "either"),
    Row("UTF-16 without a mark", lambda good: good.decode().encode("utf-16-le"), "either"),
    Row("UTF-32", lambda good: good.decode().encode("utf-32"), "either"),
    Row("a field more", _inserted('"contract_extra": "x"'), "schema"),
    Row("a field more with an emoji", _inserted('"contract 😀": {"a": [1, null, {"b": "ü"}]}'), "schema"),
    Row("a field more without a name", _inserted('"": 1'), "schema"),
    Row("a field more that is __proto__", _inserted('"__proto__": {"admin": true}, "constructor": 1'), "schema"),
    Row("a field more that is null", _inserted('"contract_extra": null'), "schema"),
    Row("a thousand fields more", _inserted(", ".join(f'"contract_{n}": {n}' for n in range(1000))), "schema"),
    Row("a field more of 100 KB", _inserted('"contract_extra": "' + "x" * 100_000 + '"'), "schema"),
    Row("a field more that is 30 deep", _inserted('"contract_extra": ' + "[" * 30 + "]" * 30), "schema"),
    Row("a field more that is 1000 deep", _inserted('"contract_extra": ' + "[" * 1000 + "]" * 1000), "either"),
    Row("a field more that is 100000 deep", _inserted('"contract_extra": ' + '{"a":' * 50_000), "json"),
    Row("brackets that never close", _always(b"[" * 100_000), "json"),
    Row("a field more with a lone surrogate", _inserted('"contract_extra": "\\ud800"'), "either"),
    Row("a field more with a number of 5000 digits", _inserted('"contract_extra": ' + "9" * 5000), "either"),
    Row("a field more with a line break in its text", _inserted('"contract_extra": "a\nb"'), "json"),
    Row("a field more with a raw tab in its text", _inserted('"contract_extra": "a\tb"'), "json"),
    Row("a field more with NaN", _inserted('"contract_extra": NaN'), "json", "=", "assumed"),
    Row("the same field more twice", _inserted('"contract_extra": 1, "contract_extra": 2'), "either"),
    Row("without Content-Type", _same, "same", None, "assumed"),
    Row("Content-Type with charset=utf-8", _same, "same", "application/json; charset=utf-8"),
    Row("Content-Type with charset=UTF-8, no blank", _same, "same", "application/json;charset=UTF-8"),
    Row("Content-Type with a quoted charset", _same, "same", 'application/json; charset="utf-8"', "assumed"),
    Row("Content-Type in upper case", _same, "same", "APPLICATION/JSON"),
    Row("Content-Type in mixed case", _same, "same", "Application/Json; Charset=UTF-8"),
    Row("Content-Type with a parameter", _same, "either", "application/json; version=1"),
    Row("Content-Type with charset=latin-1", _same, "either", "application/json; charset=iso-8859-1"),
    Row("Content-Type with charset=utf-16", _same, "either", "application/json; charset=utf-16"),
    Row("Content-Type with an unknown charset", _same, "either", "application/json; charset=klingon"),
    Row("Content-Type text/plain", _same, "content-type", "text/plain", "assumed"),
    Row("Content-Type text/html", _same, "content-type", "text/html; charset=utf-8", "assumed"),
    Row("Content-Type application/xml", _same, "content-type", "application/xml", "assumed"),
    Row("Content-Type application/octet-stream", _same, "content-type", "application/octet-stream", "assumed"),
    Row("a form", _always(b"datasource_id=fb&validity_duration=300&pull_id=x"), "content-type",
        "application/x-www-form-urlencoded", "assumed"),
    Row("JSON that says it is a form", _same, "content-type", "application/x-www-form-urlencoded", "assumed"),
    Row("parts", _always(b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'), "content-type",
        "multipart/form-data; boundary=b", "assumed"),
    Row("Content-Type application/vnd.contract+json", _same, "either", "application/vnd.contract+json"),
    Row("Content-Type text/json", _same, "either", "text/json"),
    Row("Content-Type that is no media type", _same, "either", "json"),
    Row("Content-Type that is empty", _same, "either", ""),
    Row("Content-Type that is a semicolon", _same, "either", ";;=;"),
    Row("Content-Type of 2000 characters", _same, "either", "application/json; x=" + "y" * 2000),
    Row("a body in gzip", lambda good: gzip.compress(good, mtime=0), "either", "=", None,
        (("Content-Encoding", "gzip"),)),
    Row("a body that says it is gzip and is not", _same, "either", "=", None, (("Content-Encoding", "gzip"),)),
    Row("an unknown Content-Encoding", _same, "either", "=", None, (("Content-Encoding", "contract"),)),
    Row("Content-Encoding identity", _same, "either", "=", None, (("Content-Encoding", "identity"),)),
)  # fmt: skip
"""For every operation that takes a JSON object."""
