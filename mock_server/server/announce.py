"""Who is told that the mock answers, and that it stops: a person, a script, a service manager."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mock_server.errors import MockServerError
from mock_server.server.systemd import notify
from mock_server.web.log import RequestLog


class NoReadyFile(MockServerError):
    """The file cannot be written."""


class Announcement:
    """``text`` is for the terminal, ``url`` for the ready file, which holds it as its only line.

    The file is there while the mock answers, and at no other time: one that a killed mock left behind is removed
    before anything else is done. Raises ``NoReadyFile``.
    """

    def __init__(
        self, log: RequestLog, text: str, url: str, ready_file: Path | None = None, stop_s: float = 5.0
    ) -> None:
        self.log = log
        self.stop_s = stop_s
        """For answers under way."""
        self._text = text
        self._url = url
        self._file = ready_file
        if ready_file is not None:
            try:
                ready_file.unlink(missing_ok=True)
                _part(ready_file).touch()
            except OSError as error:
                raise NoReadyFile(f"{ready_file} cannot be written: {error.strerror}; check --ready-file") from None

    def ready(self) -> None:
        self.log.say(self._text)
        if self._file is not None:
            try:
                _part(self._file).write_text(f"{self._url}\n", "utf-8")
                os.replace(_part(self._file), self._file)  # whole or not at all
            except OSError as error:
                self.log.error(f"error MS456: {self._file} cannot be written: {error.strerror}")
        notify("READY=1")

    def stopping(self) -> None:
        notify("STOPPING=1")
        self.gone()

    def gone(self) -> None:
        """However it ended."""
        if self._file is not None:
            with suppress(OSError):  # its folder is gone: so is the file
                self._file.unlink(missing_ok=True)
                _part(self._file).unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
