"""Authorization, state, callback, consent and the control API: what a client says of itself.

``{pull_id}``, ``{state}``, ``{ticket}`` and so on are not filled in here: these probes know nothing that opens
anything. What happens to right secrets in wrong places is in ``tests/web/test_handshake.py and test_state_under_attack.py``.
"""

# ruff: noqa: E501  (a table has one row a line)
from __future__ import annotations

from urllib.parse import quote

from tests.live.hostile.kit import ASK, HOST, JSON, MARK, POST, SESSION, Probe, get, sized

M = MARK.encode()
BARE = b"POST /api/oauth2 HTTP/1.1\r\n" + HOST + SESSION + JSON


def _auth(name: str, lines: bytes, want: str = "403", why: str = "API-FACTS.md: 403") -> Probe:
    return Probe("authorization", name, BARE + lines + sized(ASK), want, why)


def _with(value: bytes, want: str = "403") -> Probe:
    return _auth(repr(value[:60]), b"Authorization: " + value + b"\r\n", want, "RFC 6750 §2.1, RFC 9110 §11.4")


AUTHORIZATION = [
    _auth("none", b""),
    *map(_with, (
        b"", b" ", b"Bearer", b"Bearer ", b"Bearer  ", b"Bearer\t", b"bearer", b"Bearer " + M, b"Bearer dev-token " + M, b"Bearer dev-tokenx",
        b"Bearer dev-toke", b"Bearer DEV-TOKEN", b"Bearer dev-token\x00", b"Bearer=" + M, b"Bearer:" + M, b"Bearer,dev-token", b"Bearer dev-token,",
        b"Bearer dev-token, Bearer other-token", b'Bearer "dev-token"', b"Bearer 'dev-token'", b"Bearer \xff\xfe", b"Bearer " + b"a" * 50_000,
        b"Bearer " + b"a." * 20_000, b"Bearer a.b.c", b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", b"Bearer ..", b"Bearer .", b"Bearer null",
        b"Bearer undefined", b"Bearer true", b"Bearer 0", b"Bearer *", b"Bearer %64ev-token", b"Bearer dev\\-token", b"Bearer ' OR '1'='1",
        b"Bearer <script>alert(1)</script>", b"Bearer {{ token }}", b"Bearer ../../etc/passwd", b"Bearer " + "dev-tökén".encode(),
        b"Basic", b"Basic " + M, b"Basic ZGV2OnRva2Vu", b"Basic dev-token", b"Basic ====", b"Digest username=\"" + M + b"\"", b"Token " + M,
        b"Negotiate " + M, b"OAuth " + M, b"dev-token", M, b"Bearer\xa0dev-token", b"Bear er dev-token", b"BearerX dev-token", b"Bearer: dev-token",
        b"AWS4-HMAC-SHA256 Credential=" + M, b";", b",", b"=", b"\"", b"\xe2\x80\x8b",
    )),
    _with(b"Bearer dev-token\x00", "400!"),
    _with(b"Bearer dev-token", "200"),
    _with(b"bearer dev-token", "200"),
    _with(b"BEARER dev-token", "200"),
    _with(b"Bearer   dev-token", "200|403"),
    _with(b"Bearer dev-token  ", "200"),
    _auth("two, both right", b"Authorization: Bearer dev-token\r\n" * 2, "403|400|200"),
    _auth("two, the second right", b"Authorization: Bearer " + M + b"\r\nAuthorization: Bearer dev-token\r\n", "403|400"),
    _auth("two, the first right", b"Authorization: Bearer dev-token\r\nAuthorization: Bearer " + M + b"\r\n", "403|400"),
    _auth("with an underscore", b"Authorization_: Bearer dev-token\r\n"),
    _auth("in a cookie", b"Cookie: Authorization=Bearer dev-token; token=dev-token\r\n"),
    _auth("of a proxy", b"Proxy-Authorization: Bearer dev-token\r\n"),
    _auth("forwarded", b"X-Forwarded-Authorization: Bearer dev-token\r\nX-Authorization: Bearer dev-token\r\n"),
    Probe("authorization", "in the query", b"POST /api/oauth2?access_token=dev-token HTTP/1.1\r\n" + HOST + SESSION + sized(ASK), "403", "RFC 6750 §2.3 is not offered"),
    Probe("authorization", "in the body", BARE + sized(ASK[:-1] + b',"access_token":"dev-token"}'), "403", "RFC 6750 §2.2 is not offered"),
    Probe("authorization", "in the target", b"POST http://dev-token@127.0.0.1/api/oauth2 HTTP/1.1\r\n" + HOST + SESSION + sized(ASK), "400!|403", "RFC 9110 §4.2.4"),
]  # fmt: skip
AUTHORIZATION = [probe for probe in AUTHORIZATION if not (probe.name.endswith("x00'") and probe.want == "403")]

