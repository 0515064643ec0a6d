"""A document from traffic alone, for whom there is none: what was seen, marked ``x-provenance: observed``.

It says no more than the recording does: a field that was always there is required, a value that was always an
integer is one. Who has the real document should take that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mock_server.codec.har import HarEntry
from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.phrase import phrase
from mock_server.spec.media import essence, is_json
from mock_server.spec.shape import kind_of

MAX_DEPTH = 24
METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH")
_CHANGING = re.compile(
    r"[0-9]+\Z|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z|[0-9a-fA-F]{12,}\Z|(?=.*[0-9])[A-Za-z0-9_-]{16,}\Z"
)
"""A step of a path that names one of many: a number, a UUID, a long id."""
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
Schema = dict[str, Any]


def api_entries(entries: Sequence[HarEntry]) -> tuple[list[HarEntry], Counter[str]]:
    """Those that look like an API's, of the host that has most of them; and what was left out, by its origin."""
    talking = [each for each in entries if _is_api(each)]
    origins = Counter(each.origin for each in talking)
    chosen = origins.most_common(1)[0][0] if origins else ""
    kept = [each for each in talking if each.origin == chosen]
    return kept, Counter(each.origin for each in entries if each not in kept)


def _is_api(entry: HarEntry) -> bool:
    """It speaks JSON, or has nothing to say: no page, script or image."""
    if entry.method not in METHODS:
        return False
    kind = _header(entry.answer_headers, "content-type")
    if entry.answer:
        return is_json(kind)
    return entry.status in (201, 202, 204) or is_json(_header(entry.headers, "content-type"))


def _header(headers: Iterable[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def infer(entries: Sequence[HarEntry], title: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document as data."""
    paths: dict[str, dict[str, list[HarEntry]]] = {}
    for entry in entries:
        path = _template(urlsplit(entry.url).path or "/")
        paths.setdefault(path, {}).setdefault(entry.method.lower(), []).append(entry)
    origin = entries[0].origin if entries else ""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "observed",
            "description": f"Made from {len(entries)} recorded exchanges with {origin}: what was seen, and no more.",
        },
        "paths": {
            path: {
                **({"parameters": _path_parameters(path, methods)} if "{" in path else {}),
                **{method: _operation(found) for method, found in methods.items()},
            }
            for path, methods in sorted(paths.items())
        },
    }


def _template(path: str) -> str:
    """``/pets/7/notes/9`` -> ``/pets/{petId}/notes/{noteId}``."""
    names: set[str] = set()
    steps: list[str] = []
    before = ""
    for step in path.split("/"):
        if _CHANGING.match(unquote(step)):
            word = re.sub(r"\W", "", before) or "item"
            word = word[:-3] + "y" if word.endswith("ies") else word[:-1] if word.endswith("s") else word
            name = next(each for n in range(1, 100) if (each := f"{word}Id{n if n > 1 else ''}") not in names)
            names.add(name)
            steps.append(f"{{{name}}}")
        else:
            before = step
            steps.append(step.replace("{", "%7B").replace("}", "%7D"))
    return "/".join(steps)


def _path_parameters(path: str, methods: dict[str, list[HarEntry]]) -> list[dict[str, Any]]:
    places = {step[1:-1]: number for number, step in enumerate(path.split("/")) if step.startswith("{")}
    urls = [urlsplit(each.url).path.split("/") for found in methods.values() for each in found]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": _text_type(steps[at] for steps in urls)}}
        for name, at in places.items()
    ]


def _text_type(texts: Iterable[str]) -> str:
    found = list(texts)
    if all(map(_INTEGER.match, found)):
        return "integer"
    return "boolean" if all(text in ("true", "false") for text in found) else "string"


def _operation(entries: list[HarEntry]) -> dict[str, Any]:
    made: dict[str, Any] = {"x-provenance": "observed"}
    queries = [dict(parse_qsl(urlsplit(each.url).query, keep_blank_values=True)) for each in entries]
    names = dict.fromkeys(name for query in queries for name in query)
    if names:
        made["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": _text_type(q[name] for q in queries if name in q)}}
            for name in names
        ]
    content = _content((each.headers, each.body) for each in entries if each.body and each.status < 400)
    if content:
        made["requestBody"] = {"content": content}
    made["responses"] = {
        str(status): _response(status, [each for each in entries if each.status == status])
        for status in sorted({each.status for each in entries})
    }
    return made


def _response(status: int, entries: list[HarEntry]) -> dict[str, Any]:
    made: dict[str, Any] = {"description": f"{phrase(status) or status}, as it was seen.", "x-provenance": "observed"}
    content = _content((each.answer_headers, each.answer) for each in entries if each.answer)
    return {**made, "content": content} if content else made


def _content(messages: Iterable[tuple[Iterable[tuple[str, str]], bytes | None]]) -> dict[str, Any]:
    """Media types, with the schema of what can be read as JSON."""
    bodies: dict[str, list[Any]] = {}
    for headers, body in messages:
        kind = essence(_header(headers, "content-type"))
        if not kind or not body:
            continue
        values = bodies.setdefault(kind, [])
        if is_json(kind):
            try:
                values.append(read_json(body))
            except (Unreadable, UnicodeError, RecursionError):
                continue
    return {kind: {"schema": schema_of(values)} if values else {} for kind, values in bodies.items()}


def schema_of(values: Sequence[Any], depth: int = 0) -> Schema:
    """What all of the values keep.

    >>> schema_of([{"id": 7, "tag": None}, {"id": 8}])
    {'type': 'object', 'required': ['id'], 'properties': {'id': {'type': 'integer'}, 'tag': {'type': 'null'}}}
    """
    kinds = sorted({kind_of(value) for value in values})
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if depth > MAX_DEPTH or not kinds:
        return {}
    made: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        names = list(dict.fromkeys(name for each in objects for name in each))
        required = [name for name in names if all(name in each for each in objects)]
        if required:
            made["required"] = required
        made["properties"] = {
            name: schema_of([each[name] for each in objects if name in each], depth + 1) for name in names
        }
    items = list(_items(values))
    if items:
        made["items"] = schema_of(items, depth + 1)
    return made


def _items(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
