"""A copy of the bundled fixtures with some words changed, as a tester would do it in an editor."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support import ROOT

NEW = "oauth2/new-credentials.yaml"
GET = "oauth2/get-credentials.yaml"


def edited(folder: Path, file: str = "", *changes: tuple[str, str], **files: str) -> Path:
    """The fixtures below ``folder``: in ``file`` each first text, which must be there once, becomes the second.

    ``files`` are new files, by the name without ``.yaml``. May be called again for the same folder.
    """
    copy = folder / "fixtures"
    if not copy.exists():
        shutil.copytree(ROOT / "fixtures", copy)
    if file:
        text = (copy / file).read_text("utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
            text = text.replace(old, new)
        (copy / file).write_text(text, "utf-8")
    for name, text in files.items():
        (copy / f"{name}.yaml").write_text(text, "utf-8")
    return copy
