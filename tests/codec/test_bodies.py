"""Bodies there and back, and bodies that nobody should send."""

from __future__ import annotations

from contextlib import suppress
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.codec.table import codec_for, read_value, write_value
from mock_server.codec.unreadable import Unreadable
from tests.codec.described import media, there_and_back

FORM, PARTS, XML = "application/x-www-form-urlencoded", "multipart/form-data; boundary=X", "application/xml"
ITEM = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "s": {"type": "string"},
        "i": {"type": "integer"},
        "f": {"type": "number"},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        "t": {"type": "array", "items": {"type": "string"}},
        "o": ITEM,
    },
}
_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1)
_ITEM = st.fixed_dictionaries({"n": st.integers(-10, 2**70)}, optional={"s": _TEXT})
_VALUE = st.fixed_dictionaries(
    {"s": _TEXT},
    optional={
        "i": st.integers(-(2**70), 2**70),
        "f": st.floats(allow_nan=False, allow_infinity=False),
        "b": st.booleans(),
        "l": st.lists(st.integers(), min_size=1),
        "t": st.lists(_TEXT, min_size=1),
        "o": _ITEM,
    },
)


@pytest.mark.parametrize("name", ["application/json", FORM, PARTS, XML])
@given(value=_VALUE)
def test_an_object_that_is_written_is_read_again(name: str, value: dict[str, Any]) -> None:
    assert there_and_back(value, media(name, SCHEMA)) == value


@pytest.mark.parametrize("name", ["application/x-ndjson", "application/json-seq", "text/event-stream"])
@given(value=st.lists(_ITEM))
def test_a_sequence_that_is_written_is_read_again(name: str, value: list[Any]) -> None:
    assert there_and_back(value, media(name, {"type": "array", "items": ITEM})) == value


TEXTS = {"type": "array", "items": {"type": "string"}}
NAMED = {"type": "array", "items": {"type": "string", "xml": {"name": "i"}}}
PERSON = {"type": "object", "properties": {"n": {"type": "integer"}}, "xml": {"name": "p"}}


def hinted(schema: dict[str, Any], **xml: Any) -> dict[str, Any]:
    return {**schema, "xml": xml}


NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
HINTS: list[tuple[str, Any, Any, str]] = [
    ("element", {"type": "string"}, "a", "<root>a</root>"),
    ("wrapped", {"l": hinted(TEXTS, wrapped=True)}, {"l": ["a"]}, "<root><l><l>a</l></l></root>"),
    ("wrapped, renamed", {"l": hinted(TEXTS, wrapped=True, name="w")}, {"l": ["a"]}, "<root><w><w>a</w></w></root>"),
    ("items named", {"l": hinted(NAMED, wrapped=True, name="w")}, {"l": ["a"]}, "<root><w><i>a</i></w></root>"),
    ("not wrapped", {"l": hinted(NAMED, name="w")}, {"l": ["a", "b"]}, "<root><i>a</i><i>b</i></root>"),
    ("wrapped and empty", {"l": hinted(TEXTS, wrapped=True)}, {"l": []}, "<root><l/></root>"),
    ("attribute", {"a": hinted({"type": "integer"}, attribute=True, name="b")}, {"a": 5}, '<root b="5"/>'),
    ("3.2: attribute", {"a": hinted({"type": "string"}, nodeType="attribute")}, {"a": "x"}, '<root a="x"/>'),
    ("3.2: text", {"t": hinted({"type": "string"}, nodeType="text")}, {"t": "y<"}, "<root>y&lt;</root>"),
    ("3.2: cdata", {"t": hinted({"type": "string"}, nodeType="cdata")}, {"t": "y<"}, "<root><![CDATA[y<]]></root>"),
    ("null", {"n": {"type": ["integer", "null"]}}, {"n": None}, f"<root><n {NIL}/></root>"),
    ("an inner object", {"o": PERSON}, {"o": {"n": 1}}, "<root><p><n>1</n></p></root>"),
]


@pytest.mark.parametrize("_, schema, value, text", HINTS, ids=[row[0] for row in HINTS])
def test_xml_follows_the_hints_both_ways(_: str, schema: Any, value: Any, text: str) -> None:
    whole = schema if "type" in schema and isinstance(schema["type"], str) else {"type": "object", "properties": schema}
    described = media(XML, whole)
    assert write_value(value, described).decode() == f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    assert there_and_back(value, described) == value


def test_a_name_that_xml_does_not_allow_is_made_one() -> None:
    assert b"<a_b>1</a_b><_1>2</_1>" in write_value({"a b": 1, "1": 2}, media(XML))


