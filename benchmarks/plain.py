"""How many of the same defects Schemathesis finds as it comes: ``st run`` with the document and a token.

    python -m benchmarks.plain                       # 72 defects, eight of each class
    python -m benchmarks.plain --each 8 --tuned      # with the repository's schemathesis.toml
    python -m benchmarks.plain --ours score.json     # beside the outcomes of `benchmarks.defects --json`

It complains about the correct mock, too (a missing token should give 401, says its rule). What it says of that
does not count: a defect is found when there is a failure, or an error, that the correct mock never gave.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from tests.contract.defects import ALL
from tests.contract.defects.front import correct, fronting
from tests.support import ROOT, running

TIMEOUT_S = 300
BASELINES = (11, 12, 13)
"""Seeds of the runs that show what it says of the correct mock."""


def run(url: str, seed: int, *, tuned: bool) -> set[tuple[str, str]]:
    """``{("MissingHeaderNotRejected", "POST /oauth2")}``: every kind of failure, once for each operation."""
    program = str(Path(sys.executable).with_name("st"))
    with tempfile.TemporaryDirectory() as folder:
        command = [program]
        if tuned:
            command += ["--config-file", str(ROOT / "schemathesis.toml")]
        command += ["run", str(ROOT / "openapi.yaml"), "--url", f"{url}/api", "--continue-on-failure"]
        command += ["--seed", str(seed), "--report", "json", "--report-dir", folder, "--no-color"]
        if not tuned:
            command += ["-H", "Authorization: Bearer dev-token"]
        try:
            subprocess.run(command, cwd=ROOT if tuned else folder, capture_output=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return {("it does not end", "")}
        report = next(Path(folder).glob("*.json"), None)
        if report is None:
            return {("it gives no report", "")}
        said = json.loads(report.read_text("utf-8"))
    found = {(each["type"], operation) for each in said["failures"] for operation in each["operations"]}
    return found | {("error", str(each.get("title"))) for each in said["errors"]}


def sample(each: int) -> list[str]:
    """So many of each class, spread evenly over its table; the classes in turns, so that a part is one of all."""
    chosen: list[list[str]] = []
    for kind in dict.fromkeys(defect.kind for defect in ALL.values()):
        names = [name for name, defect in ALL.items() if defect.kind == kind and not defect.needs_clock]
        step = max(1, len(names) // each)
        chosen.append(names[::step][:each])
    return [name for turn in zip_longest(*chosen) for name in turn if name is not None]


def scored(names: list[str], *, tuned: bool, hide_control: bool) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """What is said of each that is not said of the correct mock."""
    with running("--quiet", "--max-handshakes", "1000000") as server:
        usual: set[tuple[str, str]] = set()
        for seed in BASELINES:
            with fronting(server.url, correct(random.Random(seed)), hide_control=hide_control) as url:
                usual |= run(url, seed, tuned=tuned)
        print(f"of the correct mock: {sorted(usual)}", flush=True)
        for name in names:
            with fronting(server.url, ALL[name].make(random.Random(0)), hide_control=hide_control) as url:
                yield name, run(url, 0, tuned=tuned) - usual


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=8, help="so many defects of each class")
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--ours", type=Path, help="a file that `benchmarks.defects --json` wrote")
    asked = parser.parse_args()
    ours: set[str] = set()
    if asked.ours:
        ours = {each["name"] for each in json.loads(asked.ours.read_text("utf-8")) if each["found"]}
    names, began = sample(asked.each), time.monotonic()
    of_all, of_plain, of_ours = Counter[str](), Counter[str](), Counter[str]()
    for name, said in scored(names, tuned=asked.tuned, hide_control=False):
        kind = ALL[name].kind
        for key in (kind, "all"):
            of_all[key] += 1
            of_plain[key] += bool(said)
            of_ours[key] += name in ours
        print(
            f"{of_all['all']}/{len(names)} {name}: {', '.join(sorted({what for what, _ in said})) or '-'}", flush=True
        )
    print(f"\n{'class':<15} {'defects':>7} {'schemathesis':>13}" + (f" {'contract':>9}" if asked.ours else ""))
    for key, count in of_all.items():
        row = f"{key:<15} {count:>7} {100 * of_plain[key] / count:>11.0f} %"
        print(row + (f" {100 * of_ours[key] / count:>7.0f} %" if asked.ours else ""))
    print(f"{time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
