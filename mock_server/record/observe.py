"""One exchange as the answer that a fixture repeats: what came from the request is said by a template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.core.answers import body_schema
from mock_server.fixture.facts import display
from mock_server.fixture.model import Response
from mock_server.fixture.response import is_media_type
from mock_server.fixture.scaffold import MAX_DEPTH, depth_of
from mock_server.fixture.template import compile_template
from mock_server.record.answer import Answer, Unlearnable, Way, body_value, field_names, kept_headers, written
from mock_server.record.hour import hour_template
from mock_server.record.secret import Secrets
from mock_server.record.taken import Taken
from mock_server.spec.family import family
from mock_server.spec.media import essence, is_json
from mock_server.spec.operations import Operation

MAX_INLINE_BYTES = 16 * 1024
"""A longer body goes into a file of its own."""
MIN_ECHO = 4
_STEPS = re.compile(r"\w+(\.[\w$@-]+)+\Z", re.ASCII)
"""A *where* that a template can name."""
_NO_ANSWER = (304, 206)
"""What depends on what the client has, or asked a part of."""


def answer_of(taken: Taken, secrets: Secrets, hours: set[Any]) -> Answer:
    """What a fixture should answer. A body of ``bytes`` goes into a file. Raises ``Unlearnable``.

    ``hours`` are the times that came before, which are data to whoever only reads; those of this answer are added.
    """
    seen, operation = taken.exchange.seen, taken.operation
    status = seen.status
    if not 200 <= status <= 599 or status in _NO_ANSWER:
        raise Unlearnable(f"{status} is no answer to repeat")
    if status >= 500 and not {str(status), "5XX"} & operation.responses.keys():
        raise Unlearnable(f"{status} is a failure, no answer to repeat")
    broken = next((each for each in taken.departures if each.aspect == "body"), None)
    if broken:
        raise Unlearnable(secrets.scrub(str(broken)))
    wrong = {str(each).partition("the header ")[2].partition(" ")[0] for each in taken.departures}
    headers = tuple(
        each for each in kept_headers(operation, taken.exchange, secrets) if each[0] not in wrong or not each[0]
    )
    kind = seen.header("content-type") or ""
    if not seen.body or taken.exchange.sent.method == "HEAD":
        return Answer(status, "", None, False, headers)
    if kind and not is_media_type(kind):
        raise Unlearnable(f"{kind[:60]!r} is no media type")
    if is_json(kind):
        kind = essence(kind)
    elif family(kind) == "binary" or not _is_text(seen.body):
        return Answer(status, kind or "application/octet-stream", seen.body, True, headers)
    value = body_value(seen.body, kind)
    found = Answer(status, kind or "text/plain", None, True, headers)
    before = frozenset(hours)
    for keeps_shapes in (False, True):
        way = _way(taken, keeps_shapes, before, hours)
        found = found._replace(body=_held(written(secrets, value, way), kind))
        if not _breaks(operation, found):
            return found
    raise Unlearnable(f"without its secrets the body of {status} breaks its schema")


def _is_text(body: bytes) -> bool:
    try:
        return b"\0" not in body and bool(body.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _held(value: Any, kind: str) -> Any:
    """The value, or its bytes when it is long."""
    data = write_json(value) if is_json(kind) else str(value).encode()
    return data if len(data) > MAX_INLINE_BYTES or depth_of(value) > MAX_DEPTH else value


def _breaks(operation: Operation, answer: Answer) -> bool:
    """Whether what was hidden or replaced makes a body that the document refuses."""
    if isinstance(answer.body, bytes):
        return False
    template = compile_template(answer.body)
    response = Response("x", answer.status, "observed", template, answer.media_type)
    schema = body_schema(operation, response)
    return schema is not None and template.is_static and not schema.is_valid(answer.body)


def _way(taken: Taken, keeps_shapes: bool, before: frozenset[Any], hours: set[Any]) -> Way:
    """Of the path whatever comes again; of query and body what the document wants always there, under its name."""
    operation, features = taken.operation, taken.features
    required = {display(each.where) for each in operation.parameters if each.required} | _required(operation)
    by_name: dict[str, tuple[str, Any]] = {}
    for where, value in features.items():
        if not _STEPS.match(where):
            continue
        if (where in required or where.startswith("path.")) and not isinstance(value, bool) and value is not None:
            by_name.setdefault(where.rpartition(".")[2].lower(), (where, value))
    path = {where: value for where, value in features.items() if where.startswith("path.")}
    last = _last_of(operation, path)
    if last:
        by_name.setdefault("id", (last, path[last]))
    status = taken.exchange.seen.status
    told = {str(value): where for where, value in path.items() if str(value)} if status >= 400 else {}
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, told))})(?![\w-])") if told else None

    writes = operation.method not in ("GET", "HEAD")

    def replaced(name: str, value: Any) -> str | None:
        hour = hour_template(value, taken.at)
        if hour is not None:
            hours.add(value)
            return f"{{{{ {hour} }}}}" if writes or value not in before else None
        where, same = by_name.get(name.lower(), ("", None))
        if where and type(same) is type(value) and same == value:
            return f"{{{{ {where} }}}}"
        if named is not None and isinstance(value, str) and "{{" not in value and named.search(value):
            return named.sub(lambda found: f"{{{{ {told[found[0]]} }}}}", value)
        return None

    echoes = {value: where for where, value in path.items() if isinstance(value, str) and len(value) >= MIN_ECHO}
    fields = field_names(operation) if taken.violations and status >= 400 else ()
    return Way(echoes, fields, replaced, status < 400, keeps_shapes)


def _last_of(operation: Operation, path: Mapping[str, Any]) -> str:
    """``path.petId`` of ``/pets/{petId}``: what the answer calls ``id``."""
    found = re.search(r"\{([^{}/]+)\}\Z", operation.path)
    return f"path.{found[1]}" if found and f"path.{found[1]}" in path else ""


def _required(operation: Operation) -> set[str]:
    """``{"body.name"}``: what the document wants in every body."""
    for media in operation.body.content if operation.body and operation.body.required else ():
        if media.schema is not None and is_json(media.name):
            node, at = operation.document.at(media.schema.pointer, media.schema.pointer, "#")
            node, _ = operation.document.follow(node, at)
            names = node.get("required") if isinstance(node, dict) else None
            return {f"body.{name}" for name in names} if isinstance(names, list) else set()
    return set()
