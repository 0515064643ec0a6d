"""One thread that owns an SQLite file and does what is asked of it, many requests in one transaction.

A commit with ``synchronous=FULL`` waits for the disk. Whatever came while the last one waited goes into the next
together, and each is answered only after it: what was acknowledged is on the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

from mock_server.named import NamedTuple
from mock_server.state.file import StateFile, is_broken, is_full
from mock_server.state.soon import Done, Keep, Write, tell
from mock_server.state.store import Away, Full
from mock_server.state.tables import shrink
from mock_server.state.together import Together, Written, written

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
MAX_BATCH = 256


class _Job(NamedTuple):
    """``wants`` is either what works by itself, or what is done together with others of its kind."""

    wants: Work | Keep | Write | Written
    writes: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any] | None = None
    frees: bool = False
    """Whether it makes room on the disk, so that it must be done when that is full."""


_Done = tuple[_Job, Any, BaseException | None]


class Lane:
    """``file`` is opened in the thread, when the first thing is asked for, and again after it failed or was moved.

    ``together`` does what many want, and says what came of each. ``turn`` is had by one process at a time.
    """

    def __init__(
        self,
        file: StateFile,
        together: Together,
        turn: AbstractContextManager[None],
    ) -> None:
        self._file = file
        self._together = together
        self._turn = turn
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._db: sqlite3.Connection | None = None

    async def do(self, work: Callable[[sqlite3.Connection], T], *, writes: bool = True, frees: bool = False) -> T:
        """What ``work`` returns, after the commit. It must check all before it writes any: what it raises of ``Full``
        undoes nothing. Raises ``Away`` when the file cannot be read or written. What ``frees`` room on the disk is
        done on one that is full, too."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._put(_Job(work, writes, loop, future, frees))
        return cast("T", await future)

    def gather(self, wanted: Keep | Write, loop: asyncio.AbstractEventLoop) -> None:
        """It is told in ``loop``, after the commit, together with others."""
        self._put(_Job(wanted, isinstance(wanted, Write) or wanted.handshake is not None, loop))

    def _put(self, job: _Job) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="state", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    async def stop(self) -> None:
        """Finish what was asked for, close the file, end the thread."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            batch: list[_Job] = []
            goes_on = self._add(batch, self._jobs.get())
            if any(job.writes for job in batch):
                batch[:] = map(_ready, batch)
                with self._turn:
                    goes_on = goes_on and self._add(batch)  # what came while another had the turn
                    done = self._tried([*map(_ready, batch)])
            else:
                done = self._tried(batch) if batch else []
            _deliver(done)
        if self._db is not None:
            self._db.close()
            self._db = None

    def _add(self, batch: list[_Job], *first: _Job | None) -> bool:
        """``first`` and all that waits, as far as there is room; False = nothing more will come."""
        with suppress(Empty):
            while len(batch) < MAX_BATCH:
                job = first[0] if first else self._jobs.get_nowait()
                first = ()
                if job is None:
                    return False
                batch.append(job)
        return True

    def _tried(self, batch: list[_Job]) -> list[_Done]:
        """One that fails by our fault is told so, and the others are done without it."""
        failed: list[_Done] = []
        while True:
            try:
                if self._db is None:
                    self._db = self._file.open()
                elif self._file.is_another():
                    db, self._db = self._db, None
                    raise self._file.leave(db)
                done = self._transaction(self._db, batch)
                if self._file.gave_reserve and any(job.frees for job in batch):
                    self._give_room(self._db)
                return [*failed, *done]
            except _Failed as error:
                failed.append((error.job, None, error.__cause__))
                batch = [job for job in batch if job is not error.job]
            except sqlite3.Error as error:
                away = Away(f"the state file: {error}")
                if self._db is not None and is_broken(error):
                    self._db.close()
                    self._db = None
                elif any(job.frees for job in batch) and is_full(error) and self._file.give_reserve():
                    failed += [(job, None, away) for job in batch if not job.frees]
                    batch = [job for job in batch if job.frees]
                    continue
                return [*failed, *((job, None, away) for job in batch)]
            except Exception as error:  # told to everybody who waits: nothing is swallowed
                return [*failed, *((job, None, error) for job in batch)]

    def _give_room(self, db: sqlite3.Connection) -> None:
        """What was freed on a full disk holds its place in the file still, and there is none to write it anew."""
        with suppress(sqlite3.Error):
            db.execute("BEGIN IMMEDIATE")
            while shrink(db):
                pass
            db.execute("COMMIT")
        if db.in_transaction:
            db.execute("ROLLBACK")
        with suppress(sqlite3.Error):
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._file.keep_reserve()

    def _transaction(self, db: sqlite3.Connection, batch: list[_Job]) -> list[_Done]:
        """Those who only look need not wait for whoever writes, in this process or another."""
        if not any(job.writes for job in batch):
            try:
                return self._committed(db, batch, "BEGIN")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                # A look that had to make a session, while another process wrote: look again, as a writer.
        return self._committed(db, batch, "BEGIN IMMEDIATE")

    def _committed(self, db: sqlite3.Connection, batch: list[_Job], begin: str) -> list[_Done]:
        done: list[_Done] = []
        try:
            db.execute(begin)
            for is_gathered, jobs in groupby(batch, lambda job: job.future is None):
                if is_gathered:
                    gathered = [*jobs]
                    results = self._together.do(db, [cast("Keep | Written", job.wants) for job in gathered])
                    done += [(job, result, None) for job, result in zip(gathered, results, strict=True)]
                else:
                    done += [_worked(db, job) for job in jobs]
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return done


def _ready(job: _Job) -> _Job:
    """What takes long, before anybody waits for the transaction."""
    return job._replace(wants=written(job.wants)) if isinstance(job.wants, Write) else job


class _Failed(Exception):
    def __init__(self, job: _Job) -> None:
        self.job = job
        super().__init__()


def _worked(db: sqlite3.Connection, job: _Job) -> _Done:
    try:
        return job, cast("Work", job.wants)(db), None
    except Full as full:
        return job, None, full
    except sqlite3.Error:
        raise
    except Exception as error:
        raise _Failed(job) from error


def _deliver(done: list[_Done]) -> None:
    """Answers of one loop wake it once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Done]] = {}
    for each in done:
        by_loop.setdefault(each[0].loop, []).append(each)
    for loop, answers in by_loop.items():
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_hand_over, answers)


def _hand_over(answers: list[_Done]) -> None:
    for job, result, error in answers:
        if job.future is None:
            tell(cast("Keep | Write | Written", job.wants), cast("Done", error or result))
        elif job.future.done():
            continue  # whoever asked was cancelled
        elif error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)
