"""The search for a body: candidates for a conjunction of schemas, likeliest first.

What is built is right by its construction for most schemas. Where it may not be (``oneOf``, ``not``,
``if``, ``contains``, ``unevaluated…``) the judge looks at each candidate and the next one is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import compress, islice
from typing import Any

from mock_server.later import regex
from mock_server.named import NamedTuple
from mock_server.spec.document import Document
from mock_server.spec.generate.arrays import arrays
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.height import is_within
from mock_server.spec.generate.judge import Judge
from mock_server.spec.generate.merge import Shapes
from mock_server.spec.generate.names import usual_for
from mock_server.spec.generate.numbers import numbers
from mock_server.spec.generate.objects import objects
from mock_server.spec.generate.refute import is_hopeless
from mock_server.spec.generate.shape import TYPES, Choice, Conjunction, Shape
from mock_server.spec.generate.texts import texts
from mock_server.spec.schema import has_match

MAX_STEPS = 20_000
"""Schemas looked at for one body: alternatives inside alternatives multiply, and nothing may hang."""
MAX_DEPTH = 48
"""Arrays and objects inside each other; a mock's JSON may be 64 deep."""
MAX_PARTS = 16
"""Branches chosen inside each other for one value: they may lead into each other without an end."""
MAX_ROOM = 200_000
"""Items and, in pieces of 64 characters, texts of one body: a few megabytes."""
RICH_NODES = 1_500
"""After so many values only what is required is made: about 64 KB."""
_RICH_DEPTH = 5
_MISSES = 400
_OK = 200
_STATUS = regex(r"/responses/([1-5][0-9][0-9])/")
_TRIES = 12
"""Candidates of one option before the next option is tried."""


class Place(NamedTuple):
    """Where in the body a value stands."""

    path: str
    name: str
    owner: str
    depth: int
    around: tuple[Shape, ...]

    def into(self, step: str | int, name: str, owner: str) -> Place:
        return Place(f"{self.path}/{step}", name, owner, self.depth + 1, self.around)


