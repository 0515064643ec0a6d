"""Correct deployments of every kind before the contract command: each run must be silent.

    python -m benchmarks.false_alarms                                  # walks and fuzz, seed 0, full profile
    python -m benchmarks.false_alarms --seeds 0,1,2,3,4,5,6,7,8,9 --profiles quick,full
    python -m benchmarks.false_alarms --name "401" --no-fuzz
    python -m benchmarks.false_alarms --views document --documents 40 --profiles quick

What is run: every switch of the fixtures as our mock, as a foreign deployment that nobody tells of it (no /__mock,
tokens of its own), and as one that is told (--fixtures); every manner of a wire, and the reference deployment.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from mock_server.contract.errors import CannotRun
from mock_server.contract.prove import Question, prove
from mock_server.contract.target import Tokens
from tests.conformance.case import read_case
from tests.contract.defects.front import fronting
from tests.contract.serving import serving
from tests.contract.switches import (
    MANNERS,
    REAL,
    SWITCHES,
    documents_that_are_kept,
    own_tokens,
    reference,
    switched,
)
from tests.support import ROOT, running

TOKENS = Tokens("dev-token", "other-token", "noscope-token", "unpaid-token", "expired-token")
OURS_ALONE = ("no challenge", "closes every connection")
"""Manners that a foreign deployment may have and our own mock has promised not to."""
BREAKS_THE_DOCUMENT = (
    "401 for every bad token", "status without a good token", "authorization at all", "invalid request 1 that is not",
    "`validity_duration` missing, refused", "the number `300.0`", "the text", "request 2 without `auth_uri`",
)  # fmt: skip
"""Switches against the document's statuses, security or schemas: who is not told so is right to complain."""
View = Literal["mock", "foreign", "foreign, told", "reference", "document"]


class Job(NamedTuple):
    """One correct deployment and one run. ``name`` is a switch, a manner, or a file of ``tests/conformance``."""

    view: View
    name: str
    seed: int
    profile: Literal["quick", "full"]
    fuzz: bool
    strict: bool = False


class Outcome(NamedTuple):
    """``alarms`` make the command end with something else than 0; ``other`` are findings that do not count."""

    job: Job
    alarms: tuple[str, ...]
    other: tuple[str, ...]
    seconds: float


@contextmanager
def deployed(job: Job, fixtures: Path | None) -> Iterator[str]:
    """The deployment of a job."""
    if job.view == "reference":
        with reference() as upstream, fronting(upstream, MANNERS[job.name](random.Random())) as url:
            yield url
        return
    manner = MANNERS.get(job.name, MANNERS["nothing"])(random.Random())
    manner = own_tokens(manner) if job.view == "foreign" else manner
    told = ("--fixtures", str(fixtures)) if fixtures else ()
    with running("--quiet", *told) as server, fronting(server.url, manner, hide_control=job.view != "mock") as url:
        yield url


def run_document(job: Job) -> Outcome:
    """Our mock of one of the conformance documents, proven with ``--spec`` and its fixtures."""
    began = time.monotonic()
    case = read_case(ROOT / "tests" / "conformance" / f"{job.name}.yaml")
    with tempfile.TemporaryDirectory() as folder:
        specs, fixtures = case.write(Path(folder))
        try:
            with serving(*specs, fixtures=fixtures, **(case.data.get("settings") or {})) as url:
                skip = () if job.fuzz else ("fuzz",)
                question = Question(url, specs, fixtures, seed=job.seed, profile=job.profile, skip=skip)
                result = prove(question)
        except CannotRun as refused:
            return Outcome(job, (f"{refused.code} {refused.message}",), (), time.monotonic() - began)
    counted = tuple(f"{each.check}: {each.title}" for each in result.counted)
    return Outcome(job, counted, (), time.monotonic() - began)


def run_one(job: Job) -> Outcome:
    """A whole run of the command, in this process."""
    if job.view == "document":
        return run_document(job)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        fixtures = switched(Path(folder), job.name) if job.name in SWITCHES else None
        with deployed(job, fixtures) as url:
            question = Question(
                url=f"{url}/api",
                fixtures=fixtures if job.view in ("mock", "foreign, told") else None,
                specs=(ROOT / "openapi.yaml",) if fixtures and job.view in ("mock", "foreign, told") else (),
                tokens=Tokens(*(f"{REAL}{each}" for each in TOKENS)) if job.view == "foreign" else TOKENS,
                seed=job.seed,
                profile=job.profile,
                strict=job.strict,
                skip=() if job.fuzz else ("fuzz",),
            )
            try:
                result = prove(question)
            except CannotRun as refused:
                return Outcome(job, (f"{refused.code} {refused.message}",), (), time.monotonic() - began)
    counted = tuple(f"{each.check}: {each.title}" for each in result.counted)
    other = tuple(f"{each.check}: {each.title}" for each in result.findings if each not in result.counted)
    return Outcome(job, counted, other, time.monotonic() - began)


def names_of(view: View, documents: list[str]) -> list[str]:
    """The deployments that are seen in this way."""
    if view == "document":
        return documents
    switches = SWITCHES if view != "reference" else ()
    return list(dict.fromkeys((*switches, *(MANNERS if view != "foreign, told" else ()))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--profiles", default="full")
    parser.add_argument("--views", default="mock;foreign;foreign, told;reference")
    parser.add_argument("--name", action="append", help="only what has this in its name")
    parser.add_argument("--documents", type=int, default=40, help="so many of tests/conformance, for the view")
    parser.add_argument("--no-fuzz", action="store_true")
    parser.add_argument("--strict", action="store_true", help="foreign ones too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", help="write all outcomes to this file")
    asked = parser.parse_args()
    kept = documents_that_are_kept()
    documents = [path.stem for path in kept[:: max(1, len(kept) // asked.documents)][: asked.documents]]
    jobs = [
        Job(view, name, int(seed), profile, not asked.no_fuzz, asked.strict)
        for view in asked.views.split(";")
        for name in names_of(view, documents)
        if not asked.name or any(part in name for part in asked.name)
        if not (view == "mock" and name in OURS_ALONE)
        if not (view == "foreign" and name.startswith(BREAKS_THE_DOCUMENT))
        for profile in asked.profiles.split(",")
        for seed in asked.seeds.split(",")
    ]
    began = time.monotonic()
    rows: list[Outcome] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        for outcome in pool.map(run_one, jobs):
            rows.append(outcome)
            job = outcome.job
            verdict = "ALARM" if outcome.alarms else "silent"
            what = f"{job.view}: {job.name}, seed {job.seed}, {job.profile}"
            print(f"{len(rows)}/{len(jobs)} {outcome.seconds:5.1f} s {verdict} {what}", flush=True)
            for alarm in outcome.alarms:
                print(f"      {alarm}")
            for other in outcome.other if job.view == "mock" else ():
                print(f"      (does not count) {other}")
    alarms = [row for row in rows if row.alarms]
    print(f"\n{len(rows)} runs, {len(alarms)} with a false alarm, {time.monotonic() - began:.0f} s")
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as file:
            json.dump(
                [
                    {**row.job._asdict(), "alarms": row.alarms, "other": row.other, "seconds": row.seconds}
                    for row in rows
                ],
                file,
                indent=1,
            )
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
