"""Which schemas nobody can satisfy, and which of their words say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mock_server.errors import Broken, Problem, Severity
from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.document import Document
from mock_server.spec.generate.emptiness import no_text
from mock_server.spec.generate.extent import most_names, most_values
from mock_server.spec.generate.grammar import can_be
from mock_server.spec.generate.height import MAX_HEIGHT, is_within
from mock_server.spec.generate.judge import Judge
from mock_server.spec.generate.merge import Shapes
from mock_server.spec.generate.numbers import span, step_of
from mock_server.spec.generate.shape import Conjunction, Item, Shape, subschemas
from mock_server.spec.schema import has_match

MAX_BRANCHES = 32
"""Of one ``oneOf``; those of more are not compared."""
MAX_SCHEMAS = 50_000
"""So many schemas of one document are looked at."""
_HINT = "no value keeps this schema: change one of the words that the message names"


_FORMAT_HINT = "validators that assert formats refuse every text: change the lengths or leave the format out"


class Contradiction(NamedTuple):
    """A schema that no value keeps, and why; MS265: none but for those who do not look at ``format``."""

    at: Pointer
    message: str
    code: str = "MS245"


def contradictions(document: Document, pointers: Iterable[Pointer]) -> Iterator[Problem]:
    """See :func:`mock_server.spec.generate.unsatisfiable`."""
    finder = _Finder(document)
    found: dict[Pointer, Contradiction] = {}
    fatal: set[Pointer] = set()
    for pointer in pointers:
        try:
            root = Item(document.at(pointer, pointer, "#")[0], pointer)
            if why := finder.why(root):
                fatal.add(why.at)
            found.update((each.at, each) for each in finder.all_of(root))
        except (Broken, RecursionError):
            continue  # a reference that cannot be followed, or schemas without an end: told of elsewhere
    for at, each in found.items():
        hint = _HINT if each.code == "MS245" else _FORMAT_HINT
        severity: Severity = "error" if at in fatal and each.code == "MS245" else "warning"
        yield document.loaded.problem(each.code, each.message, at, hint, severity=severity)


class _Finder:
    """Looks at the schemas of one body; the reason for each is found once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.shapes = Shapes()
        self.known: dict[tuple[Pointer, ...], Contradiction | None] = {}
        self.seen: set[Pointer] = set()

    def all_of(self, root: Item) -> Iterator[Contradiction]:
        """Every contradiction below a schema, but those below one that was looked at before."""
        told: set[Pointer] = set()
        stack = [root]
        while stack and len(self.seen) < MAX_SCHEMAS:
            (item,) = self.shapes.resolved(self.document, (stack.pop(),))
            if item.at in self.seen or not isinstance(item.node, dict):
                continue
            self.seen.add(item.at)
            why = self.why(item)
            if why and why.at not in told:
                told.add(why.at)
                yield why
            shape = self.shapes.of(self.document, (item,))
            if not why:
                yield from _formats(item, shape)
            below = [
                *subschemas(shape),
                *(option[0] for each in shape.choices if each.word != "not" for option in each.options),
            ]
            stack.extend(reversed(below))

    def why(self, item: Item) -> Contradiction | None:
        """Why nobody can satisfy the schema, or None when that cannot be told."""
        (item,) = self.shapes.resolved(self.document, (item,))
        return self._why((item,), item.at)

    def _why(self, parts: Conjunction, at: Pointer) -> Contradiction | None:
        """Why nobody can satisfy all of these; ``at`` is where that is told."""
        key = tuple(part.at for part in parts)
        if key not in self.known:
            self.known[key] = None  # met again inside itself
            self.known[key] = self._reason(parts, at)
        return self.known[key]

    def _reason(self, parts: Conjunction, at: Pointer) -> Contradiction | None:
        shape = self.shapes.of(self.document, parts)
        if shape.never is not None:
            return Contradiction(at, "a schema that is false allows nothing")
        if any(_refuses_all(part.node, shape.types) for part in parts):
            return Contradiction(at, "`not` refuses every value that the words beside it allow")
        if shape.enum is not None:
            return self._enum(parts, at, shape)
        if any(map(self._is_never_one, parts)):
            return Contradiction(at, "what keeps one branch of `oneOf` keeps another of them too")
        for choice in shape.choices:
            if choice.word in ("oneOf", "anyOf"):
                whys = [self.why(option[0]) for option in choice.options]
                if whys and all(whys):
                    return whys[0]
        if shape.types is not None and not shape.types:
            return Contradiction(at, "the types of its parts exclude each other")
        kinds = shape.types
        if kinds is None:
            return None  # a value of another type keeps it
        whys = [self._of_type(kind, Item(parts[0].node if len(parts) == 1 else None, at), shape) for kind in kinds]
        if all(whys):
            return whys[0]
        if not shape.choices and not is_within(self.document, self.shapes, parts, MAX_HEIGHT):
            return Contradiction(at, "it requires itself without an end: no value is ever complete")
        return None

    def _is_never_one(self, item: Item) -> bool:
        """Whether each branch of its ``oneOf`` asks for all that some other one asks for."""
        listed = item.node.get("oneOf") if isinstance(item.node, dict) else None
        if not isinstance(listed, list) or not 1 < len(listed) <= MAX_BRANCHES:
            return False
        branches = (Item(branch, (*item.at, "oneOf", index)) for index, branch in enumerate(listed))
        nodes = [self.shapes.resolved(self.document, (branch,))[0].node for branch in branches]
        return all(
            any(other != index and _asks_for(node, nodes[other]) for other in range(len(nodes)))
            for index, node in enumerate(nodes)
        )

    def _enum(self, parts: Conjunction, at: Pointer, shape: Shape) -> Contradiction | None:
        values = shape.enum or []
        if not values:
            return Contradiction(at, "`enum` has no value, or none that all its parts allow")
        judge = Judge(self.document)
        if not any(judge.keeps_all(value, parts) for value in values) and judge.steps_left > 0:
            return Contradiction(at, "no value of `enum` or `const` keeps the words beside it")
        return None

    def _of_type(self, kind: str, item: Item, shape: Shape) -> Contradiction | None:
        match kind:
            case "integer" | "number":
                return _number(kind, item, shape)
            case "string":
                if shape.max_length is not None and shape.min_length > shape.max_length:
                    return Contradiction(item.at, f"minLength {shape.min_length} is above maxLength {shape.max_length}")
                return _text_of(item, shape)
            case "array":
                return self._array(item, shape)
            case "object":
                return self._object(item, shape)
        return None

    def _array(self, item: Item, shape: Shape) -> Contradiction | None:
        least = max([shape.min_items, *(each.least for each in shape.contains)])
        if shape.max_items is not None and least > shape.max_items:
            return Contradiction(item.at, f"at least {least} items, but maxItems is {shape.max_items}")
        for index in range(min(shape.min_items, 16)):
            message = f"an item is needed at index {index}, and its schema is false"
            if why := self._all_inside(shape.item(index), item, message, f"an item is needed at index {index}"):
                return why
        return self._contained(item, shape) or self._unique(item, shape)

    def _contained(self, item: Item, shape: Shape) -> Contradiction | None:
        """``contains`` asks for an item that the schemas of all items refuse."""
        prefix = max((len(row.prefix) for row in shape.rows), default=0)
        rest = shape.item(prefix)
        for each in shape.contains:
            if each.least and (why := self.why(each.item)):
                return Contradiction(item.at, f"`contains` wants what nobody can satisfy: {why.message}")
            if each.least and not prefix and (why := self._why((*rest, each.item), item.at)):
                return Contradiction(item.at, f"`contains` wants an item that `items` does not allow: {why.message}")
        return None

    def _unique(self, item: Item, shape: Shape) -> Contradiction | None:
        prefix = max((len(row.prefix) for row in shape.rows), default=0)
        rest = shape.item(prefix)
        most = most_values(self.shapes.of(self.document, rest)) if shape.unique and rest else None
        if most is not None and shape.min_items > prefix + most:
            message = f"at least {shape.min_items} items, but only {prefix + most} differ from each other"
            return Contradiction(item.at, message)
        return None

    def _object(self, item: Item, shape: Shape) -> Contradiction | None:
        most = shape.max_members
        if most is not None and max(shape.min_members, len(shape.required)) > most:
            least = max(shape.min_members, len(shape.required))
            return Contradiction(item.at, f"at least {least} properties, but maxProperties is {most}")
        names = most_names(shape)
        if names is not None and shape.min_members > names:
            return Contradiction(
                item.at, f"at least {shape.min_members} properties, but no more than {names} names are allowed"
            )
        judge = Judge(self.document)
        for name in shape.required:
            parts = shape.member(name, has_match)
            message = f"{name!r} is required, and its schema is false"
            if why := self._all_inside(parts, item, message, f"{name!r} is required"):
                return why
            if any(part.node is False for part in shape.names):
                return Contradiction(item.at, f"{name!r} is required, and no name is allowed")
            if not judge.keeps_all(name, tuple(shape.names)) and judge.steps_left > 0:
                return Contradiction(item.at, f"{name!r} is required, and `propertyNames` refuses this name")
            if _is_unevaluated(item.node, name):
                return Contradiction(item.at, f"{name!r} is required, and `unevaluatedProperties` refuses it")
        return None

    def _all_inside(self, parts: Conjunction, around: Item, message: str, needed: str) -> Contradiction | None:
        """Why something that is needed inside a value cannot be there."""
        for part in parts:
            if part.node is False:
                return Contradiction(around.at, message)
            if why := self.why(part):
                return why
        why = self._why(parts, around.at) if len(parts) > 1 else None
        return Contradiction(around.at, f"{needed}: {why.message}") if why else None


