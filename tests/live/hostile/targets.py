"""Request targets and methods (RFC 9112 §3.2, RFC 3986, RFC 9110 §9)."""

from __future__ import annotations

from tests.live.hostile.kit import ASK, HOST, POST, SESSION, TOKEN, Probe, get, sized


def _target(target: bytes, want: str, why: str = "RFC 9112 §3.2", name: str = "") -> Probe:
    shown = name or target.decode("latin-1").encode("unicode_escape").decode()[:80]
    return Probe("targets", shown, get(target), want, why)


NOT_THERE = "404"
OURS = b"/api/oauth2"
NO_CONTROL = "404|403|400|400!"
"""No roundabout way may end at the control API: it answers to its own plain path alone."""

TARGETS = [
    _target(b"/", "200|404"),
    _target(b"//", NOT_THERE),
    _target(b"//evil.example/x", NOT_THERE, "RFC 9112 §3.2.1: a path, not an authority"),
    _target(b"///", NOT_THERE),
    _target(b"/" * 8_000, NOT_THERE, name="8,000 slashes"),
    _target(b"/." * 4_000, NOT_THERE, name="4,000 dots"),
    _target(b"/.." * 2_500, "404|400", name="2,500 double dots"),
    _target(b"/a" * 4_000, NOT_THERE, name="4,000 segments"),
    _target(b"/" + b"a" * 8_191, NOT_THERE, "DESIGN.md: 8 KiB", "8 KiB"),
    _target(b"/" + b"a" * 8_192, "414!", "RFC 9112 §3", "8 KiB and one byte"),
    _target(b"/" + b"a" * 65_536, "414!", "RFC 9112 §3", "64 KiB"),
    _target(b"/" + b"a" * 1_000_000, "414!", "RFC 9112 §3", "1 MB"),
    _target(b"/?" + b"a" * 8_190, "200|404", "DESIGN.md: 8 KiB", "8 KiB of query"),
    _target(b"/?" + b"a" * 8_192, "414!", "RFC 9112 §3", "a query too long"),
    _target(b"/%2e%2e/%2e%2e/etc/passwd", "404|400"),
    _target(b"/..%2f..%2fetc%2fpasswd", "404|400"),
    _target(b"/../../../../etc/passwd", "404|400"),
    _target(b"/..;/..;/etc/passwd", "404|400"),
    _target(b"/.;/x", "404|400"),
    _target(b"/..\\..\\windows\\win.ini", "404|400|400!"),
    _target(b"/..%5c..%5cwindows", "404|400"),
    _target(b"/..%c0%af..%c0%afetc/passwd", "404|400", "overlong UTF-8, RFC 3629 §3"),
    _target(b"/%e0%80%af", "404|400", "overlong UTF-8, RFC 3629 §3"),
    _target(b"/%u002e%u002e/x", "404|400"),
    _target(b"/%252e%252e/x", "404|400", "decoded once, RFC 3986 §2.4"),
    _target(b"/%00", "404|400"),
    _target(b"/api/oauth2%00.json", "404|400"),
    _target(b"/%", "404|400", "RFC 3986 §2.1"),
    _target(b"/%2", "404|400", "RFC 3986 §2.1"),
    _target(b"/%zz", "404|400", "RFC 3986 §2.1"),
    _target(b"/%%30%30", "404|400"),
    _target(b"/%ff%fe", "404|400"),
    _target(b"/%ed%a0%80", "404|400", "a surrogate, RFC 3629 §3"),
    _target(b"/%f4%90%80%80", "404|400", "beyond U+10FFFF"),
    _target(b"/%0d%0aX-Evil:%20a", "404|400", "CR and LF as data"),
    _target(b"/%1b[31m", "404|400"),
    _target(b"/%E2%80%AEevil", "404|400", "right-to-left override"),
    _target(b"/<script>alert(1)</script>", "404|400|400!"),
    _target(b"/\"'`;|&$(id)", "404|400|400!"),
    _target(b"/{{7*7}}", "404|400|400!", "no template is filled"),
    _target(b"/${jndi:ldap://127.0.0.1:1/a}", "404|400|400!"),
    _target(b"/x#fragment", "400!", "RFC 9112 §3.2: no fragment"),
    _target(b"#", "400!"),
    _target(b"?", "400!"),
    _target(b"?x=1", "400!"),
    _target(b"x", "400!", "RFC 9112 §3.2: none of the four forms"),
    _target(b"api/oauth2", "400!"),
    _target(b"../x", "400!"),
    _target(b"*", "400!|404|400", "RFC 9112 §3.2.4: with OPTIONS alone"),
    _target(b"127.0.0.1:80", "400!|404|400", "RFC 9112 §3.2.3: with CONNECT alone"),
    _target(b"example.com", "400!"),
    _target(b"http://127.0.0.1/__mock/health", "200", "RFC 9112 §3.2.2"),
    _target(b"HTTP://127.0.0.1/__mock/health", "200|400!", "RFC 3986 §3.1: schemes are case-insensitive"),
    _target(b"http://localhost:1/__mock/health", "200", "RFC 9112 §3.2.2"),
    _target(b"http://127.0.0.1", "200|404", "RFC 9112 §3.2.2"),
    _target(b"http://127.0.0.1?x", "200|404|400!", "RFC 9112 §3.2.2"),
    _target(
        b"http://evil.example/__mock/health", "403|400!|421", "RFC 9112 §3.2.2: the target's host counts, not Host"
    ),
    _target(b"http://evil.example/nothing", "404", "RFC 9112 §3.2.2"),
    _target(b"http://user:pw@127.0.0.1/__mock/health", "200|400!|403", "RFC 9110 §4.2.4"),
    _target(b"http://", "400!|404"),
    _target(b"http:///x", "400!|404", "RFC 9110 §4.2.1: an empty host is invalid"),
    _target(b"http://[::1/x", "400!"),
    _target(b"http://127.0.0.1:99999/x", "400!|404"),
    _target(b"http://127.0.0.1:x/x", "400!|404"),
    _target(b"https://127.0.0.1/__mock/health", "200|400!|403|421"),
    _target(b"ftp://127.0.0.1/x", "400!|404"),
    _target(b"file:///etc/passwd", "400!|404"),
    _target(b"javascript:alert(1)", "400!|404"),
    _target(b"gopher://127.0.0.1:6379/_PING", "400!|404"),
    _target(b"//127.0.0.1/__mock/health", NO_CONTROL, "RFC 9112 §3.2.1"),
    _target(b"//__mock/health", NO_CONTROL),
    _target(b"/./__mock/health", NO_CONTROL),
    _target(b"/x/../__mock/health", NO_CONTROL),
    _target(b"/__mock//health", NO_CONTROL),
    _target(b"/__mock/./health", NO_CONTROL),
    _target(b"/__mock/../__mock/health", NO_CONTROL),
    _target(b"/__mock/health/", NO_CONTROL),
    _target(b"/__MOCK/health", NO_CONTROL),
    _target(b"/__mock;/health", NO_CONTROL),
    _target(b"/__mock/health;x=1", NO_CONTROL),
    _target(b"/__mock%2fhealth", "404|403|400|200"),
    _target(b"/%5f%5fmock/health", "200|404|403", "RFC 3986 §6.2.2.2: the same path"),
    _target(b"/__mock\\health", "404|400|400!"),
    _target(b"/__mock/health%00", NO_CONTROL),
    _target(b"/__mock/health%20", NO_CONTROL),
    _target(b"/__mock", "404|200|403"),
    _target(b"/__mockx", NOT_THERE),
    _target(b"/__", NOT_THERE),
    _target(b"/__provider", NOT_THERE),
    _target(b"/__provider/../__mock/health", NO_CONTROL),
    _target(b"/__provider/%2e%2e/__mock/health", NO_CONTROL),
    _target(b"/.well-known/oauth-authorization-server/__provider/../x", NOT_THERE),
    _target(b"/.git/config", NOT_THERE),
    _target(b"/.env", NOT_THERE),
    _target(b"/server-status", NOT_THERE),
    _target(b"/openapi.yaml", NOT_THERE),
    _target(OURS, "405", "RFC 9110 §15.5.6"),
    _target(OURS + b"/", "404"),
    _target(OURS + b"?__code=999", "405|400"),
    _target(OURS + b"?" + b"&".join([b"a=b"] * 2_000), "405", name="2,000 parameters"),
    _target(OURS + b"?" + b"&" * 8_000, "405", name="8,000 ampersands"),
    _target(OURS + b"?" + b"[" * 8_000, "405|400!", name="8,000 brackets"),
    _target(OURS + b"?a[" + b"b][" * 2_500 + b"]=1", "405", name="a parameter 2,500 deep"),
    _target(OURS + b"?x=%00%ff%zz", "405"),
    _target(b"/\xff\xfe", "400!", "RFC 9112 §3.2: ASCII"),
    _target(b"/\xc3\xa9", "400!|404", "RFC 9112 §3.2: ASCII"),
    _target(b"/?\xff", "400!|404|200", "RFC 9112 §3.2: ASCII"),
]


