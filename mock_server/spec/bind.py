"""Every reference of a document made a pointer into one tree, however many files the document has.

Other files are read once and hung under a key of the tree (``FILES``); ``$ref`` of any form (relative files,
fragments, ``$id``, ``$anchor``, names in ``discriminator.mapping``) is rewritten as ``#/…``. So whatever reads the
document behind this room knows one kind of reference. What cannot be resolved costs its own place and no more: a
schema then means "anything", any other object is taken out; each is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mock_server.errors import Broken, Problem
from mock_server.named import NamedTuple
from mock_server.source import FILES, Library, Loaded, Pointer, pointer_text
from mock_server.spec.clean import Cleaner, Slot, described, shown
from mock_server.spec.fault import Fault, Faults
from mock_server.spec.grammar import fits
from mock_server.spec.names import Names, joined
from mock_server.spec.reference import fragment, steps_of

MAX_REFERENCE_HOPS = 64
_ALIKE = ({"parameter", "header"},)


class Target(NamedTuple):
    """What a reference leads to."""

    node: Any
    pointer: Pointer


class Bound(NamedTuple):
    """What was learnt about the references of a document."""

    names: Names
    references: int
    identified: list[dict[str, Any]]
    """Schemas with ``$id`` or ``$schema``."""

    def forget_ids(self) -> None:
        """Make all schemas parts of one resource: bound references need no other."""
        for node in self.identified:
            node.pop("$id", None)
            node.pop("$schema", None)


class _Lost(Exception):
    """A reference that leads nowhere: the code, what happened and what to do."""

    def __init__(self, code: str, message: str, hint: str | None) -> None:
        super().__init__(code, message, hint)
        self.code, self.message, self.hint = code, message, hint


def bind(loaded: Loaded, uri: str, library: Library, faults: Faults, version: str, kind: str = "document") -> Bound:
    """Clean the tree and bind its references, in place."""
    binder = _Binder(loaded, uri, library, faults, version)
    binder.run(kind)
    return Bound(binder.names, len(binder.cleaner.references), binder.cleaner.identified)


class _Binder:
    def __init__(self, loaded: Loaded, uri: str, library: Library, faults: Faults, version: str) -> None:
        self.loaded = loaded
        self.library = library
        self.faults = faults
        self.cleaner = Cleaner(faults, version)
        self.names = Names(has_ids=not self.cleaner.is_old)
        self.names.add_file((), uri, loaded.data, loaded.source.text)
        self.targets: dict[int, Target] = {}
        """What the reference in a node leads to, by the node's ``id``."""
        self.lost: dict[int, Fault] = {}
        self.on_way: set[int] = set()
        """References that are being followed: one that leads through itself leads nowhere."""
        self.mapped: list[tuple[dict[str, Any], str, Pointer]] = []
        """Entries of discriminators' mappings, and what they lead to."""

    def run(self, kind: str) -> None:
        self.loaded.data.pop(FILES, None)
        cleaner = self.cleaner
        cleaner.walk(self.loaded.data, kind, ())
        references = mappings = 0
        while references < len(cleaner.references) or mappings < len(cleaner.discriminators):
            if references < len(cleaner.references):  # what a reference leads to may hold more of them
                self._resolve(cleaner.references[references])
                references += 1
            else:
                self._map(cleaner.discriminators[mappings])
                mappings += 1
        self._cut_circles()
        renumbered = self._prune()
        for slot in cleaner.references:
            target = self.targets.get(id(slot.node))
            if target is not None:
                slot.node["$ref"] = "#" + fragment(_renumbered(target.pointer, renumbered))
        for slot in cleaner.references:
            if slot.kind in ("pathItem", "pathItem2") and len(slot.node) > 1:
                self._merge(slot)
        for mapping, name, pointer in self.mapped:
            mapping[name] = "#" + fragment(_renumbered(pointer, renumbered))

    def _merge(self, slot: Slot) -> None:
        """Words beside the ``$ref`` of a path item go before those of the target (OAS 3.1 §4.8.9 leaves it open)."""
        target = self.targets.get(id(slot.node))
        if target is None or "$ref" not in slot.node:
            return
        node, pointer = target
        while id(node) in self.targets and "$ref" in node:
            node, pointer = self.targets[id(node)]
        del slot.node["$ref"]
        self.targets.pop(id(slot.node))
        for key, value in node.items():
            if key == "parameters" and key in slot.node:
                own = slot.node[key]
                for index in reversed(range(len(own))):
                    self.loaded.moved[*slot.pointer, key, len(value) + index] = (*slot.pointer, key, index)
                slot.node[key] = [*value, *own]
                for index in range(len(value)):
                    self.loaded.moved[*slot.pointer, key, index] = (*pointer, key, index)
            elif key not in slot.node:
                slot.node[key] = value
                self.loaded.moved[*slot.pointer, key] = (*pointer, key)

    def _resolve(self, slot: Slot) -> None:
        if id(slot.node) in self.targets or id(slot.node) in self.lost:
            return
        self.on_way = {id(slot.node)}
        try:
            target = self.find(slot.node["$ref"], slot.pointer, 0)
            if not fits(slot.kind)(target.node):
                message = f"the reference {slot.node['$ref']!r} leads to something that is not {described(slot.kind)}"
                raise _Lost("MS203", message, None)
            read_as = self.cleaner.kinds.get(id(target.node), frozenset())
            if read_as and slot.kind not in read_as and not any({slot.kind, *read_as} <= each for each in _ALIKE):
                message = (
                    f"the reference {slot.node['$ref']!r} leads to {described(min(read_as))}, "
                    f"where {described(slot.kind)} is wanted"
                )
                raise _Lost("MS203", message, None)
        except _Lost as lost:
            self._lose(slot, lost.code, lost.message, lost.hint)
            return
        self.targets[id(slot.node)] = target
        self.cleaner.walk(target.node, slot.kind, target.pointer)

    def _lose(self, slot: Slot, code: str, message: str, hint: str | None) -> None:
        then = "anything fits here" if slot.kind == "schema" else f"this {_called(slot.kind)} is left out"
        self.lost[id(slot.node)] = self.faults.add(code, f"{message}; {then}", slot.pointer, hint)

    def find(self, reference: str, pointer: Pointer, hops: int) -> Target:
        """What a reference standing at ``pointer`` leads to. Raises ``_Lost``."""
        base, _ = self.names.base_of(pointer)
        try:
            uri, _, name = joined(base, reference).partition("#")
        except ValueError:
            raise _Lost("MS203", f"the reference {reference!r} is no address", None) from None
        root = self.names.resources.get(uri)
        if root is None:
            root = self._open(uri, reference)
        if name and not name.startswith("/"):
            found = self.names.anchors.get((self.names.bases.get(root, uri), name))
            if found is None:
                hint = "an anchor is written `$anchor`; a pointer begins with #/"
                if self._is_component(name):
                    hint = f"did you mean #/components/schemas/{name}?"
                raise _Lost("MS203", f"the reference {reference!r} leads nowhere", hint)
            return self.walk_to(found, (), reference, hops)
        return self.walk_to(root, steps_of(name), reference, hops)

    def _is_component(self, name: str) -> bool:
        components = self.loaded.data.get("components")
        schemas = components.get("schemas") if isinstance(components, dict) else None
        return isinstance(schemas, dict) and name in schemas

    def walk_to(self, root: Pointer, steps: Iterable[str], reference: str, hops: int) -> Target:
        """Follow a pointer, through references on its way. Raises ``_Lost``."""
        if hops > MAX_REFERENCE_HOPS:
            raise _Lost("MS204", "this reference chain is too long", None)
        node, pointer = self._at(root), root
        for step in steps:
            inner = _member(node, step)
            if inner is None and isinstance(node, dict) and isinstance(node.get("$ref"), str):
                known = self.targets.get(id(node))
                if known is None and id(node) not in self.on_way:
                    self.on_way.add(id(node))
                    known = self.find(node["$ref"], pointer, hops + 1)
                    self.on_way.remove(id(node))
                if known is not None:
                    node, pointer = known
                    inner = _member(node, step)
            if inner is None:
                home, written = self.loaded.home(pointer)
                where = (home.source.path if home is not self.loaded else "") + "#" + pointer_text(written)
                hint = f"nothing is called {step!r} at {where}"
                raise _Lost("MS203", f"the reference {reference!r} leads nowhere", hint)
            key, node = inner
            pointer = (*pointer, key)
        return Target(node, pointer)

    def _at(self, pointer: Pointer) -> Any:
        node: Any = self.loaded.data
        for step in pointer:
            node = node[step]
        return node

    def _open(self, uri: str, reference: str) -> Pointer:
        """Read another file of the document. Raises ``_Lost``."""
        where = self.names.retrieval(uri)
        known = self.names.resources.get(where)
        if known is not None:
            self.names.resources[uri] = known
            return known
        try:
            found = self.library.open(where)
        except Broken as broken:
            problem = broken.problems[0]
            raise _Lost(*_told(problem, reference)) from None
        name = found.source.path
        pointer: Pointer = (FILES, name)
        files = self.loaded.data.setdefault(FILES, {})
        if name not in files:
            files[name] = found.data
            self.loaded.files[name] = found
            self.names.add_file(pointer, where, found.data, found.source.text)
        self.names.resources[uri] = pointer
        return pointer

    def _cut_circles(self) -> None:
        """A chain of references must end, and soon (MS204)."""
        by_node = {id(slot.node): slot for slot in reversed(self.cleaner.references)}
        lengths: dict[int, int] = {}
        for first in self.cleaner.references:
            chain: list[Slot] = []
            on_way: set[int] = set()
            slot: Slot | None = first
            while slot is not None and id(slot.node) in self.targets and id(slot.node) not in lengths:
                if id(slot.node) in on_way:
                    self._cut(slot, "this reference leads in a circle")
                    break
                on_way.add(id(slot.node))
                chain.append(slot)
                slot = by_node.get(id(self.targets[id(slot.node)].node))
            length = lengths.get(id(slot.node), 0) if slot is not None else 0
            for each in reversed(chain):
                if id(each.node) in self.lost:
                    length = 0
                    continue
                length += 1
                if length > MAX_REFERENCE_HOPS:
                    self._cut(each, "this reference chain is too long")
                    length = 0
                lengths[id(each.node)] = length

    def _cut(self, slot: Slot, message: str) -> None:
        del self.targets[id(slot.node)]
        self._lose(slot, "MS204", message, "let it end at the thing itself")

    def _prune(self) -> dict[Pointer, Pointer]:
        """Take out what is lost. Indexes that changed thereby: the old pointer -> the new one."""
        gone = [*self.cleaner.broken]
        unreadable = set(self.cleaner.unreadable)
        for slot in self.cleaner.references:
            fault = self._fate(slot, unreadable)
            if fault and slot.kind == "schema":
                slot.node.pop("$ref", None)
            elif fault:
                gone.append(slot)
        lists: dict[int, tuple[Any, Pointer, set[int]]] = {}
        for slot in gone:
            if isinstance(slot.container, dict):
                slot.container.pop(slot.key, None)
            elif isinstance(slot.container, list) and isinstance(slot.key, int):
                lists.setdefault(id(slot.container), (slot.container, slot.pointer[:-1], set()))[2].add(slot.key)
        renumbered: dict[Pointer, Pointer] = {}
        for items, pointer, indexes in lists.values():
            left = [index for index in range(len(items)) if index not in indexes]
            items[:] = [items[index] for index in left]
            for new, old in enumerate(left):
                if new != old:
                    self.loaded.moved[*pointer, new] = (*pointer, old)
                    renumbered[*pointer, old] = (*pointer, new)
        return renumbered

    def _fate(self, slot: Slot, unreadable: set[int]) -> bool:
        """Whether the reference is lost, or something on its way or at its end is."""
        node = slot.node
        for _ in range(MAX_REFERENCE_HOPS + 2):
            if id(node) in unreadable or (id(node) in self.lost and (node is slot.node or slot.kind != "schema")):
                if slot.kind != "schema" and id(slot.node) not in self.lost:
                    self._lose(slot, "MS203", f"the reference {slot.node['$ref']!r} leads to what cannot be read", None)
                return True
            if id(node) not in self.targets:
                return False
            node = self.targets[id(node)].node
        return True

    def _map(self, slot: Slot) -> None:
        """A discriminator's ``mapping`` holds names or references (OAS 3.1 §4.8.25.1); afterwards pointers."""
        for name, value in slot.node.items():
            pointer = (*slot.pointer, name)
            if not isinstance(value, str):
                message = f"`{name}` must be the name of a schema or a reference, not {shown(value)}; it is not used"
                self.faults.add("MS215", message, pointer)
                continue
            try:
                if self._is_component(value):
                    target = self.walk_to((), ("components", "schemas", value), value, 0)
                elif not set(value) & set("/#.:"):
                    raise _Lost("MS203", f"no schema is called {value!r}", "write a name, or a reference with `#/`")
                else:
                    target = self.find(value, slot.pointer, 0)
            except _Lost as lost:
                self.faults.add(lost.code, f"{lost.message}; the mapping is not used", pointer, lost.hint)
                continue
            self.cleaner.walk(target.node, "schema", target.pointer)
            self.mapped.append((slot.node, name, target.pointer))


def _called(kind: str) -> str:
    return described(kind).partition(" ")[2]


def _told(problem: Problem, reference: str) -> tuple[str, str, str | None]:
    """Why a file cannot be read, with the reference that asked for it."""
    where = f" ({problem.place})" if problem.place else ""
    return problem.code, f"the reference {reference!r} cannot be followed: {problem.message}{where}", problem.hint


def _member(node: Any, step: str) -> tuple[str | int, Any] | None:
    """The key and what stands there, or None; FILES is ours and nobody's to name."""
    if isinstance(node, dict) and step in node and step != FILES:
        return step, node[step]
    if isinstance(node, list) and step.isdecimal() and step.isascii() and len(step) < 10 and int(step) < len(node):
        return int(step), node[int(step)]
    return None


def _renumbered(pointer: Pointer, changes: dict[Pointer, Pointer]) -> Pointer:
    for length in range(len(pointer), 0, -1) if changes else ():
        new = changes.get(pointer[:length])
        if new is not None:
            return (*new, *pointer[length:])
    return pointer
