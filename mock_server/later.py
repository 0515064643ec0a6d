"""What is made or imported when it is first used: most starts never use it.

``re.compile`` takes a tenth of a millisecond, and the house has some ninety expressions, most for things that a mock
never meets. After the first use the methods are the compiled expression's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, AnyStr, cast


def regex(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As ``re.compile``; a mistake in ``text`` would be told at the first use (a test of the house compiles all)."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))


class _Later:
    """Has the methods of the compiled expression from the first one that is asked for on."""

    def __init__(self, text: Any, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found


def get_close_matches(word: str, possibilities: Iterable[str], n: int = 3, cutoff: float = 0.6) -> list[str]:
    """``difflib.get_close_matches``: only mistakes need it."""
    import difflib

    return difflib.get_close_matches(word, list(possibilities), n, cutoff)
