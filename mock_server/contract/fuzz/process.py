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

from mock_server.contract.client import Watcher
from mock_server.contract.fuzz.config import config_text, hooks_data
from mock_server.contract.fuzz.findings import FuzzRecord, read_reports
from mock_server.contract.own import child_environment
from mock_server.contract.run import Run
from mock_server.spec.operations import Operation

STOP_S = 8.0
"""From the first signal it has this long to write its reports."""


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
    ) -> None:
        self.run = run
        self.seed = seed
        self.folder = Path(tempfile.mkdtemp(prefix="mock-server-contract-"))
        self.reports = self.folder / "reports"
        self._write("schemathesis.toml", config_text(run, operations, max_response_s))
        self._write("told.json", json.dumps(hooks_data(run)))
        shutil.copy(Path(__file__).with_name("hooks.py"), self.folder / "hooks.py")
        self.output = (self.folder / "output.txt").open("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(  # noqa: S603
            [*self._command(spec, operations, rate)],
            cwd=self.folder,
            env={**child_environment(), "CONTRACT_HOOKS": str(self.folder / "told.json")},
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.touch(mode=0o600)  # it holds the token
        path.write_text(text, "utf-8")

    def _command(self, spec: str, operations: Sequence[Operation], rate: float | None) -> Sequence[str]:
        include = [word for each in operations for word in ("--include-name", each.key)]
        limit = ["--rate-limit", f"{max(1, round(rate * 60))}/m"] if rate else []
        return [
            *(sys.executable, "-m", "mock_server.contract.fuzz.launch"),
            *("--config-file", "schemathesis.toml", "run", spec, "--url", self.run.target.url),
            *("--report", "json,ndjson", "--report-dir", str(self.reports), "--seed", str(self.seed)),
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

    def record(self, watch: Watcher) -> FuzzRecord:
        """What it found. ``watch`` sees every exchange that it made."""
        found = read_reports(self.reports, self.run.contract, self.seed, watch)
        self.output.seek(0)
        found.output = self.output.read(100_000)
        return found

    def close(self) -> None:
        """Stop it if need be, and remove all that it wrote: it is full of secrets."""
        if self.process.poll() is None:
            self.stop()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)
