"""Whether an answer is to the letter what a fixture says: our own mock has no other answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mock_server.codec.strict import NotStrict, read_strictly
from mock_server.contract.model import Seen
from mock_server.fixture.model import Provider, Response
from mock_server.fixture.template import Slot, Text
from mock_server.spec.media import is_json

CREDENTIALS = ("handshake", "credentials")


def difference(response: Response, seen: Seen, provider: Provider | None) -> str:
    """Where the answer first differs from the fixture's, ``""`` when nowhere: ``message is another``.

    What a template fills in may be anything, but for the provider's credentials. Nothing that was
    seen is told: it may be a secret.
    """
    for name, template in response.headers:
        if template.is_static and seen.header(name) != template.tree:
            return f"the header {name} is {'another' if seen.header(name) else 'missing'}"
    if seen.header("retry-after") is not None and not any(
        name.lower() == "retry-after" for name, _ in response.headers
    ):
        return "the header Retry-After is more than there should be"
    if response.body is None or not is_json(response.media_type or "application/json"):
        return ""
    if not is_json(seen.header("content-type") or "application/json"):
        return ""  # the witness says so
    try:
        value = read_strictly(seen.body)
    except NotStrict:
        return ""  # so here
    credentials = provider.credentials if provider else None
    return next(_differences(_with_credentials(response.body.tree, credentials), value, "the body"), "")


def unlike(response: Response, seen: Seen, provider: Provider | None) -> str:
    """Where the answer of a deployment that words its own differs all the same, ``""`` when nowhere.

    Whatever the credentials are, those of a provider that is documented have its fields and types; and Retry-After
    tells one answer from another of the same status.
    """
    headers = {name.lower() for name, _ in response.headers}
    if seen.status >= 400 and seen.header("retry-after") is not None and "retry-after" not in headers:
        return "the header Retry-After is more than there should be"
    tree = response.body.tree if response.body else None
    if not isinstance(tree, Slot) or tree.where != CREDENTIALS or provider is None or provider.source == "assumed":
        return ""
    try:
        value = read_strictly(seen.body)
    except NotStrict:
        return ""  # the witness says so
    return next(_unlike(provider.credentials, value, "the body"), "")


def _unlike(wanted: Any, seen: Any, at: str) -> Iterator[str]:
    match wanted:
        case dict() if isinstance(seen, dict):
            for key in wanted.keys() - seen.keys():
                yield f"{key} is missing"
            for key in wanted.keys() & seen.keys():
                yield from _unlike(wanted[key], seen[key], key)
        case str() if isinstance(seen, str):
            if wanted and not any(char.isalnum() for char in seen):
                yield f"{at} is empty"
        case _ if type(wanted) is not type(seen):
            yield f"{at} is {_kind(seen)} instead of {_kind(wanted)}"


def same_value(one: Any, other: Any) -> bool:
    """Equality of JSON values in which 1, 1.0 and true are three things, and keys have no order."""
    return not any(_differences(one, other, ""))


def _with_credentials(tree: Any, credentials: Any) -> Any:
    if isinstance(tree, Slot) and tree.where == CREDENTIALS and credentials is not None:
        return credentials
    if isinstance(tree, dict):
        return {key: _with_credentials(item, credentials) for key, item in tree.items()}
    return tree


def _differences(wanted: Any, seen: Any, at: str) -> Iterator[str]:
    match wanted:
        case Slot():
            return
        case Text():
            pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in wanted.parts)
            if not isinstance(seen, str) or not re.fullmatch(pattern, seen, re.DOTALL):
                yield f"{at} is another"
        case dict() if isinstance(seen, dict):
            for key in wanted.keys() - seen.keys():
                yield f"{key} is missing"
            for key in seen.keys() - wanted.keys():
                yield f"{key!r:.40} is more than there should be"
            for key in wanted.keys() & seen.keys():
                yield from _differences(wanted[key], seen[key], key)
        case list() if isinstance(seen, list) and len(seen) == len(wanted):
            for index, item in enumerate(wanted):
                yield from _differences(item, seen[index], f"{at}[{index}]")
        case _ if type(wanted) is not type(seen):
            yield f"{at} is {_kind(seen)} instead of {_kind(wanted)}"
        case _ if wanted != seen:
            yield f"{at} is another"


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a number with a point", str: "a text", type(None): "null"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")
