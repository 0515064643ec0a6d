"""How many examples Hypothesis tries.

A run of all tests tries a quarter, other ones each time: what one run does not meet the next ones do.
``MOCK_SERVER_THOROUGH=1 pytest tests/property tests/spec`` tries all of them, before a release or after a change there.
"""

from __future__ import annotations

import os
from typing import Final

THOROUGH: Final = bool(os.environ.get("MOCK_SERVER_THOROUGH"))
SHARE: Final = 4
FEWEST: Final = 25


def examples(thorough: int) -> int:
    """Of so many, how many this run tries."""
    return thorough if THOROUGH else max(FEWEST, thorough // SHARE)
