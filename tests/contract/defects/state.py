"""Handshakes that are forgotten, mixed up, decided by nobody, or live too long or too short."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from urllib.parse import quote, unquote

from tests.contract.defects.book import (
    Begun,
    Book,
    asking,
    booked,
    credentials,
    decide,
    form_of,
    is_callback,
    is_decision,
    is_page,
    judging,
    page,
    query_of,
)
from tests.contract.defects.model import (
    COLLECT,
    START,
    Asked,
    Defect,
    Given,
    Middle,
    Send,
    error,
    mending,
    spoiling,
    to,
)

GONE = error(403, "no such OAuth2 process")
PENDING = error(402, "consent is pending")
EXPIRED = error(402, "the OAuth2 process has expired")
pending, denied, expired = (to(COLLECT, 402, word) for word in ("pending", "denied", "process has expired"))
collected, refused = to(COLLECT, 200), to(COLLECT, 403, "no such")


def pressed(instead: str, of: str) -> Callable[[random.Random], Middle]:
    """One button of the page does what another should."""
    old, new = f"decision={of}".encode(), f"decision={instead}".encode()
    return mending(is_decision, lambda asked: asked._replace(body=asked.body.replace(old, new)))


def lives(seconds: Callable[[Begun], float]) -> Callable[[random.Random], Middle]:
    """A handshake lives so long instead of so long as was asked for."""

    def spoil(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
        if begun is None or not asked.to(COLLECT) or refused(asked, given) or given.status not in (200, 402):
            return given
        if book.now() >= begun.began + seconds(begun):
            return EXPIRED
        if expired(asked, given):
            return credentials(begun) if begun.granted else PENDING
        return given

    return judging(spoil)


def nth_read(number: int, answer: Callable[[Given], Given]) -> Callable[[random.Random], Middle]:
    """The n-th time that credentials are read."""
    return judging(
        lambda asked, given, book, begun: (
            answer(given) if begun and collected(asked, given) and begun.collected + 1 >= number else given
        )
    )


def burnt_by(when: Callable[[Asked, Given], bool]) -> Callable[[random.Random], Middle]:
    """After such an answer the handshake is gone."""

    def spoil(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
        if begun is None or not asked.to(COLLECT):
            return given
        if begun.burnt:
            return GONE
        begun.burnt = when(asked, given)
        return given

    return judging(spoil)


def keeps(most: int) -> Callable[[random.Random], Middle]:
    """Only the newest are kept."""

    def spoil(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
        mine = [each.pull_id for each in book.by_pull_id.values() if begun and each.session == begun.session]
        return GONE if begun and asked.to(COLLECT) and begun.pull_id not in mine[-most:] else given

    return judging(spoil)


def other_pull_id(find: Callable[[str, Book], Begun | None]) -> Callable[[random.Random], Middle]:
    """A pull_id that nobody gave out opens a handshake after all."""

    def mend(asked: Asked, book: Book, begun: Begun | None) -> Asked:
        sent = asked.fields.get("pull_id") if asked.to(COLLECT) else None
        if begun is not None or not isinstance(sent, str):
            return asked
        found = find(sent, book)
        return asked.with_json(pull_id=found.pull_id) if found else asked

    return asking(mend)


def alike(same: Callable[[str, str], bool]) -> Callable[[str, Book], Begun | None]:
    return lambda sent, book: next((each for each in book.by_pull_id.values() if same(sent, each.pull_id)), None)


def one_grants_all(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    if begun and pending(asked, given) and any(each.granted for each in book.by_pull_id.values()):
        return credentials(begun)
    return given


def error_forgets(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    """An invalid start takes all handshakes with it."""
    if asked.to(START) and given.status == 429:
        for each in book.by_pull_id.values():
            each.burnt = True
    return GONE if begun and asked.to(COLLECT) and begun.burnt else given


def mixed(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    """What was granted last is given, whoever asks."""
    granted = [each for each in book.by_pull_id.values() if each.granted]
    return credentials(granted[-1]) if begun and granted and collected(asked, given) else given


def swapped_when_two_live(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    granted = [each for each in book.by_pull_id.values() if each.granted and each is not begun]
    return credentials(granted[0]) if begun and granted and collected(asked, given) else given


def cached_starts(chance: random.Random) -> Middle:
    """The same request begins the same handshake again."""
    kept: dict[tuple[str, str | None], Given] = {}

    def middle(asked: Asked, send: Send) -> Given:
        key = (str(sorted(asked.fields.items(), key=str)), asked.header("authorization"))
        if asked.to(START) and key in kept:
            return kept[key]
        given = send(asked)
        if asked.to(START) and given.status == 200:
            kept[key] = given
        return given

    return middle


def together(operation: str, spoil: Callable[[Given, list[Given]], Given]) -> Callable[[random.Random], Middle]:
    """Answers to requests that come at the same time; the second in gets the first's to look at."""

    def make(chance: random.Random) -> Middle:
        lock, inside, done = threading.Lock(), list[object](), list[Given]()

        def middle(asked: Asked, send: Send) -> Given:
            if not asked.to(operation):
                return send(asked)
            with lock:
                mine = object()
                inside.append(mine)
                crowded = len(inside) > 1
            try:
                given = send(asked)
                time.sleep(0.005)
                with lock:
                    done.append(given)
                    return spoil(given, done) if crowded and given.status == 200 else given
            finally:
                with lock:
                    inside.remove(mine)

        return middle

    return make