_APPLICATORS = frozenset(
    ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties")
)
_ANNOTATIONS = frozenset(("title", "description", "$comment", "examples", "example", "default", "deprecated"))


def _refuses_all(node: object, types: tuple[str, ...] | None) -> bool:
    """Whether ``not`` is a schema that allows anything, or all of the types that are left."""
    refused = node.get("not") if isinstance(node, dict) else None
    if not isinstance(refused, dict):
        return refused is True
    words = set(refused) - _ANNOTATIONS
    if words != {"type"} or types is None:
        return not words
    kinds = refused["type"] if isinstance(refused["type"], list) else [refused["type"]]
    return all(kind in kinds or (kind == "integer" and "number" in kinds) for kind in types)


def _asks_for(node: object, other: object) -> bool:
    """Whether a value that keeps ``node`` certainly keeps ``other``; no references are followed for it."""
    if not isinstance(node, dict) or not isinstance(other, dict):
        return False
    for word in _plain_words(other):
        given, wanted = node.get(word), other[word]
        match word:
            case "required" if isinstance(given, list) and isinstance(wanted, list):
                if not set(map(str, wanted)) <= set(map(str, given)):
                    return False
            case "properties" if isinstance(given, dict) and isinstance(wanted, dict):
                if not all(name in given and _plain(given[name]) == _plain(part) for name, part in wanted.items()):
                    return False
            case _:
                if word not in node or _plain(given) != _plain(wanted):
                    return False
    # `unevaluatedProperties` and `$dynamicRef` depend on what stands around them
    return not {"unevaluatedProperties", "unevaluatedItems", "$dynamicRef"} & set(other)


