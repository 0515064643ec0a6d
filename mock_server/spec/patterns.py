"""Patterns of other dialects, rewritten as ECMA-262 has them: of Java, PCRE, POSIX, Ruby and .NET.

JSON Schema's patterns are those of ECMA-262 (2020-12 Validation §6.3.3), but documents are written by people
who know the expressions of their own language. What means the same in ECMA-262 is rewritten; so are named
groups and the leniencies of ECMA-262 annex B, which the validator's engine does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_server.later import regex
from mock_server.named import NamedTuple

_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r" \t",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-\/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "A-Fa-f0-9",
}
"""POSIX's classes, which Java writes ``\\p{Alpha}`` and others ``[[:alpha:]]``, inside a class of ECMA-262."""
_ESCAPES = {"h": r" \t", "e": r"\x1B", "a": r"\x07"}
_WHOLE = {"Z": "$", "z": "$", "A": "^", "G": "^", "R": r"(?:\r\n|[\n\x0B\f\r\x85\u2028\u2029])", "H": r"[^ \t]"}
_DELIMITED = regex(r"/(\^.*\$)/([a-z]*)", re.DOTALL)
_QUANTIFIER = regex(r"\{\d+(?:,\d*)?\}")
_NAMED = regex(r"\(\?P?<([A-Za-z_$][\w$]*)>")
_BACK = regex(r"\\k(?:<([\w$]+)>|\{([\w$]+)\}|'([\w$]+)')|\(\?P=([\w$]+)\)")
_POSIX = regex(r"\[:(\^?)([a-z]+):\]")
_PROPERTY = regex(r"\\([pP])\{(?:Is)?([A-Za-z]+)\}")
_BRACED = regex(r"\\[pPux]\{[^}]*\}")
_FLAGS = regex(r"\(\?[imsx]+[:)]")
_SUSPECT = regex(r"\\[AGHQRZaehkpz]|\[:|\(\?(?:[>#imsx]|P[<=])|[*+?}]\+|^/\^")


class Reading(NamedTuple):
    """A pattern as it is read, and what in it ECMA-262 does not know: ``\\Z``; nothing where it knows all of it."""

    pattern: str
    foreign: tuple[str, ...]


def read_pattern(pattern: str) -> Reading:
    r"""The pattern in the words of ECMA-262.

    >>> read_pattern(r"\A[[:alpha:]]+\Z")
    Reading(pattern='^[A-Za-z]+$', foreign=('\\A', '[:alpha:]', '\\Z'))
    """
    reader = _Rewriter(pattern)
    return Reading("".join(reader.rewritten()), tuple(dict.fromkeys(reader.foreign)))


def is_suspect(pattern: str) -> bool:
    """Whether something in the pattern may be of another dialect; quick, for every pattern is asked."""
    return _SUSPECT.search(pattern) is not None


