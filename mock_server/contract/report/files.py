"""Reports written to files: which there are, and how one is put in its place whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mock_server.contract.errors import CannotRun
from mock_server.contract.report.as_json import json_report
from mock_server.contract.report.github import github_report
from mock_server.contract.report.html import html_report
from mock_server.contract.report.junit import junit_report
from mock_server.contract.report.sarif import sarif_report
from mock_server.contract.report.shown import Shown
from mock_server.contract.report.terminal import plain_report
from mock_server.named import NamedTuple

FORMATS: Mapping[str, Callable[[Shown], str]] = {
    "text": plain_report,
    "json": json_report,
    "junit": junit_report,
    "html": html_report,
    "github": github_report,
    "sarif": sarif_report,
}
STANDARD_OUTPUT = "-"


class Wish(NamedTuple):
    """``--report junit:out/junit.xml``; path ``-`` is standard output."""

    format: str
    path: str

    @property
    def is_file(self) -> bool:
        return self.path != STANDARD_OUTPUT


def check_writable(wishes: Sequence[Wish]) -> list[Path]:
    """Before a run that takes minutes. Folders that are missing are made: those. Raises ``CannotRun`` (MS520).

    A report of a run before goes away: it must not be taken for that of this one.
    """
    made: list[Path] = []
    for wish in wishes:
        if not wish.is_file:
            continue
        path = Path(wish.path)
        try:
            made += [] if path.parent.exists() else [path.parent]
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".mock-server-report-"):
                path.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else "") or str(error)
            hint = "give a path whose folder can be written to; nothing was tested"
            raise CannotRun("MS520", f"the report {wish.path} cannot be written: {why.lower()}", hint) from None
    return made


def write_reports(wishes: Sequence[Wish], shown: Shown) -> list[str]:
    """All that go to files. What cannot be written is told, and keeps no other from being written."""
    failed: list[str] = []
    for wish in wishes:
        if wish.is_file:
            try:
                put_in_place(Path(wish.path), FORMATS[wish.format](shown))
            except OSError as error:
                failed.append(f"error MS520: the report {wish.path} cannot be written: {error.strerror or error}")
    return failed


def put_in_place(path: Path, text: str) -> None:
    """Written beside it first, so that nobody reads half a report."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".mock-server-report-")
    try:
        with open(number, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