class Maker:
    """Makes candidates for one body until its steps are used up."""

    def __init__(
        self, document: Document, shapes: Shapes, seed: int, unwanted: str, *, is_strict: bool, formats: bool = False
    ) -> None:
        """``unwanted``: ``writeOnly`` or ``readOnly``; when strict, such members are left out even if required.

        ``formats``: a branch is told from another by its ``format`` alone, too.
        """
        self.document = document
        self.shapes = shapes
        self.seed = seed
        self.unwanted = unwanted
        self.is_strict = is_strict
        without = unwanted if is_strict else None
        self.formal = Judge(document, without, shapes.own, formats=True)
        """The judge that asserts formats: what the document itself gives has to keep them before it is used."""
        self.judge = self.formal if formats else Judge(document, without, shapes.own)
        self.steps_left = MAX_STEPS
        self.nodes = 0
        self.room = MAX_ROOM
        self.broke_format = False
        """Whether a value was offered that is not of its format, for want of a better one."""
        self.left_out_required = False
        """Whether a required member was left out for its direction."""

    def shape(self, parts: Conjunction) -> Shape:
        return self.shapes.of(self.document, parts)

    def draw(self, place: Place) -> Draw:
        return Draw(self.seed, place.path)

    def within(self, parts: Conjunction, height: int) -> bool:
        """Whether a value for these can be this flat: 0 for a text or an empty list."""
        return is_within(self.document, self.shapes, parts, height)

    def is_unwanted(self, shape: Shape) -> bool:
        return shape.write_only if self.unwanted == "writeOnly" else shape.read_only

    def generosity(self, shape: Shape, place: Place) -> int:
        """2: everything optional; 1: what is optional and flat; 0: what is required."""
        repeats = sum(each.core == shape.core for each in place.around) - 1
        if self.nodes > RICH_NODES or repeats > 1 or place.depth > _RICH_DEPTH + 2:
            return 0
        return 1 if repeats == 1 or place.depth > _RICH_DEPTH else 2

    def values(self, parts: Conjunction, place: Place) -> Iterator[Any]:
        """Values that keep the parts, likeliest first; no more of them than there are steps."""
        self.steps_left -= len(parts) * len(parts)
        if self.steps_left < 0 or place.depth > MAX_DEPTH or len(parts) > MAX_PARTS:
            return
        if self.judge.steps_left < -MAX_STEPS:
            return  # what would still be made, nobody could judge
        parts = self.shapes.resolved(self.document, parts)
        shape = self.shape(parts)
        if shape.never is not None:
            return
        self.nodes += 1
        place = place._replace(around=(*place.around, shape))
        draw = self.draw(place)
        given, loose = self._given(shape, parts, draw)
        first = 1 if not draw.plain and given and draw.below(2) and not isinstance(given[0], dict | list) else 0
        yield from given if draw.plain else given[:first]
        if shape.enum is not None:
            yield from self._enumerated(shape.enum, parts, draw, is_formal=bool(shape.formats))
        elif shape.choices:
            yield from self._chosen(shape.choices[0], parts, shape, place, draw)
        else:
            for kind in self._kinds(shape, place, draw):
                found = self._of_type(kind, shape, place)
                yield from self._judged(found, parts) if shape.is_tricky else found
        if not draw.plain:
            yield from given[first:]
        yield from self.offered(loose)

    def offered(self, values: Iterable[Any]) -> Iterator[Any]:
        """Values that break a format."""
        for value in values:
            self.broke_format = True
            yield value

    def _judged(self, values: Iterator[Any], parts: Conjunction) -> Iterator[Any]:
        """Those that keep the parts, until too many in a row did not."""
        missed = 0
        for value in values:
            if self.judge.keeps_all(value, parts):
                missed = 0
                yield value
            elif (missed := missed + 1) > _MISSES:
                return

    def _given(self, shape: Shape, parts: Conjunction, draw: Draw) -> tuple[list[Any], list[Any]]:
        """Examples and defaults that keep the schema, and those that keep it but for a ``format``.

        An empty default says less than an invented value.
        """
        found = [*shape.given, *(each for each in shape.defaults if each not in (None, "", [], {}))]
        if len(shape.given) > 1 and not draw.plain:
            turn = draw.below(len(shape.given))
            found = found[turn:] + found[:turn]
        found = [value for value in map(self._directed(shape), found) if self.judge.keeps_all(value, parts)]
        formal = [self.formal.keeps_all(value, parts) for value in found]
        return list(compress(found, formal)), [
            value for value, is_formal in zip(found, formal, strict=True) if not is_formal
        ]

    def _directed(self, shape: Shape) -> Any:
        """Takes the members that do not go in this direction out of an example."""

        def directed(value: Any) -> Any:
            if not isinstance(value, dict) or not shape.members:
                return value
            unwanted = [name for name in value if self.is_unwanted(self.shape(shape.member(name, has_match)))]
            kept = {name: each for name, each in value.items() if name not in unwanted or name in shape.required}
            return kept if unwanted else value

        return directed

    def _enumerated(self, values: list[Any], parts: Conjunction, draw: Draw, *, is_formal: bool) -> Iterator[Any]:
        turn = 0 if draw.plain or not values else draw.below(len(values))
        ordered = values[turn:] + values[:turn]
        ordered.sort(key=lambda value: value is None)
        loose: list[Any] = []
        for value in ordered:
            if self.judge.keeps_all(value, parts):
                if is_formal and not self.formal.keeps_all(value, parts):
                    loose.append(value)
                else:
                    yield value
        yield from self.offered(loose)

    def _chosen(self, choice: Choice, parts: Conjunction, shape: Shape, place: Place, draw: Draw) -> Iterator[Any]:
        options = list(choice.options)
        if choice.word == "not":
            options = [option for option in options if not is_hopeless(option[0].node, shape)]
        self.steps_left -= len(options) // 100  # putting thousands in order is work, too
        if not draw.plain and choice.word in ("oneOf", "anyOf", "mapping") and len(options) > 1:
            turn = draw.below(len(options))
            options = options[turn:] + options[:turn]
        if choice.word in ("oneOf", "anyOf"):
            options.sort(key=lambda option: len(option) > 1)
            options.sort(key=lambda option: _is_null(option[0].node))
        if self.generosity(shape, place) < 2 or choice.word in ("oneOf", "anyOf"):
            options = self._lowest_first(options, place, is_lean=self.generosity(shape, place) < 2)
        for option in options:
            yield from islice(self.values(parts + option, place), _TRIES)

    def _lowest_first(self, options: list[Conjunction], place: Place, *, is_lean: bool) -> list[Conjunction]:
        """Flat ones first when lean; those that cannot end at all last."""

        def height(option: Conjunction) -> int:
            levels = range(4) if is_lean else (MAX_DEPTH - place.depth,)
            return next((index for index, level in enumerate(levels) if self.within(option[:1], level)), 99)

        return sorted(options, key=height)

    def _kinds(self, shape: Shape, place: Place, draw: Draw) -> list[str]:
        guess = shape.meant or ("string" if place.name else "object")
        if shape.types is None:
            return [guess, *(kind for kind in TYPES if kind != guess)]
        kinds = list(shape.types)
        if not draw.plain and len(kinds) > 1:
            turn = draw.below(len(kinds)) if "null" not in kinds or len(kinds) > 2 else 0
            kinds = kinds[turn:] + kinds[:turn]
        prefers_null = self.generosity(shape, place) == 0 or (not draw.plain and draw.below(8) == 0)
        kinds.sort(key=lambda kind: (kind == "null") != prefers_null)
        return kinds

    def _of_type(self, kind: str, shape: Shape, place: Place) -> Iterator[Any]:
        match kind:
            case "object":
                yield from objects(self, shape, place)
            case "array":
                yield from arrays(self, shape, place)
            case "integer" | "number":
                whole = kind == "integer"
                low, high, places = usual_for(place.name, whole=whole)
                if low == high == _OK and (status := _STATUS.search(place.path)):
                    low = high = Fraction(status[1])  # a body of a 404 says 404
                yield from numbers(shape, self.draw(place), whole=whole, usual=(low, high), places=places)
            case "boolean":
                draw = self.draw(place)
                first = draw.plain or draw.below(2) == 0
                yield from (first, not first)
            case "null":
                yield None
            case _:
                yield from texts(self, shape, place)


def _is_null(node: Any) -> bool:
    return isinstance(node, dict) and (node.get("type") == "null" or node.get("const", 0) is None)
