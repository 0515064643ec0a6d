"""Validating values against the schemas of a document. The only importer of jsonschema-rs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from mock_server.named import NamedTuple
from mock_server.source import Pointer
from mock_server.spec.direction import Direction, differs, directed
from mock_server.spec.dynamic import DOCUMENT, Resources
from mock_server.spec.formats import RANGE, TEXTS, NumericRange
from mock_server.spec.kin import Kin
from mock_server.spec.reference import fragment, parse_reference
from mock_server.spec.weight import MAX_WEIGHT, Scale, is_heavy_pattern

if TYPE_CHECKING:
    from mock_server.spec.wording import Locate

MAX_CHAIN = 70
"""References that are followed to find the schema they share; longer chains are cut when references are bound."""
# Linear-time matching: a catastrophic `pattern` in a document must not hang the mock.
_PATTERNS = jsonschema_rs.RegexOptions()
_BACKTRACKING_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)

KEYWORDS = (
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "required", "additionalProperties", "minProperties", "maxProperties",
    "propertyNames", "minItems", "maxItems", "uniqueItems", "contains", "anyOf", "oneOf", "not", "falseSchema",
    "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
"""What a :class:`Breach` may name; ``falseSchema`` is a value where the schema is ``false``."""


class Breach(NamedTuple):
    """One way in which a value breaks its schema.

    ``Breach(("items", 0), "maximum", "43201 is greater than the maximum of 43200", 43200)``
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str
    wanted: object


Formats = Literal["none", "clear", "every"]
"""Which formats are judged: none; those of ``spec/formats.py``, for requests; all that the library knows."""


class SchemaError(ValueError):
    """A schema that cannot be compiled; the text says why."""


class Schema:
    """One schema, compiled the first time a value is put before it."""

    __slots__ = ("_book", "_compiled", "direction", "judges_formats", "pointer")

    def __init__(
        self, book: SchemaBook, pointer: Pointer, direction: Direction = "response", *, formats: bool = False
    ) -> None:
        self._book = book
        self.pointer = pointer
        self.direction = direction
        self.judges_formats = formats
        self._compiled: jsonschema_rs.Draft202012Validator | None = None

    def is_valid(self, value: object) -> bool:
        """Whether the value keeps the schema; a schema that cannot be compiled takes anything."""
        validator = self._compiled or self._use()
        try:
            return validator.is_valid(value)
        except (ValueError, UnicodeEncodeError, RecursionError):
            return False

    def breaches(self, value: object) -> Iterator[Breach]:
        """Every way in which the value breaks the schema, outermost first."""
        validator = self._compiled or self._use()
        try:
            for error in validator.iter_errors(value):
                yield from _breaches(error, value, self._book.located)
        except (ValueError, UnicodeEncodeError, RecursionError) as error:
            yield Breach((), "value", f"the value cannot be read: {error}", None)

    def _use(self) -> jsonschema_rs.Draft202012Validator:
        try:
            return self.compile()
        except SchemaError as error:
            self._book.tell(self.pointer, str(error))
            self._compiled = _anything()
            return self._compiled

    def compile(self) -> jsonschema_rs.Draft202012Validator:
        """Compile now. Raises ``SchemaError``."""
        self._compiled = self._book.compile(self.pointer, self.direction, formats=self.judges_formats)
        return self._compiled