COLLECT = POST.replace(b"/api/oauth2 ", b"/api/oauth2/credentials ")


def _collect(pull_id: bytes) -> Probe:
    return Probe(
        "state",
        f"pull_id {pull_id[:40]!r}",
        COLLECT + sized(b'{"pull_id":"%b"}' % pull_id),
        "403",
        "nothing is told apart",
    )


STATE = [
    *map(
        _collect,
        (
            b"",
            b".",
            b"..",
            b"~",
            b"a.b",
            M,
            b"AAAAAAAAAAAA." + M,
            b"AAAAAAAAAAAA~default." + M,
            b"AAAAAAAAAAAA~../x." + M,
            b"AAAAAAAAAAAA~." + M,
            b"a" * 100_000,
            b"AAAAAAAAAAAA." + b"a" * 100_000,
            b"AAAAAAAAAAAA~" + b"s" * 65 + b"." + M,
            b"AAAAAAAAAAAA.\\u0000" + M,
            b"\\ud83e\\udd86",
            b"' OR 1=1 --",
            b"<script>",
            b"{{ handshake.pull_id }}",
            b"../../etc/passwd",
            b"%00",
            b"\\r\\nX: y",
            b"*",
            b"AAAAAAAAAAAA.*",
            b"null",
            b"0",
            b"eyJhbGciOiJub25lIn0.eyJleHAiOjl9.",
            b"AAAAAAAAAAAA~kit." + M,
            b"AAAAAAAAAAAA~kit~kit." + M,
            b"AAAAAAAAAAAA." + M + b"." + M,
        ),
    ),
    Probe("state", "no pull_id", COLLECT + sized(b"{}"), "403", "API-FACTS.md"),
    Probe("state", "pull_id twice", COLLECT + sized(b'{"pull_id":"a","pull_id":"b"}'), "403", "RFC 8259 §4"),
    Probe(
        "state",
        "an auth_uri of somebody else",
        COLLECT + sized(b'{"pull_id":"a.b","auth_uri":"http://evil.example/"}'),
        "403",
        "",
    ),
    Probe(
        "state",
        "an auth_uri of 500 KB",
        COLLECT + sized(b'{"pull_id":"a.b","auth_uri":"%b"}' % (b"a" * 500_000)),
        "403",
        "",
    ),
    Probe("state", "an auth_uri that is a list", COLLECT + sized(b'{"pull_id":"a.b","auth_uri":["x"]}'), "403", ""),
    *(
        Probe(
            "state", f"session {name[:40]!r}", POST + b"Mock-Session: " + name + b"\r\n" + sized(ASK), "400", "one name"
        )
        for name in (b"a", b"other")  # a second Mock-Session beside the kit's own
    ),
    *(
        Probe(
            "state",
            f"session {name[:40]!r}",
            POST.replace(b"Mock-Session: kit", b"Mock-Session: " + name) + sized(ASK),
            "400",
            "docs/control-api.md",
        )
        for name in (
            b"",
            b" ",
            b".",
            b"..",
            b".hidden",
            b"../x",
            b"a/b",
            b"a\\b",
            b"a b",
            b"a" * 65,
            b"a" * 50_000,
            b"\xff",
            b"a,b",
            b"a~b",
            b"<b>",
            b"%61",
            b"a;b",
            b"'",
        )
    ),
]

PAGE = b"/__provider/fb/authorize?"
BACK = b"/api/oauthcallback/fb?"
SECRET_STATE = b"AAAAAAAAAAAA." + M


