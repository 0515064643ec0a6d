"""Dataclasses that cost little to define.

The standard library writes five to seven methods for each dataclass as text and compiles them: 0.3 ms a class, which
was half of what importing the house took. Here comparing, hashing and telling are the same functions for all classes,
``__init__`` is compiled when some were made, for many classes have one or two, and the library is asked for its fields
when ``replace`` or ``fields`` first asks. For these, ``copy``, ``pickle`` and mypy the classes are dataclasses like any
other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import get_annotations
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
        """As ``dataclasses.dataclass`` with these words. ``slots`` must be true: there is nothing without."""
        if not slots:
            raise TypeError("a dataclass of this house has slots")

        def decorate(cls: type) -> type:
            fields = _fields(cls)
            methods = {"__init__": _late_init(fields, frozen), "__repr__": _repr(fields)}
            if eq:
                methods |= {"__eq__": _eq(fields), "__hash__": _hash(fields) if frozen else None}
            if frozen:
                methods |= {"__setattr__": _keep, "__delattr__": _keep, **_state(fields)}
            body = {name: each for name, each in vars(cls).items() if name not in _OF_NO_SLOTS}
            own = [(field.name, body.pop(field.name)) for field in fields if field.name in body]
            for name, method in methods.items():
                if body.get(name) is None:  # who defines ``__eq__`` alone has ``__hash__`` None by Python itself
                    body[name] = method
            body["__qualname__"] = cls.__qualname__
            body["__slots__"] = tuple(field.name for field in fields)
            body["__match_args__"] = tuple(field.name for field in fields if field.init)
            body["__dataclass_fields__"] = _LibrarysFields(dict(own))
            return type(cls)(cls.__name__, cls.__bases__, body)  # slots cannot be added to a class

        return decorate


_Fields = tuple[dataclasses.Field[Any], ...]
_NOT_GIVEN = object()
FEW = 5
"""So many of a class are made without compiling anything."""
_OF_NO_SLOTS = ("__dict__", "__weakref__")
"""What only a class without slots has."""


def _fields(cls: type) -> _Fields:
    """What the class describes, in its order. Raises ``TypeError`` and ``ValueError`` for what is not done here."""
    if hasattr(cls, "__dataclass_fields__"):
        raise TypeError("a dataclass of this house has none for its base")
    fields = []
    for name in get_annotations(cls):
        given = cls.__dict__.get(name, dataclasses.MISSING)
        if type(given).__hash__ is None:
            raise ValueError(f"{name}: all would share this {type(given).__name__}; use field(default_factory=…)")
        field = given if isinstance(given, dataclasses.Field) else dataclasses.field(default=given)
        field.name = name
        fields.append(field)
    return tuple(fields)


class _LibrarysFields:
    """``__dataclass_fields__``: the standard library's own, made when something first asks for them."""

    __slots__ = ("_given",)

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def __get__(self, instance: object, owner: type) -> dict[str, dataclasses.Field[Any]]:
        cls = next(each for each in owner.__mro__ if vars(each).get("__dataclass_fields__") is self)
        told = {"__annotations__": get_annotations(cls), "__module__": cls.__module__, "__doc__": cls.__doc__ or ""}
        twin: Any = type(cls.__name__, (), told | self._given)
        found: dict[str, dataclasses.Field[Any]]
        found = dataclasses.dataclass(init=False, repr=False, eq=False)(twin).__dataclass_fields__
        cls.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


def _late_init(fields: _Fields, frozen: bool) -> Callable[..., None]:
    """An ``__init__`` that makes the real one, and gives way to it, when it has been called a few times."""
    left = FEW

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # error messages tell the name
        nonlocal left
        if left and _fill(self, fields, args, kwargs):
            left -= 1
            return
        cls = next(each for each in type(self).__mro__ if vars(each).get("__init__") is __init__)
        cls.__init__ = made = _compiled_init(cls, fields, frozen)  # type: ignore[misc]
        made(self, *args, **kwargs)

    return __init__


def _fill(made: Any, fields: _Fields, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Give the fields their values, one by one; False where something is wrong, which the compiled ``__init__`` tells.

    It takes ten times as long, and compiling takes fifty times as long as this.
    """
    names = [field.name for field in fields if field.init]
    given = dict(zip(names, args, strict=False)) | kwargs
    if len(given) != len(args) + len(kwargs) or not given.keys() <= set(names):
        return False
    for field in fields:
        if field.name in given:
            value = given[field.name]
        elif field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        elif field.default is not dataclasses.MISSING:
            value = field.default
        elif field.init:
            return False
        else:
            continue
        object.__setattr__(made, field.name, value)
    if hasattr(made, "__post_init__"):
        made.__post_init__()
    return True


def _compiled_init(cls: type, fields: _Fields, frozen: bool) -> Callable[..., None]:
    """Of ``a: int`` and ``b: int = 1``: ``def __init__(self, a, b=_b1): _s0(self, a); _s1(self, b)``."""
    known: dict[str, Any] = {"_not_given": _NOT_GIVEN}
    parameters, lines = ["self"], []
    for at, field in enumerate(fields):
        name, value, default = field.name, field.name, ""
        if field.default_factory is not dataclasses.MISSING:
            known[f"_f{at}"] = field.default_factory
            value = f"_f{at}() if {name} is _not_given else {name}" if field.init else f"_f{at}()"
            default = "=_not_given"
        elif field.default is not dataclasses.MISSING:
            known[f"_b{at}"] = field.default
            value = name if field.init else f"_b{at}"
            default = f"=_b{at}"
        if field.init:
            parameters.append(f"{name}{default}")
        elif not default:
            continue  # ``__post_init__`` gives it
        if frozen:
            known[f"_s{at}"] = getattr(cls, name).__set__  # the slot itself, past ``__setattr__``
        lines.append(f"_s{at}(self, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines or ["pass"])
    exec(text, known)  # noqa: S102  # the names of fields and nothing else, as the standard library does it
    init: Callable[..., None] = known["__init__"]
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return init


def _repr(fields: _Fields) -> Callable[[Any], str]:
    names = [field.name for field in fields if field.repr]

    def __repr__(self: Any) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return recursive_repr()(__repr__)


def _values(fields: _Fields) -> Callable[[Any], Any]:
    """What compares two: a tuple of the fields' values, or the value itself of a single one."""
    names = [field.name for field in fields if field.compare]
    return attrgetter(*names) if names else lambda _: ()


def _eq(fields: _Fields) -> Callable[[Any, object], bool]:
    values = _values(fields)

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other is self:
            return True
        return bool(values(self) == values(other)) if type(other) is type(self) else NotImplemented

    return __eq__


def _hash(fields: _Fields) -> Callable[[Any], int]:
    values = _values(fields)

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _keep(self: Any, name: str, *value: object) -> None:
    """Frozen: nothing is set or deleted."""
    raise dataclasses.FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _state(fields: _Fields) -> dict[str, Any]:
    """For ``copy`` and ``pickle``, which would set the fields of a frozen one by name."""
    names = [field.name for field in fields]

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": __getstate__, "__setstate__": __setstate__}