class _Rewriter:
    """Goes through a pattern from left to right once."""

    def __init__(self, pattern: str) -> None:
        self.foreign: list[str] = []
        delimited = _DELIMITED.fullmatch(pattern)
        if delimited:  # with its slashes no text could keep it
            self.foreign.append("/…/")
        self.text = delimited[1] if delimited else pattern
        self.flags = "i" if delimited and "i" in delimited[2] else ""
        self.index = 0
        self.groups = _numbered(self.text)

    def rewritten(self) -> Iterator[str]:
        if self.flags:
            yield "(?i)"
        while self.index < len(self.text):
            char = self.text[self.index]
            if char == "\\":
                yield self._escape()
            elif char == "[":
                yield self._class()
            elif char == "(":
                yield self._group()
            elif char in "{}":
                yield self._brace()
            else:
                yield self._plain(char)

    def _take(self, size: int) -> str:
        found = self.text[self.index : self.index + size]
        self.index += size
        return found

    def _alien(self, size: int, instead: str) -> str:
        self.foreign.append(self._take(size))
        return instead

    def _plain(self, char: str) -> str:
        """``a++`` and ``a*+`` never give back what they took: the same texts match but for odd corners."""
        self._take(1)
        if char in "*+?" and self.text.startswith("+", self.index):
            self._alien(1, "")
        return char

    def _brace(self) -> str:
        """A brace that is no quantifier stands for itself (ECMA-262 annex B)."""
        found = _QUANTIFIER.match(self.text, self.index)
        if not found or self.index == 0:
            return "\\" + self._take(1)
        self._take(len(found[0]))
        if self.text.startswith("+", self.index):
            self._alien(1, "")
        return found[0]

    def _escape(self) -> str:
        back = _BACK.match(self.text, self.index)
        if back and (name := next(filter(None, back.groups()))) in self.groups:
            self._take(len(back[0]))
            return f"(?:\\{self.groups[name]})"
        if instead := self._property():
            return f"[{instead}]"
        letter = self.text[self.index + 1 : self.index + 2]
        if letter == "Q":
            end = self.text.find("\\E", self.index)
            quoted = self.text[self.index + 2 : end if end >= 0 else None]
            self.foreign.append("\\Q")
            self.index = end + 2 if end >= 0 else len(self.text)
            return "".join("\\" + char if char in "^$\\.*+?()[]{}|/" else char for char in quoted)
        if letter in _ESCAPES:
            return self._alien(2, f"[{_ESCAPES[letter]}]")
        if letter in _WHOLE:
            return self._alien(2, _WHOLE[letter])
        braced = _BRACED.match(self.text, self.index)
        return self._take(len(braced[0]) if braced else 2)

    def _property(self) -> str | None:
        r"""``\p{Alpha}`` as what stands inside a class; None where Unicode knows the property."""
        found = _PROPERTY.match(self.text, self.index)
        if found and found[1] == "p" and found[2].lower() in _CLASSES and found[2] not in ("ASCII", "Alpha"):
            return self._alien(len(found[0]), _CLASSES[found[2].lower()])
        return None

    def _group(self) -> str:
        for opening, instead in (("(?>", "(?:"), ("(?P<", "(")):
            if self.text.startswith(opening, self.index):
                named = _NAMED.match(self.text, self.index)
                return self._alien(len(named[0]) if named else len(opening), instead)
        if self.text.startswith("(?#", self.index):
            end = self.text.find(")", self.index)
            self.foreign.append("(?#")
            self.index = end + 1 if end >= 0 else len(self.text)
            return ""
        back = _BACK.match(self.text, self.index)
        if back and back[4] in self.groups:
            return self._alien(len(back[0]), f"(?:\\{self.groups[back[4]]})")
        named = _NAMED.match(self.text, self.index)
        if named:
            self._take(len(named[0]))
            return "("
        flags = _FLAGS.match(self.text, self.index)
        if flags:
            self.foreign.append(flags[0])
            return self._take(len(flags[0]))
        return self._take(1)

    def _class(self) -> str:
        """``[…]``, with what other dialects may have in it."""
        start = self.index
        opening = self._take(1) + (self._take(1) if self.text.startswith("^", self.index) else "")
        if self.text.startswith("]", self.index):  # `[]` is no character, `[^]` any (ECMA-262 §22.2.1)
            self._take(1)
            return r"[\s\S]" if opening == "[^" else r"[^\s\S]"
        found = [opening]
        while self.index < len(self.text):
            char = self.text[self.index]
            posix = _POSIX.match(self.text, self.index)
            if posix and posix[2] in _CLASSES and not posix[1]:
                found.append(self._alien(len(posix[0]), _CLASSES[posix[2]]))
            elif char == "]":
                found.append(self._take(1))
                return "".join(found)
            elif char == "[":
                found.append("\\" + self._take(1))
            elif char == "\\":
                found.append(self._property() or self._class_escape())
            elif char == "-" and len(found) > 1 and _is_set(found[-1]):
                self._take(1)
                found.append(r"\-")  # `[\w-.]`: no range can begin with a set (annex B)
            else:
                found.append(self._take(1))
        self.index = start + 1
        return "["

    def _class_escape(self) -> str:
        letter = self.text[self.index + 1 : self.index + 2]
        return self._alien(2, _ESCAPES[letter]) if letter in _ESCAPES else self._take(2)


def _is_set(text: str) -> bool:
    return len(text) == 2 and text[0] == "\\" and text[1] in "dDwWsS"


def _numbered(pattern: str) -> dict[str, int]:
    """The number of each named group."""
    found: dict[str, int] = {}
    count, is_class = 0, False
    index = 0
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            index += 1
        elif is_class:
            is_class = char != "]"
        elif char == "[":
            is_class = True
        elif char == "(":
            named = _NAMED.match(pattern, index)
            if named or not pattern.startswith("(?", index):
                count += 1
            if named:
                found.setdefault(named[1], count)
        index += 1
    return found
