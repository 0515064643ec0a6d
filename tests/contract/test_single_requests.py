"""What one request can show: each check finds its defects and is silent on a correct deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from mock_server.contract.walks import edge_rows
from tests.contract.deployment import Asked, Breaker, Given, before
from tests.contract.until import found
from tests.support import Server

START, COLLECT = "/api/oauth2", "/api/oauth2/credentials"
FAMILIES = ("edges", "boundaries", "authorization", "protocol", "examples")
When = Callable[[Asked], bool]


def asked(url: str, *only: str) -> Question:
    tokens = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
    return Question(url=url, tokens=tokens, seed=1, skip=("fuzz",), only=only, profile="full")


def walked(url: str, *only: str) -> Result:
    return prove(asked(url, *only))


def instead(status: int, when: When, target: str = START) -> Breaker:
    """This status in place of the right one for some requests to an operation."""

    def breaker(asked: Asked, given: Given) -> Given:
        own = asked.method == "POST" and asked.target.partition("?")[0] == target
        return given._replace(status=status) if own and when(asked) else given

    return breaker


def field(name: str, fits: Callable[[Any], bool]) -> When:
    def when(asked: Asked) -> bool:
        try:
            body = json.loads(asked.body)
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and name in body and fits(body[name])

    return when


def header(name: str, fits: Callable[[str], bool]) -> When:
    def when(asked: Asked) -> bool:
        given = next((value for key, value in asked.headers.items() if key.lower() == name), None)
        return given is not None and fits(given)

    return when


def body(fits: Callable[[bytes], bool]) -> When:
    return lambda asked: fits(asked.body)


def no_header(name: str) -> When:
    return lambda asked: name not in {key.lower() for key in asked.headers}


def duration(fits: Callable[[Any], bool]) -> When:
    return field("validity_duration", fits)


def without(name: str, when: Callable[[Asked, Given], bool]) -> Breaker:
    """The answer without a header."""

    def breaker(asked: Asked, given: Given) -> Given:
        kept = tuple(pair for pair in given.headers if pair[0].lower() != name)
        return given._replace(headers=kept) if when(asked, given) else given

    return breaker


def allowing(value: str) -> Breaker:
    def breaker(asked: Asked, given: Given) -> Given:
        kept = tuple(pair for pair in given.headers if pair[0].lower() != "allow")
        return given._replace(headers=(*kept, ("Allow", value))) if given.status == 405 else given

    return breaker


def too_short(asked: Asked, given: Given) -> Given:
    """A Content-Length that leaves two bytes of the body over."""
    if asked.target != START or given.status != 200:
        return given
    return given._replace(headers=(*given.headers, ("Content-Length", str(len(given.body) - 2))))


def anywhere(status: int, when: When) -> Breaker:
    return lambda asked, given: given._replace(status=status) if when(asked) else given


DEFECTS: dict[str, tuple[str, Breaker, str]] = {
    "the time 0 is accepted": ("edges.values", instead(200, duration(lambda v: v == 0 and v is not False)), "is 0"),
    '"300" is accepted': ("edges.values", instead(200, duration(lambda v: v == "300")), 'is "300"'),
    "true is accepted": ("edges.values", instead(200, duration(lambda v: v is True)), "is true"),
    "300.5 is cut": ("edges.values", instead(200, duration(lambda v: v == 300.5)), "is 300.5"),
    "300.0 is refused": ("edges.values", instead(429, body(lambda b: b"300.0" in b)), "is 300.0"),
    "3e2 is refused": ("edges.values", instead(429, body(lambda b: b" 3e2" in b)), "is 3e2"),
    "beyond 64 bits is a 500": (
        "edges.values",
        instead(500, duration(lambda v: isinstance(v, int) and v >= 2**63)),
        "answers 500 instead of 429: validity_duration is 2^63",
    ),
    "an emoji is a 500": ("edges.values", instead(500, body(lambda b: b"\\ud83d" in b), COLLECT), "is an emoji"),
    "a lone surrogate is a 500": ("edges.values", instead(500, body(lambda b: b"\\ud800" in b)), "lone surrogate"),
    "NaN is accepted": ("edges.values", instead(200, body(lambda b: b": NaN" in b)), "NaN, which is no JSON"),
    "single quotes are accepted": ("edges.body", instead(200, body(lambda b: b"{'" in b)), "single quotes"),
    "a comment is accepted": ("edges.body", instead(200, body(lambda b: b"/*" in b)), "a comment"),
    "a comma too many is accepted": ("edges.body", instead(200, body(lambda b: b",}" in b)), "a comma after"),
    "what follows is not read": ("edges.body", instead(200, body(lambda b: b.endswith(b"}}"))), "a bracket after"),
    "no body is a 500": ("edges.body", instead(500, body(lambda b: not b), COLLECT), "no body at all"),
    "blanks are a 200": ("edges.body", instead(200, body(lambda b: bool(b) and not b.strip())), "a body of blanks"),
    "a list is accepted": ("edges.body", instead(200, body(lambda b: b[:2] == b"[{")), "the body in a list"),
    "a field more is refused": ("edges.body", instead(429, field("contract_extra", bool)), "a field more"),
    "depth is a 500": ("edges.body", instead(500, body(lambda b: b"[[[[" in b)), "deep"),
    "a BOM is a 500": ("edges.body", instead(500, body(lambda b: b[:1] == b"\xef")), "a byte order mark"),
    "gzip is a 500": ("edges.body", instead(500, header("content-encoding", bool)), "gzip"),
    "no Content-Type is refused": ("edges.body", instead(429, no_header("content-type")), "without Content-Type"),
    "a charset is refused": (
        "edges.body",
        instead(429, header("content-type", lambda v: "charset" in v)),
        "Content-Type with charset=utf-8",
    ),
    "capitals are refused": ("edges.body", instead(429, header("content-type", str.isupper)), "in upper case"),
    "text/plain is read as JSON": (
        "edges.body",
        instead(200, header("content-type", lambda v: v == "text/plain")),
        "Content-Type text/plain",
    ),
    "a name twice is accepted": (
        "edges.twice",
        instead(200, body(lambda b: b.count(b'"validity_duration"') == 2)),
        "validity_duration stands twice",
    ),
    "a field in the query is taken": (
        "edges.elsewhere",
        anywhere(200, lambda asked: "datasource_id=fb" in asked.target),
        "datasource_id stands in the query",
    ),
    "another name is taken": (
        "edges.elsewhere",
        instead(200, field("datasource_type", bool)),
        "datasource_id is called datasource_type",
    ),
    "the query has the last word": (
        "edges.elsewhere",
        anywhere(429, lambda asked: "validity_duration=" in asked.target and asked.target.startswith(START)),
        "a query that says validity_duration is something else",
    ),
    "an escaped name is not known": ("edges.twice", instead(429, body(lambda b: b"\\u0064" in b)), "with escapes"),
    "299 is accepted": ("boundaries.body", instead(200, duration(lambda v: v == 299)), "validity_duration is 299"),
    "43200 is refused": ("boundaries.body", instead(429, duration(lambda v: v == 43200)), "duration is 43200"),
    "43201 is accepted": ("boundaries.body", instead(200, duration(lambda v: v == 43201)), "duration is 43201"),
    "the time must be there": (
        "boundaries.body",
        instead(429, body(lambda b: b"validity_duration" not in b)),
        "validity_duration is missing",
    ),
    "pull_id need not be there": (
        "boundaries.body",
        instead(402, body(lambda b: b"pull_id" not in b), COLLECT),
        "a body without pull_id",
    ),
    "no token is needed": ("authorization.matrix", instead(200, no_header("authorization")), "no token"),
    "Basic is let in": (
        "authorization.matrix",
        instead(402, header("authorization", lambda v: v.startswith("Basic")), COLLECT),
        "answers 402 instead of 403: Basic",
    ),
    "the beginning of a token is enough": (
        "authorization.matrix",
        instead(200, header("authorization", lambda v: v == "Bearer dev-toke")),
        "the token without its end",
    ),
    "the case of a token is ignored": (
        "authorization.matrix",
        instead(200, header("authorization", lambda v: v == "Bearer DEV-TOKEN")),
        "the token in",
    ),
    "bearer in small letters is refused": (
        "authorization.matrix",
        instead(403, header("authorization", lambda v: v.startswith("bearer "))),
        "bearer in small letters",
    ),
    "a token in the query is taken": (
        "authorization.matrix",
        instead(200, lambda asked: "access_token=" in asked.target),
        "the token in the query",
    ),
    "a token that is not ASCII is a 500": (
        "authorization.matrix",
        instead(500, header("authorization", lambda v: not v.isascii())),
        "a token that is not ASCII",
    ),
    "the scope is not looked at": (
        "authorization.roles",
        instead(402, header("authorization", lambda v: "noscope" in v), COLLECT),
        "the without scope token",
    ),
    "another account may not start": (
        "authorization.roles",
        instead(403, header("authorization", lambda v: "other" in v)),
        "the other token",
    ),
    "the body is looked at first": (
        "authorization.order",
        instead(429, lambda asked: no_header("authorization")(asked) and asked.body == b"{}"),
        "no token, and an empty object as the body",
    ),
    "the challenge is lost": (
        "authorization.challenge",
        without("www-authenticate", lambda asked, given: given.status == 403),
        "answers 403 without WWW-Authenticate",
    ),
    "another scheme is asked for": (
        "authorization.challenge",
        lambda asked, given: given._replace(
            headers=tuple((k, "Basic realm=x") if k.lower() == "www-authenticate" else (k, v) for k, v in given.headers)
        ),
        "a challenge for another scheme than Bearer",
    ),
    "a header makes a POST of GET": (
        "protocol.method",
        anywhere(200, header("x-http-method-override", lambda v: v == "POST")),
        "instead of 405 to GET that says it is POST",
    ),
    "GET is answered": (
        "protocol.method",
        lambda asked, given: Given(200, (), b"{}") if asked.method == "GET" and given.status == 405 else given,
        "/oauth2 answers 200 instead of 405 to GET",
    ),
    "no Allow": ("protocol.method", without("allow", lambda asked, given: given.status == 405), "with no Allow"),
    "an Allow without POST": ("protocol.method", allowing("OPTIONS"), "an Allow without POST"),
    "an Allow with too much": ("protocol.method", allowing("GET, POST"), "lists GET in Allow and answers it with 405"),
    "a prefix is enough": (
        "protocol.path",
        anywhere(200, lambda asked: asked.target == START + "x"),
        "/oauth2 answers 200 instead of 404: the path with a letter more",
    ),
    "an unknown path is a 500": ("protocol.path", anywhere(500, lambda asked: "nothing" in asked.target), "500"),
    "Accept: application/json is a 406": (
        "protocol.request",
        instead(406, header("accept", lambda v: v == "application/json")),
        "Accept: application/json",
    ),
    "an odd Accept is a 500": (
        "protocol.request",
        instead(500, header("accept", lambda v: "x-contract" in v)),
        "an Accept that cannot be met",
    ),
    "a long header is a 500": ("protocol.request", instead(500, header("x-contract", lambda v: len(v) > 999)), "5000"),
    "a query is a 500": ("protocol.request", instead(500, lambda asked: "contract=1" in asked.target), "query"),
    "the length is too short": ("protocol.connection", too_short, "sends 2 bytes behind its 200"),
    "an error is not answered": (
        "protocol.connection",
        lambda asked, given: Given(0) if given.status == 404 and "contract-nothing" in asked.target else given,
        "the connection gives no answer (reset)",
    ),
    "an example is refused": (
        "examples.request",
        instead(429, duration(lambda v: v == 43200)),
        "answers 429 instead of 200: the example 'longest'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_check_finds_the_defect(server: Server, defect: str) -> None:
    check, breaker, title = DEFECTS[defect]
    with before(server.url, breaker) as url:
        is_found, titles = found(asked(f"{url}/api", check), title)
    assert is_found, titles
    assert len(titles) == 1, titles


def test_every_check_of_these_families_has_a_defect_that_it_finds() -> None:
    from mock_server.contract.checks import all_checks

    # No document of ours has API keys; examples that break their schema are a document's fault.
    elsewhere = {"authorization.keys", "boundaries.parameters", "examples.response"}
    names = {each.name for each in all_checks() if each.family in FAMILIES}
    assert names - elsewhere == {check for check, _, _ in DEFECTS.values()}


def test_our_own_mock_has_no_finding(server: Server) -> None:
    """The quick profile's whole runs are in ``test_walks.py``, other seeds in ``benchmarks.false_alarms``."""
    result = walked(server.api, *FAMILIES)
    assert result.findings == ()
    assert not {each.check.partition(".")[0] for each in result.not_run} & set(FAMILIES)
    assert result.requests["walks"] < 1500


