"""Named tuples that cost little to define.

``typing.NamedTuple`` compiles each annotation that is written as text, and a ``__new__`` for each class: 0.3 ms a
class, of which a start defines some seventy. Here ``__new__`` is compiled when some were made, and annotations
stay the text that they must be (``from __future__ import annotations``). For users and mypy the classes are named
tuples like any other.
"""

from __future__ import annotations

from collections import _tuplegetter  # type: ignore[attr-defined]  # reads an item by its name, written in C
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

FEW = 5
"""So many of a class are made without compiling anything."""

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class _Made(type):
        """Makes of ``class Spot(NamedTuple)`` a plain class below ``tuple``."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)  # NamedTuple itself
            if bases != (NamedTuple,):
                raise TypeError("a named tuple of this house has no other base")
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            own = {field: _tuplegetter(at, None) for at, field in enumerate(fields)}
            named = {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__slots__": ()}
            return type(name, (_Named,), {"__new__": _late_new(), **body, **own, **named})

    class NamedTuple(metaclass=_Made):
        """As ``typing.NamedTuple`` in the form of a class."""


new = tuple.__new__
"""``new(Spot, (3, 4))`` is ``Spot(3, 4)`` less a call of Python's: for those that are made with every request."""


class _Named(tuple[Any, ...]):
    """The methods that all have."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, Any] = {}  # noqa: RUF012  # each class has its own

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        """One of as many values as it has fields."""
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **given: Any) -> Self:
        """The same with some other values."""
        made = self._make(map(given.pop, self._fields, self))
        if given:
            raise ValueError(f"Got unexpected field names: {list(given)!r}")
        return made

    def _asdict(self) -> dict[str, Any]:
        """The values by their names."""
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({shown})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        """For ``copy`` and ``pickle``."""
        return tuple(self)


def _late_new() -> Any:
    """A ``__new__`` that makes the real one, and gives way to it, when it has been called a few times."""
    left = FEW

    def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807  # error messages tell the name
        nonlocal left
        if left and (values := _gathered(cls, args, kwargs)) is not None:
            left -= 1
            return tuple.__new__(cls, values)
        owner = next(each for each in cls.__mro__ if (found := vars(each).get("__new__")) and found.__func__ is __new__)
        made = _compiled_new(owner)
        owner.__new__ = staticmethod(made)
        return made(cls, *args, **kwargs)

    return __new__


def _gathered(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
    """The values in their order; None where something is wrong, which the compiled ``__new__`` tells."""
    others = cls._fields[len(args) :]
    if len(args) > len(cls._fields) or not kwargs.keys() <= set(others):
        return None
    given = {**cls._field_defaults, **kwargs}
    return (*args, *(given[name] for name in others)) if all(name in given for name in others) else None


def _compiled_new(cls: Any) -> Any:
    """Of ``a: int`` and ``b: int = 1``: ``def __new__(_cls, a, b): return _new(_cls, (a, b,))``, and b's default."""
    names = "".join(f"{field}, " for field in cls._fields)
    known: dict[str, Any] = {"_new": tuple.__new__}
    exec(f"def __new__(_cls, {names}):\n return _new(_cls, ({names}))", known)  # noqa: S102  # names of fields only
    new = known["__new__"]
    new.__defaults__ = tuple(cls._field_defaults.values())
    new.__qualname__, new.__module__ = f"{cls.__name__}.__new__", cls.__module__
    return new
