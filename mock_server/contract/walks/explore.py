"""Tales that nobody thought of: Hypothesis makes them up, and shrinks the one that goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from mock_server.contract.checks import Check
from mock_server.contract.model import Finding, NotRun
from mock_server.contract.run import Run
from mock_server.contract.tables import hypothesis_folder
from mock_server.contract.walks.tale import Found, Tale, walks_pages

TALES = {"quick": 4, "full": 40}
STEPS = 12
MAX_RETOLD = 60
"""So many tales are told in search of a shorter one that goes wrong as well."""
WORDS = (
    "begin", "open", "approve", "approve", "deny", "fail", "collect", "collect", "collect", "collect-with-uri",
    "collect-with-other-uri", "collect-as-other", "changed", "truncated",
)  # fmt: skip
"""What may come next; the usual more often than the rest."""


class _Wrong(Exception):
    """The tale went wrong."""


def explore(run: Run) -> Found:
    """Handshakes in any order of events, beside the model; the shortest tale that went wrong is the finding."""
    check = "sequences.explored"
    why = walks_pages(run)
    if why:
        yield NotRun(check, why)
        return
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
    from hypothesis import strategies as st
    from hypothesis.errors import Flaky

    shortest: list[Finding] = []
    told: list[NotRun | None] = []

    @seed(run.seed)
    @settings(
        max_examples=TALES[run.profile],
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 3)), min_size=3, max_size=STEPS))
    def tell(steps: list[tuple[str, int]]) -> None:
        if shortest and len(told) > MAX_RETOLD:
            return  # shrunk enough: a longer tale is better than a deployment asked for ever
        told.append(None)
        tale = Tale(run, check)
        for word, number in [("begin", 0), *steps]:
            last = len(tale.handshakes) - 1
            if word == "collect-with-other-uri" and last < 1:
                continue
            found = [each for each in tale.do(word, min(number, last)) if isinstance(each, Finding)]
            if found:
                shortest[:] = found[:1]
                raise _Wrong

    try:
        with _home_elsewhere():
            tell()
    except _Wrong:
        pass
    except Flaky:  # it went wrong once and not again, which is bad enough
        pass
    except BaseExceptionGroup as group:
        others: BaseException | None = group.split(_Wrong)[1]
        while isinstance(others, BaseExceptionGroup):
            others = others.exceptions[0]
        if others is not None:
            raise others from None
    for finding in shortest:
        words = f"the shortest tale that was found: {finding.detail}"
        yield finding._replace(detail=words)


@contextmanager
def _home_elsewhere() -> Iterator[None]:
    """Hypothesis keeps tables in the working folder, even without a data base; nothing is written there by us."""
    from hypothesis.configuration import set_hypothesis_home_dir

    with TemporaryDirectory(prefix="mock-server-contract-") as folder:
        set_hypothesis_home_dir(hypothesis_folder() or folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


CHECKS = (
    Check(
        "sequences.explored", "sequences", "any order of events, made up by chance", explore, ("handshake", "consent")
    ),
)
