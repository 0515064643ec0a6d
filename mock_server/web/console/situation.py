"""What bends the session's world: its scenario, its clock, faults and the network it is behind."""

from __future__ import annotations

from typing import Any

from mock_server.fixture.fault import KINDS, FaultRule
from mock_server.fixture.network import NETWORKS
from mock_server.settings import ONLINE
from mock_server.web.console.page import Visit
from mock_server.web.faults import rule_json

LEAPS = (
    ("+1 min", 60), ("+5 min", 300), ("+1 h", 3_600), ("+12 h", 43_200), ("+1 day", 86_400), ("−1 h", -3_600),
)  # fmt: skip
PROFILES = {
    ONLINE: "nothing in the way",
    "3g": "about 300 ms late, 100 kB a second",
    "slow": "1 to 3 s late, 5 kB a second",
    "flaky": "resets, 503s, cut-off bodies",
    "offline": "every connection is closed",
}
MAX_OPERATIONS = 500


async def view(visit: Visit) -> dict[str, Any]:
    live, seen = visit.live, visit.seen
    house = live.world.house
    rules = house.network if seen.faults is None else seen.faults
    written = [rule_json(each) for each in rules]
    return {
        "scenarios": list(live.world.fixtures.scenarios.values()),
        "ahead": seen.now - live.wall(),
        "leaps": LEAPS,
        "profiles": [(name, PROFILES.get(name, "")) for name in (ONLINE, *NETWORKS)],
        "profile": _profile(rules) if seen.faults is not None else live.settings.network,
        "as_started": seen.faults is None,
        "rules": [
            {
                "words": each,
                "seen": int(seen.tally[rule.key].value) if rule.key in seen.tally else 0,
                "rest": {"faults": written[:at] + written[at + 1 :]},
            }
            for at, (rule, each) in enumerate(zip(rules, written, strict=True))
        ],
        "written": written,
        "kinds": [*KINDS, "status-500", "status-502", "status-503", "status-504", "status-429"],
        "operations": list(live.world.operations)[:MAX_OPERATIONS],
    }


def _profile(rules: tuple[FaultRule, ...]) -> str | None:
    """The profile that these rules are; None = they are somebody's own."""
    if not rules:
        return ONLINE
    return next((name for name, each in NETWORKS.items() if each == rules), None)
