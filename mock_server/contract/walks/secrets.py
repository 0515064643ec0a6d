"""Secrets stay where they belong: never in an error answer, never in a header that nobody documents."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.checks import Check
from mock_server.contract.model import Exchange, Finding, NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks.handshake import answer_path, begin, collect, read_at
from mock_server.contract.walks.judge import broken, promise
from mock_server.contract.walks.scene import Scene, Seen
from mock_server.contract.walks.tale import walks_pages
from mock_server.spec.headers import read_headers

MIN_LENGTH = 8
MAX_GENUINE = 20_000
MAX_SHAPES = 500
"""Fields of a document that are looked at for their names: schemas refer to themselves."""
CREDENTIAL_FIELDS = frozenset(("access_token", "refresh_token", "id_token", "client_secret", "private_key"))
_PARAMETERS = ("state", "code", "ticket")

_ECHO = promise("no-secret-in-errors", "no error answer repeats a token or an id that opens something", "RFC 6750 §5.2")
_HEADER = promise("no-secret-in-headers", "no header of an answer carries a token or credentials", "RFC 6750 §5.2")
_EARLY = promise("credentials-only-when-granted", "credentials come in good answers only", "RFC 6749 §10.3")
UNASKED = promise("credentials-need-consent", "nobody's credentials come before they have consented", "RFC 6749 §4.1")


@dataclass(slots=True)
class Genuine:
    """Ids that the deployment gave out, and credentials: what was made up by a walk is no secret."""

    ids: dict[str, None] = field(default_factory=dict)
    credentials: dict[str, None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def learn(self, scene: Scene) -> None:
        """From a good answer."""
        contract = scene.run.contract
        with self._lock:
            if scene.operation == contract.start and contract.start is not None:
                for name in ("pull_id", "auth_uri"):
                    text = read_at(scene.value, answer_path(scene.run, name))
                    if isinstance(text, str) and name == "pull_id":
                        self.ids[text] = None
                    elif isinstance(text, str):
                        self.ids.update(dict.fromkeys(_parameters(text)))
            if scene.operation == contract.collect and contract.collect is not None:
                self.credentials.update(dict.fromkeys(credential_texts(scene.value)))
            while len(self.ids) > MAX_GENUINE:
                del self.ids[next(iter(self.ids))]


def _parameters(url: str) -> list[str]:
    try:
        pairs = parse_qsl(urlsplit(url).query)
    except ValueError:
        return []
    return [value for key, value in pairs if key in _PARAMETERS and len(value) >= MIN_LENGTH]


def credential_texts(value: Any) -> Iterator[str]:
    """The texts of fields such as ``access_token``, at any depth."""
    return (text for _, text in credential_fields(value))


def credential_fields(value: Any) -> Iterator[tuple[str, str]]:
    """Names and texts of such fields: ``("access_token", "Sksosa…")``."""
    stack: list[Any] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for key, item in node.items():
                if str(key).lower() in CREDENTIAL_FIELDS and isinstance(item, str) and len(item) >= MIN_LENGTH:
                    yield str(key), item
                else:
                    stack.append(item)
        elif isinstance(node, list):
            stack.extend(node)


def echo(scene: Scene) -> Iterator[Seen]:
    """What the request carried must not come back in an error, nor in a header."""
    if not scene.is_api:
        return
    if 200 <= scene.status < 300:
        scene.genuine.learn(scene)
    told = list(_told(scene))
    if scene.status >= 400:
        body = scene.exchange.seen.body
        for name, text in told:
            if text.encode() in body:
                yield Seen(f"an error answer ({scene.status}) repeats {name}", _ECHO, shape=name)
    if scene.operation is None:
        return
    documented = set()
    if scene.entry is not None:
        documented = {each.name for each in read_headers(scene.operation.document, scene.entry.pointer)}
    loose = "\n".join(value for name, value in scene.exchange.seen.headers if name.lower() not in documented)
    is_encoded = "%" in loose  # seldom: without it the text as in a URL is there only where the text itself is
    for name, text in (*told, *(("credentials", each) for each in list(scene.genuine.credentials))):
        if text in loose or (is_encoded and quote(text, safe="") in loose):
            yield Seen(f"a header of the answer carries {name}", _HEADER, shape=name)


def _told(scene: Scene) -> Iterator[tuple[str, str]]:
    """What the request carried that is a secret: ``("the token", "abc…")``."""
    sent = scene.exchange.sent
    for name, value in sent.headers:
        text = value.partition(" ")[2].strip() or value
        if name.lower() == "authorization" and len(text) >= MIN_LENGTH:
            yield "the token", text
    for text in filter(None, scene.run.target.tokens):
        if len(text) >= MIN_LENGTH:
            yield "the token", text
            yield "the token in base64", base64.b64encode(text.encode()).decode().rstrip("=")
    body = sent.body.decode("utf-8", "replace") if len(sent.body) < 20_000 else ""
    for part in body.split('"'):
        if part in scene.genuine.ids:
            yield "pull_id", part
        elif "://" in part:
            yield from (("a state", text) for text in _parameters(part) if text in scene.genuine.ids)
    for text in _parameters(sent.target):
        if text in scene.genuine.ids or len(text) > 2 * MIN_LENGTH:
            yield "a state or code", text


def credentials(scene: Scene) -> Iterator[Seen]:
    """No error answer, and none of another operation, holds what a provider granted."""
    if not scene.is_api or not scene.status:
        return
    good = 200 <= scene.status < 300
    if not good:
        fields = list(credential_texts(scene.value)) if scene.operation else []
        if fields and not any(text.encode() in scene.exchange.sent.body for text in fields):
            yield Seen(f"{scene.status} carries credentials", _EARLY)
            return
    elif scene.operation is None or scene.operation == scene.run.contract.collect:
        return
    elif scene.operation == scene.run.contract.start and (name := given_unasked(scene.run, scene.exchange)):
        yield Seen(f"the start gives {name}, and nobody has consented", UNASKED, shape="given at the start")
        return
    if scene.run.contract.collect is None:
        return
    body = scene.exchange.seen.body
    if any(text.encode() in body for text in list(scene.genuine.credentials)):
        yield Seen(f"{scene.status} carries the credentials of a provider", _EARLY)


def given_unasked(run: Run, exchange: Exchange) -> str:
    """The name of a credential in the answer that begins a handshake, ``""`` when there is none.

    Neither one that the document or the fixture names there, nor one that the request carried.
    """
    try:
        found = list(credential_fields(read_strictly(exchange.seen.body)))
    except NotStrict:
        return ""
    if not found:
        return ""
    named = _named_at_start(run, exchange.seen.status)
    return next((name for name, text in found if name not in named and text.encode() not in exchange.sent.body), "")


def _named_at_start(run: Run, status: int) -> set[str]:
    """The names of all fields that the document's schemas and samples, or the fixture's bodies, have there."""
    operation = run.contract.start
    assert operation is not None
    entry, fixture = operation.documented(status), run.contract.fixtures.operations[operation.key]
    content = entry.content if entry else ()
    named: set[str] = set()
    trees = [example.value for media in content for example in media.examples]
    trees += [response.body.tree for response in fixture.responses.values() if response.body]
    while trees:
        tree = trees.pop()
        if isinstance(tree, Mapping):
            named |= {str(name) for name in tree}
        trees += tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list | tuple) else ()
    shapes = [media.shape for media in content if media.shape]
    for shape in shapes:
        named |= set(shape.properties)
        if len(shapes) < MAX_SHAPES:
            shapes += [*shape.properties.values(), *([shape.items] if "array" in shape.kinds else [])]
    return named


def at_start(run: Run) -> Iterator[Finding | NotRun]:
    """What is collected after consent did not stand, by whatever name, in the answer that began it."""
    check = "secrets.start"
    why = walks_pages(run)
    if why:
        yield NotRun(check, why)
        return
    began = begin(run)
    provider = run.contract.provider()
    if provider is not None and provider.consent == "ask" and not (given := run.consent(began.auth_uri)).ok:
        yield NotRun(check, f"consent was not given: {given.why}")
        return
    collected = collect(run, began)
    try:
        texts = list(credential_texts(read_strictly(collected.seen.body))) if collected.seen.status < 300 else []
    except NotStrict:
        texts = []
    if given_unasked(run, began.exchange):
        return  # ``secrets.credentials`` says so
    if any(text.encode() in began.exchange.seen.body for text in texts):
        title = f"{began.exchange.operation}: the start gives what is collected after consent"
        yield broken(run, check, run.contract.start, UNASKED, title, began.exchange, collected)


CHECKS = (
    Check(
        "secrets.start", "secrets", "no credentials before consent", at_start, ("handshake", "consent"), about="start"
    ),
)