def _callback(query: bytes, want: str = "400") -> Probe:
    return Probe("callback", f"callback {query[:60]!r}", get(BACK + query), want, "RFC 6749 §10.12, RFC 9207 §2.4")


def _authorize(query: bytes, want: str = "400") -> Probe:
    return Probe(
        "callback",
        f"authorize {query[:60]!r}",
        get(PAGE + query),
        want,
        "RFC 6749 §4.1.2.1: no redirect unless the client is known",
    )


def _form(path: bytes, body: bytes, want: str, *lines: bytes) -> Probe:
    sent = b"POST " + path + b" HTTP/1.1\r\n" + HOST + SESSION + b"Content-Type: application/x-www-form-urlencoded\r\n"
    return Probe(
        "callback", f"{path.decode()} {body[:60]!r}", sent + b"".join(lines) + sized(body), want, "RFC 6749 §3.2, §5.2"
    )


EVIL = (
    b"javascript:alert(1)", b"data:text/html,x", b"//evil.example", b"http://evil.example", b"http://127.0.0.1@evil.example/", b"/\\evil.example",
    b"http://127.0.0.1/api/oauthcallback/fb/../../x", b"http://127.0.0.1/api/oauthcallback/fb%23x", b"%0d%0aLocation:%20http://evil.example",
    b"http://127.0.0.1/api/oauthcallback/fb%00", b"http://127.0.0.1:1/api/oauthcallback/fb", b"file:///etc/passwd",
)  # fmt: skip
INJECTED = (
    b"%3Cscript%3Ealert(1)%3C/script%3E",
    b"%27%20OR%201=1--",
    b"%0d%0aX-Evil:%201",
    b"%00",
    b"%ff",
    b"{{7*7}}",
    b"${jndi:ldap://x}",
    b"a" * 5_000,
)
CLIENT = (
    b"response_type=code&client_id=data-integration&code_challenge="
    + b"a" * 43
    + b"&code_challenge_method=S256&redirect_uri="
)

