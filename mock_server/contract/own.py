"""Our own mock, started as a process on a free port: tested exactly as a foreign deployment is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mock_server.contract.errors import EXIT_UNREACHABLE, CannotRun
from mock_server.contract.interrupt import adopt, release

START_S = 30.0
STOP_S = 10.0
PACKAGE_PARENT = Path(__file__).parent.parent.parent


@contextmanager
def own_mock(specs: tuple[Path | str, ...], fixtures: Path | None, allow_remote: tuple[str, ...] = ()) -> Iterator[str]:
    """``mock-server serve --port 0``, ready when this is entered; yields ``http://127.0.0.1:PORT``.

    Raises ``CannotRun`` (MS508) when it does not start.
    """
    arguments = [*map(str, specs), *(("--fixtures", str(fixtures)) if fixtures else ())]
    arguments += [word for host in allow_remote for word in ("--allow-remote", host)]
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--quiet", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=child_environment(),
        start_new_session=True,  # Ctrl-C is for us: reports of what was done are still written
    )
    adopt(process)
    try:
        yield _address(process)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        release(process)


def child_environment() -> dict[str, str]:
    """Ours, so changed that a child in another folder imports this very package, and no setting of ``serve``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCK_SERVER_")}
    paths = [str(PACKAGE_PARENT), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    killer = threading.Timer(START_S, process.kill)
    killer.start()
    try:
        first = process.stdout.readline()
    finally:
        killer.cancel()
    address = next((word for word in first.split() if word.startswith("http://")), None)
    if address is None:
        said = (first + process.stdout.read()).strip()
        raise CannotRun(
            "MS508",
            f"our own mock did not start: {said or 'it said nothing'}",
            "try `mock-server check` and `mock-server serve`",
            EXIT_UNREACHABLE,
        )
    threading.Thread(target=_drain, args=(process,), daemon=True).start()
    return address


def _drain(process: subprocess.Popen[str]) -> None:
    """Take what the child prints: a full pipe would stop it."""
    assert process.stdout is not None
    for _ in process.stdout:
        pass
