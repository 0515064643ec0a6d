"""From an answer that was seen to what a fixture may say of it: no secrets, no ids or hours of one day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.fixture.model import Response
from mock_server.fixture.response import OWN_HEADERS, is_header
from mock_server.fixture.template import Slot, Text
from mock_server.mask import SECRET_HEADERS
from mock_server.named import NamedTuple
from mock_server.record.exchange import Exchange
from mock_server.record.secret import Secrets
from mock_server.spec.headers import read_headers
from mock_server.spec.media import essence, is_json
from mock_server.spec.operations import Operation

TELLING_HEADERS = ("allow", "location", "retry-after", "www-authenticate")
"""Headers that a client acts upon, documented or not (RFC 9110 §10.2, §11.6)."""
REDACTED = "redacted"
MIN_ECHO = 4
"""A shorter text of the request may stand in an answer by chance."""
MIN_DIFFERENT = 4
"""So often a field has to be another text, and never the same, to be taken for one that always is."""
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_SOME_UUID = "00000000-0000-4000-8000-000000000000"
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?|\b\d{9,}\b|\b[0-9a-fA-F]{16,}\b"
)
"""Dates, times since 1970 and hexadecimal ids: other ones every time."""


class Unlearnable(ValueError):
    """Nothing that a fixture should repeat; the text says why."""


class Answer(NamedTuple):
    """As a fixture writes it. ``body`` None with ``has_body`` False = none."""

    status: int
    media_type: str
    body: Any
    has_body: bool
    headers: tuple[tuple[str, str], ...]

    def gist(self, passing: frozenset[str] = frozenset()) -> tuple[int, str, str]:
        """The same for answers that differ by nature only; ``passing`` are fields that do, ``{"body.request"}``."""
        body = _without(self.body, "body", passing) if self.has_body else ""
        return self.status, self.media_type, _PASSING.sub("…", repr(body))


def _without(value: Any, path: str, passing: frozenset[str]) -> Any:
    if path in passing:
        return "…"
    if isinstance(value, dict):
        return {key: _without(item, f"{path}.{key}", passing) for key, item in sorted(value.items())}
    return [_without(item, f"{path}[]", passing) for item in value] if isinstance(value, list) else value


def passing_fields(answers: Iterable[Answer]) -> frozenset[str]:
    """Fields that had another text in every answer, such as the id of a request: ``{"body.request"}``."""
    seen: dict[str, list[str]] = {}
    for answer in answers:
        for path, text in _texts(answer.body, "body"):
            seen.setdefault(path, []).append(text)
    return frozenset(
        path for path, texts in seen.items() if len(texts) >= MIN_DIFFERENT and len({*texts}) == len(texts)
    )


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and "{{" not in value:
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}")


class Way(NamedTuple):
    """How one value is written: what it may be taken for, besides a secret.

    ``replaced`` gives a text with templates for a value and the name of its field; ``keeps_ids`` = a UUID stays.
    """

    echoes: Mapping[str, str] = {}
    fields: tuple[str, ...] = ()
    replaced: Callable[[str, Any], str | None] | None = None
    keeps_ids: bool = False
    keeps_shapes: bool = False
    """Whether a secret is hidden letter by letter, for a document that wants it of some form."""


def written(secrets: Secrets, value: Any, way: Way, old: Any = None) -> Any:
    """The value of a body as a fixture has it; templates of the ``old`` body are kept where they still fit.

    Raises ``Unlearnable``.
    """
    return _Writer(secrets, way).write(value, old)


def body_value(body: bytes, content_type: str) -> Any:
    """JSON as its value, all else as text. Raises ``Unlearnable``."""
    try:
        return read_json(body) if is_json(essence(content_type)) else body.decode("utf-8")
    except (Unreadable, UnicodeError) as error:
        raise Unlearnable(f"its body cannot be read: {error}") from None


def kept_headers(
    operation: Operation, exchange: Exchange, secrets: Secrets, own: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    """Those that a client acts upon, that the document names, or that the fixture has already (``own``)."""
    entry = operation.documented(exchange.seen.status)
    documented = {each.name for each in read_headers(operation.document, entry.pointer)} if entry else set()
    wanted = {*TELLING_HEADERS, *documented, *own} - {*OWN_HEADERS, *SECRET_HEADERS, "content-type"}
    found: dict[str, str] = {}
    for name, value in exchange.seen.headers:
        lower = name.lower()
        if lower in wanted and lower not in found:
            shown = _UUID.sub(_SOME_UUID, secrets.scrub(value.removeprefix(exchange.origin)))
            if is_header(lower, shown) and "{{" not in shown:
                found[lower] = shown
    yield from found.items()


def echoes(operation: Operation, exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Texts of the request by value: ``{"4711": "path.id", "the-pull-id": "body.pull_id"}``."""
    try:
        body = read_json(exchange.sent.body) if exchange.sent.body[:1] == b"{" else None
    except (Unreadable, UnicodeError):
        body = None
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str) and len(value) >= MIN_ECHO and re.fullmatch(r"[\w$@-]+", name):
                yield value, f"body.{name}"
    template = operation.path.split("/")
    path = urlsplit(exchange.sent.target).path.split("/")[-len(template) + 1 :] if len(template) > 1 else []
    for step, text in zip(template[1:], path, strict=False):
        if step.startswith("{") and step.endswith("}") and len(text) >= MIN_ECHO:
            yield unquote(text), f"path.{step[1:-1]}"