CALLBACK = [
    _callback(b""),
    _callback(b"code=" + M),
    _callback(b"state=" + SECRET_STATE),
    _callback(b"code=" + M + b"&state=" + SECRET_STATE),
    _callback(b"code=" + M + b"&code=" + M + b"&state=" + SECRET_STATE),
    _callback(b"code=a&state=" + SECRET_STATE + b"&state=" + SECRET_STATE),
    _callback(b"error=access_denied&state=" + SECRET_STATE),
    _callback(b"error=" + b"x" * 5_000 + b"&state=x"),
    _callback(b"code=a&state=x&iss=http://evil.example"),
    _callback(b"code[]=a&state[]=b"),
    _callback(b"&" * 5_000),
    _callback(b"a=b&" * 1_500),
    *(_callback(b"code=a&state=" + each) for each in INJECTED),
    *(_callback(b"error=" + each + b"&state=x") for each in INJECTED),
    Probe(
        "callback",
        "POST to the callback",
        POST.replace(b"/api/oauth2 ", BACK[:-1] + b" ") + sized(b"code=a&state=b"),
        "405|404",
        "",
    ),
    Probe("callback", "callback of nobody", get(b"/api/oauthcallback/nobody?code=a&state=b"), "400|404", ""),
    Probe("callback", "callback of a path", get(b"/api/oauthcallback/..%2f..?code=a&state=b"), "400|404", ""),
    _authorize(b""),
    _authorize(b"response_type=code"),
    _authorize(b"client_id=nobody&response_type=code"),
    _authorize(b"client_id=data-integration&client_id=x&response_type=code"),
    *(_authorize(CLIENT + each) for each in EVIL),
    *(_authorize(b"response_type=code&client_id=" + each) for each in INJECTED),
    *(
        _authorize(b"response_type=code&client_id=x&redirect_uri=http://evil.example&state=" + each)
        for each in INJECTED
    ),
    *(_authorize(b"response_type=code&client_id=x&scope=" + each) for each in INJECTED),
    *(
        Probe(
            "callback", f"provider {name!r}", get(b"/__provider/" + name + b"/authorize?response_type=code"), "404", ""
        )
        for name in (b"nobody", b"..", b"%2e%2e", b"%00", b"<b>", b"a" * 5_000, b"fb%2f..", b"FB")
    ),
    Probe(
        "callback",
        "HEAD of the page",
        b"HEAD /__provider/fb/authorize HTTP/1.1\r\n" + HOST + b"\r\n",
        "400|405",
        "RFC 9110 §9.3.2",
    ),
    Probe("callback", "POST to the page", POST.replace(b"/api/oauth2 ", PAGE[:-1] + b" ") + sized(b""), "405", ""),
    *(
        _form(b"/__provider/fb/consent", body, "400")
        for body in (
            b"",
            b"ticket=" + SECRET_STATE + b"&decision=approve",
            b"ticket=&decision=approve",
            b"decision=approve",
            b"ticket=a&ticket=b&decision=approve",
            b"ticket=a&decision=" + b"x" * 50_000,
            b"&" * 50_000,
            b"=" * 50_000,
            b"%" * 50_000,
            b"\xff\x00",
            b"ticket=%00",
            b"a=b&" * 50_000,
        )
    ),
    _form(
        b"/__provider/fb/consent",
        b"ticket=" + SECRET_STATE + b"&decision=approve",
        "400|403",
        b"Origin: http://evil.example\r\n",
    ),
    Probe(
        "callback",
        "GET of the consent",
        get(b"/__provider/fb/consent?ticket=x&decision=approve"),
        "405",
        "a decision needs a POST",
    ),
    *(
        _form(b"/__provider/fb/token", body, "400|401")
        for body in (
            b"",
            b"grant_type=authorization_code",
            b"grant_type=password&username=a&password=" + M,
            b"grant_type=client_credentials",
            b"grant_type=refresh_token&refresh_token=" + M,
            b"grant_type=authorization_code&code="
            + M
            + b"&client_id=data-integration&redirect_uri=x&code_verifier="
            + M,
            b"grant_type=authorization_code&code=a&code=b",
            b"grant_type=" + b"x" * 50_000,
            b"&" * 50_000,
            b"\xff",
            b"%00=%00",
        )
    ),
    _form(b"/__provider/fb/token", b"grant_type=authorization_code", "400|401", b"Authorization: Basic ====\r\n"),
    _form(
        b"/__provider/fb/token",
        b"grant_type=authorization_code",
        "400|401",
        b"Authorization: Basic " + b"A" * 50_000 + b"\r\n",
    ),
    _form(b"/__provider/fb/token", b"grant_type=authorization_code", "400|401", b"Authorization: Basic /w==\r\n"),
    Probe(
        "callback",
        "token by GET",
        get(b"/__provider/fb/token?grant_type=authorization_code&code=" + M),
        "405",
        "RFC 6749 §3.2",
    ),
    Probe(
        "callback",
        "token as JSON",
        POST.replace(b"/api/oauth2 ", b"/__provider/fb/token ") + JSON + sized(b'{"grant_type":"authorization_code"}'),
        "400|401",
        "RFC 6749 §4.1.3",
    ),
]


def _admin(name: str, target: bytes, want: str, *lines: bytes, host: bytes = HOST) -> Probe:
    return Probe("admin", name, get(target, *lines, host=host), want, "issue 5, point 5")


def _control(method: bytes, path: bytes, body: bytes, want: str) -> Probe:
    sent = method + b" /__mock" + path + b" HTTP/1.1\r\n" + HOST + SESSION + sized(body)
    return Probe("admin", f"{method.decode()} {path[:40].decode()} {body[:50]!r}", sent, want, "docs/control-api.md")


HEALTH = b"/__mock/health"
JOURNAL = b"/__mock/journal"
FOREIGN = (b"http://evil.example", b"null", b"file://", b"http://127.0.0.1.evil.example", b"http://localhost:1", b"https://127.0.0.1", b"http://[", b"",
           b"http://127.0.0.1@evil.example", b"chrome-extension://abcdef", b"http://127.0.0.1, http://evil.example", b"\xff")  # fmt: skip
REBOUND = (b"evil.example", b"127.0.0.1.evil.example", b"localhost.evil.example", b"evil.example:4010", b"0.0.0.0", b"0", b"127.1", b"2130706433", b"0x7f000001",
           b"[::ffff:127.0.0.1]", b"169.254.169.254", b"metadata.google.internal", b"host.docker.internal", b"127.0.0.1%2eevil.example")  # fmt: skip
