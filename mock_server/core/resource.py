"""Doing to a resource what its operation is there for: list, make, read, replace, merge, remove.

Pure: it gets the shelf as it was, and says what the shelf becomes and what the answer shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mock_server.core.paging import paged
from mock_server.core.patch import PatchError, json_patch, merge_patch
from mock_server.core.sample import Samples, key_of, samples_of, stamped
from mock_server.core.shelf import Shelf, ShelfChange, change
from mock_server.fixture.facts import Facts
from mock_server.model import MISSING, Chance
from mock_server.named import NamedTuple
from mock_server.spec.outline import Outline
from mock_server.spec.resources import Role, inside, path_text, put_inside
from mock_server.value import dataclass

MAX_TRIES = 1_000
"""Keys tried before the answer is that no free one was found."""


class Refused(NamedTuple):
    """The resource does not allow it: ``statuses`` are the suitable ones, likeliest first."""

    code: str
    statuses: tuple[int, ...]
    detail: str


class Done(NamedTuple):
    """What was done: ``value`` is the answer's whole body, or None = the document's own body is good."""

    told: str
    value: Any = None
    change: ShelfChange | None = None
    made: str | None = None
    """The key of what is new: the answer's ``Location`` ends with it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One request to a resource. ``now`` is Unix seconds by the session's clock."""

    role: Role
    facts: Facts
    shelf: Shelf
    now: float
    chance: Chance

    @property
    def samples(self) -> Samples:
        return samples_of(self.role.resource)

    @property
    def key(self) -> str:
        """What the request's path names."""
        parts = self.facts.request.path.rstrip("/").rpartition("/")
        path: Mapping[str, Any] = self.facts.roots.get("path") or {}
        return path_text(path.get(self.role.operation.path.rstrip("/").rpartition("/")[2][1:-1], parts[2]))

    @property
    def sent(self) -> Any:
        """The request's body, or ``MISSING``."""
        body = self.facts.roots.get("body", MISSING)
        return inside(body, self.role.asked_place) if self.role.asked_place and isinstance(body, dict) else body


def perform(role: Role, facts: Facts, shelf: Shelf, now: float, chance: Chance) -> Done | Refused:
    """Do it. A shelf that nobody has written to holds the document's own examples."""
    samples = samples_of(role.resource)
    if shelf.version == 0:
        shelf = shelf._replace(items=samples.seeds, made=samples.last_number)
    asking = Asking(role, facts, shelf, now, chance)
    match role.deed:
        case "list":
            return _listed(asking)
        case "make":
            return _made(asking)
        case "clear":
            return Done("forgot all of {}", None, change(shelf, drop=tuple(shelf.items)))
        case "replace":
            return _replaced(asking)
    key = asking.key
    if key not in shelf.items:
        return Refused("MS436", (404, 410), f"{shelf.name[:200]} has nothing called {key[:200]!r}")
    item = shelf.items[key]
    if role.deed == "read":
        return Done("read {}", _shown(asking, item))
    if role.deed == "merge":
        return _merged(asking, key, item)
    return Done("forgot {}", _shown(asking, item), change(shelf, drop=(key,)))


def _listed(asking: Asking) -> Done:
    role, document = asking.role, asking.role.operation.document
    sample = asking.samples.answer(role)
    shown = [_projected(role.shape, asking, item) for item in asking.shelf.items.values()]
    if role.shape:
        schema = document.schema(role.shape.pointer)
        shown = [_fitting(item, schema.is_valid, asking.samples.item_of(role)) for item in shown]
    page = paged(role, asking.facts, shown, sample)
    return Done(f"lists {page.told} of {{}}", page.body)


