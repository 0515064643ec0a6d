"""How well it is known that two answers should be alike: by the document, an RFC, or nobody."""

from __future__ import annotations

from mock_server.contract.compare import Difference
from mock_server.contract.conform import departures
from mock_server.contract.model import Exchange, Level, Promise
from mock_server.contract.observe import Observation
from mock_server.contract.profile import place_of
from mock_server.contract.run import Run
from mock_server.spec.operations import Operation


def judged(
    run: Run,
    operation: Operation,
    each: Difference,
    one: Exchange,
    other: Exchange,
    observed: tuple[Observation | None, ...],
    reason: str,
) -> tuple[Level, Promise]:
    """Documented is what one side keeps and the other breaks: the document, what a walk expects, or that there is an
    answer at all."""
    broken = [{(left.aspect, left.shape): left for left in departures(run, exchange)} for exchange in (one, other)]
    about = {"shape": "body"}.get(each.aspect, each.aspect)
    for mine, theirs in ((broken[0], broken[1]), (broken[1], broken[0])):
        for key in mine.keys() - theirs.keys():
            if each.aspect == "status" or mine[key].aspect == about:
                return mine[key].promise.level, mine[key].promise._replace(text=mine[key].text)
    if each.aspect == "status":
        statuses = (one.seen.status, other.seen.status)
        found = next((each for each in observed if each and not each.kept), None)
        if found and found.wanted.promise.level != "assumed":
            return found.wanted.promise.level, found.wanted.promise
        if any(not status or status >= 500 for status in statuses):
            text = "the deployment answers, and not with a 5xx"
            return "standard", Promise("no-server-error", text, "standard", "RFC 9110 §15.6")
        if found:
            return "assumed", found.wanted.promise
    text = f"the mock and the deployment answer alike: {reason}"
    return "assumed", Promise(f"alike-{each.aspect}", text, "assumed", place_of(operation, "responses"))