def test_a_front_that_forgets_http_makes_no_false_alarm(server: Server) -> None:
    """It knows no chunks and no uncommon methods, merges headers of one name and hides our control API.

    The families that are left out send nothing of that; a whole run behind a front is in ``test_defects.py``.
    """

    def hidden(asked: Asked, given: Given) -> Given:
        if asked.method in ("TRACE", "FOO"):
            return Given(501, (("Content-Type", "text/html"),), b"<h1>Unsupported method</h1>")
        return Given(404) if asked.target.startswith("/__mock/") else given

    with before(server.url, hidden) as url:
        assert walked(f"{url}/api", "protocol", "authorization", "edges.body", "edges.elsewhere").counted == ()


def test_pages_of_plain_text_and_connections_that_are_closed_make_no_false_alarm(server: Server) -> None:
    def plain(asked: Asked, given: Given) -> Given:
        closing = (*given.headers, ("Connection", "close"))
        if asked.target.startswith("/__mock/"):
            return Given(404)
        if "/oauthcallback/" in asked.target.partition("?")[0]:
            return Given(given.status, (("Content-Type", "text/plain"), ("Connection", "close")), b"Connected")
        return given._replace(headers=closing)

    with before(server.url, plain) as url:
        assert walked(f"{url}/api", "callback", "bodies", "pages", "protocol").counted == ()


