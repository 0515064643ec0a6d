"""Several workers: started from one process that has read everything, looked after, replaced, stopped together.

Each worker has a listening socket of its own on the one port (SO_REUSEPORT: the system deals connections out evenly;
of a socket that all share, whoever wakes first takes all that wait). The sockets stay open here, so what comes while
a worker is replaced waits for the new one.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Protocol

from mock_server.value import dataclass
from mock_server.web.log import RequestLog

GRACE_S = 2.0
"""Beyond the time that a worker has to stop by itself."""
QUICK_S = 5.0
"""After so short a life a worker is not replaced at once: the pause grows with each one in a row."""
MAX_FAILED = 5
"""So many in a row that end before they answer have a fault that another start does not mend."""
MAX_PAUSE_S = 2.0
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Work(Protocol):
    """What a worker does, in a process of its own; its exit code. ``ready`` is called when it answers."""

    def __call__(self, number: int, ready: Callable[[], None], alone: int) -> int:
        """``alone`` is a descriptor that can be read from when nobody looks after the worker any more."""
        ...


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int
    ready_fd: int
    started_at: float
    is_ready: bool = False


class Crew:
    """``count`` workers. ``on_ready`` is called when all of them answer, ``on_stop`` when they are told to stop."""

    def __init__(
        self,
        count: int,
        work: Work,
        log: RequestLog,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        stop_s: float,
    ) -> None:
        self._count = count
        self._work = work
        self._log = log
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._stop_s = stop_s
        self._workers: dict[int, _Worker] = {}
        self._due: list[tuple[float, int]] = []
        """When which worker is started again."""
        self._quick = self._failed = 0
        self._announced = False
        self._signals: list[int] = []
        self._deadline: float | None = None
        self._code = 0

    def run(self) -> int:
        """Until told to stop: 0, or 130 after an interrupt, or what the worker ended with that could not start."""
        self._awake, self._wake = os.pipe()
        os.set_blocking(self._awake, False)
        os.set_blocking(self._wake, False)
        self._alone, self._together = os.pipe()
        handled = (*STOPS, signal.SIGCHLD)
        before = {each: signal.signal(each, self._note) for each in handled}
        wakeup = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        try:
            self._due = [(0.0, number) for number in range(1, self._count + 1)]
            self._start_due()
            while self._workers or self._due:
                self._wait()
                self._look()
        finally:
            signal.set_wakeup_fd(wakeup)
            for each, handler in before.items():
                signal.signal(each, handler)
            for fd in (self._awake, self._wake, self._alone, self._together):
                os.close(fd)
        return self._code

    def _note(self, number: int, frame: object) -> None:
        if number != signal.SIGCHLD:
            self._signals.append(number)

    def _start(self, number: int) -> None:
        """Raises ``OSError`` when the system has no process or descriptor left."""
        ready_fd, ready_end = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError:
            os.close(ready_fd)
            os.close(ready_end)
            raise
        if pid == 0:
            self._be_a_worker(number, ready_fd, ready_end)
        os.close(ready_end)
        self._workers[pid] = _Worker(number, pid, ready_fd, time.monotonic())

    def _be_a_worker(self, number: int, ready_fd: int, ready_end: int) -> None:
        """In the new process; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (signal.SIGINT, signal.SIGHUP):  # a terminal tells everybody; whoever looks after us tells us
                signal.signal(each, signal.SIG_IGN)
            for fd in (
                self._awake,
                self._wake,
                self._together,
                ready_fd,
                *(each.ready_fd for each in self._workers.values()),
            ):
                os.close(fd)
            code = self._work(number, lambda: _tell(ready_end), self._alone)
            sys.stdout.flush()
        except BaseException as error:  # the end of this process: what is not told now is never told
            import traceback

            self._log.error("".join(traceback.format_exception(error)))
        finally:
            os._exit(code)

    def _wait(self) -> None:
        now = time.monotonic()
        times = [at for at, _ in self._due] + ([self._deadline] if self._deadline is not None else [])
        waiting = {each.ready_fd: each for each in self._workers.values() if not each.is_ready}
        timeout = max(min(times) - now, 0.0) if times else None
        readable, _, _ = select.select([self._awake, *waiting], [], [], timeout)
        for fd in readable:
            if fd == self._awake:
                while _read(fd):
                    continue
            else:
                waiting[fd].is_ready = bool(_read(fd))  # or it has ended: that comes as a signal

    def _look(self) -> None:
        while self._signals:
            self._stop(self._signals.pop(0))
        self._reap()
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            self._kill(signal.SIGKILL)
            self._deadline = now + GRACE_S
        self._start_due()
        if (
            not self._announced
            and len(self._workers) == self._count
            and all(each.is_ready for each in self._workers.values())
        ):
            self._announced = True
            self._on_ready()

    def _start_due(self) -> None:
        now = time.monotonic()
        for each in [each for each in self._due if each[0] <= now]:
            self._due.remove(each)
            number = each[1]
            try:
                self._start(number)
            except OSError as error:
                why = f"worker {number} cannot be started: {error.strerror}"
                if not self._announced:
                    self._log.error(f"error MS455: {why}; the mock stops")
                    self._code = 1
                    self._end()
                    return
                self._log.error(f"{why}; it is tried again")
                self._due.append((now + MAX_PAUSE_S, number))

    @property
    def _stopping(self) -> bool:
        return self._deadline is not None

    def _stop(self, number: int) -> None:
        if self._stopping:
            if number == signal.SIGINT:  # once more: no patience is left
                self._kill(signal.SIGKILL)
            return
        self._code = 130 if number == signal.SIGINT else 0
        self._end()

    def _end(self) -> None:
        self._deadline = time.monotonic() + self._stop_s + GRACE_S
        self._due.clear()
        self._on_stop()
        self._kill(signal.SIGTERM)

    def _kill(self, number: int) -> None:
        for pid in self._workers:
            os.kill(pid, number)  # ours until it was waited for: the number is nobody else's

    def _reap(self) -> None:
        for pid, worker in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._workers[pid]
                os.close(worker.ready_fd)
                if not self._stopping:
                    self._replace(worker, os.waitstatus_to_exitcode(status))

    def _replace(self, worker: _Worker, code: int) -> None:
        how = f"by signal {-code}" if code < 0 else f"with {code}"
        lived_s = time.monotonic() - worker.started_at
        self._quick = self._quick + 1 if lived_s < QUICK_S else 0
        self._failed = 0 if worker.is_ready else self._failed + 1
        if not self._announced or self._failed >= MAX_FAILED:
            self._log.error(f"error MS455: worker {worker.number} ended {how}; the mock stops")
            self._code = code if code > 0 else 1
            self._end()
            return
        self._log.error(f"worker {worker.number} (process {worker.pid}) ended {how}; another takes its place")
        pause_s = min(0.1 * 2 ** (self._quick - 1), MAX_PAUSE_S) if self._quick else 0.0
        self._due.append((time.monotonic() + pause_s, worker.number))


def _tell(fd: int) -> None:
    os.write(fd, b"!")
    os.close(fd)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except BlockingIOError:
        return b""