def _plain_words(node: dict[str, object]) -> list[str]:
    return [word for word in node if word not in _ANNOTATIONS and not word.startswith("x-")]


def _plain(node: object) -> object:
    """Without what only describes."""
    if not isinstance(node, dict):
        return node
    return {word: node[word] for word in _plain_words(node)}


def _is_unevaluated(node: object, name: str) -> bool:
    """Whether nothing looks at a property but ``unevaluatedProperties: false``."""
    if not isinstance(node, dict) or node.get("unevaluatedProperties") is not False or _APPLICATORS & set(node):
        return False
    return name not in (node.get("properties") or {}) and "additionalProperties" not in node


def _text_of(item: Item, shape: Shape) -> Contradiction | None:
    if shape.patterns and no_text(tuple(shape.patterns), shape.min_length, shape.max_length):
        named = " and ".join(pattern[:60] for pattern in shape.patterns[:3])
        is_bound = shape.min_length or shape.max_length is not None
        size = f" of {_lengths(shape.min_length, shape.max_length)}" if is_bound else ""
        return Contradiction(item.at, f"no text{size} matches {named}")
    return None


def _formats(item: Item, shape: Shape) -> Iterator[Contradiction]:
    """A format whose texts are never as long or short as they have to be."""
    if shape.types != ("string",) or shape.enum is not None:
        return
    for name in shape.formats:
        if not can_be(name, shape.min_length, shape.max_length):
            message = f"no text of {_lengths(shape.min_length, shape.max_length)} is of the format {name}"
            yield Contradiction(item.at, message, "MS265")


def _lengths(least: int, most: int | None) -> str:
    if most is None:
        return f"{least} characters or more"
    if least == most:
        return f"exactly {most} characters"
    return f"{least} to {most} characters" if least else f"{most} characters or fewer"


def _number(kind: str, item: Item, shape: Shape) -> Contradiction | None:
    low, high = shape.low, shape.high
    if low is not None and high is not None:
        if low > high or (low == high and (shape.low_open or shape.high_open)):
            return Contradiction(item.at, f"the minimum {_text(low)} is above the maximum {_text(high)}")
        step = step_of(shape, whole=kind == "integer")
        first, last = span(shape, step, formats=False) if step else (None, None)
        if first is not None and last is not None and first > last:
            what = "integer" if kind == "integer" and not shape.multiples else f"multiple of {_text(step or low)}"
            return Contradiction(item.at, f"no {what} lies between {_text(low)} and {_text(high)}")
    return None


def _text(value: object) -> str:
    return f"{float(value):g}" if abs(float(value)) < 1e15 else str(value)  # type: ignore[arg-type]
