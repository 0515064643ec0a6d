"""How many of the defects of ``tests/contract/defects`` the contract command finds, one at a time.

    python -m benchmarks.defects                          # walks, then the fuzz for what they missed
    python -m benchmarks.defects --parts walks,fuzz       # both for each, to see who finds what
    python -m benchmarks.defects --every 3 --no-fuzz      # a third of each class, the walks alone
    python -m benchmarks.defects --kind state --seeds 0,1 --json score.json
    python -m benchmarks.defects --foreign --strict       # our control API hidden: only what --token and the like tell

A defect counts as found when the command would end with anything but 0. Before that every one of them is proven to be a
defect: with it some answer of a tour of the API is another. One that is empty is named and scored no further.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing.util import Finalize
from typing import Any, Literal, NamedTuple
from unittest.mock import patch

from mock_server.contract.errors import CannotRun, OutOfTime
from mock_server.contract.model import Finding, NotRun
from mock_server.contract.prove import Question, prove
from mock_server.contract.run import Ledger
from mock_server.contract.target import Tokens
from tests.contract.defects import ALL
from tests.contract.defects.empty import Answers, is_empty, right_answers
from tests.contract.defects.front import fronting
from tests.support import running

Part = Literal["walks", "fuzz"]
TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")


class Job(NamedTuple):
    """One defect, one seed, one part of the run."""

    name: str
    seed: int
    part: Part
    profile: Literal["quick", "full"]
    foreign: bool
    strict: bool


class Outcome(NamedTuple):
    """``found`` by which checks (or by which refusal to run); empty = missed."""

    job: Job
    found: tuple[str, ...]
    titles: tuple[str, ...]
    seconds: float
    requests: int


class Enough(BaseException):
    """A finding that counts: the rest of the run cannot change how it ends."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


class FirstFinding(Ledger):
    """A ledger that stops the run at its first finding that counts."""

    strict = False

    def take(self, each: Finding | NotRun) -> None:
        if isinstance(each, Finding) and each.counts(strict=self.strict):
            raise Enough(each)
        super().take(each)


@cache
def upstream() -> str:
    """The correct mock of this process; every run has a session of its own in it."""
    running_ = running("--quiet", "--max-handshakes", "1000000")
    server = running_.__enter__()
    Finalize(None, running_.__exit__, (None, None, None), exitpriority=0)  # a worker ends without ``atexit``
    return server.url


@cache
def right() -> Answers:
    """What that mock answers on the tour."""
    return right_answers(upstream())


def shows_nothing(name: str) -> bool:
    """Whether a defect is empty."""
    return is_empty(upstream(), ALL[name], right())


def empty_ones(names: list[str], processes: int) -> list[str]:
    """Those that are none, each named."""
    with ProcessPoolExecutor(processes) as pool:
        found = [name for name, is_none in zip(names, pool.map(shows_nothing, names), strict=True) if is_none]
    for name in found:
        print(f"empty: {name} changes no answer: {ALL[name].says}")
    print(f"{len(names) - len(found)} of {len(names)} defects change an answer", flush=True)
    return found


def run_one(job: Job) -> Outcome:
    """The command's own way, in this process, until the first finding that counts."""
    began = time.monotonic()
    FirstFinding.strict = job.strict or not job.foreign
    with patch("mock_server.contract.prove.Ledger", FirstFinding):
        middle = ALL[job.name].make(random.Random(job.seed))
        with fronting(upstream(), middle, hide_control=job.foreign) as url:
            question = Question(
                url=f"{url}/api",
                tokens=TOKENS,
                seed=job.seed,
                profile=job.profile,
                strict=job.strict,
                only=("fuzz",) if job.part == "fuzz" else (),
                skip=() if job.part == "fuzz" else ("fuzz",),
            )
            try:
                result = prove(question)
            except Enough as enough:
                found = enough.finding
                return Outcome(job, (found.check,), (found.title,), time.monotonic() - began, 0)
            except CannotRun as refused:
                return Outcome(job, (refused.code,), (refused.message,), time.monotonic() - began, 0)
            except OutOfTime:
                return Outcome(job, (), ("out of time",), time.monotonic() - began, 0)
    checks = tuple(dict.fromkeys(each.check for each in result.counted))
    titles = tuple(each.title for each in result.counted)[:5]
    return Outcome(job, checks, titles, time.monotonic() - began, sum(result.requests.values()))