class SchemaBook:
    """All schemas of one document, by pointer. Nothing is compiled before it is used."""

    def __init__(self, data: dict[str, Any], resources: Resources | None = None) -> None:
        self._data = data
        self._resources = resources
        self._scale = Scale(data)
        self._registries: dict[Direction | None, jsonschema_rs.Registry] = {}
        self._ways: dict[Direction, Direction | None] = {}
        self._kin: Kin | None = None
        self._schemas: dict[tuple[Pointer, Direction, bool], Schema] = {}
        self._compiled: dict[tuple[Pointer, Direction | None, bool], jsonschema_rs.Draft202012Validator] = {}
        self.judges_formats = True
        """Whether those who ask for it have the formats judged (``serve --no-formats``)."""
        self._strict: dict[tuple[Pointer, Direction | None], jsonschema_rs.Draft202012Validator] = {}
        self.tell: Callable[[Pointer, str], None] = _tell_nobody
        """Called once for each schema that a request met and that cannot be compiled: its pointer, and why."""

    def at(self, pointer: Pointer, direction: Direction = "response", *, formats: bool = False) -> Schema:
        """The schema at ``pointer``; the same object for the same pointer, direction and judging of formats."""
        schema = self._schemas.get((pointer, direction, formats))
        if schema is None:
            schema = self._schemas[pointer, direction, formats] = Schema(self, pointer, direction, formats=formats)
        return schema

    def compile(
        self, pointer: Pointer, direction: Direction = "response", *, formats: bool = False
    ) -> jsonschema_rs.Draft202012Validator:
        """Compile the schema; those that are nothing but a reference to one schema share it. Raises ``SchemaError``."""
        target = self._target(pointer), self._way(direction), formats and self.judges_formats
        found = self._compiled.get(target)
        if found is None:
            pointer, way, judged = target
            found = self._compiled[target] = self._compile(pointer, way, "clear" if judged else "none")
        return found

    def keeps_formats(self, pointer: Pointer, direction: Direction, value: object) -> bool:
        """Whether the value keeps the schema where ``format`` is asserted (JSON Schema 2020-12 Validation §7.2.2)."""
        target = self._target(pointer), self._way(direction)
        try:
            if target not in self._strict:
                self._strict[target] = self._compile(*target, "every")
            return self._strict[target].is_valid(value)
        except (ValueError, UnicodeEncodeError, RecursionError):
            return False

    def _way(self, direction: Direction) -> Direction | None:
        """None where the direction makes no difference in the whole document: then one tree does for both."""
        if direction not in self._ways:
            if direction == "request" and not self._resources:
                kin = Kin(self._data)
                self._kin = kin if kin.twins else None
            is_own = differs(self._data, direction) or (direction == "request" and self._kin is not None)
            self._ways[direction] = direction if is_own else None
        return self._ways[direction]

    def _target(self, pointer: Pointer) -> Pointer:
        """Where a chain of bare references ends. Their targets exist: references are bound."""
        for _ in range(0 if self._resources else MAX_CHAIN):
            node = self._at(pointer)
            steps = parse_reference(node["$ref"]) if isinstance(node, dict) and node.keys() == {"$ref"} else None
            if steps is None:
                break
            pointer = steps
        return pointer

    def located(self, address: str | None) -> Any:
        """The schema in which a keyword stands, by the address that the validator has for it; None = not known."""
        steps = parse_reference("#" + address.partition("#")[2]) if address and "#" in address else None
        node: Any = self._data
        try:
            for step in steps[:-1] if steps else ():
                node = node[int(step)] if isinstance(node, list) else node[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
        return node if steps else None

    def _at(self, pointer: Pointer) -> Any:
        node: Any = self._data
        for step in pointer:
            node = node[int(step)] if isinstance(node, list) else node[step]
        return node

    def _compile(self, pointer: Pointer, way: Direction | None, formats: Formats) -> jsonschema_rs.Draft202012Validator:
        if self._scale.is_too_heavy(self._at(pointer)):
            raise SchemaError(f"it leads to more than {MAX_WEIGHT} looks at one value, or has a pattern of many groups")
        registry = self._registry(way)
        if self._kin and way == "request":
            pointer = self._kin.address(pointer)
        address = self._resources.address(pointer) if self._resources else f"{DOCUMENT}#{fragment(pointer)}"
        reference = {"$ref": address}
        try:
            return _compile(reference, registry, _PATTERNS, formats)
        except SchemaError:
            # A look-around or back-reference needs the other engine, which stops at a limit.
            return _compile(reference, registry, _BACKTRACKING_PATTERNS, formats)

    def _registry(self, way: Direction | None) -> jsonschema_rs.Registry:
        """The document as it holds in one direction."""
        found = self._registries.get(way)
        if found is None:
            data = self._kin.tree() if self._kin and way == "request" else self._data
            data = directed(data, way) if way else data
            known = self._resources.registered(data) if self._resources else [(DOCUMENT, data)]
            try:
                found = self._registries[way] = jsonschema_rs.Registry(known, retriever=_never)
            except (ValueError, jsonschema_rs.ReferencingError) as error:
                raise SchemaError(str(error).splitlines()[0]) from None
        return found


def _tell_nobody(pointer: Pointer, reason: str) -> None:
    """Nobody asked."""


def _never(uri: str) -> Any:
    raise ValueError(f"{uri} is not read")


@cache
def _anything() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({})


@lru_cache(maxsize=10_000)
def pattern_fault(pattern: str) -> str | None:
    """Why a text is no regular expression, or None when it is one."""
    if is_heavy_pattern(pattern):
        return "it has too many groups for its length"
    for engine in (_PATTERNS, _BACKTRACKING_PATTERNS):
        try:
            _compile({"pattern": pattern}, None, engine)
        except SchemaError as error:
            reason = str(error)
        else:
            return None
    return reason


def _nothing_known(address: str | None) -> Any:
    return None


def _breaches(error: jsonschema_rs.ValidationError, value: Any, locate: Locate = _nothing_known) -> Iterator[Breach]:
    from mock_server.spec.wording import tell  # for whom something is wrong

    for told in tell(error, locate):
        yield Breach(_path(told.path, value), told.keyword, told.message, told.wanted)


@lru_cache(maxsize=2_048)
def _pattern(pattern: str) -> Schema:
    return SchemaBook({"it": {"pattern": pattern}}).at(("it",))


@lru_cache(maxsize=8_192)
def has_match(pattern: str, text: str) -> bool:
    """Whether the validator finds the pattern in the text; one that it cannot compile is in every text."""
    return _pattern(pattern).is_valid(text)


@lru_cache(maxsize=256)
def _format(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)


def has_format(name: str, text: str) -> bool:
    """Whether a text is of a format of JSON Schema 2020-12; every text is of a format that is not known.

    >>> has_format("date", "2024-02-30")
    False
    """
    try:
        return _format(name).is_valid(text)
    except UnicodeEncodeError:
        return False


def _path(steps: list[str | int], value: Any) -> tuple[str | int, ...]:
    """The library says 200 for the key ``"200"``: only the value itself tells keys from indexes."""
    path: list[str | int] = []
    for step in steps:
        path.append(step if isinstance(value, list) else str(step))
        try:
            value = value[path[-1]]
        except (KeyError, IndexError, TypeError):  # the library leaves the key "" out of its paths
            value = None
    return tuple(path)


def compile_schema(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """A free-standing schema of our own. Raises ``SchemaError``."""
    return _compile(schema, None, _PATTERNS)


@cache
def _json_schema() -> jsonschema_rs.Draft202012Validator:
    return compile_schema({"$ref": "https://json-schema.org/draft/2020-12/schema"})


def json_schema_breaches(schema: object) -> Iterator[Breach]:
    """How a schema breaks JSON Schema 2020-12's own meta-schema."""
    for error in _json_schema().iter_errors(schema):
        yield from _breaches(error, schema)


def meta_breaches(meta_schema: dict[str, Any], data: object) -> Iterator[Breach]:
    """How a document breaks an OAS meta-schema; the draft is the one the meta-schema names."""
    for outer in jsonschema_rs.validator_for(meta_schema, offline=True).iter_errors(data):
        for error in _meant(outer):
            yield from _breaches(error, data)


def _meant(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """What is wrong by the one alternative that was meant.

    3.0's meta-schema says "this or a Reference" nearly everywhere, and who writes no ``$ref`` did
    not mean the Reference.
    """
    here = error.instance_path
    alternatives = [
        inner
        for inner in getattr(error.kind, "context", None) or ()
        if not any(each.instance_path == here and each.message.startswith('"$ref" is a required') for each in inner)
    ]
    if len(alternatives) != 1:
        yield error
        return
    for each in alternatives[0]:
        yield from _meant(each)


def _compile(
    schema: dict[str, Any],
    registry: jsonschema_rs.Registry | None,
    patterns: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions,
    formats: Formats = "none",
) -> jsonschema_rs.Draft202012Validator:
    own: dict[str, Any] = {"formats": TEXTS, "keywords": {RANGE: NumericRange}} if formats == "clear" else {}
    if formats != "none":
        own["validate_formats"] = True
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, registry=registry, pattern_options=patterns, offline=True, **own
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaError(str(error).splitlines()[0]) from None