def by_control(fits: Callable[[Asked, Begun], bool], decision: str = "approve") -> Callable[[random.Random], Middle]:
    """A callback that should change nothing decides."""

    def knowing(asked: Asked, send: Send, book: Book) -> Given:
        begun = book.of(asked)
        if begun is not None and fits(asked, begun):
            decide(send, begun, decision)
            return page()
        return send(asked)

    return booked(knowing)


def wrong_code(asked: Asked, begun: Begun) -> bool:
    """The state is right and the code is of nobody."""
    query = query_of(asked.target)
    return is_callback(asked) and query.get("state") == begun.state and "code" in query and not begun.decision


def state_unchecked(asked: Asked, book: Book, begun: Begun | None) -> Asked:
    """The code is enough."""
    query = query_of(asked.target)
    if not is_callback(asked) or query.get("code") not in book.by_code:
        return asked
    right = book.by_code[query["code"]].state
    if "state" not in query:
        return asked
    return asked._replace(target=asked.target.replace(f"state={quote(query['state'])}", f"state={right}"))


def state_not_needed(asked: Asked, book: Book, begun: Begun | None) -> Asked:
    query = query_of(asked.target)
    if is_callback(asked) and "state" not in query and query.get("code") in book.by_code:
        return asked._replace(target=f"{asked.target}&state={book.by_code[query['code']].state}")
    return asked