def field_names(operation: Operation) -> tuple[str, ...]:
    """Names of the fields of the body: after ``body.`` in a message they say where the fault is."""
    for media in operation.body.content if operation.body else ():
        if media.schema is not None:
            node, at = operation.document.at(media.schema.pointer, media.schema.pointer, "#")
            node, _ = operation.document.follow(node, at)
            named = node.get("properties") if isinstance(node, dict) else None
            return tuple(map(str, named)) if isinstance(named, Mapping) else ()
    return ()


class _Writer:
    """Writes the value of an answer as a fixture has it: templates kept where they still fit."""

    def __init__(self, secrets: Secrets, way: Way) -> None:
        self._secrets = secrets
        self._way = way
        names = "|".join(map(re.escape, sorted(way.fields, key=len, reverse=True)))
        self._where = re.compile(rf"\bbody\.({names})\b") if names else None

    def write(self, value: Any, old: Any, name: str = "") -> Any:
        if isinstance(old, Slot | Text) and _fits(old, value):
            return _raw(old)
        match value:
            case dict():
                before = old if isinstance(old, dict) else {}
                return {self._plain(key): self.write(item, before.get(key), key) for key, item in value.items()}
            case list():
                before_items = old if isinstance(old, list) else []
                return [
                    self.write(item, before_items[index] if index < len(before_items) else None, name)
                    for index, item in enumerate(value)
                ]
        template = self._way.replaced(name, value) if self._way.replaced else None
        if template is not None:
            return template
        return self._text(value, name) if isinstance(value, str) else value

    def _text(self, text: str, name: str) -> str:
        if text in self._way.echoes:
            return f"{{{{ {self._way.echoes[text]} }}}}"
        plain = self._plain(text)
        if plain == "***" or (text and self._secrets.is_secret(name, text)):
            return _of_its_shape(text) if self._way.keeps_shapes else REDACTED
        return self._where.sub("{{ violation.where }}", plain) if self._where else plain

    def _plain(self, text: str) -> str:
        if "{{" in text:
            raise Unlearnable("its body has {{ in it, which a fixture takes for a template")
        shown = self._secrets.scrub(text)
        return shown if self._way.keeps_ids else _UUID.sub(_SOME_UUID, shown)


def _of_its_shape(text: str) -> str:
    """Letters as ``x``, digits as ``0``."""
    return "".join("0" if char.isdigit() else "x" if char.isalpha() else char for char in text)


def _fits(old: Slot | Text, value: Any) -> bool:
    """Whether the template could have made the value."""
    if isinstance(old, Slot):
        return True
    parts = (re.escape(part) if isinstance(part, str) else r"[\s\S]*?" for part in old.parts)
    return isinstance(value, str) and re.fullmatch("".join(parts), value) is not None


def _raw(old: Slot | Text) -> str:
    """The template as it was written."""
    parts = (old,) if isinstance(old, Slot) else old.parts
    return "".join(part if isinstance(part, str) else f"{{{{ {'.'.join(part.where)} }}}}" for part in parts)


def old_tree(old: Response | None) -> Any:
    """The body of a fixture's response, with its templates."""
    return old.body.tree if old and old.body else None
