"""Regular expressions of ECMA-262 §22.2.1 as trees. Only what a ``pattern`` of JSON Schema may hold."""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache

from mock_server.value import dataclass

MAX_REPEATS = 1_000_000
MAX_NESTING = 60
Ranges = tuple[tuple[int, int], ...]
LAST = 0x10FFFF


class Unreadable(ValueError):
    """No regular expression, or one with something in it that is not read here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of these ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``most`` is None for no end."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Look:
    part: Node
    is_ahead: bool
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Edge:
    r"""``^ $ b B``."""

    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    part: Node
    name: str


@dataclass(frozen=True, slots=True)
class Back:
    """What the group of this name or number matched."""

    name: str


Node = Chars | Sequence | Either | Repeat | Look | Edge | Group | Back

_DIGIT: Ranges = ((48, 57),)
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Ranges = ((9, 13), (32, 32), (160, 160), (0x2028, 0x2029), (0xFEFF, 0xFEFF))
_LINE_ENDS: Ranges = ((10, 10), (13, 13), (0x2028, 0x2029))
_CONTROLS = {"n": 10, "r": 13, "t": 9, "v": 11, "f": 12, "0": 0}
_UPPER: Ranges = ((65, 90),)
_LOWER: Ranges = ((97, 122),)
_LETTERS: Ranges = ((65, 90), (97, 122))
_PROPERTIES: dict[str, Ranges] = {
    "l": _LETTERS, "letter": _LETTERS, "alphabetic": _LETTERS, "alpha": _LETTERS, "latin": _LETTERS, "latn": _LETTERS,
    "lu": _UPPER, "uppercase_letter": _UPPER, "uppercase": _UPPER, "upper": _UPPER,
    "ll": _LOWER, "lowercase_letter": _LOWER, "lowercase": _LOWER, "lower": _LOWER,
    "n": _DIGIT, "number": _DIGIT, "nd": _DIGIT, "decimal_number": _DIGIT,
    "p": ((33, 35), (37, 42), (44, 47), (58, 59), (63, 64)), "punctuation": ((33, 35), (37, 42), (44, 47), (58, 59)),
    "s": ((36, 36), (43, 43), (60, 62)), "symbol": ((36, 36), (43, 43)), "sc": ((36, 36),), "sm": ((43, 43), (60, 62)),
    "z": ((32, 32),), "zs": ((32, 32),), "separator": ((32, 32),), "white_space": ((32, 32),),
    "m": ((0x300, 0x36F),), "mn": ((0x300, 0x36F),), "c": ((0, 31),), "cc": ((0, 31),), "control": ((0, 31),),
    "greek": ((0x3B1, 0x3C9),), "cyrillic": ((0x430, 0x44F),), "han": ((0x4E00, 0x4FFF),), "any": ((0, LAST),),
    "hiragana": ((0x3041, 0x3096),), "katakana": ((0x30A1, 0x30FA),), "arabic": ((0x627, 0x63A),), "ascii": ((0, 127),),
    "pd": ((45, 45),), "ps": ((40, 40),), "pe": ((41, 41),), "pc": ((95, 95),), "po": ((33, 35),),
    "lo": ((0xAA, 0xAA),),
}  # fmt: skip
"""Some characters that surely have a property: enough to make a text, not enough to judge one."""


def merged(ranges: list[tuple[int, int]]) -> Ranges:
    """Sorted, without overlaps."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def inverted(ranges: Ranges) -> Ranges:
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in merged(list(ranges)):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        found.append((start, LAST))
    return tuple(found)


@lru_cache(maxsize=1_024)
def parse(pattern: str) -> Node:
    """The tree of a pattern. Raises :class:`Unreadable`."""
    reader = _Reader(pattern)
    tree = reader.either(0)
    if reader.index < len(pattern):
        raise Unreadable(f"a {pattern[reader.index]!r} that opens nothing")
    return tree