def replayed(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    """A code works twice."""
    again = is_callback(asked) and query_of(asked.target).get("code") in book.by_code
    return page() if again and given.status >= 400 and begun and begun.granted else given


def late_denial(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    """Denial after approval takes back what was granted; approval after denial grants."""
    if begun and is_decision(asked) and form_of(asked).get("decision") == "deny" and begun.granted:
        begun.burnt = True
        return page()
    return error(402, "consent was denied") if begun and begun.burnt and collected(asked, given) else given


def late_approval(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    if begun and is_decision(asked) and form_of(asked).get("decision") == "approve" and begun.decision == "deny":
        begun.granted = True
        return page()
    return credentials(begun) if begun and begun.granted and denied(asked, given) else given


def opening_grants(asked: Asked, send: Send, book: Book) -> Given:
    given, begun = send(asked), book.of(asked)
    if is_page(asked) and begun is not None:
        decide(send, begun, "approve")
    return given


def opens_once(asked: Asked, given: Given, book: Book, begun: Begun | None) -> Given:
    return page("This link was used already.", 410) if begun and begun.opened and is_page(asked) else given


def foreign_redirect(asked: Asked, send: Send, book: Book) -> Given:
    """redirect_uri is taken as it comes."""
    begun, wanted = book.of(asked), query_of(asked.target).get("redirect_uri", "")
    if begun is None or not is_page(asked) or wanted == query_of(begun.auth_uri).get("redirect_uri"):
        return send(asked)
    return Given(302, (("Location", f"{wanted}?code=stolen&state={begun.state}"),))


def shows_query(asked: Asked, given: Given) -> Given:
    shown = unquote(asked.query.replace("+", " ")).encode("utf-8", "replace")
    return given._replace(body=given.body.replace(b"</main>", b"<p>" + shown + b"</p></main>"))


def swallowed(asked: Asked, send: Send) -> Given:
    return page() if is_callback(asked) and "code" in query_of(asked.target) else send(asked)


def clock_stands(asked: Asked, send: Send) -> Given:
    if asked.target.endswith("/__mock/clock"):
        return Given(200, (("content-type", "application/json"),), b'{"now":0,"frozen":false,"ahead_s":0}')
    return send(asked)


def same_for_all(asked: Asked) -> Asked:
    return asked.with_json(datasource_id="fb")


def kept_in_session(name: str, says: str, make: Callable[[random.Random], Middle], clock: bool = False) -> Defect:
    return Defect(name, "state", says, make, needs_clock=clock)


DEFECTS = tuple(
    kept_in_session(*row)
    for row in (
        (
            "pending-gives-credentials",
            "credentials come before consent",
            judging(lambda a, g, b, h: credentials(h) if pending(a, g) else g),
        ),
        (
            "opened-gives-credentials",
            "credentials come when the page was opened",
            judging(lambda a, g, b, h: credentials(h) if h and h.opened and pending(a, g) else g),
        ),
        ("opening-grants", "to open the page is to consent", booked(opening_grants)),
        ("denial-ignored", "Deny approves", pressed("approve", "deny")),
        ("approval-denies", "Approve denies", pressed("deny", "approve")),
        (
            "failure-ignored",
            "a failing provider has approved",
            mending(
                is_decision,
                lambda a: (
                    a
                    if b"approve" in a.body or b"deny" in a.body
                    else a._replace(body=a.body.partition(b"decision=")[0] + b"decision=approve")
                ),
            ),
        ),
        (
            "denial-gives-credentials",
            "credentials come after denial",
            judging(lambda a, g, b, h: credentials(h) if denied(a, g) else g),
        ),
        ("denial-stays-pending", "after denial consent is said to be pending", spoiling(denied, lambda a, g: PENDING)),
        ("approval-lost", "the callback grants nothing", lambda chance: swallowed),
        ("second-read-403", "credentials can be read once, then 403", nth_read(2, lambda given: GONE)),
        ("second-read-402", "credentials can be read once, then 402", nth_read(2, lambda given: PENDING)),
        (
            "second-read-empty",
            "the second time the credentials are empty",
            nth_read(2, lambda given: given.with_json({"status": 200, "message": ""})),
        ),
        (
            "second-read-other",
            "the second time the access_token is another",
            nth_read(2, lambda given: given.with_json({**given.fields, "access_token": "another.token"})),
        ),
        ("third-read-403", "credentials can be read twice, then 403", nth_read(3, lambda given: GONE)),
        ("never-expires", "nothing expires", lives(lambda begun: 1e12), True),
        ("expires-in-minutes", "the time is read as minutes", lives(lambda begun: begun.valid_s * 60), True),
        (
            "expires-in-milliseconds",
            "the time is read as milliseconds",
            lives(lambda begun: begun.valid_s / 1000),
            True,
        ),
        ("expires-after-300", "the time is always 300 s", lives(lambda begun: 300), True),
        ("expires-after-12h", "the time is always 12 hours", lives(lambda begun: 43200), True),
        ("expires-at-double", "the time is doubled", lives(lambda begun: begun.valid_s * 2), True),
        ("expires-at-half", "the time is halved", lives(lambda begun: begun.valid_s / 2), True),
        ("expires-a-minute-early", "it expires a minute early", lives(lambda begun: begun.valid_s - 60), True),
        ("expires-a-minute-late", "it expires a minute late", lives(lambda begun: begun.valid_s + 60), True),
        (
            "expired-gives-credentials",
            "granted credentials never expire",
            judging(lambda a, g, b, h: credentials(h) if h and h.granted and expired(a, g) else g),
            True,
        ),
        (
            "expired-is-pending",
            "an expired handshake is pending",
            judging(lambda a, g, b, h: PENDING if expired(a, g) else g),
            True,
        ),
        ("clock-ignored", "moving the clock moves nothing", lambda chance: clock_stands, True),
        (
            "wrong-token-burns",
            "a try with another account's token ends the handshake",
            burnt_by(lambda a, g: refused(a, g) and "other" in (a.header("authorization") or "")),
        ),
        (
            "wrong-auth-uri-burns",
            "a try with another auth_uri ends the handshake",
            burnt_by(lambda a, g: refused(a, g) and "auth_uri" in a.fields),
        ),
        ("early-try-burns", "to collect before consent ends the handshake", burnt_by(pending)),
        ("invalid-start-forgets", "an invalid start ends all handshakes", judging(error_forgets)),
        (
            "auth-uri-not-compared",
            "another handshake's auth_uri is good",
            mending(
                lambda a: a.to(COLLECT) and isinstance(a.fields.get("auth_uri"), str),
                lambda a: a.with_json(auth_uri=...),
            ),
        ),
        (
            "pull-id-prefix",
            "of a pull_id only what stands before its dot counts",
            other_pull_id(alike(lambda sent, real: sent.partition(".")[0] == real.partition(".")[0])),
        ),
        (
            "pull-id-cut",
            "the beginning of a pull_id is enough",
            other_pull_id(alike(lambda sent, real: len(sent) > 8 and real.startswith(sent))),
        ),
        (
            "pull-id-longer",
            "what follows a pull_id is not read",
            other_pull_id(alike(lambda sent, real: sent.startswith(real))),
        ),
        (
            "pull-id-case",
            "capitals in a pull_id do not count",
            other_pull_id(alike(lambda sent, real: sent.lower() == real.lower())),
        ),
        (
            "pull-id-last-letter",
            "the last letter of a pull_id does not count",
            other_pull_id(alike(lambda sent, real: sent[:-1] == real[:-1])),
        ),
        ("any-pull-id", "any pull_id opens the newest handshake", other_pull_id(lambda sent, book: book.last)),
        ("credentials-mixed", "the newest grant is given to all", judging(mixed)),
        ("credentials-swapped", "of two handshakes each gets the other's", judging(swapped_when_two_live)),
        ("one-consent-grants-all", "consent of one grants all", judging(one_grants_all)),
        ("only-the-last-is-kept", "a start ends the handshakes before it", keeps(1)),
        ("only-eight-are-kept", "only eight handshakes are kept", keeps(8)),
        ("only-forty-are-kept", "only forty handshakes are kept", keeps(40)),
        (
            "same-input-same-handshake",
            "the same request begins the same handshake",
            lambda chance: cached_starts(chance),
        ),
        (
            "provider-ignored",
            "every source is Facebook Ads",
            mending(
                lambda a: a.to(START) and a.fields.get("datasource_id") in ("google_ads", "salesforce"), same_for_all
            ),
        ),
        (
            "parallel-collections-differ",
            "of two collections at once one is refused",
            together(COLLECT, lambda given, done: GONE),
        ),
        (
            "parallel-starts-share",
            "two starts at once are one handshake",
            together(
                START,
                lambda given, done: next(
                    (each for each in done[::-1] if each.status == 200 and each is not given), given
                ),
            ),
        ),
        ("callback-state-unchecked", "a code works with another state", asking(state_unchecked)),
        ("callback-state-not-needed", "a code works without a state", asking(state_not_needed)),
        ("callback-code-unchecked", "a made-up code grants", by_control(wrong_code)),
        (
            "callback-error-ignored",
            "access_denied at the callback grants",
            by_control(lambda a, h: is_callback(a) and "error" in query_of(a.target)),
        ),
        ("callback-code-replayed", "a code works twice", judging(replayed)),
        ("denial-after-approval", "Deny after Approve takes it back", judging(late_denial)),
        ("approval-after-denial", "Approve after Deny grants", judging(late_approval)),
        ("page-opens-once", "auth_uri opens once", judging(opens_once)),
        ("redirect-uri-unchecked", "another redirect_uri is followed", booked(foreign_redirect)),
        (
            "page-shows-script",
            "the callback's page shows its query unescaped",
            spoiling(lambda a, g: is_callback(a), shows_query),
        ),
    )
)
