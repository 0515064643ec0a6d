"""Any input at all gets a documented answer in the documented shape; nothing is ever our fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.property.asgi import TOKEN, Answer, Header, InProcess

PATHS = ("/api/oauth2", "/api/oauth2/credentials")
DOCUMENTED = {"/api/oauth2": {200, 402, 403, 429}, "/api/oauth2/credentials": {200, 402, 403}}
PROVIDERS = ("fb", "google_ads", "salesforce")

fast = settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def app() -> Iterator[InProcess]:
    made = InProcess()
    yield made
    made.close()


def assert_documented(path: str, answer: Answer, *also: int) -> None:
    assert answer.status in DOCUMENTED[path] | set(also), answer
    body = answer.json()
    if answer.status != 200:
        assert body.get("status", answer.status) == answer.status  # optional: `Prefer: dynamic` may leave it out
        assert isinstance(body["message"], str)
    assert answer.headers[b"content-length"] == str(len(answer.body)).encode()
    assert b"mock-body-invalid" not in answer.headers
    for name, value in answer.headers.items():
        assert not set(value) & {0, 10, 13}, name


def assert_journalled(app: InProcess) -> None:
    """Whatever was sent, the journal can still be read."""
    answer = app("GET", "/__mock/journal?limit=1")
    assert answer.status == 200
    assert len(answer.json()["entries"]) == 1


paths = st.sampled_from(PATHS)

# Any JSON, with what JSON does not have as well: json.dumps writes NaN and Infinity.
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**53, max_value=2**70)
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc", "Co"]), max_size=4)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@fast
@given(path=paths, body=st.binary(max_size=400))
def test_any_bytes_as_a_body(app: InProcess, path: str, body: bytes) -> None:
    assert_documented(path, app("POST", path, body))
    assert_journalled(app)


@fast
@given(path=paths, body=values, escaped=st.booleans())
def test_any_json_as_a_body(app: InProcess, path: str, body: Any, escaped: bool) -> None:
    text = json.dumps(body, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert_documented(path, app("POST", path, text))
    assert_journalled(app)


@fast
@given(body=st.fixed_dictionaries({}, optional={"pull_id": values, "auth_uri": values, "other": values}))
def test_any_values_of_the_known_fields_collect_nothing(app: InProcess, body: dict[str, Any]) -> None:
    answer = app.post("/api/oauth2/credentials", body)
    assert_documented("/api/oauth2/credentials", answer)
    assert answer.status == 403


durations = st.integers(290, 310) | st.integers(43_190, 43_210) | st.floats(290, 310) | scalars
sources = st.sampled_from([*PROVIDERS, "mysql", "FB", " fb", ""]) | values


@fast
@given(
    body=st.fixed_dictionaries(
        {}, optional={"datasource_id": sources, "validity_duration": durations, "connection_type": values}
    )
)
def test_a_process_is_started_exactly_when_the_document_and_the_fixture_allow(
    app: InProcess, body: dict[str, Any]
) -> None:
    answer = app.post("/api/oauth2", body)
    assert_documented("/api/oauth2", answer)
    assert answer.status == (200 if readable(body) and good(body) else 429)


def good(body: dict[str, Any]) -> bool:
    """The rule as a person would say it."""
    duration = body.get("validity_duration", 300)
    number = isinstance(duration, int | float) and not isinstance(duration, bool)
    whole = number and duration == int(duration) if number and abs(duration) < 1e300 else False
    return body.get("datasource_id") in PROVIDERS and whole and 300 <= duration <= 43_200


def readable(body: dict[str, Any]) -> bool:
    """Whether it can be written as JSON (RFC 8259) at all: no NaN, no half of a surrogate pair."""
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


NAMES = [
    "accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "content-type",
    "cookie", "expect", "forwarded", "host", "if-none-match", "mock-session", "origin", "prefer", "range", "referer",
    "transfer-encoding", "upgrade", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-http-method-override",
]  # fmt: skip
LIKELY = [
    b"", b" ", b",", b";", b"=", b'"', b"Bearer", b"Bearer dev-token", b"bearer  dev-token", b"Basic Og==", b"null",
    b"application/json", b"application/json;", b"text/plain", b"*/*", b"gzip", b"identity", b"0", b"-1", b"\xb2",
    b"99999999999999999999999", b"code=402", b"code=999", b'response="', b"scenario=expired", b"default", b"~", b"[",
    b"http://[", b"http://127.0.0.1:4010", b"\xff\xfe", b"chunked", b"100-continue", b"bytes=0-", b"dynamic",
]  # fmt: skip
header_names = st.sampled_from([name.encode() for name in NAMES]) | st.from_regex(rb"[a-z0-9!#$%&'*+.^_`|~-]{1,20}\Z")
# What a server lets through: RFC 9110 §5.5 forbids CR, LF and NUL in a value.
header_values = st.sampled_from(LIKELY) | st.binary(max_size=60).map(
    lambda value: bytes(byte for byte in value if byte not in (0, 10, 13))
)
headers = st.lists(st.tuples(header_names, header_values), max_size=6)


@settings(fast, max_examples=examples(400))
@given(path=paths, extra=headers, authorized=st.booleans(), pieces=st.integers(1, 3))
def test_any_headers(app: InProcess, path: str, extra: list[Header], authorized: bool, pieces: int) -> None:
    extra = [(name, value) for name, value in extra if not (name == b"prefer" and b"wait" in value.lower())]
    body = b'{"datasource_id":"fb","pull_id":"x"}'
    answer = app("POST", path, body, [TOKEN, *extra] if authorized else extra, pieces)
    names = {name for name, _ in extra}
    also = [400] * bool(names & {b"prefer", b"mock-session"}) + [413] * (b"content-length" in names)
    assert_documented(path, answer, *also)
    assert_journalled(app)


@fast
@given(query=st.text(max_size=60), path=paths)
def test_any_query(app: InProcess, query: str, path: str) -> None:
    if "wait" not in query.lower():
        assert_documented(path, app("POST", f"{path}?{query}", b'{"datasource_id":"fb","pull_id":"x"}'), 400)


methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "x" * 50])
ROOTS = [
    "", "/api", "/api/oauth2", "/api/oauthcallback", "/oauth2_callback/fb", "/__mock", "/__mock/handshakes",
    "/__provider", "/__provider/fb", "/__provider/fb/authorize", "/.well-known/oauth-authorization-server",
]  # fmt: skip
segments = st.text(st.characters(exclude_characters="?", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["fb", "mysql", "clock", "decide", "authorize", "consent", "token", "%2F", "%", "%ff", "..", ".", "a" * 3_000]
)
targets = st.builds(
    lambda root, rest, query: "/".join([root, *rest]) + ("?" + query if query else ""),
    st.sampled_from(ROOTS),
    st.lists(segments, max_size=3),
    st.text(max_size=30).filter(lambda text: "wait" not in text.lower())
    | st.sampled_from(["state=x&code=y&iss=z", "error=x", "state=abcdefghijkl.x", "limit=0", "code=a&code=b"]),
)


@settings(fast, max_examples=examples(300))
@given(method=methods, target=targets, body=st.binary(max_size=40))
def test_any_target_and_method(app: InProcess, method: str, target: str, body: bytes) -> None:
    if not target.startswith("/"):
        target = "/" + target
    answer = app(method, target, body)
    assert answer.status < 500, answer
    if answer.headers.get(b"content-type", b"").startswith(b"application/") and method != "HEAD" and answer.body:
        body_read = answer.json()
        if answer.status >= 400 and "/__provider/" not in target:
            assert body_read["status"] == answer.status
            assert isinstance(body_read["message"], str)


@fast
@given(
    method_path=st.sampled_from([
        ("POST", "/__mock/clock"), ("PUT", "/__mock/scenario"), ("POST", "/__mock/next"),
        ("POST", "/__mock/handshakes/abcdefghijkl/decide"),
    ]),
    body=values | st.dictionaries(
        st.sampled_from(["advance", "set", "freeze", "scenario", "operation", "response", "times", "decision"]), values
    ),
)  # fmt: skip
def test_any_json_to_the_control_api(app: InProcess, method_path: tuple[str, str], body: Any) -> None:
    text = json.dumps(body).encode()
    answer = app(*method_path, text)
    assert answer.status in (200, 400, 404), answer
    assert app("POST", "/__mock/reset").status == 200


@fast
@given(form=st.binary(max_size=200), path=st.sampled_from(["consent", "token"]), basic=header_values)
def test_any_form_to_the_provider(app: InProcess, form: bytes, path: str, basic: bytes) -> None:
    type_ = (b"content-type", b"application/x-www-form-urlencoded")
    answer = app("POST", f"/__provider/fb/{path}", form, [type_, (b"authorization", b"Basic " + basic)])
    assert answer.status in (400, 401), answer


MALFORMED: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("white space", b" \n\t"),
    ("an open brace", b"{"),
    ("a trailing comma", b'{"datasource_id":"fb",}'),
    ("single quotes", b"{'datasource_id':'fb'}"),
    ("a comment", b'{"datasource_id":"fb"} // x'),
    ("two documents", b'{"datasource_id":"fb"}{}'),
    ("a byte order mark", b'\xef\xbb\xbf{"datasource_id":"fb"}'),
    ("UTF-16", '{"datasource_id":"fb"}'.encode("utf-16")),
    ("Latin-1", '{"datasource_id":"é"}'.encode("latin-1")),
    ("NaN", b'{"datasource_id":"fb","validity_duration":NaN}'),
    ("Infinity", b'{"datasource_id":"fb","validity_duration":-Infinity}'),
    ("a number beyond floats", b'{"datasource_id":"fb","validity_duration":1e999}'),
    ("5,000 digits", b'{"datasource_id":"fb","validity_duration":' + b"9" * 5_000 + b"}"),
    ("5,000 digits elsewhere", b'{"datasource_id":"mysql","x":' + b"9" * 5_000 + b"}"),
    ("5,000 decimals", b'{"datasource_id":"fb","validity_duration":300.' + b"1" * 5_000 + b"}"),
    ("a lone surrogate", b'{"datasource_id":"\\ud800"}'),
    ("a lone surrogate as a key", b'{"\\udfff":1}'),
    ("a raw surrogate", b'{"datasource_id":"\xed\xa0\x80"}'),
    ("a null character", b'{"datasource_id":"fb\\u0000"}'),
    ("a control character", b'{"datasource_id":"fb\x01"}'),
    ("100,000 open lists", b"[" * 100_000),
    ("100,000 deep lists", b"[" * 100_000 + b"]" * 100_000),
    ("100,000 deep objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    ("1,000 deep, unclosed in a field", b'{"datasource_id":' + b"[" * 1_000 + b"]" * 1_000 + b"}"),
    ("70,000 keys", b"{" + b",".join(b'"k%d":1' % number for number in range(70_000)) + b"}"),
    ("the same key twice", b'{"datasource_id":"fb","datasource_id":7}'),
    ("a very long text", b'{"datasource_id":"' + b"x" * 1_000_000 + b'"}'),
    ("null", b"null"),
    ("true", b"true"),
    ("a number", b"7"),
    ("a text", b'"fb"'),
    ("a list", b'[{"datasource_id":"fb"}]'),
    ("a null source", b'{"datasource_id":null}'),
    ("an object for a source", b'{"datasource_id":{"datasource_id":"fb"}}'),
]


@pytest.mark.parametrize("name, body", MALFORMED, ids=[row[0] for row in MALFORMED])
@pytest.mark.parametrize("path, status", [("/api/oauth2", 429), ("/api/oauth2/credentials", 403)])
def test_a_body_that_is_no_good_gets_the_documented_answer(
    app: InProcess, path: str, status: int, name: str, body: bytes
) -> None:
    answer = app("POST", path, body, pieces=3)
    assert_documented(path, answer)
    assert answer.status == status
    assert_journalled(app)


@pytest.mark.parametrize("path", [*PATHS, "/__mock/clock", "/__provider/fb/token", "/__provider/fb/consent"])
@pytest.mark.parametrize("declared", [True, False])
def test_two_mebibytes_are_refused_in_the_usual_shape(app: InProcess, path: str, declared: bool) -> None:
    body = b" " * (2 << 20)
    length = [(b"content-length", str(len(body)).encode())] if declared else []
    answer = app("POST", path, body, [TOKEN, *length], pieces=64)
    assert answer.status == 413
    assert answer.json()["status"] == 413
    assert isinstance(answer.json()["message"], str)


def test_one_mebibyte_is_read(app: InProcess) -> None:
    body = b'{"datasource_id":"fb","pad":"' + b"x" * ((1 << 20) - 31) + b'"}'
    assert len(body) == 1 << 20
    assert app("POST", "/api/oauth2", body, pieces=64).status == 200
    assert app("POST", "/api/oauth2", body + b" ", pieces=64).status == 413
