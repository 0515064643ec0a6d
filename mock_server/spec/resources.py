"""Resources recognised in a document: pairs of paths such as ``/things`` and ``/things/{id}``.

Only what answers in JSON objects is one; what is not recognised is answered as without state.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote

from mock_server.errors import Problem
from mock_server.later import regex
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.media import MediaType, is_json
from mock_server.spec.operations import DocumentedResponse, Operation
from mock_server.spec.outline import Outline, Steps, find_item, find_list, identity, outline_at, plain
from mock_server.value import dataclass

Deed = Literal["list", "make", "clear", "read", "replace", "merge", "remove"]
_ON_COLLECTION: Mapping[str, Deed] = {"GET": "list", "POST": "make", "DELETE": "clear"}
_ON_ITEM: Mapping[str, Deed] = {
    "GET": "read", "PUT": "replace", "PATCH": "merge", "POST": "merge", "DELETE": "remove",
}  # fmt: skip
_TEMPLATE = regex(r"\{([^{}/]*)\}")
_READS = frozenset(("list", "read"))


@dataclass(frozen=True, slots=True)
class Role:
    """What one operation does to the resource, and where the resource stands in its bodies."""

    deed: Deed
    resource: Resource
    operation: Operation
    collection: str
    """The collection's path with the operation's own names of parameters."""
    answers_with: Literal["item", "list", "other"]
    """``other`` = the answer does not show the resource, such as ``{"message": "made"}`` or nothing."""
    place: Steps
    """Where the item or the list stands in the answer: ``("data",)``; () = it is the answer."""
    shape: Outline | None
    """Of the item as this answer shows it."""
    asked: Outline | None
    """Of the item as the request's body describes it; None = it describes none."""
    asked_place: Steps

    def shelf(self, path: Mapping[str, Any]) -> str:
        """The shelf of a request's collection: ``/users/7/things``."""
        return _TEMPLATE.sub(lambda found: quote(path_text(path.get(found[1], "")), safe=""), self.collection)


class Resource:
    """One recognised resource: its two paths, and what each of its operations does."""

    def __init__(self, collection: str, parameter: str, trailing: str) -> None:
        self.collection = collection
        self.parameter = parameter
        self.trailing = trailing
        """``/`` when the item's path ends with one."""
        self.roles: dict[str, Role] = {}

    @property
    def name(self) -> str:
        """The last segment of the collection's path."""
        return self.collection.rpartition("/")[2]

    def move_under(self, bases: tuple[str, ...]) -> None:
        """Keep it under the first of these base paths, apart from another document's."""
        for base in bases:
            self.collection = base + self.collection
            self.roles = {key: replace(each, collection=base + each.collection) for key, each in self.roles.items()}

    def first(self, *deeds: Deed) -> Role | None:
        """The role with the first of these deeds that the document has."""
        by_deed = {role.deed: role for role in reversed(self.roles.values())}
        return next((by_deed[deed] for deed in deeds if deed in by_deed), None)

    @cached_property
    def item(self) -> Outline | None:
        """The resource as it is kept: as its own GET shows it, else the next best answer."""
        shown = [self.first("read"), self.first("make"), self.first("list"), self.first("replace", "merge")]
        asked = [role.asked for role in (self.first("make"), self.first("replace")) if role]
        return next((role.shape for role in shown if role and role.shape), next(filter(None, asked), None))

    @cached_property
    def identity(self) -> str | None:
        """The property that holds the key; None = the resource does not show it."""
        if self.item and self.item.properties:
            return identity(self.item, self.parameter, self.name)
        return "id" if plain(self.parameter).endswith("id") else self.parameter

    @property
    def document(self) -> Document:
        return next(iter(self.roles.values())).operation.document

    def describe(self) -> str:
        """``/things (id): list, make, read, remove``."""
        deeds = dict.fromkeys(role.deed for role in self.roles.values())
        return f"{self.collection} ({self.identity or 'no id shown'}): {', '.join(deeds)}"


def find_resources(operations: Iterable[Operation]) -> list[Resource]:
    """Every resource that can be both read and written, in the documents' order.

    Each document has its own: of ``/things`` in two of them each is kept under its base path.
    """
    by_document: dict[int, list[Operation]] = {}
    for operation in operations:
        by_document.setdefault(id(operation.document), []).append(operation)
    found = [resource for own in by_document.values() for resource in _of_document(own)]
    if len(by_document) > 1:
        shapes = Counter(_shape(resource.collection) for resource in found)
        for resource in found:
            if shapes[_shape(resource.collection)] > 1:
                resource.move_under(next(iter(resource.roles.values())).operation.bases[:1])
    return found