def _method(method: bytes, want: str, target: bytes = OURS, why: str = "RFC 9110 §9.1", name: str = "") -> Probe:
    sent = method + b" " + target + b" HTTP/1.1\r\n" + HOST + SESSION + TOKEN + b"\r\n"
    return Probe("methods", name or f"{method[:40]!r} {target!r}", sent, want, why)


NONE = "400!|405|501|501!"

METHODS = [
    _method(b"GET", "405"),
    _method(b"HEAD", "405"),
    _method(b"HEAD", "200", b"/__mock/health", "RFC 9110 §9.3.2"),
    _method(b"HEAD", "404", b"/nothing", "RFC 9110 §9.3.2: no body"),
    _method(b"PUT", "405"),
    _method(b"DELETE", "405"),
    _method(b"PATCH", "405"),
    _method(b"OPTIONS", "204|200"),
    _method(b"OPTIONS", "204|200", b"*", "RFC 9110 §9.3.7"),
    _method(b"OPTIONS", "404|204", b"/nothing"),
    _method(b"TRACE", "405|501", why="RFC 9110 §9.3.8: echoes no credentials"),
    _method(b"TRACE", "404|405|501", b"/__mock/health"),
    _method(b"CONNECT", "400!|405|405!|501!", b"127.0.0.1:80", "RFC 9110 §9.3.6"),
    _method(b"CONNECT", "400!|405|405!|501!", b"169.254.169.254:80", "RFC 9110 §9.3.6"),
    _method(b"CONNECT", "400!|405|405!|501!", b"/"),
    _method(b"PRI", "400!", b"*", "RFC 9113 §3.4"),
    _method(b"PROPFIND", NONE),
    _method(b"MKCOL", NONE),
    _method(b"LOCK", NONE),
    _method(b"PURGE", NONE),
    _method(b"M-SEARCH", NONE, b"*"),
    _method(b"QUERY", NONE),
    _method(b"SEARCH", NONE),
    _method(b"LINK", NONE),
    _method(b"SOURCE", NONE),
    _method(b"FROB", NONE),
    _method(b"FROB", NONE, b"/__mock/health"),
    _method(b"FROB", NONE, b"*"),
    _method(b"post", NONE, why="RFC 9110 §9.1: case-sensitive"),
    _method(b"Post", NONE, why="RFC 9110 §9.1: case-sensitive"),
    _method(b"get", "400!|405|501!", b"/__mock/health"),
    _method(b"GETT", NONE),
    _method(b"GE", NONE),
    _method(b"P\x00ST", "400!"),
    _method(b"PO ST", "400!"),
    _method(b"PO\tST", "400!"),
    _method(b"G(T", "400!|501!"),
    _method(b"{}", "400!|501!"),
    _method(b"P\xd6ST", "400!"),
    _method(b"!#$%&'*+-.^_`|~", NONE),
    _method(b"0", NONE),
    _method(b"A" * 100, NONE, name="100 letters"),
    _method(b"A" * 10_000, "400!|405|501|501!|414!|431!", name="10,000 letters"),
    _method(b"A" * 1_000_000, "400!|501!|414!|431!", name="1,000,000 letters"),
    *(
        Probe(
            "methods",
            f"{line.decode()} is overlooked",
            POST.replace(b"POST", b"GET") + line + b"\r\n\r\n",
            "405",
            "no override",
        )
        for line in (
            b"X-HTTP-Method-Override: POST",
            b"X-HTTP-Method: POST",
            b"X-Method-Override: POST",
            b"_method: POST",
        )
    ),
    Probe("methods", "_method in the query", get(OURS + b"?_method=POST"), "405", "no override"),
    Probe("methods", "DELETE with a body", POST.replace(b"POST", b"DELETE") + sized(ASK), "405", "RFC 9110 §9.3.5"),
    Probe(
        "methods", "OPTIONS with a body", POST.replace(b"POST", b"OPTIONS") + sized(ASK), "204|200", "RFC 9110 §9.3.7"
    ),
    Probe(
        "methods", "TRACE with a body", POST.replace(b"POST", b"TRACE") + sized(ASK), "400!|405|501", "RFC 9110 §9.3.8"
    ),
]

PROBES = [*TARGETS, *METHODS]
