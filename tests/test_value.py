"""Our dataclasses are those of the standard library, only sooner there."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from mock_server import value


def both(**words: bool) -> list[Any]:
    """The same class made by the standard library and by us."""

    def made(decorator: Callable[..., Any]) -> Any:
        class Thing:
            """A thing."""

            a: int
            b: str = "b"
            c: list[int] = dataclasses.field(default_factory=list, compare=False)
            d: int = dataclasses.field(default=7, init=False, repr=False)

        return decorator(slots=True, **words)(Thing)

    return [made(dataclasses.dataclass), made(value.dataclass)]


FORMS: list[dict[str, bool]] = [{}, {"frozen": True}, {"eq": False}, {"frozen": True, "eq": False}]


@pytest.mark.parametrize("words", FORMS)
def test_it_is_made_shown_and_compared_as_the_standard_librarys(words: dict[str, bool]) -> None:
    theirs, ours = both(**words)
    forms: list[Any] = [((1,), {}), ((1, "x"), {"c": [2]}), ((), {"a": 1, "b": "y"})]
    for arguments, named in forms * 3:  # the first few of a class are made in another way
        one, other = theirs(*arguments, **named), ours(*arguments, **named)
        assert dataclasses.astuple(one) == dataclasses.astuple(other)
        assert repr(one) == repr(other)
    for pair in (((1,), (1,)), ((1,), (2,)), ((1, "b", [1]), (1, "b", [2]))):
        one, other = ([made(*arguments) for arguments in pair] for made in (theirs, ours))
        assert (one[0] == one[1]) == (other[0] == other[1])
    assert ours(1) != theirs(1)
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__slots__ == theirs.__slots__
    assert dataclasses.replace(ours(1), b="z").b == "z"


@pytest.mark.parametrize("words", FORMS)
def test_it_can_be_hashed_exactly_when_the_standard_librarys_can(words: dict[str, bool]) -> None:
    theirs, ours = both(**words)
    assert (theirs.__hash__ is None) == (ours.__hash__ is None)
    if words == {"frozen": True}:
        assert hash(ours(1)) == hash(ours(1, c=[5]))
        assert len({ours(1), ours(1), ours(2)}) == 2


def test_a_factory_makes_a_value_for_each() -> None:
    _, ours = both()
    ours(1).c.append(1)
    assert ours(1).c == []


@pytest.mark.parametrize("words", FORMS)
@pytest.mark.parametrize(("arguments", "named"), [((), {}), ((1, 2, 3, 4), {}), ((1,), {"a": 1}), ((1,), {"d": 1})])
def test_wrong_arguments_are_refused_in_the_same_words(
    words: dict[str, bool], arguments: tuple[int, ...], named: dict[str, int]
) -> None:
    theirs, ours = both(**words)
    with pytest.raises(TypeError) as expected:
        theirs(*arguments, **named)
    for _ in range(2):  # before it is compiled, and then
        with pytest.raises(TypeError) as told:
            ours(*arguments, **named)
        assert str(told.value) == str(expected.value)


def test_a_frozen_one_lets_nothing_be_set_or_deleted() -> None:
    for made in both(frozen=True):
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'a'"):
            made(1).a = 2
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'a'"):
            del made(1).a


@value.dataclass(frozen=True, slots=True)
class Frozen:
    """One that can be found by name, which pickle needs."""

    a: int
    others: tuple[Frozen, ...] = ()

    def __repr__(self) -> str:
        return f"<{self.a}>"


@value.dataclass(slots=True)
class Knot:
    """One that may contain itself, and counts how long its name is."""

    name: str
    length: int = dataclasses.field(init=False)
    next: Knot | None = None

    def __post_init__(self) -> None:
        self.length = len(self.name)


def test_it_is_copied_and_pickled() -> None:
    one = Frozen(1, (Frozen(2),))
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one


def test_methods_of_its_own_stay() -> None:
    assert repr(Frozen(3)) == "<3>"


def test_what_init_leaves_out_is_given_afterwards() -> None:
    knot = Knot("abc")
    assert knot.length == 3
    knot.next = knot
    assert repr(knot) == f"{Knot.__qualname__}(name='abc', length=3, next=...)"


def test_there_is_none_without_slots() -> None:
    with pytest.raises(TypeError, match="slots"):
        value.dataclass(slots=False)


def test_what_all_would_share_and_a_base_that_is_one_are_refused() -> None:
    with pytest.raises(ValueError, match="all would share this list"):

        @value.dataclass(slots=True)
        class Shared:
            names: list[str] = []  # noqa: RUF012

    with pytest.raises(TypeError, match="none for its base"):

        @value.dataclass(slots=True)
        class Below(Knot):
            more: int = 0


def test_the_library_is_asked_for_its_fields_only_when_they_are_wanted() -> None:
    theirs, ours = both()
    assert not isinstance(vars(ours)["__dataclass_fields__"], dict)
    described = [
        [(each.name, each.init, each.repr, each.compare) for each in dataclasses.fields(made)]
        for made in (theirs, ours)
    ]
    assert described[0] == described[1]
    assert isinstance(vars(ours)["__dataclass_fields__"], dict)
    assert dataclasses.is_dataclass(ours)