def _made(asking: Asking) -> Done | Refused:
    shelf, sent = asking.shelf, asking.sent
    sent = sent if isinstance(sent, dict) else {}
    key, identity = None, asking.role.resource.identity
    if identity and identity in sent and not _is_read_only(asking, identity):
        key = key_of(sent[identity])
    if key is not None and key in shelf.items and not _must_choose(asking):
        key = None  # such as the key of the document's own example: another one is made
    if key is not None and key in shelf.items:
        return Refused("MS437", (409, 422, 400), f"{shelf.name[:200]} has a {key[:200]!r} already")
    made = shelf.made
    chosen: Any = sent.get(identity) if key is not None and identity else None
    if key is None:
        found = next(_free_keys(asking), None)
        if found is None:
            return Refused("MS437", (409, 422), f"no free key was found for {shelf.name[:200]}")
        chosen, made = found
        key = str(chosen)
    elif isinstance(chosen, int) and made < chosen < 2**31:
        made = chosen
    item = _composed(asking, sent, chosen, None)
    return Done("made {}", _shown(asking, item), change(shelf, {key: item}, made=made), key)


def _must_choose(asking: Asking) -> bool:
    """Whether a key that is taken is the client's fault: it has to send one, or the document has a 409."""
    role = asking.role
    return "409" in role.operation.responses or bool(role.asked and role.resource.identity in role.asked.required)


def _replaced(asking: Asking) -> Done | Refused:
    shelf, key = asking.shelf, asking.key
    before = shelf.items.get(key)
    responses = asking.role.operation.responses
    if before is None and "404" in responses and "201" not in responses:
        return Refused("MS436", (404,), f"{shelf.name[:200]} has nothing called {key[:200]!r}")
    sent = asking.sent if isinstance(asking.sent, dict) else {}
    item = _composed(asking, sent, _typed(asking, key), before)
    kept = change(shelf, {key: item}, made=shelf.made)
    if before is None:
        return Done("made {}", _shown(asking, item), kept, key)
    return Done("replaced {}", _shown(asking, item), kept)


def _merged(asking: Asking, key: str, item: dict[str, Any]) -> Done | Refused:
    content_type = asking.facts.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    patch = asking.sent
    try:
        if content_type == "application/json-patch+json":
            after = json_patch(item, patch)
        else:
            if isinstance(patch, dict):
                patch = {name: value for name, value in patch.items() if not _is_read_only(asking, name)}
            after = merge_patch(item, {} if patch is MISSING else patch)
    except PatchError as error:
        return Refused("MS437", (400, 422) if error.malformed else (409, 422, 400), str(error))
    shape = asking.role.resource.item
    if not isinstance(after, dict):
        return Refused("MS437", (422, 400), "the patch leaves no object")
    if identity := asking.role.resource.identity:
        after = {**after, **({identity: item[identity]} if identity in item else {})}
    after = stamped(after, asking.now, _server_made(asking), new=False)
    if shape:
        schema = asking.role.operation.document.schema(shape.pointer)
        if not schema.is_valid(after) and schema.is_valid(item):
            breach = next(schema.breaches(after), None)
            return Refused("MS437", (422, 400), f"the patch breaks the document: {breach.message if breach else ''}")
    return Done("patched {}", _shown(asking, after), change(asking.shelf, {key: after}))