def outcomes(jobs: list[Job], processes: int) -> Iterator[Outcome]:
    with ProcessPoolExecutor(processes) as pool:
        for number, outcome in enumerate(pool.map(run_one, jobs), 1):
            job = outcome.job
            shown = ", ".join(outcome.found) or "MISSED"
            print(
                f"{number}/{len(jobs)} {outcome.seconds:5.1f} s {job.part} {job.name} seed {job.seed}: {shown}",
                flush=True,
            )
            yield outcome


def table(names: list[str], seeds: list[int], parts: list[Part], found: dict[tuple[str, int, str], Outcome]) -> str:
    """By class: who finds how many."""
    rows = [f"{'class':<15} {'runs':>5} {'walks only':>11} {'fuzz only':>10} {'both':>5} {'missed':>7} {'found':>8}"]
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name in names:
        for seed in seeds:
            got = frozenset(part for part in parts if (one := found.get((name, seed, part))) and one.found)
            word = {frozenset({"walks"}): "walks only", frozenset({"fuzz"}): "fuzz only", frozenset(): "missed"}.get(
                got, "both"
            )
            for kind in (ALL[name].kind, "all"):
                totals[kind][word] += 1
    for kind, counts in totals.items():
        runs = sum(counts.values())
        rows.append(
            f"{kind:<15} {runs:>5} {counts['walks only']:>11} {counts['fuzz only']:>10} {counts['both']:>5} "
            f"{counts['missed']:>7} {100 * (runs - counts['missed']) / runs:>6.1f} %"
        )
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--kind", action="append", help="only this class; may be repeated")
    parser.add_argument("--name", action="append", help="only defects whose name contains this; may be repeated")
    parser.add_argument(
        "--parts",
        default="walks",
        help="walks, fuzz or walks,fuzz; the fuzz is always asked for what walks missed, but for --no-fuzz",
    )
    parser.add_argument("--every", type=int, default=1, help="only every n-th of those, which takes from each class")
    parser.add_argument("--no-fuzz", action="store_true")
    parser.add_argument("--profile", default="full", choices=["quick", "full"])
    parser.add_argument("--foreign", action="store_true", help="hide /__mock")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", help="write all outcomes to this file")
    asked = parser.parse_args()
    names = [
        name
        for name, defect in ALL.items()
        if (not asked.kind or defect.kind in asked.kind)
        and (not asked.name or any(part in name for part in asked.name))
        and not (asked.foreign and defect.needs_clock)
    ]
    names = sorted(names, key=lambda name: ALL[name].kind)[:: asked.every]
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    wanted: list[Part] = [part for part in ("walks", "fuzz") if part in asked.parts.split(",")]

    def jobs(part: Part, pairs: list[tuple[str, int]]) -> list[Job]:
        return [Job(name, seed, part, asked.profile, asked.foreign, asked.strict) for name, seed in pairs]

    began = time.monotonic()
    empty = empty_ones(names, asked.processes)
    names = [name for name in names if name not in empty]
    found: dict[tuple[str, int, str], Outcome] = {}
    pairs = [(name, seed) for name in names for seed in seeds]
    for part in wanted:
        found |= {(*outcome.job[:2], part): outcome for outcome in outcomes(jobs(part, pairs), asked.processes)}
    missed = [pair for pair in pairs if not any((one := found.get((*pair, part))) and one.found for part in wanted)]
    if "fuzz" not in wanted and not asked.no_fuzz and missed:
        print(f"the walks missed {len(missed)}; the fuzz is asked for those")
        found |= {(*outcome.job[:2], "fuzz"): outcome for outcome in outcomes(jobs("fuzz", missed), asked.processes)}
        wanted.append("fuzz")
    print()
    print(table(names, seeds, wanted, found))
    missed = [pair for pair in pairs if not any((one := found.get((*pair, part))) and one.found for part in wanted)]
    print(f"\n{len(names)} defects, {len(seeds)} seeds, {time.monotonic() - began:.0f} s, profile {asked.profile}")
    for name, seed in missed:
        print(f"missed: {name} (seed {seed}): {ALL[name].says}")
    if asked.json:
        rows: list[dict[str, Any]] = [
            {
                **one.job._asdict(),
                "kind": ALL[one.job.name].kind,
                "found": one.found,
                "titles": one.titles,
                "seconds": one.seconds,
            }
            for one in found.values()
        ]
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    return 1 if missed or empty else 0


if __name__ == "__main__":
    sys.exit(main())
