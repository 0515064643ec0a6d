"""What the document itself shows of a resource: its examples are the first items, and fill what nobody sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from mock_server.core.memory import uuid_of
from mock_server.errors import Broken
from mock_server.later import regex
from mock_server.model import Chance
from mock_server.source import Pointer
from mock_server.spec.generate import generate
from mock_server.spec.resources import Resource, Role, inside, json_media, success
from mock_server.spec.schema import Schema

MAX_SEEDS = 100
_MADE = regex(r"(?:date_?|time_?)?(created|added|inserted|registered)", re.IGNORECASE)
_CHANGED = regex(r"(?:date_?|time_?|last_?)?(updated|modified|changed|edited)", re.IGNORECASE)
_INSTANT = regex(r"\d{4}-\d\d-\d\d[Tt]")
_DATE = regex(r"\d{4}-\d\d-\d\d\Z")


class Samples:
    """Made when the resource is first used, and kept."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._answers: dict[str, Any] = {}

    def answer(self, role: Role) -> Any:
        """The whole body of the role's answer as the document has it; None = it has none."""
        key = role.operation.key
        if key not in self._answers:
            self._answers[key] = _body(role)
        return self._answers[key]

    def item_of(self, role: Role) -> Mapping[str, Any]:
        """The item as the document shows it in that answer."""
        found = inside(self.answer(role), role.place)
        found = found[0] if role.deed == "list" and isinstance(found, list) and found else found
        return found if isinstance(found, dict) else {}

    @cached_property
    def item(self) -> Mapping[str, Any]:
        """The resource as it is kept."""
        read, make, listed = (self.resource.first(deed) for deed in ("read", "make", "list"))
        others = self.resource.first("replace", "merge")
        roles = [role for role in (read, make, listed, others) if role and role.answers_with != "other"]
        found = next((item for role in roles if (item := self.item_of(role))), {})
        if found or self.resource.item is None:
            return found
        made = _generated(self.resource, self.resource.item.pointer)
        return made if isinstance(made, dict) else {}

    @cached_property
    def seeds(self) -> Mapping[str, Any]:
        """What is there before anybody has made anything: the documented examples of list and item together.

        Where the document has neither: what is made up for the list, or without a list for the item.
        """
        roles = [role for role in (self.resource.first("list"), self.resource.first("read")) if role]
        roles = [role for role in roles if _is_documented(role)] or roles[:1]
        items: list[Any] = []
        for role in roles:
            shown = inside(self.answer(role), role.place)
            items += shown if isinstance(shown, list) else [shown]
        identity = self.resource.identity
        hidden = self.resource.item.write_only if self.resource.item else frozenset()
        found: dict[str, Any] = {}
        for shown in [each for each in items if isinstance(each, dict)][:MAX_SEEDS]:
            item = {name: value for name, value in shown.items() if name not in hidden}
            key = key_of(item.get(identity)) if identity else None
            if key is None and not found:
                key = "1"
            if key is not None:
                found[key] = {**found.get(key, {}), **item}
        return found

    @cached_property
    def last_number(self) -> int:
        """The highest number among the seeds' keys."""
        return max((int(key) for key in self.seeds if key.isascii() and key.isdecimal() and len(key) < 10), default=0)

    def key_maker(self, number: int, chance: Chance) -> Iterator[int | str]:
        """Keys for the resource, likeliest first, that its schema and its path's parameter allow."""
        for key in self._tries(number, chance):
            if all(schema.is_valid(key) or schema.is_valid(str(key)) for schema in self._parameters) and (
                self._key is None or self._key.is_valid(key)
            ):
                yield key

    def _tries(self, number: int, chance: Chance) -> Iterator[int | str]:
        yield number
        if self._key is not None:
            yield uuid_of(chance)
            yield str(number)
            made = _generated(self.resource, self._key.pointer, number)
            yield from [made] if isinstance(made, str | int) and not isinstance(made, bool) else []

    @cached_property
    def _key(self) -> Schema | None:
        """The schema of the identity."""
        shape, identity = self.resource.item, self.resource.identity
        at = shape.properties.get(identity) if shape and identity else None
        return self.resource.document.schema(at) if at else None

    @cached_property
    def _parameters(self) -> list[Schema]:
        """What the item's path takes as its last part."""
        role = self.resource.first("read", "replace", "merge", "remove")
        name = role.operation.path.rstrip("/").rpartition("/")[2][1:-1] if role else ""
        known = role.operation.parameters if role else ()
        return [each.schema for each in known if each.location == "path" and each.name == name and each.schema]


_KNOWN: WeakKeyDictionary[Resource, Samples] = WeakKeyDictionary()


def samples_of(resource: Resource) -> Samples:
    """The samples of a resource; the same object each time."""
    found = _KNOWN.get(resource)
    if found is None:
        found = _KNOWN[resource] = Samples(resource)
    return found


def key_of(value: Any) -> str | None:
    """The key that a value of the identity is in a path."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value)


def stamped(item: Mapping[str, Any], now: float, own: frozenset[str], *, new: bool) -> dict[str, Any]:
    """With the session's now in what says when the item was made (if it is ``new``) or changed."""
    found = dict(item)
    for name in own & item.keys():
        value = item[name]
        if not isinstance(value, str) or not (_CHANGED.match(name) or (new and _MADE.match(name))):
            continue
        moment = datetime.fromtimestamp(min(max(now, 0.0), 253_402_300_799.0), UTC)
        if _INSTANT.match(value):
            found[name] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        elif _DATE.match(value):
            found[name] = moment.strftime("%Y-%m-%d")
    return found


def _is_documented(role: Role) -> bool:
    media = json_media(success(role.operation))
    return bool(media and media.examples)


def _body(role: Role) -> Any:
    media = json_media(success(role.operation))
    if media is None:
        return None
    if media.examples and media.examples[0].value is not None:
        return media.examples[0].value
    return _generated(role.resource, media.schema.pointer) if media.schema else None


def _generated(resource: Resource, pointer: Pointer, seed: int = 0) -> Any:
    try:
        return generate(resource.document, pointer, seed)
    except Broken:
        return None  # `check` tells of it; what is left is what clients send
