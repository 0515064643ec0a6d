"""One operation in full: what the document says of it, what the mock will answer, and a form to try it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mock_server.codec.json_text import write_json
from mock_server.core.answers import Answers
from mock_server.errors import Broken
from mock_server.fixture.template import Slot, Text
from mock_server.source import Pointer
from mock_server.spec.media import MediaType
from mock_server.spec.operations import Operation
from mock_server.web.console import schema_tree
from mock_server.web.console.page import NotThere, Visit
from mock_server.web.console.places import place_of
from mock_server.web.console.sample import Field, sample_of, value_for
from mock_server.web.console.wording import pieces

MAX_PREVIEW = 4_000
MAX_TOKENS = 50


async def view(visit: Visit) -> dict[str, Any]:
    world = visit.live.world
    plan = world.plan(visit.asked("operation"))
    if plan is None:
        raise NotThere(f"No operation is called {visit.asked('operation')!r}. The reference lists all there are.")
    operation = plan.operation
    node, _ = operation.document.at(operation.pointer, operation.pointer, "#")
    fields = list(_fields(operation))
    tokens = list((world.fixtures.tokens or {}).values())[:MAX_TOKENS]
    return {
        "title": operation.key,
        "operation": operation,
        "description": str(node.get("description", "")),
        "deprecated": node.get("deprecated") is True,
        "place": place_of(operation.document, operation.pointer),
        "fields": fields,
        "body": [_media(operation, each) for each in operation.body.content] if operation.body else [],
        "body_required": bool(operation.body and operation.body.required),
        "responses": [
            {"it": each, "media": [_media(operation, media) for media in each.content]}
            for each in operation.responses.values()
        ],
        "answers": list(_answers(operation, plan.responses)),
        "usual": plan.fixture.otherwise,
        "sample": sample_of(operation),
        "tokens": tokens,
        "wants_token": any(each.kind == "bearer" for alternative in operation.security for each in alternative),
        "keys": _keys(operation),
        "target": f"{operation.bases[0] if operation.bases else ''}{operation.path}",
    }


def _fields(operation: Operation) -> Iterator[Field]:
    document = operation.document
    entries = _parameter_nodes(operation)
    for each in operation.parameters:
        node = entries.get((each.location, each.name), {})
        schema = each.schema.pointer if each.schema else None
        branch = schema_tree.tree(document, schema) if schema else None
        value = value_for(document, each, node, schema) if each.required else ""
        described = str(node.get("description") or (branch.description if branch else ""))
        kind = branch.type if branch else each.type or "anything"
        yield Field(each.name, each.location, each.required, kind, described, branch.notes if branch else (), value)


def _parameter_nodes(operation: Operation) -> dict[tuple[str, str], dict[str, Any]]:
    """What the document says of each parameter, the path's overridden by the operation's."""
    document, found = operation.document, {}
    for at in (operation.pointer[:2], operation.pointer):
        try:
            owner, owner_at = document.at(at, at, "#")
            owner, owner_at = document.follow(owner, owner_at)
            for index, raw in enumerate(owner.get("parameters") or []):
                entry, _ = document.follow(raw, (*owner_at, "parameters", index))
                found[str(entry.get("in")), str(entry.get("name"))] = entry
        except Broken:  # an operation of another file stands elsewhere: its parameters are known, their words are not
            continue
    return found


def _media(operation: Operation, media: MediaType) -> dict[str, Any]:
    schema = media.schema or media.item_schema
    return {
        "name": media.name,
        "tree": schema_tree.tree(operation.document, schema.pointer) if schema else None,
        "each": media.schema is None and media.item_schema is not None,
        "examples": [(each.name or "example", pieces(_shown(each.value)), each.provenance) for each in media.examples],
    }


def _answers(operation: Operation, answers: Answers) -> Iterator[dict[str, Any]]:
    """Every named answer; the bodies of the fixtures with their templates, those of the document as they are known."""
    for status, names in answers.by_status():
        for name in names:
            own, drawn = answers.own.get(name), answers.drawn.get(name)
            pointer: Pointer = drawn.entry.pointer if drawn else ()
            source = own.source if own else drawn.source if drawn else "assumed"
            response = answers[name]
            text = ""
            if response.encoded is not None:
                text = response.encoded[:MAX_PREVIEW].decode("utf-8", "backslashreplace")
            elif response.body is not None:
                text = _shown(unfilled(response.body.tree))[:MAX_PREVIEW]
            yield {
                "name": name,
                "status": status,
                "source": source,
                "status_source": own.status_source if own else None,
                "place": str(own.place or "") if own else place_of(operation.document, pointer),
                "by": "fixture" if own else "document",
                "media_type": response.media_type if text else "",
                "body": pieces(text) if text else [],
            }


def unfilled(node: Any) -> Any:
    """A template as it is written in a fixture."""
    match node:
        case dict():
            return {key: unfilled(value) for key, value in node.items()}
        case list():
            return [unfilled(value) for value in node]
        case Slot(where):
            return "{{ " + ".".join(where) + " }}"
        case Text(parts):
            return "".join(part if isinstance(part, str) else unfilled(part) for part in parts)
    return node


def _keys(operation: Operation) -> list[tuple[str, str]]:
    """API keys as ``("header", "X-Key")``; those in cookies no page may send."""
    found = {
        (each.kind.partition(":")[2], each.parameter)
        for alternative in operation.security
        for each in alternative
        if each.kind in ("apiKey:header", "apiKey:query")
    }
    return sorted(found)


def _shown(value: Any) -> str:
    return write_json(value).decode("utf-8", "backslashreplace") if not isinstance(value, str) else value