NO_OBJECTS = (
    b"",
    b"null",
    b"[]",
    b"1",
    b'"x"',
    b"{",
    b"{}{}",
    b'{"frob":1}',
    b"\xff",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"a":NaN}',
    b"\x00",
)

WORDS = (
    (b"POST", b"/clock", b"advance"),
    (b"PUT", b"/scenario", b"scenario"),
    (b"POST", b"/next", b"operation"),
    (b"POST", b"/next", b"response"),
    (b"PUT", b"/faults", b"faults"),
    (b"PUT", b"/faults", b"profile"),
    (b"PUT", b"/session", b"session"),
    (b"POST", b"/session/x/fork", b"name"),
    (b"POST", b"/session/x/snapshot", b"label"),
    (b"POST", b"/session/x/restore", b"label"),
    (b"POST", b"/handshakes/x/decide", b"decision"),
    (b"POST", b"/webhooks/nothing", b"url"),
)
NO_VALUES = (
    b"[" * 1_000 + b"]" * 1_000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"9" * 400,
    b"-1e400",
    b'"\\ud800"',
    b'{"a":1,"a":2}',
)
FORMS = (b"a=b&" * 1_000, b"token=%00&token=%ff&next=//evil.example", b"&" * 5_000, b"=", b"\xff\xfe")