def _composed(asking: Asking, sent: Mapping[str, Any], key: Any, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The whole resource: what was sent, and what a server would have put beside it.

    What the client could have sent and did not is left out, unless the document requires it.
    """
    resource, sample = asking.role.resource, asking.samples.item
    shape, asked, identity = resource.item, asking.role.asked, resource.identity
    own = _server_made(asking)
    lean: dict[str, Any] = {}
    full: dict[str, Any] = {}
    hidden = (asked.write_only if asked else frozenset()) | (shape.write_only if shape else frozenset())
    for name, value in sample.items():
        if name in hidden:
            continue
        if name in sent and name not in own:
            lean[name] = sent[name]
        elif name in own:
            lean[name] = value if before is None or name not in before else before[name]
        elif asked and name in asked.defaults:
            lean[name] = asked.defaults[name]
        elif shape and name in shape.required:
            lean[name] = value
        full[name] = lean.get(name, value)
    rest = {name: value for name, value in sent.items() if name not in own and name not in hidden}
    lean, full = {**lean, **rest}, {**full, **rest}
    if identity:
        lean[identity] = full[identity] = key
    candidates = [stamped(each, asking.now, own, new=before is None) for each in (lean, full)]
    if shape is None:
        return candidates[0]
    schema = asking.role.operation.document.schema(shape.pointer)
    listed = [{name: value for name, value in each.items() if name in shape.properties} for each in candidates]
    mended = [_mended(asking, shape, each) for each in candidates]
    return next((each for each in (*candidates, *listed, *mended) if schema.is_valid(each)), candidates[0])


def _mended(asking: Asking, shape: Outline, item: Mapping[str, Any]) -> dict[str, Any]:
    """With the document's value for each property that is sent in one form and shown in another, such as
    ``currency: EUR`` and ``currency: {code: EUR}``."""
    document, sample = asking.role.operation.document, asking.samples.item
    found = {}
    for name, value in item.items():
        at = shape.properties.get(name)
        if at is None or document.schema(at).is_valid(value):
            found[name] = value
        elif name in sample:
            found[name] = sample[name]
    return found


def _server_made(asking: Asking) -> frozenset[str]:
    """Properties that are not the client's to send."""
    resource, asked = asking.role.resource, asking.role.asked
    shape = resource.item
    names = frozenset(shape.read_only if shape else ()) | frozenset(asked.read_only if asked else ())
    if shape and asked and asked.properties:
        names |= shape.properties.keys() - asked.properties.keys()
    return names - ({resource.identity} if resource.identity else set())


def _is_read_only(asking: Asking, name: str) -> bool:
    """Whether a client's value of the property does not count."""
    shape, asked = asking.role.resource.item, asking.role.asked
    if asked and name in asked.properties:
        return name in asked.read_only
    return bool(shape and name in shape.read_only)


def _shown(asking: Asking, item: dict[str, Any]) -> Any:
    """The answer's body with the item in its place; None when this answer does not show it."""
    role = asking.role
    if role.answers_with != "item":
        return None
    shown = _projected(role.shape, asking, item)
    if role.shape:
        schema = role.operation.document.schema(role.shape.pointer)
        shown = _fitting(shown, schema.is_valid, asking.samples.item_of(role))
        if role.deed != "read" and not schema.is_valid(shown):
            return None  # it only looked like the resource, as the task that will make one does
    return put_inside(asking.samples.answer(role), role.place, shown) if role.place else shown


def _projected(shape: Outline | None, asking: Asking, item: dict[str, Any]) -> dict[str, Any]:
    """Without the resource's properties that this answer does not list; what the document never heard of stays."""
    whole = asking.role.resource.item
    if shape is None or whole is None or not shape.properties or shape.pointer == whole.pointer:
        return item
    hidden = whole.properties.keys() - shape.properties.keys()
    return {name: value for name, value in item.items() if name not in hidden}


def _fitting(item: dict[str, Any], is_valid: Any, sample: Mapping[str, Any]) -> dict[str, Any]:
    """The item, or the item over what the document shows in its place when that is what makes it valid."""
    if is_valid(item):
        return item
    filled = {**sample, **item}
    listed = {name: value for name, value in filled.items() if name in sample}
    return next((each for each in (filled, listed) if is_valid(each)), item)


def _typed(asking: Asking, key: str) -> Any:
    """A key out of a path as the value that the resource shows: 7 for an integer ``id``."""
    resource = asking.role.resource
    if resource.item is None or resource.identity not in resource.item.properties:
        return key
    schema = resource.document.schema(resource.item.properties[resource.identity])
    number = int(key) if key.isascii() and key.isdecimal() and len(key) < 19 else None
    return number if number is not None and not schema.is_valid(key) and schema.is_valid(number) else key


def _free_keys(asking: Asking) -> Iterator[tuple[Any, int]]:
    """Keys that the document allows and nobody has, each with the number that it uses up."""
    items, makes = asking.shelf.items, asking.samples.key_maker
    for number in range(asking.shelf.made + 1, asking.shelf.made + 1 + MAX_TRIES):
        for key in makes(number, asking.chance):
            if str(key) not in items:
                yield key, number


def location(collection: str, trailing: str, key: str) -> str:
    """Where what was made is: ``/api/things/7``."""
    return f"{collection}/{quote(key, safe='')}{trailing}"
