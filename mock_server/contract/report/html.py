"""One HTML page that can be mailed, attached or kept: no script, nothing from outside, everything escaped."""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from mock_server import __version__
from mock_server.contract.report.shown import Shown

if TYPE_CHECKING:
    from jinja2 import Environment

MOODS = {"kept": "good", "kept as far as it was tested": "good", "broken": "bad"}
NOTHING_MORE = "base-uri 'none'; form-action 'none'"
GROUPS = (
    ("finding", "Findings", "What the deployment promised and did not keep."),
    ("assumption", "Differs from what we assumed", "Nobody documents these answers; with --strict they count."),
    ("warning", "Warnings", "Worth a look; they do not fail the run."),
)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("mock_server.contract.report"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html_report(shown: Shown) -> str:
    """The page. Its policy allows its own style sheet, by hash, and nothing else."""
    source, _, _ = _templates().loader.get_source(_templates(), "report.css")  # type: ignore[union-attr]
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return (
        _templates()
        .get_template("report.html")
        .render(
            shown=shown,
            result=shown.result,
            style=source,
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {NOTHING_MORE}",
            mood=MOODS.get(shown.verdict, "unsure"),
            groups=[(*group, shown.of_group(group[0])) for group in GROUPS],
            coverage=[(key, list(rows)) for key, rows in groupby(shown.coverage, key=lambda row: row.operation)],
            when=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(shown.result.began_at)),
            version=__version__,
            total=sum(shown.result.requests.values()),
        )
        + "\n"
    )
