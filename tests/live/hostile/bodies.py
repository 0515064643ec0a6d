"""JSON, types, sizes, compression and content types, sent to operation 1 of the bundled document.

A request 1 that is not as documented is 429 there ("invalid param"), whatever is wrong with it.
"""

from __future__ import annotations

import gzip
import json
import zlib

from tests.live.hostile.kit import ASK, CHUNKED, JSON, POST, Probe, ask, sized

BAD = "429"
FINE = "200"
DEEP = 100_000


def _json(name: str, body: bytes, want: str = BAD, why: str = "RFC 8259 §2") -> Probe:
    return Probe("JSON", name, POST + JSON + sized(body), want, why)


def _with(value: bytes) -> bytes:
    return b'{"datasource_id":"fb","x":%b}' % value


BODIES = [
    _json("nothing", b""),
    _json("a space", b" "),
    _json("null", b"null"),
    _json("true", b"true"),
    _json("a number", b"1"),
    _json("a text", b'"fb"'),
    _json("a list", b"[]"),
    _json("a list of objects", b"[" + ASK + b"]"),
    _json("an empty object", b"{}"),
    _json("not closed", ASK[:-1]),
    _json("not opened", ASK[1:]),
    _json("closed twice", ASK + b"}"),
    _json("two values", ASK + ASK),
    _json("two lines of JSON", ASK + b"\n" + ASK),
    _json("garbage behind", ASK + b"garbage"),
    _json("NUL behind", ASK + b"\x00"),
    _json("NUL before", b"\x00" + ASK),
    _json("white space around", b" \t\r\n" + ASK + b"\n", FINE),
    _json("white space of another kind", b"\x0b" + ASK),
    _json("a no-break space", b"\xc2\xa0" + ASK),
    _json("a BOM", b"\xef\xbb\xbf" + ASK, "429|200", "RFC 8259 §8.1: MAY ignore it"),
    _json("UTF-16", ASK.decode().encode("utf-16"), why="RFC 8259 §8.1"),
    _json("UTF-16 without a BOM", ASK.decode().encode("utf-16-le"), why="RFC 8259 §8.1"),
    _json("UTF-32", ASK.decode().encode("utf-32"), why="RFC 8259 §8.1"),
    _json("Latin-1", b'{"datasource_id":"f\xe9"}', why="RFC 8259 §8.1"),
    _json("overlong UTF-8", b'{"datasource_id":"\xc0\xafb"}', why="RFC 3629 §3"),
    _json("a surrogate in UTF-8", b'{"datasource_id":"\xed\xa0\x80"}', why="RFC 3629 §3"),
    _json("half a UTF-8 character", b'{"datasource_id":"\xe2\x82"}', why="RFC 3629 §3"),
    _json("a lone surrogate", _with(b'"\\ud800"'), "429|200", "RFC 8259 §8.2"),
    _json("a lone low surrogate", _with(b'"\\udc00"'), "429|200", "RFC 8259 §8.2"),
    _json("a lone surrogate as the id", b'{"datasource_id":"\\ud800"}'),
    _json("a surrogate as a key", b'{"datasource_id":"fb","\\ud800":1}', "429|200", "RFC 8259 §8.2"),
    _json("a pair of surrogates", _with(b'"\\ud83e\\udd86"'), FINE, "RFC 8259 §7"),
    _json("an escaped NUL", b'{"datasource_id":"fb\\u0000"}'),
    _json("an escaped NUL elsewhere", _with(b'"\\u0000"'), FINE),
    _json("a raw control character", _with(b'"\x01"'), why="RFC 8259 §7"),
    _json("a raw line feed in a text", _with(b'"a\nb"'), why="RFC 8259 §7"),
    _json("an escape nobody knows", _with(b'"\\x41"'), why="RFC 8259 §7"),
    _json("half an escape", _with(b'"\\u00"'), why="RFC 8259 §7"),
    _json("escaped letters", b'{"d\\u0061tasource_id":"\\u0066b"}', FINE, "RFC 8259 §7"),
    _json("single quotes", b"{'datasource_id':'fb'}"),
    _json("keys without quotes", b'{datasource_id:"fb"}'),
    _json("a comma at the end", b'{"datasource_id":"fb",}'),
    _json("a comma in front", b'{,"datasource_id":"fb"}'),
    _json("no colon", b'{"datasource_id" "fb"}'),
    _json("no value", b'{"datasource_id":}'),
    _json("a comment", b'{"datasource_id":"fb"/* */}'),
    _json("a comment of lines", b'// x\n{"datasource_id":"fb"}'),
    _json("a comment of shells", b'# x\n{"datasource_id":"fb"}'),
    _json("JSONP", b"f(" + ASK + b")"),
    _json("a prefix against hijacking", b")]}',\n" + ASK),
    _json("YAML", b"datasource_id: fb"),
    _json("XML", b"<datasource_id>fb</datasource_id>"),
    _json("a form", b"datasource_id=fb"),
    _json("an XML bomb", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'),
    _json("an XML entity of a file", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
    _json("a Python literal", b"{'datasource_id': None}"),
    _json("a pickle", b"\x80\x04\x95\x00.", why="nothing is unpickled"),
    *(
        _json(f"number {text.decode()}", _with(text), why="RFC 8259 §6")
        for text in (
            b"NaN",
            b"-NaN",
            b"Infinity",
            b"-Infinity",
            b"nan",
            b"inf",
            b"01",
            b"+1",
            b"1.",
            b".5",
            b"0x1F",
            b"1e",
            b"1e+",
            b"--1",
            b"1_000",
            b"1,5",
            b"1 2",
            b"0b1",
            b"1n",
            b"\xef\xbc\x91",
            b"-",
            b"TRUE",
            b"None",
            b"undefined",
        )
    ),
    *(
        _json(f"number {text.decode()[:30]}", _with(text), "200|429", "RFC 8259 §6: limits are ours")
        for text in (
            b"1e400",
            b"-1e400",
            b"1e-400",
            b"1E999999999",
            b"9" * 400,
            b"-" + b"9" * 4_299,
            b"9" * 5_000,
            b"1." + b"0" * 5_000,
            b"0." + b"3" * 5_000,
            b"9223372036854775808",
            b"18446744073709551616",
        )
    ),
    _json("number -0", _with(b"-0"), FINE),
    _json("number of 100,000 digits", _with(b"9" * 100_000), "200|429"),
    _json("number of 1,000,000 digits", _with(b"9" * 1_000_000), "200|429"),
    _json("number of 100,000 decimals", _with(b"0." + b"9" * 100_000), "200|429"),
    _json("exponent of 100,000 digits", _with(b"1e" + b"9" * 100_000), "200|429"),
    _json("a key twice", b'{"datasource_id":"fb","datasource_id":"fb"}', why="RFC 8259 §4: unpredictable"),
    _json("a key twice, once escaped", b'{"datasource_id":"fb","d\\u0061tasource_id":"x"}', why="RFC 8259 §4"),
    _json("another key twice", b'{"datasource_id":"fb","x":1,"x":2}', why="RFC 8259 §4"),
    _json("a key twice, deep below", _with(b'{"a":{"b":1,"b":2}}'), why="RFC 8259 §4"),
    _json("100,000 lists", b"[" * DEEP),
    _json("100,000 lists, closed", b"[" * DEEP + b"]" * DEEP),
    _json("100,000 objects", b'{"a":' * DEEP),
    _json("100,000 objects, closed", b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    _json("a good one with 100,000 lists", _with(b"[" * DEEP + b"]" * DEEP)),
    _json("65 deep", _with(b"[" * 64 + b"]" * 64), why="DESIGN.md: depth 64"),
    _json("1,000 deep", _with(b"[" * 1_000 + b"]" * 1_000), why="DESIGN.md: depth 64"),
    _json("60 deep", _with(b"[" * 60 + b"]" * 60), FINE, "DESIGN.md: depth 64"),
    _json("brackets in a text", _with(json.dumps("[" * 5_000).encode()), FINE),
    _json("50,000 keys", b'{"datasource_id":"fb",' + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}", FINE),
    _json("100,000 of one key", b'{"datasource_id":"fb",' + b",".join([b'"k":1'] * 100_000) + b"}"),
    _json("300,000 items", _with(b"[" + b",".join([b"1"] * 300_000) + b"]"), FINE),
    _json("400,000 empty lists", _with(b"[" + b",".join([b"[]"] * 300_000) + b"]"), FINE),
    _json("a key of 500 KB", b'{"datasource_id":"fb","%b":1}' % (b"k" * 500_000), FINE),
    _json("a text of 1 MB", _with(b'"' + b"x" * 1_000_000 + b'"'), FINE),
    _json("1 MB of spaces", ASK + b" " * 1_000_000, FINE),
    _json("an id of 500 KB", b'{"datasource_id":"%b"}' % (b"x" * 500_000)),
    _json("__proto__", b'{"datasource_id":"fb","__proto__":{"admin":true}}', FINE),
    _json("__class__", b'{"datasource_id":"fb","__class__":{"__init__":1}}', FINE),
    _json("$ref", b'{"datasource_id":"fb","$ref":"file:///etc/passwd"}', FINE, "data, not a document"),
    _json("a $ref alone", b'{"$ref":"#"}'),
    _json("an empty key", b'{"datasource_id":"fb","":1}', FINE),
    _json("a template", b'{"datasource_id":"{{ handshake.pull_id }}"}', why="nothing in data is filled"),
    _json("SQL", b'{"datasource_id":"fb\' OR 1=1; DROP TABLE x; --"}'),
    _json("HTML", b'{"datasource_id":"<script>alert(1)</script>"}'),
    _json("a shell", b'{"datasource_id":"$(id)`id`|id;id"}'),
    _json("JNDI", b'{"datasource_id":"${jndi:ldap://127.0.0.1:1/a}"}'),
    _json("a path", b'{"datasource_id":"../../../../etc/passwd"}'),
    _json("CR and LF", b'{"datasource_id":"fb\\r\\nX-Evil: 1"}'),
    _json("right to left", '{"datasource_id":"\u202efb"}'.encode()),
    _json("a homoglyph", '{"datasource_id":"ｆｂ"}'.encode()),
    _json("combining marks", ('{"datasource_id":"f' + "\u0301" * 10_000 + '"}').encode()),
]

CONFUSED = (
    b"null", b"true", b"false", b"0", b"-1", b"1.5", b'""', b'" "', b"[]", b"{}", b'["fb"]', b'{"fb":1}',
    b'{"$ne":null}', b'{"$gt":""}', b"1e400", b"9007199254740993",
)  # fmt: skip
TYPES = [
    *(
        Probe("types", f"datasource_id is {each.decode()}", ask(b'{"datasource_id":%b}' % each), BAD, "openapi.yaml")
        for each in CONFUSED
    ),
    *(
        Probe(
            "types",
            f"validity_duration is {each.decode()}",
            ask(b'{"datasource_id":"fb","validity_duration":%b}' % each),
            BAD,
            "openapi.yaml",
        )
        for each in (
            *CONFUSED,
            b'"300"',
            b"299",
            b"43201",
            b"300.5",
            b'"0x12C"',
            b'"3e2"',
            b"[300]",
            b"-300",
            b'"NaN"',
            b'"true"',
        )
    ),
    *(
        Probe(
            "types",
            f"validity_duration is {each.decode()}",
            ask(b'{"datasource_id":"fb","validity_duration":%b}' % each),
            FINE,
            "JSON Schema's integer",
        )
        for each in (b"300", b"43200", b"300.0", b"3e2", b"3.0E+2")
    ),
    *(
        Probe(
            "types",
            f"pull_id is {each.decode()}",
            POST.replace(b"/oauth2 ", b"/oauth2/credentials ") + sized(b'{"pull_id":%b}' % each),
            "403",
            "openapi.yaml",
        )
        for each in CONFUSED
    ),
]

BIG = 1024 * 1024


def _size(name: str, sent: bytes, want: str, why: str = "RFC 9110 §15.5.14") -> Probe:
    return Probe("sizes", name, sent, want, why)


SIZES = [
    _size("1 MiB", ask(ASK + b" " * (BIG - len(ASK))), FINE, "DESIGN.md: 1 MiB"),
    _size("1 MiB and one byte", ask(ASK + b" " * (BIG - len(ASK) + 1)), "413!"),
    _size("2 MiB", ask(ASK + b" " * 2 * BIG), "413!"),
    _size("8 MiB", ask(b" " * 8 * BIG), "413!"),
    _size("2 MiB announced and not sent", POST + b"Content-Length: 2097152\r\n\r\n", "413!"),
    _size("1 TB announced", POST + b"Content-Length: 1099511627776\r\n\r\n", "413!"),
    _size("2 MiB of chunks", POST + CHUNKED + b"\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 32, "413!"),
    _size("2 MiB in one chunk", POST + CHUNKED + b"\r\n200000\r\n" + b"a" * 2 * BIG + b"\r\n0\r\n\r\n", "413!"),
    _size(
        "1 MiB of chunks", POST + CHUNKED + b"\r\n10\r\n" + ASK[:16] + b"\r\n6\r\n" + ASK[16:] + b"\r\n0\r\n\r\n", FINE
    ),
    _size("2 MiB with Connection: close", POST + b"Connection: close\r\n" + sized(b" " * 2 * BIG), "413!"),
    _size("2 MiB with Expect", POST + b"Expect: 100-continue\r\nContent-Length: 2097152\r\n\r\n", "413!|417!"),
    _size("2 MiB for the control API", b"POST /__mock/clock" + POST[16:] + sized(b" " * 2 * BIG), "413!|403|403!"),
    _size("2 MiB for the token endpoint", b"POST /__provider/fb/token" + POST[16:] + sized(b"a" * 2 * BIG), "413!"),
    _size("2 MiB for the consent", b"POST /__provider/fb/consent" + POST[16:] + sized(b"a" * 2 * BIG), "413!"),
    _size("2 MiB to nowhere", b"POST /nowhere" + POST[16:] + sized(b"a" * 2 * BIG), "413!|404"),
    _size(
        "2 MiB of chunks to nowhere",
        b"POST /nowhere" + POST[16:] + CHUNKED + b"\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 32,
        "413!|404!|404",
    ),
    _size("2 MiB with the wrong method", b"PUT" + POST[4:] + sized(b"a" * 2 * BIG), "413!|405"),
    _size("2 MiB without a token", POST.replace(b"dev-token", b"nobody") + sized(b"a" * 2 * BIG), "413!|403"),
]

BOMB = gzip.compress(bytes(20_000_000))


def _coded(coding: bytes, body: bytes, want: str = "415|429|400") -> Probe:
    return Probe(
        "compression",
        f"{coding!r}, {len(body)} bytes",
        ask(body, b"Content-Encoding: " + coding),
        want,
        "RFC 9110 §15.5.16",
    )


COMPRESSION = [
    _coded(b"gzip", gzip.compress(ASK)),
    _coded(b"x-gzip", gzip.compress(ASK)),
    _coded(b"deflate", zlib.compress(ASK)),
    _coded(b"br", b"\x0b\x0a\x80" + ASK),
    _coded(b"zstd", b"\x28\xb5\x2f\xfd" + ASK),
    _coded(b"compress", b"\x1f\x9d" + ASK),
    _coded(b"gzip", BOMB),
    _coded(b"gzip, gzip", gzip.compress(BOMB)),
    _coded(b"gzip", b"not gzip"),
    _coded(b"gzip", ASK),
    _coded(b"GZIP", gzip.compress(ASK)),
    _coded(b"aes128gcm", ASK),
    _coded(b"nonsense", ASK),
    _coded(b"identity, gzip", gzip.compress(ASK)),
    _coded(b"gzip, " * 1_000 + b"gzip", ASK),
    _coded(b"identity", ASK, FINE),
    _coded(b"IDENTITY", ASK, FINE),
    _coded(b"", ASK, "200|415|429|400"),
    _coded(b"*", ASK),
    _coded(b";", ASK),
    Probe("compression", "gzip without a word about it", ask(gzip.compress(ASK)), BAD, "RFC 8259 §8.1"),
    Probe("compression", "a bomb without a word about it", ask(BOMB), BAD, "RFC 8259 §8.1"),
    Probe("compression", "a ZIP", ask(b"PK\x03\x04" + bytes(100)), BAD, "RFC 8259 §8.1"),
    Probe(
        "compression",
        "gzip twice named",
        ask(BOMB, b"Content-Encoding: gzip", b"Content-Encoding: identity"),
        "415|429|400",
        "",
    ),
]


def _typed(content_type: bytes, want: str, body: bytes = ASK) -> Probe:
    return Probe(
        "content types",
        repr(content_type[:60]),
        POST + b"Content-Type: " + content_type + b"\r\n" + sized(body),
        want,
        "RFC 9110 §8.3",
    )


def _asked(line: bytes, want: str = "200|406|400", name: str = "") -> Probe:
    return Probe("content types", name or repr(line[:60]), ask(ASK, line), want, "RFC 9110 §12.5")


WRONG_TYPE = "429|415|400"
CONTENT_TYPES = [
    _typed(b"application/json", FINE),
    _typed(b"APPLICATION/JSON", FINE),
    _typed(b"application/json; charset=utf-8", FINE),
    _typed(b'application/json;charset="UTF-8"', FINE),
    _typed(b"application/json;", FINE),
    _typed(b"application/json ;;; charset", "200|429|415|400"),
    _typed(b"application/json; charset=utf-16", "200|429|415|400"),
    _typed(b"application/json; charset=utf-7", "200|429|415|400"),
    _typed(b"application/json; charset=nonsense", "200|429|415|400"),
    _typed(b"application/json; charset=" + b"x" * 50_000, "200|429|415|400"),
    _typed(b"application/json; a=1" * 1_000, "200|429|415|400"),
    _typed(b'application/json; a="', "200|429|415|400"),
    _typed(b"application/json, text/plain", "200|429|415|400"),
    _typed(b"application/problem+json", "200|429|415|400"),
    _typed(b"application/vnd.api+json", "200|429|415|400"),
    _typed(b"text/json", "200|429|415|400"),
    _typed(b"application/*", WRONG_TYPE + "|200"),
    _typed(b"*/*", WRONG_TYPE + "|200"),
    _typed(b"json", WRONG_TYPE),
    _typed(b"/", WRONG_TYPE),
    _typed(b";", WRONG_TYPE + "|200"),
    _typed(b"", "200|429|415|400"),
    _typed(b"text/plain", WRONG_TYPE),
    _typed(b"text/html", WRONG_TYPE),
    _typed(b"application/xml", WRONG_TYPE, b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>"),
    _typed(b"application/x-www-form-urlencoded", WRONG_TYPE, b"datasource_id=fb&" + b"a=b&" * 20_000),
    _typed(b"multipart/form-data", WRONG_TYPE),
    _typed(b"multipart/form-data; boundary=", WRONG_TYPE),
    _typed(b"multipart/form-data; boundary=x", WRONG_TYPE, b"--x\r\n" * 50_000),
    _typed(b"multipart/form-data; boundary=" + b"x" * 10_000, WRONG_TYPE, b"--" + b"x" * 10_000),
    _typed(b"application/x-yaml", WRONG_TYPE, b"a: &a [x,x]\nb: [*a,*a]"),
    _typed(b"application/msgpack", WRONG_TYPE, b"\xdd\xff\xff\xff\xff"),
    _typed(b"application/cbor", WRONG_TYPE, b"\x9b" + b"\xff" * 8),
    _typed(b"application/x-java-serialized-object", WRONG_TYPE, b"\xac\xed\x00\x05"),
    _typed(b"application/json\xff", WRONG_TYPE + "|200|400!"),
    _typed(b"<script>/json", WRONG_TYPE),
    Probe(
        "content types",
        "two content types",
        ask(ASK, b"Content-Type: application/json", b"Content-Type: text/plain"),
        "200|429|415|400",
        "RFC 9110 §5.3",
    ),
    *map(
        _asked,
        (
            b"Accept: ;",
            b"Accept:",
            b"Accept: ,",
            b"Accept: */*;q=2",
            b"Accept: */*;q=-1",
            b"Accept: */*;q=nan",
            b"Accept: */*;q=",
            b"Accept: */*;q=1e9",
            b"Accept: */*;q=0",
            b"Accept: application/json;q=0",
            b"Accept: text/html",
            b"Accept: /",
            b"Accept: */json",
            b"Accept: a/b/c",
            b"Accept: application/json;;;;",
            b'Accept: application/json;a="',
            b"Accept: \xff",
            b"Accept: *",
            b"Accept: json",
            b"Accept: application/json\x0c",
            b"Accept: <script>",
            b"Accept-Charset: utf-7",
            b"Accept-Charset: *;q=0",
            b"Accept-Encoding: gzip;q=9",
        ),
    ),
    _asked(b"Accept: " + b",".join([b"a/b"] * 10_000), name="Accept of 10,000"),
    _asked(b"Accept: " + b";" * 50_000, name="Accept of 50,000 semicolons"),
    _asked(b"Accept: " + b"," * 50_000, name="Accept of 50,000 commas"),
    _asked(b"Accept: application/json" + b";a=b" * 10_000, name="Accept of 10,000 parameters"),
    _asked(b'Accept: "' + b"\\" * 50_000, name="Accept of 50,000 backslashes"),
    *map(
        _asked,
        (
            b"Prefer: wait",
            b"Prefer: wait=",
            b"Prefer: wait=-1",
            b"Prefer: wait=nan",
            b"Prefer: wait=inf",
            b"Prefer: wait=1e400",
            b"Prefer: wait=99999999999999999999",
            b"Prefer: code",
            b"Prefer: code=",
            b"Prefer: code=0",
            b"Prefer: code=-200",
            b"Prefer: code=99999",
            b"Prefer: code=abc",
            b"Prefer: code=\xff",
            b"Prefer: example=../../etc/passwd",
            b"Prefer: response=<script>",
            b"Prefer: scenario=nobody",
            b"Prefer: fault=nothing",
            b"Prefer: seed=x",
            b"Prefer: seed=99999999999999999999",
            b"Prefer: dynamic=maybe",
            b"Prefer: ,;=",
            b"Prefer: =",
            b'Prefer: code="200',
            b"Prefer: code=200, code=403",
        ),
    ),
    _asked(b"Prefer: " + b"a=b," * 10_000, name="Prefer of 10,000"),
    _asked(b"Prefer: " + b"a;" * 20_000, name="Prefer of 20,000 parameters"),
    _asked(b'Prefer: a="' + b"\\" * 50_000, name="Prefer of 50,000 backslashes"),
    _asked(b"Prefer: response=" + b"x" * 50_000, name="Prefer of 50 KB"),
]

PROBES = [*BODIES, *TYPES, *SIZES, *COMPRESSION, *CONTENT_TYPES]
