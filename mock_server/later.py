"""Regular expressions that are compiled when they are first used.

``re.compile`` takes a tenth of a millisecond, and the house has some ninety of them, most for things that a mock never
meets. After the first use the methods are the compiled expression's own.
"""

from __future__ import annotations

import re
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