@dataclass(slots=True)
class _Reader:
    text: str
    index: int = 0
    groups: int = 0
    flags: set[str] = field(default_factory=set)

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.index)

    def eat(self, text: str) -> bool:
        if self.peek(text):
            self.index += len(text)
            return True
        return False

    def next(self) -> str:
        if self.index >= len(self.text):
            raise Unreadable("it ends too early")
        self.index += 1
        return self.text[self.index - 1]

    def until(self, end: str) -> str:
        stop = self.text.find(end, self.index)
        if stop < 0:
            raise Unreadable(f"no {end!r}")
        found, self.index = self.text[self.index : stop], stop + len(end)
        return found

    def either(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise Unreadable("too deep")
        branches = [self.sequence(depth)]
        while self.eat("|"):
            branches.append(self.sequence(depth))
        return branches[0] if len(branches) == 1 else Either(tuple(branches))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.index < len(self.text) and not self.peek("|") and not self.peek(")"):
            parts.append(self.repeated(self.atom(depth)))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeated(self, part: Node) -> Node:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self.eat(sign):
                return self.lazy(Repeat(part, least, most))
        start = self.index
        if self.eat("{"):
            low, comma, high = self.text[self.index :].partition("}")[0].partition(",")
            if low.isdecimal() and (not high or high.isdecimal()) and "}" in self.text[start:]:
                self.until("}")
                upper = int(high) if high else None if comma else int(low)
                if int(low) > MAX_REPEATS:
                    raise Unreadable("too many repeats")
                return self.lazy(Repeat(part, int(low), upper))
            self.index = start  # a brace that is no quantifier stands for itself (ECMA-262 annex B)
        return part

    def lazy(self, part: Node) -> Node:
        if not self.eat("?"):
            self.eat("+")
        return part

    def atom(self, depth: int) -> Node:
        char = self.next()
        match char:
            case "^" | "$":
                return Edge(char)
            case ".":
                return Chars(inverted(_LINE_ENDS))
            case "(":
                return self.group(depth + 1)
            case "[":
                return self.char_class()
            case "\\":
                return self.escape()
        return self.literal(ord(char))

    def literal(self, point: int) -> Chars:
        if "i" in self.flags and chr(point).isalpha():
            cases = {ord(each) for each in (chr(point).lower(), chr(point).upper()) if len(each) == 1}
            return Chars(merged([(each, each) for each in cases]))
        return Chars(((point, point),))

    def group(self, depth: int) -> Node:
        name = ""
        look: tuple[bool, bool] | None = None
        if self.eat("?"):
            for sign, ahead, negative in (
                ("=", True, False),
                ("!", True, True),
                ("<=", False, False),
                ("<!", False, True),
            ):
                if self.eat(sign):
                    look = (ahead, negative)
                    break
            else:
                if self.eat("<") or self.eat("P<"):
                    name = self.until(">")
                elif not self.eat(":") and not self.eat(">"):
                    return self.flagged(depth)
        else:
            self.groups += 1
            name = str(self.groups)
        part = self.either(depth)
        if not self.eat(")"):
            raise Unreadable("a group that is not closed")
        if look:
            return Look(part, *look)
        return Group(part, name) if name else part

    def flagged(self, depth: int) -> Node:
        """``(?i)`` for the rest, ``(?i:…)`` for a group."""
        start = self.index
        while self.index < len(self.text) and self.text[self.index] in "imsux-":
            self.index += 1
        on = self.text[start : self.index].partition("-")[0]
        kept = set(self.flags)
        self.flags |= set(on)
        if self.eat(")"):
            return Sequence(())
        if not self.eat(":"):
            raise Unreadable("a group of an unknown kind")
        part = self.either(depth)
        self.flags = kept
        if not self.eat(")"):
            raise Unreadable("a group that is not closed")
        return part

    def escape(self) -> Node:
        char = self.next()
        if char in "bB":
            return Edge(char)
        if char in "AzZ":
            return Edge("^" if char == "A" else "$")
        if char in "123456789":
            while self.index < len(self.text) and self.text[self.index].isdecimal():
                char += self.next()
            return Back(char)
        if char == "k" and self.eat("<"):
            return Back(self.until(">"))
        self.index -= 1
        return Chars(self.escaped())

    def escaped(self) -> Ranges:
        """What stands after a backslash, inside a class or outside."""
        char = self.next()
        classes = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
        if char.lower() in classes:
            return classes[char] if char.islower() else inverted(classes[char.lower()])
        if char in "pP":
            name = self.until("}")[1:] if self.peek("{") else self.next()
            name = name.rpartition("=")[2].removeprefix("Is").strip("^").lower()
            if name not in _PROPERTIES:
                raise Unreadable(f"the property {name} is not known")
            return _PROPERTIES[name] if char == "p" else inverted(_PROPERTIES[name])
        if char in _CONTROLS:
            return ((_CONTROLS[char], _CONTROLS[char]),)
        if char == "c":
            point = ord(self.next()) % 32
        elif char in "xu":
            point = self.code_point(char)
        else:
            return self.literal(ord(char)).ranges
        return ((point, point),)

    def code_point(self, char: str) -> int:
        digits = self.until("}")[1:] if self.peek("{") else ""
        if not digits:
            size = 2 if char == "x" else 4
            digits = self.text[self.index : self.index + size]
            self.index += size
        try:
            point = int(digits, 16)
        except ValueError:
            raise Unreadable(f"\\{char}{digits} is no character") from None
        if point > LAST:
            raise Unreadable("beyond Unicode")
        return point

    def char_class(self) -> Node:
        negative = self.eat("^")
        found: list[tuple[int, int]] = []
        while not self.eat("]"):
            if self.peek("[:"):
                raise Unreadable("a class of POSIX")
            first = self.class_atom()
            if self.peek("-") and not self.peek("-]") and len(first) == 1 and first[0][0] == first[0][1]:
                start = self.index
                self.index += 1
                last = self.class_atom()
                if len(last) == 1 and last[0][0] == last[0][1]:
                    found.append((first[0][0], last[0][1]))
                    continue
                self.index = start
            found += first
        if "i" in self.flags:
            found += [(low + 32, high + 32) for low, high in found if low >= 65 and high <= 90]
            found += [(low - 32, high - 32) for low, high in found if low >= 97 and high <= 122]
        ranges = merged(found)
        return Chars(inverted(ranges) if negative else ranges)

    def class_atom(self) -> Ranges:
        char = self.next()
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self.eat("b"):
            return ((8, 8),)
        return self.escaped()
