"""Every answer of every walk, and of the fuzzing, judged against the document and the RFCs that all servers keep.

The other walks ask for something and judge its status; the witness looks over their shoulder. What it
judges is a table of functions; each is a check of its own name, so that ``--only`` and ``--skip`` know it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mock_server.contract.checks import Check
from mock_server.contract.model import Exchange, Finding, NotRun
from mock_server.contract.run import Run
from mock_server.contract.walks import answers, framing, secrets, timing
from mock_server.contract.walks.scene import Judge, Scene, Seen

FAMILY = "witness"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to look at an answer. ``fuzz`` = at those of the fuzzing, too; Schemathesis has judged the rest."""

    name: str
    summary: str
    judge: Judge
    fuzz: bool = False


ROWS: tuple[Row, ...] = (
    Row("witness.wire", "every answer is whole, framed right and plain", framing.whole),
    Row("witness.status", "every status is documented, none is a failure of the server", answers.status),
    Row("witness.media-type", "every media type is documented, JSON is UTF-8", answers.media_type),
    Row("witness.json", "every JSON is strict: no key twice, no NaN, nothing after it", answers.json, fuzz=True),
    Row("witness.schema", "every body keeps its schema and its formats", answers.schema),
    Row("witness.headers", "documented headers are there and valid", answers.headers),
    Row("witness.status-field", "a status in a body is that of the answer", answers.status_field, fuzz=True),
    Row("witness.leak", "no stack trace and no path of the server in an error", answers.leak, fuzz=True),
    Row("secrets.echo", "no error answer tells a token or an id", secrets.echo, fuzz=True),
    Row("secrets.credentials", "no credentials but in a good answer", secrets.credentials, fuzz=True),
    Row("stability.time", "every answer comes in time", timing.in_time),
)


@dataclass(slots=True)
class Witness:
    """Sees every exchange. A defect is kept once; the same exchange is not judged for the same thing twice."""

    run: Run
    genuine: secrets.Genuine = field(default_factory=secrets.Genuine)
    pace: timing.Pace = field(default_factory=timing.Pace)
    """Answers that came late are asked for again (``stability.time``)."""
    _found: dict[tuple[str, ...], Finding] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, exchange: Exchange) -> None:
        """An exchange of the walks."""
        self._look(exchange, ROWS)

    def watch_fuzz(self, exchange: Exchange) -> None:
        """One of Schemathesis'."""
        self._look(exchange, [row for row in ROWS if row.fuzz])

    def _look(self, exchange: Exchange, rows: tuple[Row, ...] | list[Row]) -> None:
        scene = Scene.of(self.run, exchange, self.genuine, self.pace)
        for row in rows:
            for seen in row.judge(scene):
                self._take(row.name, scene, seen)

    def _take(self, name: str, scene: Scene, seen: Seen) -> None:
        key = scene.operation.key if scene.operation else ""
        finding = Finding(
            title=f"{key or scene.exchange.sent.method + ' ' + scene.path}: {seen.title}",
            operation=key,
            promise=seen.promise,
            exchanges=(scene.exchange,),
            detail=seen.detail or seen.promise.text,
            severity="error",
            check=name,
            seed=self.run.seed,
            shape=seen.shape or seen.title,
        )
        with self._lock:
            self._found.setdefault(finding.fingerprint, finding)

    def found(self, name: str) -> list[Finding]:
        """What one of the checks has seen so far."""
        with self._lock:
            return [each for each in self._found.values() if each.check == name]


def _report(name: str) -> Callable[[Run], Iterator[Finding | NotRun]]:
    def report(run: Run) -> Iterator[Finding | NotRun]:
        if run.witness is not None:
            if name == "stability.time":
                yield from timing.asked_again(run, name, run.witness.pace.slow)
            yield from run.witness.found(name)

    return report


CHECKS = tuple(Check(row.name, row.name.partition(".")[0], row.summary, _report(row.name)) for row in ROWS)
"""Last of all checks: only then all answers were seen."""