ADMIN = [
    *(
        _control(method, path, b'{"%b":%b}' % (word, value), "400|404|409|422")
        for method, path, word in WORDS
        for value in NO_VALUES
    ),
    *(_control(b"POST", b"/console/login", form, "403") for form in FORMS),
    *(_control(method, path, b"[]", "400|404") for method, path, _ in WORDS),
    _admin("a file of the console that is not there", b"/__mock/static/x/nothing.css", "404"),
    _admin("a file beside those of the console", b"/__mock/static/x/..%2fpages.py", "404"),
    _admin(
        "the control API of a session from elsewhere",
        b"/__mock/s/a/__mock/journal",
        "403",
        b"Origin: http://evil.example",
    ),
    _admin(
        "the control API of a session, rebound", b"/__mock/s/a/__mock/journal", "403", host=b"Host: evil.example\r\n"
    ),
    _admin("a session in a session in a session", b"/__mock/s/a" * 600 + b"/api/oauth2", "404|405"),
    _admin("a session that is no name", b"/__mock/s/%0d%0aX:y/api/oauth2", "400|404|405"),
    *(_admin(f"Origin {origin!r}", HEALTH, "403", b"Origin: " + origin) for origin in FOREIGN),
    _admin(
        "its own Origin and a foreign one", HEALTH, "403", b"Origin: http://127.0.0.1", b"Origin: http://evil.example"
    ),
    *(_admin(f"Host {host!r}", JOURNAL, "403|400!", host=b"Host: " + host + b"\r\n") for host in REBOUND),
    *(
        _admin(
            f"Host {host!r} with a token",
            JOURNAL,
            "403",
            b"Authorization: Bearer " + M,
            host=b"Host: " + host + b"\r\n",
        )
        for host in REBOUND[:2]
    ),
    _admin(
        "a foreign Origin with a preflight",
        HEALTH,
        "403",
        b"Origin: http://evil.example",
        b"Access-Control-Request-Method: PUT",
    ),
    _admin("forwarded for somebody", JOURNAL, "403", b"X-Forwarded-For: 203.0.113.9"),
    _admin("forwarded for nonsense", JOURNAL, "403|400", b"X-Forwarded-For: <script>"),
    _admin("forwarded for this machine", HEALTH, "200", b"X-Forwarded-For: 127.0.0.1"),
    _admin("X-Forwarded-Host", HEALTH, "200|403", b"X-Forwarded-Host: evil.example"),
    _admin("X-Original-URL", b"/nothing", "404", b"X-Original-URL: /__mock/health", b"X-Rewrite-URL: /__mock/health"),
    _admin("X-Forwarded-Prefix", b"/nothing", "404", b"X-Forwarded-Prefix: /__mock", b"X-Script-Name: /__mock"),
    _admin("a callback's depth", HEALTH, "403", b"Mock-Callback-Depth: 1"),
    _admin("nothing there", b"/__mock/nothing", "404"),
    _admin("limit of the journal", JOURNAL + b"?limit=x", "400"),
    *(
        _admin(f"limit {text!r}", JOURNAL + b"?limit=" + text, "400")
        for text in (b"0", b"-1", b"1001", b"9" * 5_000, b"1e3", b"%00", b"1.5", b"%F0%9D%9F%99", b"", b"0x10")
    ),
    *(
        _admin(f"handshake {text[:30]!r}", b"/__mock/handshakes/" + text, "404")
        for text in (
            b"x",
            b"..",
            b"%2e%2e",
            b"%00",
            b"AAAAAAAAAAAA",
            b"AAAAAAAAAAAA." + M,
            b"a" * 5_000,
            b"%ff",
            b"*",
            b"%3Cb%3E",
        )
    ),
    *(
        _control(b"POST", b"/clock", body, "400")
        for body in (
            *NO_OBJECTS,
            b"{}",
            b'{"set":"x"}',
            b'{"set":1e400}',
            b'{"set":1e12}',
            b'{"advance":true}',
            b'{"advance":null}',
            b'{"freeze":1}',
        )
    ),
    *(
        _control(b"PUT", b"/scenario", body, "400|404")
        for body in (
            *NO_OBJECTS,
            b"{}",
            b'{"scenario":1}',
            b'{"scenario":"../x"}',
            b'{"scenario":["a"]}',
            b'{"scenario":{}}',
        )
    ),
    *(
        _control(b"POST", b"/next", body, "400|404")
        for body in (
            *NO_OBJECTS,
            b"{}",
            b'{"operation":1}',
            b'{"operation":["a"]}',
            b'{"operation":"POST /oauth2","response":[]}',
            b'{"operation":"POST /oauth2","response":"started","times":0}',
            b'{"operation":"POST /oauth2","response":"started","times":1e9}',
            b'{"operation":"POST /oauth2","response":"started","times":true}',
            b'{"operation":"POST /oauth2","response":"started","times":99999999999999999999999}',
        )
    ),
    *(
        _control(b"PUT", b"/faults", body, "400|404")
        for body in (
            *NO_OBJECTS,
            b'{"faults":1}',
            b'{"faults":[1]}',
            b'{"faults":[{"fault":"nothing"}]}',
            b'{"network":"nothing"}',
        )
    ),
    *(
        _control(b"POST", b"/handshakes/x/decide", body, "400|404")
        for body in (*NO_OBJECTS, b'{"decision":"approve"}', b'{"decision":1}', b'{"decision":["approve"]}')
    ),
    _control(b"POST", b"/webhooks/nothing", b"{}", "404"),
    _control(b"POST", b"/webhooks/..%2f..", b"{}", "404"),
    *(
        _control(method, b"/health", b"", "405")
        for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"PROPFIND")
    ),
    _control(b"OPTIONS", b"/health", b"", "405|204|200"),
    _control(b"PATCH", b"/journal", b"", "405"),
    *(
        _control(b"POST", b"/verify", body, "400|404|422")
        for body in (*NO_OBJECTS[1:], b'{"path":[]}', b'{"times":"x"}')
    ),
    *(
        _admin(f"journal {word!r}", JOURNAL + b"?" + word, "400")
        for word in (b"status=abc", b"nonsense=1", b"limit=" + b"9" * 400, b"limit=%ff")
    ),
    *(
        Probe(
            "admin",
            f"reset of the session {name!r}",
            b"POST /__mock/reset HTTP/1.1\r\n" + HOST + b"Mock-Session: " + name + b"\r\nContent-Length: 0\r\n\r\n",
            "400",
            "docs/control-api.md",
        )
        for name in (b"", b"..", b"a/b", b"\xff", b"a" * 65)
    ),
    *(
        Probe("admin", f"explain by {quote(text)[:30]}", get(b"/__mock/" + text), "404|400!", "")
        for text in (
            b"%2e%2e/api",
            b"..",
            b".",
            b"%2fhealth",
            b"health%2f",
            b"openapi.json/..",
            b"static/../../etc/passwd",
        )
    ),
]

PROBES = [*AUTHORIZATION, *STATE, *CALLBACK, *ADMIN]