def _of_document(operations: list[Operation]) -> list[Resource]:
    found: dict[str, Resource] = {}
    for operation in operations:
        stem, slash, last = operation.path.rstrip("/").rpartition("/")
        named = _TEMPLATE.fullmatch(last)
        name = stem.rpartition("/")[2]
        if slash and named and name and "{" not in name:
            trailing = "/" if operation.path.endswith("/") else ""
            found.setdefault(_shape(stem), Resource(stem, named[1], trailing))
    for operation in operations:
        path = operation.path.rstrip("/")
        own = found.get(_shape(path))
        above = found.get(_shape(path.rpartition("/")[0])) if path.endswith("}") else None
        if own and operation.method in _ON_COLLECTION:
            own.collection = path  # with the names that the collection itself gives to its parameters
            _join(own, operation, _ON_COLLECTION[operation.method], path)
        elif above and operation.method in _ON_ITEM and _TEMPLATE.fullmatch(path.rpartition("/")[2]):
            _join(above, operation, _ON_ITEM[operation.method], path.rpartition("/")[0])
    return [resource for resource in found.values() if _is_kept(resource)]


def no_resource(document: Document) -> Problem:
    """The warning that nothing is remembered though somebody asked for it."""
    message = "no resource is recognised, so nothing is remembered"
    hint = "a resource has paths such as /things and /things/{id}, one operation that reads and one that writes JSON"
    return document.loaded.problem("MS329", message, ("paths",), hint, at="key", severity="warning")


def _shape(path: str) -> str:
    return _TEMPLATE.sub("{}", path)


def _is_kept(resource: Resource) -> bool:
    deeds = {role.deed for role in resource.roles.values()}
    return bool(deeds & _READS) and bool(deeds - _READS)


def _join(resource: Resource, operation: Operation, deed: Deed, collection: str) -> None:
    """Give the operation its role, unless its answers have not the shape of one."""
    entry = success(operation)
    media = json_media(entry)
    if deed in _READS and media is None:
        return
    document = operation.document
    place: Steps = ()
    shape: Outline | None = None
    answers_with: Literal["item", "list", "other"] = "other"
    if deed == "list" and media:
        if media.schema is None:
            return
        where = find_list(document, media.schema.pointer, resource.name)
        if where is None:
            return
        place, answers_with, shape = where[0], "list", outline_at(document, where[1])
        if not shape.is_object:
            return
    elif media and media.schema and deed != "clear":
        place, shape = find_item(document, media.schema.pointer, resource.parameter, resource.name)
        shows = identity(shape, resource.parameter, resource.name) is not None or deed == "read"
        answers_with = "item" if shape.is_object and shows else "other"
        if answers_with == "other" and deed == "read":
            return
    elif media and deed != "clear" and deed != "remove":
        answers_with = "item"
    asked_place, asked = _asked(operation, resource) if deed in ("make", "replace", "merge") else ((), None)
    resource.roles[operation.key] = Role(
        deed, resource, operation, collection, answers_with, place, shape, asked, asked_place
    )


def _asked(operation: Operation, resource: Resource) -> tuple[Steps, Outline | None]:
    """The item in the request's body. It need not carry its own key there."""
    for media in operation.body.content if operation.body else ():
        if media.schema and (is_json(media.name) or "form" in media.name):
            pointer: Pointer = media.schema.pointer
            outer = outline_at(operation.document, pointer)
            if len(outer.properties) == 1 or set(map(plain, outer.properties)) <= {"data", "meta", "included"}:
                return find_item(operation.document, pointer, resource.parameter, resource.name)
            return (), outer
    return (), None


def success(operation: Operation) -> DocumentedResponse | None:
    """The usual answer's entry: the lowest 2xx, else ``2XX`` or ``default``."""
    good = sorted(status for status in operation.responses if status[:1] == "2")
    return operation.responses.get(good[0] if good else "default")


def json_media(entry: DocumentedResponse | None) -> MediaType | None:
    """The entry's media type that is JSON."""
    return next((media for media in entry.content if is_json(media.name)), None) if entry else None


def path_text(value: Any) -> str:
    """A value of the path, which has the type that the document gives it, as one text: 7 as ``7``."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def inside(value: Any, place: Steps) -> Any:
    """What stands at ``place`` in a body; None = nothing."""
    for step in place:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def put_inside(body: Any, place: Steps, value: Any) -> Any:
    """The body with ``value`` at ``place``, without changing what was given."""
    if not place:
        return value
    outer = body if isinstance(body, dict) else {}
    return {**outer, place[0]: put_inside(outer.get(place[0]), place[1:], value)}
