"""Our named tuples are those of the standard library, only sooner there."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from mock_server import named


class Theirs(typing.NamedTuple):
    """A spot."""

    line: int
    name: str = "x"
    tags: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """As wide as its name."""
        return len(self.name)


class Ours(named.NamedTuple):
    """A spot."""

    line: int
    name: str = "x"
    tags: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """As wide as its name."""
        return len(self.name)


class Below(Ours):
    """One that does more."""

    def doubled(self) -> int:
        """Twice the line."""
        return 2 * self.line


@pytest.mark.parametrize(("arguments", "given"), [((1,), {}), ((1, "y", ("a",)), {}), ((), {"line": 2, "name": "z"})])
def test_it_is_made_shown_and_taken_apart_as_the_standard_librarys(arguments: Any, given: Any) -> None:
    theirs: Any = Theirs(*arguments, **given)
    ours: Any = Ours(*arguments, **given)
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert (ours.line, ours.name, ours.tags, ours.width) == (theirs.line, theirs.name, theirs.tags, theirs.width)
    assert ours._replace(line=9) == theirs._replace(line=9)
    assert type(ours._replace(line=9)) is type(Ours._make([1, 2, 3])) is Ours
    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    assert (Ours.__match_args__, Ours.__doc__) == (Theirs.__match_args__, Theirs.__doc__)


@pytest.mark.parametrize(
    ("arguments", "given"), [((), {}), ((1, "a", (), 4), {}), ((1,), {"line": 1}), ((1,), {"q": 1})]
)
def test_wrong_arguments_are_refused_in_the_same_words(arguments: Any, given: Any) -> None:
    with pytest.raises(TypeError) as expected:
        Theirs(*arguments, **given)
    for _ in range(2):  # the first time, and when it is compiled
        with pytest.raises(TypeError) as told:
            Ours(*arguments, **given)
        assert str(told.value) == str(expected.value).replace("Theirs", "Ours")


def test_wrong_names_and_numbers_of_values_are_refused() -> None:
    with pytest.raises(ValueError, match="unexpected field names: \\['nam'\\]"):
        Ours(1)._replace(nam="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Expected 3 arguments, got 1"):
        Ours._make([1])


def test_one_below_it_is_made_as_itself_also_as_the_first_of_both() -> None:
    class First(named.NamedTuple):
        line: int

    class Second(First):
        pass

    assert type(Second(1)) is Second
    assert type(First(1)) is First
    assert type(Second(1)) is Second
    assert Below(4).doubled() == 8


def test_it_is_copied_and_pickled() -> None:
    one = Ours(1, "y")
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one
    assert type(copy.copy(one)) is Ours


def test_it_has_no_room_for_more() -> None:
    with pytest.raises(AttributeError):
        Ours(1).other = 2  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        Ours(1).line = 2  # type: ignore[misc]


def test_one_with_other_bases_is_refused() -> None:
    with pytest.raises(TypeError, match="no other base"):

        class Two(named.NamedTuple, dict):  # type: ignore[misc,type-arg]
            line: int


@pytest.mark.parametrize(("arguments", "given"), [((1,), {}), ((1, "y", ("a",)), {}), ((), {"line": 2, "name": "z"})])
def test_the_first_few_are_made_in_another_way_and_are_the_same(arguments: Any, given: Any) -> None:
    class Fresh(named.NamedTuple):
        line: int
        name: str = "x"
        tags: tuple[str, ...] = ()

    made = [Fresh(*arguments, **given) for _ in range(2 * named.FEW)]
    assert set(made) == {Theirs(*arguments, **given)}  # type: ignore[comparison-overlap]
    assert {type(each) for each in made} == {Fresh}
