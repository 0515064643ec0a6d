"""What every answer must be: documented, strict JSON, of its schema, and silent about the inside of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_server.codec.table import read_value
from mock_server.codec.unreadable import Unreadable
from mock_server.contract.model import Level, Promise
from mock_server.contract.profile import place_of
from mock_server.contract.walks.judge import promise
from mock_server.contract.walks.scene import NO_BODY, NOTHING, Scene, Seen
from mock_server.core.answered import OF_THE_WIRE as OF_THE_WIRE
from mock_server.core.answered import wrong_body, wrong_charset, wrong_headers, wrong_media_type
from mock_server.spec.answer_formats import wrong_formats
from mock_server.spec.media import is_json
from mock_server.spec.operations import DocumentedResponse, Operation

_SERVER_ERROR = promise("no-server-error", "no request makes the server fail", "RFC 9110 §15.6")
_JSON = promise("json-is-strict", "JSON is read the same by every parser", "RFC 8259 §2, RFC 7493 §2")
_CHARSET = promise("json-is-utf-8", "JSON is UTF-8, and says nothing else", "RFC 8259 §8.1")
_FORM = promise("content-type-is-one", "Content-Type is `type/subtype; name=value`", "RFC 9110 §8.3.1")
_PROBLEM = promise("problem-status", "`status` of a problem is that of the answer", "RFC 9457 §3.1.2")
_INSIDE = promise("errors-tell-no-inside", "an error tells nothing about the inside of the server", "RFC 9457 §5")

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_WRITTEN = re.compile(rf'\s*{_NAME}/{_NAME}(?:\s*;\s*(?:{_NAME}=(?:{_NAME}|"(?:[^"\\]|\\.)*"))?)*\s*')
"""RFC 9110 §8.3.1; a semicolon with nothing behind it is allowed there (§5.6.6)."""

_HALF = re.compile(rb"(?i)\\ud[89a-f]")

_TRACES = (
    ("a stack trace",
     re.compile(rb"Traceback \(most recent call|\bFile \"[^\"]+\", line \d+|^\s+at [\w$.<>]+\(", re.M)),
    ("a stack trace", re.compile(rb"\b(?:java|javax|org|com)\.[\w.]+(?:Exception|Error)\b|\bgoroutine \d+ \[")),
    ("a query of the data base", re.compile(rb"\bSELECT\b.{1,80}\bFROM\b")),
    ("an error of the data base", re.compile(rb"SQLSTATE|ORA-\d{5}|psycopg|sqlite3?\.\w*Error|error in your SQL")),
    ("a path of the server",
     re.compile(rb"(?:/(?:home|usr|var|opt|root|srv|app|etc)/|[A-Z]:\\)[\w./\\-]{0,200}\.\w{1,4}\b")),
    ("an exception", re.compile(rb"\b(?:KeyError|TypeError|ValueError|AttributeError|NullPointerException)\b ?[:(]")),
)  # fmt: skip


def status(scene: Scene) -> Iterator[Seen]:
    """Documented, and no 5xx that is not."""
    operation, code = scene.operation, scene.status
    if operation is None or not code or code in OF_THE_WIRE:
        return
    by_name = {str(code), f"{code // 100}XX"} & operation.responses.keys()
    if code >= 500 and not by_name and any(name.startswith("2") for name in operation.responses):
        yield Seen(f"the server fails with {code}", _SERVER_ERROR)
        return
    if scene.entry is not None or _may_refuse(scene) or _is_told(scene):
        return
    known = ", ".join(operation.responses) or "none"
    text = f"only documented statuses are answered: {known}"
    source = place_of(operation, "responses")
    yield Seen(f"answers {code}, which is not documented", Promise("status-is-documented", text, "documented", source))


def _is_told(scene: Scene) -> bool:
    """Whether the fixtures have an answer of this status: 401 where the document knows 403 only."""
    return scene.fixture is not None and any(each.status == scene.status for each in scene.fixture.responses.values())


def _may_refuse(scene: Scene) -> bool:
    """A document without fixtures often leaves out how it refuses; that alone is no defect."""
    sent = {name.lower(): value for name, value in scene.exchange.sent.headers}
    if scene.status == 406 and "*/*" not in sent.get("accept", "*/*"):
        return True
    if scene.status == 415 and not is_json(sent.get("content-type", "application/json")):
        return True
    # A fixture that says how it refuses speaks for all refusals; a document alone, or one without, does not.
    return 400 <= scene.status < 500 and (scene.fixture is None or not scene.fixture.invalid)


def media_type(scene: Scene) -> Iterator[Seen]:
    """One of the documented ones, rightly written; JSON names no charset but UTF-8."""
    if scene.content_type and scene.operation is not None and not _WRITTEN.fullmatch(scene.content_type):
        yield Seen(f"the Content-Type of {scene.status} is wrongly written", _FORM, scene.content_type[:60])
    charset = wrong_charset(scene.content_type)
    if charset:
        yield Seen("JSON in another charset than UTF-8", _CHARSET, f"charset={charset[:40]}")
    operation, entry = scene.operation, scene.entry
    if operation is None or entry is None or not entry.content or not _has_body(scene):
        return
    wrong = wrong_media_type(entry, scene.status, scene.content_type)
    if wrong:
        text = f"{entry.status} comes as {' or '.join(media.name for media in entry.content)}"
        source = place_of(operation, "responses", entry.status)
        yield Seen(wrong, Promise("media-type-is-documented", text, "documented", source))


def json(scene: Scene) -> Iterator[Seen]:
    """Strictly read. Who is sent half of a surrogate pair may say it again (RFC 8259 §8.2)."""
    if scene.fault and not ("surrogate" in scene.fault and _HALF.search(scene.exchange.sent.body)):
        yield Seen(f"the JSON of {scene.status} is wrong: {scene.fault}", _JSON, shape=scene.fault)


def schema(scene: Scene) -> Iterator[Seen]:
    """The body keeps the schema of its media type, as an answer."""
    operation, entry, media = scene.operation, scene.entry, scene.media
    if operation is None or entry is None or media is None or not _has_body(scene) or scene.fault:
        return
    value = scene.value
    if value is NOTHING:
        try:
            value = read_value(scene.exchange.seen.body, media, scene.content_type)
        except Unreadable as error:
            yield Seen(f"the body of {scene.status} cannot be read", _schema_of(operation, entry), str(error))
            return
    wrong = list(wrong_body(media, scene.status, scene.content_type, value))
    schemas = operation.document.schemas
    if wrong and media.schema is not None and schemas.keeps_formats(media.schema.pointer, "response", value):
        return  # JSON Schema leaves open whether a format is asserted, and a branch may be told by its format alone
    for title, detail in wrong:
        yield Seen(title, _schema_of(operation, entry), detail)
    if media.schema is not None and (scene.fixture or not scene.run.target.is_mock):
        known = [example.value for example in media.examples]
        for name, text in wrong_formats(operation.document, media.schema.pointer, value) if value not in known else ():
            yield Seen(f"the body of {scene.status}: {name} is no {text}", _schema_of(operation, entry))


def _schema_of(operation: Operation, entry: DocumentedResponse) -> Promise:
    """Made only where it is broken: nearly all answers keep it, and looking up its line takes longer than judging."""
    text = f"the body of {entry.status} keeps its schema"
    return Promise(f"schema-of-{entry.status}", text, "documented", place_of(operation, "responses", entry.status))


def headers(scene: Scene) -> Iterator[Seen]:
    """Documented headers that are required are there; those that are there keep their schema."""
    operation, entry = scene.operation, scene.entry
    if operation is None or entry is None:
        return
    for name, title in wrong_headers(operation, entry, scene.status, scene.exchange.seen.headers):
        told = Promise(
            f"header-{name}", f"{entry.status} carries the header {name}", "documented",
            place_of(operation, "responses", entry.status),
        )  # fmt: skip
        yield Seen(title, told)


def status_field(scene: Scene) -> Iterator[Seen]:
    """Where the error shape repeats the status, it is the same one."""
    value = scene.value
    if not isinstance(value, dict) or not isinstance(value.get("status"), int) or isinstance(value["status"], bool):
        return
    if value["status"] == scene.status:
        return
    told = _promised_field(scene)
    if told is not None:
        yield Seen(f"{scene.status} says in its body that it is {value['status']}", told, shape=f"{scene.status}")


def _promised_field(scene: Scene) -> Promise | None:
    operation = scene.operation
    if scene.content_type.startswith("application/problem+json"):
        return _PROBLEM
    if operation is None:
        return None
    level: Level | None = None
    for response in scene.fixture.responses.values() if scene.fixture else ():
        tree = response.body.tree if response.body else None
        if response.status != scene.status or not isinstance(tree, dict):
            continue
        if tree.get("status") == scene.value["status"]:
            return None  # so the fixtures want it
        if tree.get("status") == scene.status:
            level = "assumed" if response.source == "assumed" else "documented"
    for media in scene.entry.content if scene.entry else ():
        if any(isinstance(each.value, dict) and each.value.get("status") == scene.status for each in media.examples):
            level = level or "documented"
    text = f"`status` in the body of {scene.status} is {scene.status}"
    return Promise("status-field", text, level, place_of(operation, "responses")) if level else None


def leak(scene: Scene) -> Iterator[Seen]:
    """No stack trace, no path, no message of a data base in an error answer."""
    body = scene.exchange.seen.body[:100_000]
    if scene.status < 400 or not scene.is_api:
        return
    for what, pattern in _TRACES:
        found = pattern.search(body)
        if found and found[0] not in scene.exchange.sent.body:
            yield Seen(f"an error answer tells {what}", _INSIDE)


def _has_body(scene: Scene) -> bool:
    seen = scene.exchange.seen
    if seen.fault or scene.exchange.sent.method == "HEAD" or seen.status in NO_BODY:
        return False
    return bool(seen.body) and (seen.header("content-encoding") or "identity").lower() == "identity"
