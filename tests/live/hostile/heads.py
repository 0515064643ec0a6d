"""Request lines, header fields and the framing of bodies (RFC 9112)."""

from __future__ import annotations

from tests.live.hostile.kit import ASK, CHUNKED, HEALTH, HOST, POST, Probe, ask, get, sized

MANY = 100_000
END = b"\r\n"


def _line(name: str, sent: bytes, want: str, why: str = "RFC 9112 §3") -> Probe:
    return Probe("request line", name, sent, want, why)


def _start(line: bytes) -> bytes:
    return line + b"\r\n" + HOST + b"\r\n"


REQUEST_LINES = [
    _line("HTTP/0.9", b"GET /__mock/health\r\n", "400!|-", "RFC 9112 §2.3"),
    _line("HTTP/0.9 with headers", b"GET /__mock/health\r\n" + HOST + END, "400!"),
    _line("two spaces", _start(b"GET  /__mock/health HTTP/1.1"), "400!|200"),
    _line("tab for space", _start(b"GET\t/__mock/health\tHTTP/1.1"), "400!|200"),
    _line("space at the end", _start(b"GET /__mock/health HTTP/1.1 "), "400!|200"),
    _line("space before", _start(b" GET /__mock/health HTTP/1.1"), "400!|200"),
    _line("a word too many", _start(b"GET /__mock/health x HTTP/1.1"), "400!"),
    _line("no target", _start(b"GET HTTP/1.1"), "400!"),
    _line("empty target", _start(b"GET  HTTP/1.1"), "400!"),
    _line("only a method", b"GET\r\n\r\n", "400!"),
    _line("only spaces", b"   \r\n\r\n", "400!"),
    _line("one empty line before", b"\r\n" + HEALTH + END, "200", "RFC 9112 §2.2"),
    _line("ten empty lines before", b"\r\n" * 10 + HEALTH + END, "200|400!", "RFC 9112 §2.2"),
    _line("line feeds alone", b"GET /__mock/health HTTP/1.1\nHost: a\n\n", "400!|200", "RFC 9112 §2.2"),
    _line("carriage returns alone", b"GET /__mock/health HTTP/1.1\rHost: a\r\r", "400!", "RFC 9112 §2.2"),
    _line("a carriage return within", _start(b"GET /__mock\r/health HTTP/1.1"), "400!", "RFC 9112 §2.2"),
    _line("NUL within", _start(b"GET /__mock/\x00health HTTP/1.1"), "400!"),
    _line("DEL within", _start(b"GET /__mock/\x7fhealth HTTP/1.1"), "400!"),
    _line("escape sequence within", _start(b"GET /\x1b[31mred HTTP/1.1"), "400!"),
    _line("version 1.0 with Host", _start(b"GET /__mock/health HTTP/1.0"), "200!"),
    _line("version 1.2", _start(b"GET /__mock/health HTTP/1.2"), "200|400!", "RFC 9110 §2.5"),
    _line("version 2.0", _start(b"GET /__mock/health HTTP/2.0"), "400!", "RFC 9110 §15.6.6"),
    _line("version 3.0", _start(b"GET /__mock/health HTTP/3.0"), "400!"),
    _line("version 0.9 said", _start(b"GET /__mock/health HTTP/0.9"), "400!"),
    _line("version 9.9", _start(b"GET /__mock/health HTTP/9.9"), "400!"),
    _line("version without a digit", _start(b"GET /__mock/health HTTP/1."), "400!"),
    _line("version without a dot", _start(b"GET /__mock/health HTTP/11"), "400!"),
    _line("version of two digits", _start(b"GET /__mock/health HTTP/1.10"), "400!"),
    _line("version of letters", _start(b"GET /__mock/health HTTP/x.y"), "400!"),
    _line("negative version", _start(b"GET /__mock/health HTTP/-1.1"), "400!"),
    _line("lower-case http", _start(b"GET /__mock/health http/1.1"), "400!", "RFC 9112 §2.3"),
    _line("another protocol", _start(b"GET /__mock/health HTTPS/1.1"), "400!"),
    _line("RTSP", _start(b"GET /__mock/health RTSP/1.0"), "400!"),
    _line("ICE", _start(b"SOURCE /x ICE/1.0"), "400!"),
    _line("version and garbage", _start(b"GET /__mock/health HTTP/1.1garbage"), "400!"),
    _line("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), "400!"),
    _line("an SSH greeting", b"SSH-2.0-OpenSSH_9.9\r\n", "400!"),
    _line("an SMTP greeting", b"EHLO example.com\r\n\r\n", "400!"),
    _line("a Redis command", b"*1\r\n$4\r\nPING\r\n", "400!"),
    _line("a memcached command", b"set a 0 0 1\r\nb\r\n", "400!"),
    _line("a PROXY line", b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n" + HEALTH + END, "400!"),
    _line("a SOCKS greeting", b"\x05\x01\x00" + bytes(20), "400!"),
    _line("zeroes", bytes(1_000), "400!"),
    _line("0xFF", b"\xff" * 1_000, "400!"),
    _line("emoji", "GET /🦆 HTTP/1.1\r\n".encode() + HOST + END, "400!|404", "RFC 3986 §2"),
    _line("a UTF-8 BOM before", b"\xef\xbb\xbf" + HEALTH + END, "400!"),
    _line("a UTF-16 request", (HEALTH + END).decode().encode("utf-16"), "400!"),
    _line("an answer for a request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "400!"),
    _line("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400!", "RFC 9113 §3.4"),
    _line("a line of 100 KB", b"G" * MANY, "400!|414!|431!|501!"),
]


def _head(name: str, lines: bytes, want: str, why: str = "RFC 9112 §5") -> Probe:
    return Probe("headers", name, HEALTH + lines + END, want, why)


def _host(name: str, host: bytes, want: str, why: str = "RFC 9112 §3.2") -> Probe:
    return Probe("headers", f"Host: {name}", get(b"/__mock/health", host=host), want, why)


HEADERS = [
    _head("space before the colon", b"X : a\r\n", "400!", "RFC 9112 §5.1"),
    _head("tab before the colon", b"X\t: a\r\n", "400!", "RFC 9112 §5.1"),
    _head("space before the name", b" X: a\r\n", "400!|200", "RFC 9112 §2.2: reject, or skip the line"),
    _head("folded", b"X: a\r\n b\r\n", "400!|200", "RFC 9112 §5.2"),
    _head("folded by a tab", b"X: a\r\n\tb\r\n", "400!|200", "RFC 9112 §5.2"),
    _head("folded to nothing", b"X:\r\n \r\n", "400!|200", "RFC 9112 §5.2"),
    _head("no colon", b"nonsense\r\n", "400!"),
    _head("no name", b": a\r\n", "400!"),
    _head("no value", b"X:\r\n", "200"),
    _head("only spaces for a value", b"X:    \t \r\n", "200"),
    _head("a colon in the value", b"X: :::\r\n", "200"),
    _head("NUL in the value", b"X: a\x00b\r\n", "400!", "RFC 9110 §5.5"),
    _head("NUL in the name", b"X\x00Y: a\r\n", "400!", "RFC 9110 §5.1"),
    _head("CR in the value", b"X: a\rb\r\n", "400!", "RFC 9110 §5.5"),
    _head("LF in the value", b"X: a\nY: b\r\n", "400!|200", "RFC 9112 §2.2"),
    _head("escape in the value", b"X: \x1b[31m\r\n", "400!|200"),
    _head("DEL in the value", b"X: a\x7fb\r\n", "400!|200"),
    _head("eight-bit value", b"X: \xff\xfe\xfd\r\n", "200|400!", "RFC 9110 §5.5: obs-text"),
    _head("eight-bit name", b"\xc3\xa9: a\r\n", "400!", "RFC 9110 §5.1"),
    _head("space in the name", b"X Y: a\r\n", "400!"),
    _head("parenthesis in the name", b"X(Y): a\r\n", "400!"),
    _head("slash in the name", b"X/Y: a\r\n", "400!"),
    _head("at sign in the name", b"X@Y: a\r\n", "400!"),
    _head("quotes in the name", b'"X": a\r\n', "400!"),
    _head("braces in the name", b"{X}: a\r\n", "400!"),
    _head("every mark a name may have", b"!#$%&'*+-.^_`|~: a\r\n", "200", "RFC 9110 §5.6.2"),
    _head("name of 60 KB", b"X" * 60_000 + b": a\r\n", "200|431!"),
    _head("name of 100 KB", b"X" * MANY + b": a\r\n", "431!|400!", "RFC 6585 §5"),
    _head("value of 60 KB", b"X: " + b"a" * 60_000 + b"\r\n", "200"),
    _head("value of 100 KB", b"X: " + b"a" * MANY + b"\r\n", "431!", "RFC 6585 §5"),
    _head("value of 100 KB of spaces", b"X: " + b" " * MANY + b"a\r\n", "431!|200|400!", "RFC 6585 §5"),
    _head("90 lines", b"X: a\r\n" * 90, "200"),
    _head("200 lines", b"X: a\r\n" * 200, "431!", "RFC 6585 §5"),
    _head("50,000 lines", b"X: a\r\n" * 50_000, "431!", "RFC 6585 §5"),
    _head("10,000 empty lines' worth of names", b"".join(b"X%d:\r\n" % n for n in range(10_000)), "431!"),
    _head("a cookie of 60 KB", b"Cookie: a=" + b"b" * 60_000 + b"\r\n", "200"),
    _head("1,000 cookies", b"Cookie: " + b"; ".join(b"a%d=b" % n for n in range(1_000)) + b"\r\n", "200"),
    _head("a broken cookie", b'Cookie: =;;; ="\r\n', "200"),
    _head("Range of nonsense", b"Range: bytes=9-1,-,--5\r\n", "200", "RFC 9110 §14.2"),
    _head("1,000 ranges", b"Range: bytes=" + b",".join([b"0-1"] * 1_000) + b"\r\n", "200", "RFC 9110 §14.2"),
    _head("If-None-Match of stars", b"If-None-Match: *\r\n", "200|304"),
    _head("Expect of nonsense", b"Expect: 200-maybe\r\n", "200|417", "RFC 9110 §10.1.1"),
    _head("Upgrade to nonsense", b"Connection: Upgrade\r\nUpgrade: foo/2\r\n", "200", "RFC 9110 §7.8"),
    _head("Connection of nonsense", b"Connection: ,,,,close,,;=\r\n", "200"),
    _head(
        "Connection keep-alive and close", b"Connection: keep-alive\r\nConnection: close\r\n", "200!", "RFC 9112 §9.6"
    ),
    _head("Connection names Host", b"Connection: Host\r\n", "200"),
    _head("Max-Forwards of -1", b"Max-Forwards: -1\r\n", "200"),
    _head("Accept of a semicolon", b"Accept: ;\r\n", "200|406|400"),
    _head("Accept-Encoding of stars", b"Accept-Encoding: *;q=0, identity;q=0\r\n", "200|406"),
    _head("Accept-Language of 10,000", b"Accept-Language: " + b",".join([b"a"] * 10_000) + b"\r\n", "200"),
    _head("Date of the year 0", b"Date: Mon, 00 Foo 0000 99:99:99 XYZ\r\n", "200"),
    _host("none", b"", "400!"),
    _host("two", HOST + b"Host: localhost\r\n", "400!"),
    _host("two of the same", HOST + HOST, "400!"),
    _host("empty", b"Host:\r\n", "400!|403|200"),
    _host("with a space", b"Host: a b\r\n", "400!"),
    _host("a list", b"Host: 127.0.0.1, evil.example\r\n", "400!"),
    _host("a comma alone", b"Host: ,\r\n", "400!", "RFC 9110 §5.3: two that somebody joined"),
    _host("with a user", b"Host: user@127.0.0.1\r\n", "400!"),
    _host("with a user and a password", b"Host: user:pw@127.0.0.1\r\n", "400!"),
    _host("with a path", b"Host: 127.0.0.1/x\r\n", "400!"),
    _host("with a query", b"Host: 127.0.0.1?x\r\n", "400!"),
    _host("with a fragment", b"Host: 127.0.0.1#x\r\n", "400!"),
    _host("with a scheme", b"Host: http://127.0.0.1\r\n", "400!"),
    _host("port 0", b"Host: 127.0.0.1:0\r\n", "200|400!"),
    _host("port 99999", b"Host: 127.0.0.1:99999\r\n", "400!|200"),
    _host("port of letters", b"Host: 127.0.0.1:http\r\n", "400!"),
    _host("port negative", b"Host: 127.0.0.1:-1\r\n", "400!"),
    _host("two ports", b"Host: 127.0.0.1:80:80\r\n", "400!"),
    _host("empty port", b"Host: 127.0.0.1:\r\n", "200|400!", "RFC 3986 §3.2.3"),
    _host("open bracket", b"Host: [::1\r\n", "400!"),
    _host("IPv6", b"Host: [::1]:4010\r\n", "200"),
    _host("IPv6 with a zone", b"Host: [fe80::1%25eth0]\r\n", "400!|403"),
    _host("IPv6 without brackets", b"Host: ::1\r\n", "400!|403"),
    _host("backslash", b"Host: 127.0.0.1\\evil\r\n", "400!"),
    _host("quotes", b'Host: "127.0.0.1"\r\n', "400!"),
    _host("HTML", b"Host: <script>alert(1)</script>\r\n", "400!"),
    _host("NUL", b"Host: 127.0.0.1\x00.evil\r\n", "400!"),
    _host("eight-bit", b"Host: \xff\r\n", "400!"),
    _host("60 KB", b"Host: " + b"a" * 60_000 + b"\r\n", "400!|403"),
    _host("space before the colon", b"Host : 127.0.0.1\r\n", "400!"),
    _host("trailing dot", b"Host: localhost.\r\n", "403|200"),
    _host("upper case", b"HOST: LOCALHOST\r\n", "200", "RFC 9110 §4.2.3"),
]


def _framed(name: str, lines: bytes, body: bytes, want: str, why: str = "RFC 9112 §6.3") -> Probe:
    return Probe("framing", name, POST + lines + END + body, want, why)


def _length(text: bytes, want: str = "400!") -> Probe:
    shown = text.decode("latin-1")
    return _framed(f"Content-Length of {shown!r}", b"Content-Length: %b\r\n" % text, ASK, want, "RFC 9110 §8.6")


def _coding(text: bytes, want: str = "400!|501!") -> Probe:
    lines = b"Transfer-Encoding: %b\r\n" % text
    return _framed(f"Transfer-Encoding of {text!r}", lines, BODY, want, "RFC 9112 §6.1, §6.3: chunked is last and once")


def _chunk(name: str, body: bytes, want: str = "400!", why: str = "RFC 9112 §7.1") -> Probe:
    return _framed(f"chunk: {name}", CHUNKED, body, want, why)


SIZE = b"%x" % len(ASK)
LENGTH = b"Content-Length: %d\r\n" % len(ASK)
BODY = SIZE + b"\r\n" + ASK + b"\r\n0\r\n\r\n"
UPGRADE = b"Connection: upgrade\r\nUpgrade: h2c\r\n"
SMUGGLED = get(b"/__mock/journal")

FRAMING = [
    _framed("a length", LENGTH, ASK, "200"),
    _framed("chunks", CHUNKED, BODY, "200"),
    _framed("neither", b"", b"", "429|400|411!"),
    _framed("the same length twice", LENGTH * 2, ASK, "400!|200", "RFC 9110 §8.6"),
    _framed("two lengths", LENGTH + b"Content-Length: 1\r\n", ASK, "400!"),
    _framed("two lengths, the short one first", b"Content-Length: 1\r\n" + LENGTH, ASK, "400!"),
    _framed("a length and chunks", LENGTH + CHUNKED, BODY, "400!", "RFC 9112 §6.1"),
    _framed("chunks and a length", CHUNKED + LENGTH, BODY, "400!", "RFC 9112 §6.1"),
    _framed("length 0 and chunks", b"Content-Length: 0\r\n" + CHUNKED, BODY, "400!", "RFC 9112 §6.1"),
    _framed("CL.TE smuggling", b"Content-Length: 6\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED, "400!", "RFC 9112 §11.2"),
    _framed("TE.CL smuggling", CHUNKED + b"Content-Length: 3\r\n", BODY + SMUGGLED, "400!", "RFC 9112 §11.2"),
    _framed("a folded coding", b"Transfer-Encoding:\r\n chunked\r\n", BODY, "400!|200"),
    _framed("a coding with a space before the colon", b"Transfer-Encoding : chunked\r\n" + LENGTH, ASK, "400!"),
    _framed("a coding behind a tab", b"Transfer-Encoding:\tchunked\r\n", BODY, "200"),
    _framed("a coding with a NUL", b"Transfer-Encoding: chunked\x00\r\n", BODY, "400!"),
    _framed("a coding with a vertical tab", b"Transfer-Encoding: \x0bchunked\r\n" + LENGTH, ASK, "400!"),
    _framed("a coding with 0x85", b"Transfer-Encoding: \x85chunked\r\n" + LENGTH, ASK, "400!"),
    _framed("a length behind a line feed", b"X: a\nContent-Length: 0\r\n" + LENGTH, ASK, "400!"),
    _framed("a coding behind a line feed", b"X: a\nTransfer-Encoding: chunked\r\n" + LENGTH, ASK, "400!"),
    _framed("coding twice", CHUNKED + CHUNKED, BODY, "400!|501!", "RFC 9112 §6.1"),
    _framed("chunked, then identity", CHUNKED + b"Transfer-Encoding: identity\r\n", BODY, "400!|501!"),
    _framed("identity, then chunked", b"Transfer-Encoding: identity\r\n" + CHUNKED, BODY, "400!|501!|200"),
    _framed("gzip, then chunked", b"Transfer-Encoding: gzip\r\n" + CHUNKED, BODY, "400!|501!", "RFC 9112 §6.1"),
    _framed("a name with an underscore", b"Transfer_Encoding: chunked\r\n" + LENGTH, ASK, "200"),
    _framed("a length with an underscore", b"Content_Length: 1\r\n" + LENGTH, ASK, "200"),
    *map(
        _coding,
        (
            b"chunked, identity",
            b"identity, chunked, identity",
            b"xchunked",
            b"chunkedx",
            b"chunked, chunked",
            b"gzip",
            b"identity",
            b"chunked;q=1",
            b"'chunked'",
            b'"chunked"',
            b"chunked gzip",
            b"chunk",
            b",",
            b"",
            b"*",
            b"chunked\xff",
            b"deflate, gzip",
            b"gzip, gzip",
            b"chunked, gzip",
            b"x" * 1_000,
        ),
    ),
    _coding(b"CHUNKED", "200"),
    _coding(b"cHuNkEd", "200"),
    _coding(b"gzip, chunked", "400!|501!"),
    _coding(b" , chunked", "200|400!"),
    _coding(b"chunked,", "200|400!"),
    *map(
        _length,
        (
            b"-1",
            b"+22",
            b"0x16",
            b"22;",
            b"22,22,",
            b"2 2",
            b"22.0",
            b"2e1",
            b"1_0",
            b"abc",
            b"",
            b"22a",
            b"\xb2\xb2",
            b"99999999999999999999999",
            b"18446744073709551616",
            b"18446744073709551638",
            b"-0",
            b"22, 23",
            b"NaN",
            b"'22'",
        ),
    ),
    _length(b" 22 ", "200"),
    _length(b"22\t", "200|400!"),
    _length(b"22,22", "400!|200"),
    _length(b"0000000022", "200|400!"),
    _length(b"9223372036854775807", "413!|400!"),
    _length(b"18446744073709551615", "413!|400!"),
    _length(b"4294967318", "413!"),
    _chunk("no size", b"\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("letters for a size", b"ZZ\r\n{}\r\n0\r\n\r\n"),
    _chunk("0x before the size", b"0x16\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("plus before the size", b"+16\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("minus before the size", b"-1\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("underscore in the size", b"1_6\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("dot in the size", b"16.0\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("space before the size", b" 16\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("space behind the size", b"16 \r\n" + ASK + b"\r\n0\r\n\r\n", "400!|200"),
    _chunk("size beyond 64 bit", b"1" + b"0" * 16 + b"16\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("size of 2^64-1", b"f" * 16 + b"\r\n" + ASK, "413!|400!", "RFC 9110 §15.5.14: not waited for"),
    _chunk("size of 1 GB", b"40000000;x=y\r\n" + ASK, "413!", "RFC 9110 §15.5.14: not waited for"),
    _chunk("size of 1 GB and no data", b"00040000000\r\n", "413!", "RFC 9110 §15.5.14: not waited for"),
    _chunk("size of 1 GB in the second", b"1\r\n{\r\n40000000\r\nabc", "413!", "RFC 9110 §15.5.14: not waited for"),
    _framed("chunk: 1 GB with an upgrade", UPGRADE + CHUNKED, b"40000000\r\n{", "413!", "RFC 9110 §15.5.14, §7.8"),
    _chunk("a trailer like a size", BODY[:-2] + b"fffffffff: ;\r\n\r\n", "200"),
    _chunk("size of 100 KB of zeroes", b"0" * MANY + SIZE + b"\r\n" + ASK + b"\r\n0\r\n\r\n", "400!|431!|200"),
    _chunk("upper-case size", SIZE.upper() + b"\r\n" + ASK + b"\r\n0\r\n\r\n", "200"),
    _chunk("zeroes before the size", b"000" + BODY, "200"),
    _chunk("no line end behind the data", SIZE + b"\r\n" + ASK + b"0\r\n\r\n"),
    _chunk("more data than the size", b"5\r\n" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("line feeds alone", BODY.replace(b"\r\n", b"\n"), "400!|200"),
    _chunk("a bare CR behind the size", SIZE + b"\r" + ASK + b"\r\n0\r\n\r\n"),
    _chunk("an LF-ended extension", SIZE + b";x\n" + ASK + b"\r\n0\r\n\r\n", "400!"),
    _chunk("an extension", SIZE + b";a=b;c\r\n" + ASK + b"\r\n0\r\n\r\n", "200"),
    _chunk("a quoted extension", SIZE + b';a="b;c\\"d"\r\n' + ASK + b"\r\n0\r\n\r\n", "200|400!"),
    _chunk("a broken extension", SIZE + b";;;===\r\n" + ASK + b"\r\n0\r\n\r\n", "200|400!"),
    _chunk("an extension with a NUL", SIZE + b";a=\x00\r\n" + ASK + b"\r\n0\r\n\r\n", "400!"),
    _chunk("an extension of 1 MB", SIZE + b";" + b"a" * 1_000_000 + b"\r\n" + ASK, "400!|431!|413!", "RFC 9112 §7.1.1"),
    _chunk("3,000 extensions", SIZE + b";a=b" * 3_000 + b"\r\n" + ASK + b"\r\n0\r\n\r\n", "200|400!|431!"),
    _chunk(
        "100,000 extensions of one byte",
        (b"1;" + b"x" * 30 + b"\r\n \r\n") * 40_000 + b"0\r\n\r\n",
        "429|400!|431!|413!",
    ),
    _chunk("one byte each", b"".join(b"1\r\n%c\r\n" % byte for byte in ASK) + b"0\r\n\r\n", "200"),
    _chunk("20,000 of one byte", b"1\r\n \r\n" * 20_000 + BODY, "200"),
    _chunk("a trailer", SIZE + b"\r\n" + ASK + b"\r\n0\r\nX: a\r\n\r\n", "200", "RFC 9112 §7.1.2"),
    _chunk("a trailer with a length", SIZE + b"\r\n" + ASK + b"\r\n0\r\nContent-Length: 5\r\n\r\n", "200|400!"),
    _chunk("a trailer with a coding", SIZE + b"\r\n" + ASK + b"\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n", "200|400!"),
    _chunk("a trailer with a Host", SIZE + b"\r\n" + ASK + b"\r\n0\r\nHost: evil.example\r\n\r\n", "200|400!"),
    _chunk("a broken trailer", SIZE + b"\r\n" + ASK + b"\r\n0\r\nno colon\r\n\r\n"),
    _chunk("200 trailers", SIZE + b"\r\n" + ASK + b"\r\n0\r\n" + b"X: a\r\n" * 200 + b"\r\n", "431!|400!"),
    _chunk("a trailer of 100 KB", SIZE + b"\r\n" + ASK + b"\r\n0\r\nX: " + b"a" * MANY + b"\r\n\r\n", "431!|400!"),
    Probe(
        "framing",
        "a body with GET",
        get(b"/__mock/health", b"Content-Length: 5")[:-2] + END + b"hello",
        "200",
        "RFC 9110 §9.3.1",
    ),
    Probe(
        "framing",
        "chunks with GET",
        get(b"/__mock/health", b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        "200",
        "",
    ),
    Probe(
        "framing",
        "chunks in HTTP/1.0",
        POST.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKED + END + BODY,
        "400!|200!",
        "RFC 9112 §6.1",
    ),
    Probe(
        "framing",
        "GET in a body with GET",
        get(b"/__mock/health", b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED,
        "200",
        "RFC 9112 §11.2",
    ),
    Probe("framing", "two requests at once", HEALTH + END + HEALTH + END, "200 200", "RFC 9112 §9.3.2"),
    Probe("framing", "a good one, then garbage", HEALTH + END + b"\x00\x01\r\n\r\n", "200 400!", "RFC 9112 §9.3.2"),
    Probe("framing", "more body than said", ask(ASK) + b"garbage\r\n\r\n", "200 400!", "RFC 9112 §6.3"),
    Probe(
        "framing",
        "an upgrade with a body",
        POST + UPGRADE + sized(ASK),
        "200!|200",
        "RFC 9110 §7.8",
    ),
    Probe(
        "framing",
        "an upgrade with a request behind",
        HEALTH + UPGRADE + END + HEALTH + END,
        "200!|200 200",
        "RFC 9110 §7.8",
    ),
    Probe(
        "framing",
        "Expect and the body at once",
        POST + b"Expect: 100-continue\r\n" + sized(ASK),
        "200",
        "RFC 9110 §10.1.1",
    ),
]

PROBES = [*REQUEST_LINES, *HEADERS, *FRAMING]
