"""axe-core, the accessibility checker, from npm's registry into the cache of this checkout; run inside a page."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from tests.support import ROOT

CACHE = ROOT / ".cache" / "axe"
SCRIPT = CACHE / "axe.min.js"
NPM = ["npm", "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "axe-core@4"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["cat.color"]
"""What alone can differ in another light: axe-core's rules about colours."""


@cache
def _source() -> str:
    if not SCRIPT.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=CACHE) as folder:  # several test processes may do this at once
            subprocess.run([*NPM, "--prefix", folder], check=True, capture_output=True, timeout=300)
            Path(folder, "node_modules", "axe-core", "axe.min.js").replace(SCRIPT)
    return SCRIPT.read_text("utf-8")


def complaints(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """What the page does wrong: ``color-contrast: main > p (Element has insufficient …)``."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", [*rules]
    )
    return [
        f"{violation['id']}: {' '.join(node['target'])} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