def test_html_that_is_called_plain_text_is_found(server: Server) -> None:
    def plain(asked: Asked, given: Given) -> Given:
        kept = tuple(pair for pair in given.headers if pair[0].lower() != "content-type")
        return given._replace(headers=(*kept, ("Content-Type", "text/plain"))) if given.body[:1] == b"<" else given

    with before(server.url, plain) as url:
        titles = [each.title for each in walked(f"{url}/api", "bodies.auth-uri").counted]
    assert titles == ["auth_uri opens text/plain in place of a page"]


def test_one_defect_is_few_findings(server: Server) -> None:
    with before(server.url, instead(500, body(lambda b: b"contract" in b or not b.strip()))) as url:
        result = walked(f"{url}/api", "edges.body")
    assert 1 <= len(result.counted) <= 6, [each.title for each in result.counted]


def test_a_deployment_that_falls_silent_is_not_asked_for_ever(server: Server) -> None:
    silent = {"now": False}

    def breaker(asked: Asked, given: Given) -> Given:
        silent["now"] = silent["now"] or (b"validity_duration" in asked.body and b": 0}" in asked.body)
        return Given(0) if silent["now"] and asked.target == START else given

    with before(server.url, breaker) as url:
        result = walked(f"{url}/api", "edges.values")
    assert any("no answer (reset)" in each.title for each in result.counted)
    assert "edges.values: its rest: 4 requests got no answer" in [
        f"{each.check}: {each.why}" for each in result.not_run
    ]


def test_the_rows_have_names_of_their_own() -> None:
    for table in (edge_rows.VALUES, edge_rows.NOT_JSON_VALUES, edge_rows.WHOLE):
        names = [row.name for row in table]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("value", [each for each in edge_rows.NOT_JSON_VALUES if each.text])
def test_what_is_called_no_json_is_none(value: edge_rows.Value) -> None:
    def refuse(word: str) -> None:
        raise ValueError(word)

    with pytest.raises(ValueError, match=r".+"):
        json.loads(value.text, parse_constant=refuse)
