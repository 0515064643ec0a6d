"""What a run does now, while it does it; and the colours of the report. On a terminal only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TextIO

from mock_server.contract.report.shown import plural

PATIENCE_S = 20.0
SLOW = 2.0
"""Requests a second; a run that makes no more takes more than a quarter of an hour."""


class Counted(Protocol):
    """What is shown beside the phase."""

    @property
    def requests(self) -> int: ...

    @property
    def found(self) -> int: ...


class Nothing:
    """Before anything has begun."""

    requests = 0
    found = 0


def is_lively(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether lines may be redrawn and coloured: a terminal, and nobody has said otherwise.

    https://no-color.org, and ``CI``, which most of them set.
    """
    return (
        stream.isatty()
        and not environment.get("NO_COLOR")
        and not environment.get("CI")
        and environment.get("TERM") != "dumb"
    )


def status_line(phase: str, counted: Counted, seconds: float) -> str:
    """``12 s  walks: collecting  210 requests, 0 findings``; and how slow it is, where a run will take very long."""
    done = f"{seconds:.0f} s  {phase}  {plural(counted.requests, 'request')}, {plural(counted.found, 'finding')}"
    if seconds < PATIENCE_S or counted.requests > SLOW * seconds:
        return done
    return f"{done}  ({counted.requests / seconds:.1f} requests a second; --max-time SECONDS ends a run earlier)"


class Plain:
    """A line for each phase, on standard error: a log of CI shows where a run hangs."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._phase = ""
        self.counted: Counted = Nothing()

    def tell(self, text: str) -> None:
        """Only the family of a check: a line for each check would be noise."""
        phase = text.partition(":")[0]
        if phase != self._phase:
            self._phase = phase
            print(status_line(phase, self.counted, self._clock() - self._began), file=self._stream, flush=True)

    def pause(self) -> None:
        """Nothing is redrawn."""

    def go_on(self) -> None:
        """Nothing was stopped."""

    def close(self) -> None:
        """Nothing is open."""


class Live:
    """One line that is redrawn, by rich."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive
        from rich.spinner import Spinner

        self._began = time.monotonic()
        self._phase = ""
        self.counted: Counted = Nothing()
        self._spinner = Spinner("dots")
        console = Console(file=stream, highlight=False, markup=False)
        self._live = RichLive(self._spinner, console=console, transient=True, get_renderable=self._line)
        self._live.start()

    def _line(self) -> Any:
        from rich.text import Text

        line = status_line(self._phase, self.counted, time.monotonic() - self._began)
        self._spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
        return self._spinner

    def tell(self, text: str) -> None:
        self._phase = text

    def pause(self) -> None:
        """While a person is asked for something."""
        self._live.stop()

    def go_on(self) -> None:
        self._live.start()

    def close(self) -> None:
        self._live.stop()


_STYLES = (
    ("   promised ", "bold"),
    ("   $ ", "cyan"),
    ("   < ", "dim"),
    ("   where ", "dim"),
    ("   check ", "dim"),
)


def print_coloured(report: str, verdict: str, stream: TextIO) -> None:
    """The plain report, line by line, with colours: nothing in it is read as markup."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
    mood = {"kept": "bold green", "broken": "bold red", "kept as far as it was tested": "green"}.get(verdict, "yellow")
    lines = report.splitlines()
    for number, line in enumerate(lines):
        if number in (0, len(lines) - 1):
            style = mood
        elif line[:1].isdecimal():
            style = "bold red"
        else:
            style = next((style for start, style in _STYLES if line.startswith(start)), _state_style(line))
        console.print(Text(line, style=style))


def _state_style(line: str) -> str:
    if " not reached" in line:
        return "yellow"
    return "bold" if line[:1].isalpha() else ""