REFUSED: list[tuple[str, str, bytes, str]] = [
    ("deep XML", XML, b"<a>" * 70 + b"</a>" * 70, "depth"),
    ("a bomb", XML, b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 999 + b'">]><a>&b;</a>', "xml"),
    ("an outside entity", XML, b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>', "xml"),
    ("many elements", XML, b"<a>" + b"<b/>" * 60_000 + b"</a>", "xml"),
    ("no XML encoding", XML, b'<?xml version="1.0" encoding="klingon"?><a/>', "content-type"),
    ("deep JSON", "application/json", b"[" * 70 + b"]" * 70, "depth"),
    ("very deep JSON", "application/json", b"[" * 100_000, "depth"),
    ("a huge integer", "application/json", b"9" * 10_000, "json"),
    ("a lone surrogate", "application/json", b'"\\ud800"', "json"),
    ("many fields", FORM, b"a=1&" * 20_000, "form"),
    (
        "many parts",
        PARTS,
        b'--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2_000 + b"--X--",
        "multipart",
    ),
    ("an endless part header", PARTS, b"--X\r\nA: " + b"b" * 100_000 + b"\r\n\r\n1\r\n--X--", "multipart"),
    ("many lines", "application/x-ndjson", b"1\n" * 60_000, "json"),
    ("no text", "text/plain; charset=utf-8", b"\xff", "charset"),
    ("a charset of Python's own", "text/plain; charset=punycode", b"a", "content-type"),
    ("a charset with a path in it", "text/plain; charset=../../x", b"a", "content-type"),
]


@pytest.mark.parametrize("_, name, data, rule", REFUSED, ids=[row[0] for row in REFUSED])
def test_a_hostile_body_is_refused_soon(_: str, name: str, data: bytes, rule: str) -> None:
    described = media(name, {})
    started = process_time()
    with pytest.raises(Unreadable) as caught:
        read_value(data, described, name)
    assert caught.value.rule == rule
    assert process_time() - started < 2


SLOW = [
    (FORM, b"%41" * 300_000),
    (FORM, b"&".join(b"o[%d]=1" % number for number in range(9_000))),
    (PARTS, b"--X\r\nContent-Disposition: " + b"a;" * 4_000 + b"name=a\r\n\r\n\r\n--X--"),
    (PARTS, b"\r\n--" * 250_000),
    ("application/json", b'{"' + b":" * 1_000_000 + b'":1}'),
    ("text/event-stream", b"data:x\n\n" * 100_000),
    (XML, b"<a " + b" ".join(b'a%d="1"' % number for number in range(50_000)) + b"/>"),
]


@pytest.mark.parametrize("name, data", SLOW, ids=[f"{row[0][:20]}-{row[1][:8]!r}" for row in SLOW])
def test_a_megabyte_of_anything_takes_less_than_two_seconds(name: str, data: bytes) -> None:
    described = media(name, SCHEMA)
    started = process_time()
    with suppress(Unreadable):
        read_value(data, described, name)
    assert process_time() - started < 2


_NAMES = st.sampled_from(
    [
        *("application/json", FORM, PARTS, XML, "text/event-stream", "application/x-ndjson", "application/json-seq"),
        *("text/plain", "text/plain; charset=utf-16", "image/png", "multipart/mixed; boundary=X"),
    ]
)
_PIECES = st.lists(
    st.sampled_from(
        [
            *(b"--X", b"\r\n", b"--", b"{", b"}", b'"a"', b":", b"<a>", b"</a>", b"&", b"=", b"%41", b"%zz", b"\xff"),
            *(b"data: 1\n\n", b"\x1e", b'Content-Disposition: form-data; name="s"', b"1"),
        ]
    )
)


@given(
    _NAMES, st.binary() | _PIECES.map(b"".join), st.sampled_from([SCHEMA, {}, {"type": "array"}, {"type": "string"}])
)
def test_no_bytes_do_worse_than_being_refused(name: str, data: bytes, schema: Any) -> None:
    with suppress(Unreadable):
        read_value(data, media(name, schema), name)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(_NAMES, _ANY, st.sampled_from([SCHEMA, {}, {"type": "array", "items": ITEM}]))
def test_any_value_can_be_written_as_any_type(name: str, value: Any, schema: Any) -> None:
    assert isinstance(write_value(value, media(name, schema)), bytes)


@pytest.mark.parametrize(
    "name, codec",
    [
        ("Application/JSON; charset=utf-8", "json_text"),
        ("application/problem+json", "json_text"),
        ("application/atom+xml", "xml"),
        ("text/html", "text"),
        ("image/svg+xml", "binary"),
        ("application/geo+json-seq", "sequence"),
        ("multipart/mixed", "multipart"),
        ("application/vnd.unheard-of", "binary"),
        ("", "binary"),
        ("nonsense", "binary"),
    ],
)
def test_a_media_type_finds_its_codec_by_name_suffix_or_group(name: str, codec: str) -> None:
    assert codec_for(name).__name__.endswith(f".{codec}")  # type: ignore[attr-defined]
