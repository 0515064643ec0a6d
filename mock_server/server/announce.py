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


class ReadyFile:
    """Holds the address as its only line, while the mock answers and at no other time.

    One that a killed mock left behind goes at once. Raises ``NoReadyFile``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        try:
            path.unlink(missing_ok=True)
            self._part.touch()
        except OSError as error:
            raise NoReadyFile(f"{path} cannot be written: {error.strerror}; check --ready-file") from None

    def write(self, url: str) -> None:
        """Whole or not at all. Raises ``NoReadyFile``."""
        try:
            self._part.write_text(f"{url}\n", "utf-8")
            os.replace(self._part, self._path)
        except OSError as error:
            raise NoReadyFile(f"{self._path} cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        with suppress(OSError):  # its folder is gone: so is the file
            self._path.unlink(missing_ok=True)
            self._part.unlink(missing_ok=True)


class Announcement:
    """``text`` is for the terminal, ``url`` for the ready file."""

    def __init__(
        self, log: RequestLog, text: str, url: str, file: ReadyFile | None = None, stop_s: float = 5.0
    ) -> None:
        self.log = log
        self.stop_s = stop_s
        """For answers under way."""
        self._text = text
        self._url = url
        self._file = file

    def ready(self) -> None:
        self.log.say(self._text)
        if self._file is not None:
            try:
                self._file.write(self._url)
            except NoReadyFile as error:
                self.log.error(f"error MS456: {error}")
        notify("READY=1")

    def stopping(self) -> None:
        notify("STOPPING=1")
        if self._file is not None:
            self._file.remove()
