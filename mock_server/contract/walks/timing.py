"""Whether answers come in time: against ``--max-response-time``, else against what nobody should have to wait for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from mock_server.contract.model import Exchange, Finding, NotRun, Promise
from mock_server.contract.run import Run
from mock_server.contract.walks.judge import promise
from mock_server.contract.walks.scene import Scene, Seen

USUAL_S = 2.0
"""Without the option: an answer that takes longer, and does so again when it is asked for again, is found."""
OFTEN = 3
"""So many slow answers that were quick the second time are no accident of a busy machine."""
_USUAL = promise("usual-response-time", f"no answer takes longer than {USUAL_S:g} s", "--max-response-time", "assumed")
_STEADY = promise("no-growing-slow", "answers do not grow slower while a run goes on", "--max-response-time", "assumed")
MAX_ASKED_AGAIN = 5
HOPELESS = 12
"""With so many slow answers a run would not end."""
WINDOW = 20
GROWN_S = 0.5
GROWN_BY = 10.0
WINDOWS = 3
"""So many windows of answers, one after the other, each slower than that and than the first
answers."""


PROBE_S = 0.02
BUSY = 3.0


def is_busy() -> bool:
    """Whether this machine gives us much less of its processors than we ask for: then slowness proves nothing.

    ``PROBE_S`` of work is done, and the clock on the wall is held against the processor time of this process.
    """
    wall, spent = time.perf_counter(), time.process_time()
    ends = time.thread_time() + PROBE_S
    while time.thread_time() < ends:
        pass
    return time.perf_counter() - wall > BUSY * (time.process_time() - spent)


@dataclass(slots=True)
class Pace:
    """How long answers took: those that were slow, and all of them in their order."""

    slow: list[Exchange] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def has_grown(self) -> bool:
        """Whether a deployment that was quick at first is slow now, and stays so; asked once a window.

        >>> Pace(seconds=[0.01] * 60 + [0.7] * 60).has_grown()
        True
        """
        count = len(self.seconds)
        if count % WINDOW or count < WINDOW * (WINDOWS + 1):
            return False
        least = max(GROWN_S, GROWN_BY * min(self.seconds[:WINDOW]))
        late = (self.seconds[count - WINDOW * n : count - WINDOW * (n - 1)] for n in range(1, WINDOWS + 1))
        return all(median(window) > least for window in late)


def in_time(scene: Scene) -> Iterator[Seen]:
    """With the option every single answer counts (the 100th percentile)."""
    exchange, limit_s = scene.exchange, scene.run.max_response_s
    if scene.operation is None or not exchange.seen.status or exchange.seen.fault == "surplus":
        return
    if limit_s is not None:
        if exchange.seen.seconds > limit_s:
            text = f"every answer comes within {limit_s:g} s"
            told = Promise("response-time", text, "documented", "--max-response-time")
            yield Seen("an answer comes too late", told, f"it took {exchange.seen.seconds:.2g} s")
        return
    waits = [each.wait_s for each in scene.fixture.responses.values()] if scene.fixture else []
    if exchange.seen.seconds > USUAL_S + max(waits, default=0.0) and not is_busy():
        scene.pace.slow.append(exchange)
        if len(scene.pace.slow) >= HOPELESS and scene.run.target.stands_in:
            scene.run.client.hopeless = f"{HOPELESS} answers took longer than {USUAL_S:g} s, so it is given up"
            yield Seen(scene.run.client.hopeless, _USUAL, "--max-response-time SECONDS allows more", "slow")
    scene.pace.seconds.append(exchange.seen.seconds)
    if scene.run.target.stands_in and scene.pace.has_grown() and not is_busy():
        scene.run.client.hopeless = f"{WINDOW * WINDOWS} answers in a row took much longer than the first"
        yield Seen(f"grows slower and slower: {scene.run.client.hopeless}", _STEADY, shape="grows slower")


def asked_again(run: Run, check: str, slow: list[Exchange]) -> Iterator[Finding | NotRun]:
    """Ask again for what was slow: what stays slow, or was so often enough, is found."""
    kept = list(slow)
    lasting: list[Exchange] = []
    for exchange in kept[:MAX_ASKED_AGAIN]:
        again = run.client.send(exchange.sent, exchange.operation)
        if again.seen.seconds > USUAL_S and not is_busy():
            lasting.append(again)
    for again in lasting or (kept[-1:] if len(kept) >= OFTEN else []):
        yield Finding(
            title=f"{again.operation} is slow: it took {again.seen.seconds:.1f} s",
            operation=again.operation,
            promise=_USUAL,
            exchanges=(again,),
            detail=f"{len(kept)} answers of the run took longer than {USUAL_S:g} s (see --max-response-time)",
            severity="error",
            check=check,
            seed=run.seed,
            shape="slow",
        )
