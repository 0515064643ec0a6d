"""Where Hypothesis keeps what it works out once: tables of Unicode and the constants of modules, nothing of a run."""

from __future__ import annotations

import os
from pathlib import Path


def hypothesis_folder() -> Path | None:
    """``HYPOTHESIS_STORAGE_DIRECTORY``, else a folder in the user's cache (XDG Base Directory); None without a home.

    In a scratch folder it would work them out again in every run, which takes seconds. So it does, silently,
    where it may not write.
    """
    if given := os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        return Path(given).absolute()
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody knows where the home is
        return None
    return root.absolute() / "mock-server" / "hypothesis"
