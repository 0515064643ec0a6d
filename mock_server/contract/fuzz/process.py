"""Runs Schemathesis in a process and a scratch folder of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mock_server.contract.fuzz.config import config_text, hooks_data
from mock_server.contract.interrupt import adopt, release
from mock_server.contract.own import child_environment
from mock_server.contract.run import Run
from mock_server.contract.tables import hypothesis_folder
from mock_server.spec.operations import Operation

STOP_S = 8.0
"""From the first signal it has this long to write its reports."""

_RESPONSE = b'"status_code":'


class Fuzz:
    """One run of Schemathesis, started when made. ``close`` removes the scratch folder."""

    def __init__(
        self,
        run: Run,
        spec: str,
        operations: Sequence[Operation],
        seed: int,
        *,
        rate: float | None = None,
        max_response_s: float | None = None,
        url: str | None = None,
        keep: Sequence[str] = (),
    ) -> None:
        """``keep``: its own reports that are wanted besides those we read: ``("har",)``."""
        self.url = url or run.target.url
        self.seed = seed
        self.keep = tuple(keep)
        self._read_to = self._sent = 0
        self.folder = Path(tempfile.mkdtemp(prefix="mock-server-contract-"))
        self.reports = self.folder / "reports"
        self._write("schemathesis.toml", config_text(run, operations, max_response_s))
        told = hooks_data(run)
        if rate and told["start"] and told["consent"] != "none":
            rate /= 2  # the other half is for the pages of the consent
        self._write("told.json", json.dumps({**told, "rate": rate}))
        shutil.copy(Path(__file__).with_name("hooks.py"), self.folder / "hooks.py")
        self.output = (self.folder / "output.txt").open("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(  # noqa: S603
            [*self._command(spec, operations, rate)],
            cwd=self.folder,
            env={**fuzzing_environment(), "CONTRACT_HOOKS": str(self.folder / "told.json")},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        adopt(self.process)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)  # it holds the token
        path.write_text(text, "utf-8")

    def _command(self, spec: str, operations: Sequence[Operation], rate: float | None) -> Sequence[str]:
        include = [word for each in operations for word in ("--include-name", each.key)]
        limit = ["--rate-limit", rate_text(rate)] if rate else []
        return [
            *(sys.executable, "-m", "mock_server.contract.fuzz.launch"),
            *("--config-file", "schemathesis.toml", "run", spec, "--url", self.url),
            *("--report", ",".join({"json": 0, "ndjson": 0, **dict.fromkeys(self.keep)})),
            *("--report-dir", str(self.reports), "--seed", str(self.seed)),
            *include,
            *limit,
        ]

    def wait(self, deadline: float | None) -> bool:
        """Until it has ended, or has been stopped at the deadline (of ``time.monotonic``): then False."""
        left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            self.process.wait(left_s)
        except subprocess.TimeoutExpired:
            self.stop()
            return False
        return True

    def stop(self) -> None:
        """Ask it to stop, so that it writes its reports; then make it."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self.process.poll() is not None:
                return
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue

    def said(self) -> str:
        """What it printed."""
        self.output.seek(0)
        return self.output.read(100_000)

    def sent_so_far(self) -> int:
        """How many requests it has made, by its record so far; cheap enough to be asked several times a second."""
        for path in self.reports.glob("*.ndjson"):
            with path.open("rb") as file:
                file.seek(self._read_to)
                fresh = file.read()
            self._read_to += len(fresh)
            self._sent += fresh.count(_RESPONSE)
        return self._sent

    def close(self) -> None:
        """Stop it if need be, and remove all that it wrote: it is full of secrets."""
        if self.process.poll() is None:
            self.stop()
        release(self.process)
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def rate_text(rate: float) -> str:
    """Requests a second as Schemathesis wants them; it sends all that a span allows at once, so the span is short.

    >>> rate_text(4.0), rate_text(1.5), rate_text(0.25)
    ('4/s', '1/s', '15/m')
    """
    return f"{int(rate)}/s" if rate >= 1 else f"{max(1, int(rate * 60))}/m"


def fuzzing_environment() -> dict[str, str]:
    """As our own client: no proxy stands between us and the deployment, and one file of certificates is trusted."""
    kept = {name: value for name, value in child_environment().items() if not name.lower().endswith("_proxy")}
    kept["NO_PROXY"] = "*"
    if trusted := kept.get("SSL_CERT_FILE"):
        kept["REQUESTS_CA_BUNDLE"] = trusted
    if folder := hypothesis_folder():
        kept["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder)
    return kept
