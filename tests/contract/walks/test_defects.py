"""For every check a deployment that breaks what it is there for; correct ones are in test_walks.py."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mock_server.contract.checks import all_checks
from mock_server.contract.model import Result
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.contract.deployment import Asked, Breaker, Given, before
from tests.support import Server

START, COLLECT = "/api/oauth2", "/api/oauth2/credentials"
TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
Make = Callable[[str], Breaker]
"""A breaker with a memory of its own, before the mock at that URL."""


def run(url: str, *only: str, **changes: Any) -> Result:
    return prove(Question(url=f"{url}/api", tokens=TOKENS, seed=1, skip=("fuzz",), only=only, **changes))


def fields(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def is_start(asked: Asked, given: Given) -> bool:
    return asked.target == START and given.status == 200


def is_granted(asked: Asked, given: Given) -> bool:
    return asked.target == COLLECT and given.status == 200


def says(text: str) -> Callable[[Asked, Given], bool]:
    return lambda asked, given: asked.target in (START, COLLECT) and text.encode() in given.body


def any_error(asked: Asked, given: Given) -> bool:
    return asked.target in (START, COLLECT) and given.status >= 400


def when(test: Callable[[Asked, Given], bool], change: Callable[[Asked, Given], Given]) -> Make:
    return lambda upstream: lambda asked, given: change(asked, given) if test(asked, given) else given


def put(**changes: Any) -> Callable[[Asked, Given], Given]:
    def change(asked: Asked, given: Given) -> Given:
        return given._replace(body=json.dumps({**fields(given.body), **changes}).encode())

    return change


def swap(old: str, new: str) -> Callable[[Asked, Given], Given]:
    return lambda asked, given: given._replace(body=given.body.replace(old.encode(), new.encode()))


def header(name: str, value: str) -> Callable[[Asked, Given], Given]:
    def change(asked: Asked, given: Given) -> Given:
        kept = tuple(pair for pair in given.headers if pair[0].lower() != name.lower())
        return given._replace(headers=(*kept, (name, value)))

    return change


GONE = Given(403, (("content-type", "application/json"),), b'{"status":403,"message":"no such OAuth2 process"}')
PENDING = Given(402, (("content-type", "application/json"),), b'{"status":402,"message":"consent is pending"}')
OPEN = Given(200, (("content-type", "text/html"),), b"<p>fine</p>")
CREDENTIALS = Given(
    200, (("content-type", "application/json"),),
    b'{"access_token":"Sksosa43ma904mnfnmaklasioewjns.akjsadiuewq","message":"Facebook Ads Connected Successfully",'
    b'"userId":12847564034,"status":200,"clientId":194785639383273120}',
)  # fmt: skip


def is_callback(asked: Asked) -> bool:
    return "callback" in asked.target


def counted_ids(upstream: str) -> Breaker:
    """pull_ids that are counted; nobody collects them."""
    numbers = itertools.count()
    return lambda asked, given: (
        put(pull_id=f"pull-{next(numbers):030d}")(asked, given) if is_start(asked, given) else given
    )


def cached_start(upstream: str) -> Breaker:
    """The first handshake is given again and again."""
    kept: list[Given] = []

    def breaker(asked: Asked, given: Given) -> Given:
        if is_start(asked, given):
            kept.append(given)
            return kept[0]
        return given

    return breaker


def every_second_is_the_first(upstream: str) -> Breaker:
    """Of two starts the second gives the ids of the first."""
    kept: list[Given] = []

    def breaker(asked: Asked, given: Given) -> Given:
        if is_start(asked, given):
            kept.append(given)
            return kept[-2] if len(kept) % 2 == 0 else given
        return given

    return breaker


def newest_only(most: int) -> Make:
    def make(upstream: str) -> Breaker:
        kept: list[str] = []

        def breaker(asked: Asked, given: Given) -> Given:
            if is_start(asked, given):
                kept.append(fields(given.body)["pull_id"])
            wanted = fields(asked.body).get("pull_id")
            return GONE if asked.target == COLLECT and wanted in kept[:-most] else given

        return breaker

    return make


def burnt_by(test: Callable[[Asked, Given], bool]) -> Make:
    """After such an answer nothing can be collected any more."""

    def make(upstream: str) -> Breaker:
        burnt: list[Any] = []

        def breaker(asked: Asked, given: Given) -> Given:
            if is_start(asked, given):
                burnt.clear()
            spoilt = GONE if burnt and is_granted(asked, given) else given
            if test(asked, given):
                burnt.append(1)
            return spoilt

        return breaker

    return make


def nth(number: int, test: Callable[[Asked, Given], bool], change: Callable[[Asked, Given], Given]) -> Make:
    """Every so manieth such answer."""

    def make(upstream: str) -> Breaker:
        numbers = itertools.count(1)

        def breaker(asked: Asked, given: Given) -> Given:
            return change(asked, given) if test(asked, given) and next(numbers) % number == 0 else given

        return breaker

    return make


def crowded(test: Callable[[Asked, Given], bool], change: Callable[[Asked, Given, Given], Given]) -> Make:
    """An answer that comes shortly after such another one: two requests at the same time."""

    def make(upstream: str) -> Breaker:
        last: list[tuple[float, Given]] = []
        lock = threading.Lock()

        def breaker(asked: Asked, given: Given) -> Given:
            if not test(asked, given):
                return given
            with lock:
                before_it = last[-1] if last and time.monotonic() - last[-1][0] < 0.03 else None
                last[:] = [(time.monotonic(), given)]
            return change(asked, given, before_it[1]) if before_it else given

        return breaker

    return make


def state_unchecked(upstream: str) -> Breaker:
    """A callback without the right state grants what was begun last."""
    begun: list[tuple[str, str]] = []

    def breaker(asked: Asked, given: Given) -> Given:
        if is_start(asked, given):
            begun.append((fields(given.body)["pull_id"], asked.headers.get("Mock-Session", "default")))
        if is_callback(asked) and given.status == 400 and "code=" in asked.target:
            connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=60)
            pull_id, session = begun[-1]
            told = {"Mock-Session": session, "Content-Type": "application/json"}
            connection.request("POST", f"/__mock/handshakes/{pull_id}/decide", b'{"decision": "approve"}', told)
            connection.getresponse().read()
            connection.close()
            return OPEN
        return given

    return breaker


def late_denial(upstream: str) -> Breaker:
    """Deny on a page that was opened before takes back what was granted."""
    pressed: list[str] = []

    def breaker(asked: Asked, given: Given) -> Given:
        if asked.target.endswith("/consent"):
            pressed.append(parse_qs(asked.body.decode()).get("decision", [""])[0])
        if is_granted(asked, given) and pressed and pressed[-1] == "deny":
            return put(status=402, message="consent was denied")(asked, PENDING)
        return given

    return breaker


def shows_query(asked: Asked, given: Given) -> Given:
    shown = unquote(asked.target.replace("+", " ")).encode()
    return given._replace(body=given.body.replace(b"</main>", shown + b"</main>"))


def follows_redirect(asked: Asked, given: Given) -> Given:
    wanted = parse_qs(urlsplit(asked.target).query).get("redirect_uri", [""])[0]
    return Given(302, (("location", wanted + "?code=stolen"),)) if "attacker" in wanted else given


def shows_pull_id(upstream: str) -> Breaker:
    """In a hidden field of the page that was begun last."""
    begun: list[str] = []

    def breaker(asked: Asked, given: Given) -> Given:
        if is_start(asked, given):
            begun.append(fields(given.body)["pull_id"])
        return (
            swap("</form>", f'<input type="hidden" name="p" value="{begun[-1]}"></form>')(asked, given)
            if begun
            else given
        )

    return breaker


def expires_late(upstream: str) -> Breaker:
    """What has expired is pending for a second more: until the clock is moved again."""
    late: list[str] = []

    def breaker(asked: Asked, given: Given) -> Given:
        wanted = str(fields(asked.body).get("pull_id"))
        if says("has expired")(asked, given) and wanted not in late:
            late.append(wanted)
            return PENDING
        return given

    return breaker


DEFECTS: dict[str, tuple[str, Make]] = {
    "auth_uri is relative": ("bodies.auth-uri", when(is_start, swap("http://127.0.0.1", "//127.0.0.1"))),
    "auth_uri is a script": ("bodies.auth-uri", when(is_start, put(auth_uri="javascript:alert(1)"))),
    "auth_uri leads nowhere": ("bodies.auth-uri", when(is_start, swap("/authorize?", "/nowhere?"))),
    "auth_uri is no page": (
        "bodies.auth-uri",
        when(lambda asked, given: "/authorize" in asked.target, header("content-type", "application/json")),
    ),
    "auth_uri has no state": ("bodies.auth-uri", when(is_start, swap("state=", "s="))),
    "auth_uri is not compared rightly": (
        "bodies.pair", when(lambda asked, given: "auth_uri" in fields(asked.body), lambda asked, given: GONE),
    ),
    "ids are counted": ("bodies.ids", counted_ids),
    "ids are the same": ("bodies.ids", cached_start),
    "credentials are of another": ("bodies.credentials", when(is_granted, lambda asked, given: CREDENTIALS)),
    "clientId is rounded": ("bodies.credentials", when(is_granted, swap("194785639383273120", "194785639383273100"))),
    "clientId is a text": ("bodies.credentials", when(is_granted, put(clientId="194785639383273120"))),
    "pending is granted": ("sequences.pending", when(says("is pending"), lambda asked, given: CREDENTIALS)),
    "denied is pending": ("sequences.decided", when(says("was denied"), lambda asked, given: PENDING)),
    "the third read fails": ("sequences.decided", nth(3, is_granted, lambda asked, given: GONE)),
    "only the last is kept": ("sequences.apart", newest_only(1)),
    "a wrong try burns": ("sequences.burns-nothing", burnt_by(says("no such OAuth2 process"))),
    "a blank is taken off": (
        "sequences.false-ids",
        when(
            lambda asked, given: str(fields(asked.body).get("pull_id")).startswith(" "),
            lambda asked, given: CREDENTIALS,
        ),
    ),
    "its auth_uri is compared without its capitals": (
        "sequences.false-uris",
        when(
            lambda asked, given: str(fields(asked.body).get("auth_uri")).startswith("HTTP"),
            lambda asked, given: CREDENTIALS,
        ),
    ),
    "ten are kept": ("sequences.all-kept", newest_only(10)),
    "the same input begins the same": ("sequences.anew", cached_start),
    "a bad body burns": ("sequences.between", burnt_by(lambda asked, given: asked.body == b'{"')),
    "collected three times it is gone": ("sequences.explored", nth(2, is_granted, lambda asked, given: GONE)),
    "it expires late": ("sequences.expiry", expires_late),
    "the state is not checked": ("callback.forged", state_unchecked),
    "a code works twice": (
        "callback.replayed",
        when(lambda asked, given: is_callback(asked) and given.status == 400, lambda asked, given: OPEN),
    ),
    "the page shows the code": (
        "callback.replayed", when(lambda asked, given: is_callback(asked) and given.status == 200, shows_query),
    ),
    "a denial is lost": ("callback.denied", when(says("was denied"), lambda asked, given: PENDING)),
    "deny after approve counts": ("pages.decision", late_denial),
    "any redirect_uri will do": ("pages.redirect", lambda upstream: follows_redirect),
    "the callback's page runs scripts": ("pages.script", when(lambda asked, given: is_callback(asked), shows_query)),
    "the page has the pull_id": ("pages.pull-id", shows_pull_id),
    "the start gives credentials": ("secrets.credentials", when(is_start, put(more={"id_token": "abcdefghijkl"}))),
    "starts at once share": ("parallel.starts", every_second_is_the_first),
    "collections at once differ": ("parallel.collections", crowded(is_granted, lambda asked, given, last: PENDING)),
    "nobody wins": (
        "parallel.decisions",
        nth(2, lambda asked, given: asked.target == COLLECT, lambda asked, given: GONE),
    ),
    "answers are swapped": ("parallel.mixed", crowded(is_granted, lambda asked, given, last: last)),
    "one in twenty is a 500": (
        "stability.handshake",
        nth(20, lambda asked, given: asked.target == START, lambda asked, given: given._replace(status=500)),
    ),
    "one in twenty has another body": ("stability.handshake", nth(20, any_error, put(message="sorry"))),
    "the connection drops": ("witness.wire", when(says("no token"), lambda asked, given: Given(0))),
    "a body is longer than it says": (
        "witness.wire",
        when(any_error, lambda asked, given: header("Content-Length", str(len(given.body)))(
            asked, given._replace(body=given.body + b"      "))),
    ),
    "it comes compressed": ("witness.wire", when(any_error, header("content-encoding", "gzip"))),
    "a 418": ("witness.status", when(says("no token"), lambda asked, given: given._replace(status=418))),
    "a 500": ("witness.status", when(says("no token"), lambda asked, given: given._replace(status=500))),
    "an error is HTML": ("witness.media-type", when(any_error, header("content-type", "text/html"))),
    "JSON is latin-1": (
        "witness.media-type", when(any_error, header("content-type", "application/json; charset=iso-8859-1")),
    ),
    "no Content-Type": (
        "witness.media-type",
        when(any_error, lambda asked, given: given._replace(
            headers=tuple(pair for pair in given.headers if pair[0].lower() != "content-type"))),
    ),
    "a key stands twice": ("witness.json", when(any_error, swap('{"status"', '{"status":1,"status"'))),
    "something follows": (
        "witness.json", when(any_error, lambda asked, given: given._replace(body=given.body + b"{}")),
    ),
    "a BOM": ("witness.json", when(any_error, lambda asked, given: given._replace(body=b"\xef\xbb\xbf" + given.body))),
    "no message": ("witness.schema", when(any_error, swap('"message"', '"error"'))),
    "the status is a text": ("witness.schema", when(any_error, put(status="403"))),
    "the status is beyond int32": ("witness.schema", when(any_error, put(status=2**31))),
    "the body says 200": ("witness.status-field", when(any_error, put(status=200))),
    "a stack trace": (
        "witness.leak",
        when(any_error, put(trace='Traceback (most recent call last):\n  File "/srv/app.py", line 3, in answer')),
    ),
    "an error of SQL": ("witness.leak", when(any_error, put(message="SQLSTATE[42601]: syntax error"))),
    "a query of SQL": ("witness.leak", when(any_error, put(message="SELECT * FROM sources WHERE id = 'fb'"))),
    "the token comes back": (
        "secrets.echo",
        when(any_error, lambda asked, given: put(message=f"no: {asked.headers.get('Authorization')}")(asked, given)),
    ),
    "the pull_id comes back": (
        "secrets.echo",
        when(says("is pending"), lambda asked, given: put(pull_id=fields(asked.body).get("pull_id"))(asked, given)),
    ),
    "the token stands in a header": (
        "secrets.echo",
        when(lambda asked, given: asked.target == START,
             lambda asked, given: header("X-Debug", asked.headers.get("Authorization", ""))(asked, given)),
    ),
    "credentials before consent": ("secrets.credentials", when(says("is pending"), put(access_token="abcdefghijkl"))),
}  # fmt: skip
WITNESSED_BY = ("reasons", "collecting.pending", "collecting.granted")
"""What makes the exchanges for the checks that only look on."""


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_check_finds_its_defect(server: Server, defect: str) -> None:
    check, make = DEFECTS[defect]
    family = check.partition(".")[0]
    only = (check, *WITNESSED_BY) if family in ("witness", "secrets") else (check,)
    with before(server.url, make(server.url)) as url:
        result = run(url, *only, profile="full" if check == "sequences.explored" else "quick")
    told = {each.check: each.title for each in result.counted}
    assert check in told, told or result.not_run
    assert not [each for each in result.findings if each.promise.key == "check-can-be-made"]


def test_every_check_of_several_requests_has_a_defect() -> None:
    checked = {check for check, _ in DEFECTS.values()}
    elsewhere = {"stability.calls", "stability.time", "witness.headers", "secrets.start"}
    others = {each.name for each in all_checks() if each.family not in ("reasons", "collecting")}
    families = {name.partition(".")[0] for name in checked}
    assert {name for name in others if name.partition(".")[0] in families} == checked | elsewhere


def test_no_secret_stands_in_a_finding_that_is_about_secrets(server: Server) -> None:
    from mock_server.contract.report.shown import show
    from mock_server.contract.report.terminal import plain_report
    from mock_server.record.secret import Secrets

    kept: list[Secrets] = []
    for name in ("the token comes back", "the pull_id comes back", "ids are counted"):
        check, make = DEFECTS[name]
        with before(server.url, make(server.url)) as url:
            question = Question(url=f"{url}/api", tokens=TOKENS, seed=1, skip=("fuzz",), only=(check, *WITNESSED_BY))
            result = prove(question, watch=lambda secrets, _: kept.append(secrets))
        report = plain_report(show(result, kept[-1]))
        assert result.counted
        assert not re.search(r"dev-token|other-token|pull-0000|Sksosa43", report), report
