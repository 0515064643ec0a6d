"""What an operation looks up of what the session remembers, before it is answered."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mock_server.core.shelf import Shelf
from mock_server.core.snapshot import Snapshot
from mock_server.fixture.facts import Facts
from mock_server.fixture.model import OperationFixture, Recall
from mock_server.model import MISSING, Chance
from mock_server.value import dataclass

if TYPE_CHECKING:
    from mock_server.spec.resources import Role


@dataclass(frozen=True, slots=True)
class Memory:
    """``role`` is the operation's in a recognised resource, the rest is what its fixture says.

    ``shelves`` are the names that ``recall:``, ``remember:`` and ``forget:`` use.
    """

    role: Role | None
    recall: tuple[Recall, ...]
    shelves: tuple[str, ...]


def memory_of(role: Role | None, fixture: OperationFixture | None) -> Memory | None:
    """A fixture that says what to answer ``otherwise`` takes the resource's place."""
    if fixture and fixture.otherwise:
        role = None
    found: list[str] = []
    if fixture:
        found += [each.shelf for each in fixture.recall]
        for response in fixture.responses.values():
            found += [each.shelf for each in response.remember] + [each.shelf for each in response.forget]
    return Memory(role, fixture.recall if fixture else (), tuple(dict.fromkeys(found))) if role or found else None


def shelf_names(memory: Memory, facts: Facts) -> tuple[str, ...]:
    """The shelves to load for this request."""
    role = memory.role
    return memory.shelves if role is None else (role.shelf(facts.roots["path"]), *memory.shelves)


def shelf_of(snapshot: Snapshot, name: str) -> Shelf:
    """The shelf as it was seen; one that nobody has written to is empty."""
    return snapshot.shelves.get(name) or Shelf(name)


def recall(memory: Memory, facts: Facts, snapshot: Snapshot, chance: Chance) -> None:
    """Put what the fixture recalls among the facts, under ``state``."""
    if not memory.recall:
        return
    found: dict[str, Any] = {}
    for each in memory.recall:
        shelf = shelf_of(snapshot, each.shelf)
        if each.next:
            found[each.name] = shelf.made + 1 if each.next == "number" else uuid_of(chance)
        elif each.key is None:
            found[each.name] = list(shelf.items.values())
        else:
            key = key_text(facts.get(each.key) if len(each.key) > 1 else each.key[0])
            if key is not None and key in shelf.items:
                found[each.name] = shelf.items[key]
    facts.roots["state"] = found


def key_text(value: Any) -> str | None:
    """A value as a key: a text, a number; None for anything else."""
    if value is MISSING or isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return None
    return str(value)


def uuid_of(chance: Chance) -> str:
    """A random UUID (RFC 9562 §5.4)."""
    text = chance.token(16)
    return str(UUID(bytes=base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[:16], version=4))
