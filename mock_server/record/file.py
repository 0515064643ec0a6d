"""The fixture file of an operation that was recorded."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any

from mock_server.named import NamedTuple
from mock_server.record.answer import Answer
from mock_server.record.arrange import Arranged, Named
from mock_server.record.rules import Told
from mock_server.source.emit import emit, flow, key_text
from mock_server.spec.media import essence, is_json

JSON = "application/json"
MAX_LINE = 118
Shown = Callable[[str], str]


class File(NamedTuple):
    """The fixture as data and as text, and the bodies beside it by their names in the folder."""

    data: dict[str, Any]
    text: str
    bodies: dict[str, bytes]


def fixture_file(arranged: Arranged, name: str, origin: str, shown: Shown) -> File:
    """``name`` is that of the file without its ending, ``pets/list-pets``; ``origin`` says where it was recorded.

    ``shown`` hides secrets in what is told in comments.
    """
    led = {*arranged.unauthorized.values(), *arranged.invalid.values(), *(rule.respond for rule in arranged.rules)}
    led |= {arranged.otherwise or arranged.responses[0].name}
    bodies: dict[str, bytes] = {}
    responses: dict[str, Any] = {}
    text = f"# Recorded from {_one_line(shown(origin))}: what was seen, without secrets. Change whatever you like.\n"
    text += emit({"operation": arranged.operation.key}) + "\nresponses:\n"
    for each in arranged.responses:
        body_file = _body_file(each.answer, f"{name}-{each.name}")
        bodies.update([body_file] if body_file else [])
        node = responses[each.name] = response_node(each.answer, body_file[0] if body_file else "")
        head = emit({each.name: 0}, 2).rsplit(" 0", 1)[0]
        note = _one_line(shown(_told(each)))
        if each.name not in led:
            note += f"; nothing leads here but `Prefer: response={each.name}`"
        text += f"{head}\n    # {note}\n{emit(node, 4)}"
    words = {
        "unauthorized": _shortest(arranged.unauthorized),
        "invalid": _shortest(arranged.invalid),
        "rules": [{"when": each.when, "respond": each.respond} for each in arranged.rules],
        "otherwise": arranged.otherwise,
    }
    words = {word: value for word, value in words.items() if value}
    for word, value in words.items():
        text += "\nrules:\n" + "".join(map(_rule, arranged.rules)) if word == "rules" else "\n" + emit({word: value})
    return File({"operation": arranged.operation.key, "responses": responses, **words}, text, bodies)


def response_node(answer: Answer, body_file: str = "") -> dict[str, Any]:
    """``{"status": 200, "source": "observed", "body": {…}}``."""
    node: dict[str, Any] = {"status": answer.status, "source": "observed"}
    if answer.has_body and answer.media_type != JSON:
        node["media_type"] = answer.media_type
    if answer.headers:
        node["headers"] = {name.title().replace("Www-", "WWW-"): value for name, value in answer.headers}
    if body_file:
        node["body_file"] = body_file
    elif answer.has_body:
        node["body"] = answer.body
    return node


def _rule(told: Told) -> str:
    """Its conditions on one line while there is room."""
    short = f"  - when: {flow(told.when)}\n    respond: {flow(told.respond)}\n"
    if len(short.partition("\n")[0]) <= MAX_LINE:
        return short
    when = "".join(f"      {key_text(where)}: {flow(wanted)}\n" for where, wanted in told.when.items())
    return f"  - when:\n{when}    respond: {flow(told.respond)}\n"


def _one_line(text: str) -> str:
    """For a comment: YAML knows more line ends than one (YAML 1.1 §5.4)."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _told(named: Named) -> str:
    """``seen 3 times, first for GET /pets/7``: no query, which says more than anybody wants to keep."""
    sent = named.of[0].taken.exchange.sent
    path = sent.target.partition("?")[0][:100]
    count = len(named.of)
    return f"seen {count} times, first for {sent.method} {path}" if count > 1 else f"seen for {sent.method} {path}"


def _body_file(answer: Answer, name: str) -> tuple[str, bytes] | None:
    """What is no text, or too long."""
    if not answer.has_body or not isinstance(answer.body, bytes):
        return None
    kind = essence(answer.media_type)
    ending = ".json" if is_json(kind) else mimetypes.guess_extension(kind) or ".bin"
    return name + ending, answer.body


def _shortest(words: Any) -> Any:
    """``invalid: bad-request`` when all rules lead to one response."""
    names = set(words.values())
    return names.pop() if len(names) == 1 else dict(words)
