"""Objects: what is required, what is optional as far as there is room, names that patterns ask for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from mock_server.spec.generate.automaton import matching
from mock_server.spec.generate.chance import Draw
from mock_server.spec.generate.sample import language, samples
from mock_server.spec.generate.shape import Conjunction, Item, Shape
from mock_server.spec.schema import has_match

if TYPE_CHECKING:
    from mock_server.spec.generate.maker import Maker, Place

MAX_MEMBERS = 20_000
_NOTHING = object()
_VARIATIONS = 12
_TOGETHER = 3
_COMBINATIONS = 128
_REROLLS = 4
_KEYS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"]


def objects(maker: Maker, shape: Shape, place: Place) -> Iterator[dict[str, Any]]:
    """Objects of the shape: the full one, the least one, then the full one with something changed."""
    builder = _Builder(maker, shape, place)
    if len(builder.must) > MAX_MEMBERS or shape.min_members > MAX_MEMBERS:
        return
    full = builder.build(builder.optional())
    if full is not None:
        yield full
    bare = builder.build([], is_least=True)
    if bare is not None and bare != full:
        yield bare
    if full is None or bare is None:
        return
    yield from _without_one(full, shape)
    yield from builder.changed(full if len(full) <= len(bare) + 1 else bare)
    for roll in range(1, _REROLLS):
        again = _Builder(maker, shape, place._replace(path=f"{place.path}#{roll}"))
        made = again.build(again.optional())
        if made is not None:
            yield made


def _without_one(full: dict[str, Any], shape: Shape) -> Iterator[dict[str, Any]]:
    for name in [name for name in full if name not in shape.required][:_VARIATIONS]:
        less = {key: value for key, value in full.items() if key != name}
        needed = any(name in others and key in less for key, others in shape.needs)
        if len(less) >= shape.min_members and not needed:
            yield less


class _Builder:
    """Builds the objects of one place."""

    def __init__(self, maker: Maker, shape: Shape, place: Place) -> None:
        self.maker = maker
        self.shape = shape
        self.place = place
        self.draw: Draw = maker.draw(place)
        self.owner = f"{place.name} {shape.called}"
        self.generosity = maker.generosity(shape, place)
        self.made: dict[str, Any] = {}
        self.must = self._with_needed(dict.fromkeys(name for name in shape.required if self._goes(name)))

    def _goes(self, name: str) -> bool:
        """Whether a required member goes in this direction."""
        if not self.maker.is_unwanted(self.maker.shape(self.parts(name))):
            return True
        self.maker.left_out_required = True
        return not self.maker.is_strict

    def parts(self, name: str) -> Conjunction:
        """What a member has to keep; one that no keyword knows, what ``unevaluatedProperties`` says."""
        found = self.shape.member(name, has_match)
        if found or not self.shape.closed:
            return found
        return tuple(item for item in self.shape.closed if item.at[-1] == "unevaluatedProperties")

    def optional(self) -> list[str]:
        """The optional members that are wanted here."""
        if self.generosity == 0:
            return []
        found = []
        for name in self.shape.names_known:
            if name in self.must:
                continue
            parts = self.parts(name)
            shape = self.maker.shape(parts)
            if shape.never is not None or shape.deprecated or self.maker.is_unwanted(shape):
                continue
            if self.generosity == 1 and not self._is_flat(parts, shape):
                continue
            if self.draw.plain or self.draw.below(5):
                found.append(name)
        return found

    def _is_flat(self, parts: Conjunction, shape: Shape) -> bool:
        kinds = shape.types or (shape.meant or "string",)
        return self.maker.within(parts, 0) and not {"object", "array"} & set(kinds) and not shape.choices

    def _with_needed(self, names: dict[str, None]) -> dict[str, None]:
        """With what ``dependentRequired`` asks for beside these."""
        found = dict(names)
        while True:
            more = [each for name, others in self.shape.needs if name in found for each in others if each not in found]
            if not more:
                return found
            found.update(dict.fromkeys(more))

    def build(self, optional: list[str], *, is_least: bool = False) -> dict[str, Any] | None:
        """None when something required cannot be made. ``is_least``: a map is given no member for its looks."""
        most = MAX_MEMBERS if self.shape.max_members is None else self.shape.max_members
        wanted = dict(self.must)
        for name in optional:
            together = self._with_needed({**wanted, name: None})
            if len(together) <= most:
                wanted = together
        found: dict[str, Any] = {}
        for name in [*(each for each in self.shape.names_known if each in wanted), *wanted]:
            if name in found:
                continue
            value = self._value(name)
            if value is not _NOTHING:
                found[name] = value
            elif name in self.must:
                return None
        self._drop_unmet(found)
        self._add_more(found, most, is_lush=not is_least and not optional and not self.must)
        return found if self.shape.min_members <= len(found) <= most else None

    def _value(self, name: str) -> Any:
        if name not in self.made:
            parts = self.parts(name)
            hint = self.shape.hints.get(name)
            if hint is not None and self.maker.judge.keeps_all(hint, parts):
                self.made[name] = hint
            elif not all(self.maker.judge.keeps(name, item) for item in self.shape.names):
                self.made[name] = _NOTHING
            else:
                self.made[name] = next(self._values(name, parts), _NOTHING)
        return self.made[name]

    def _values(self, name: str, parts: Conjunction) -> Iterator[Any]:
        return self.maker.values(parts, self.place.into(name, name, self.owner))

    def _drop_unmet(self, found: dict[str, Any]) -> None:
        while True:
            needs = [(name, others) for name, others in self.shape.needs if name in found]
            unmet = [name for name, others in needs if not all(each in found for each in others)]
            if not unmet:
                return
            for name in unmet:
                found.pop(name, None)

    def _add_more(self, found: dict[str, Any], most: int, *, is_lush: bool) -> None:
        """Members beyond those wanted: as ``minProperties`` asks, and some for a map."""
        least = self.shape.min_members
        for name in self.shape.names_known:
            others = {name, *self._with_needed({name: None})} - set(found)
            if len(found) >= least:
                break
            if name not in found and len(found) + len(others) <= most:
                made = {each: self._value(each) for each in others}
                if _NOTHING not in made.values():
                    found.update(made)
        wanted = least
        if self._is_map() and self.generosity == 2 and is_lush:
            wanted = max(least, min(most, self.draw.between(1, 2) if self.draw.plain else self.draw.below(4)))
        if len(found) < wanted:
            for name in self._invented():
                if name not in found and (value := self._value(name)) is not _NOTHING:
                    found[name] = value
                if len(found) >= wanted:
                    break

    def _is_map(self) -> bool:
        return not self.shape.names_known and any(
            layer.patterns or isinstance(layer.rest, dict) for layer in self.shape.members
        )

    def _invented(self) -> Iterator[str]:
        """Names for members that the schema does not name."""
        if self.shape.names:
            text = Item({"type": "string"}, (*self.shape.names[0].at, "~text"))
            has_format = bool(self.maker.shape((*self.shape.names, text)).formats)
            for salt in range(64 + self.shape.min_members):
                inside = self.place.into(f"~{salt}", "", "")
                for made in islice(self.maker.values((*self.shape.names, text), inside), 4 + self.shape.min_members):
                    yield made
                    yield from (f"{made}{key}" for key in _KEYS[:2] if not has_format)  # an open pattern allows more
        closed = any(layer.rest is False for layer in self.shape.members) or self.shape.closed
        for layer in self.shape.members if closed or not self._has_rest() else ():
            for pattern in layer.patterns:
                for made in islice(samples(pattern, self.draw, 1, None), 8):
                    yield made
                    yield from (made + key for key in _KEYS[:4])
                yield from language(pattern)
                yield from matching([pattern], [], 1, None, self.draw, len(self.shape.required) + 20)
        turn = 0 if self.draw.plain else self.draw.below(len(_KEYS))
        yield from _KEYS[turn:] + _KEYS[:turn]
        yield from (f"{_KEYS[index % len(_KEYS)]}{index}" for index in range(MAX_MEMBERS))

    def _has_rest(self) -> bool:
        return any(isinstance(layer.rest, dict) for layer in self.shape.members)

    def changed(self, like: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The same object with another value for one member, then for a few at once."""
        for name in list(like)[:_VARIATIONS]:
            for value in islice(self._values(name, self.parts(name)), 1, 4):
                yield {**like, name: value}
        names = list(like)[:_TOGETHER]
        choices = [list(islice(self._values(name, self.parts(name)), 8)) for name in names]
        for values in islice(product(*choices), _COMBINATIONS):
            yield {**like, **dict(zip(names, values, strict=True))}
