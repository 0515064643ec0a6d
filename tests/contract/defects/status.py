"""Each reason's status put in place of its neighbours."""

from __future__ import annotations

from tests.contract.defects.model import COLLECT, START, Defect, When, restatus, spoiling, to

REASONS: tuple[tuple[str, When, tuple[int, ...]], ...] = (
    ("started", to(START, 200), (402, 403, 429, 500, 503)),
    ("invalid-time", to(START, 429, "validity_duration"), (200, 400, 402, 403, 422, 500)),
    ("invalid-source", to(START, 429, "datasource_id"), (200, 402, 403, 404, 500)),
    ("unpaid", to(START, 402), (200, 403, 429)),
    ("start-no-token", to(START, 403, "no token"), (200, 401, 402, 404, 429, 500)),
    ("start-bad-token", to(START, 403, "not known"), (200, 401, 402, 429)),
    ("start-no-scope", to(START, 403, "scope"), (200, 401, 402, 429)),
    ("start-expired-token", to(START, 403, "has expired"), (200, 401, 402)),
    ("collected", to(COLLECT, 200), (402, 403, 404, 429, 500)),
    ("pending", to(COLLECT, 402, "pending"), (200, 400, 403, 404, 409, 429, 500)),
    ("denied", to(COLLECT, 402, "denied"), (200, 400, 401, 403, 404, 500)),
    ("provider-failed", to(COLLECT, 402, "failed"), (200, 403, 500, 502)),
    ("unknown-id", to(COLLECT, 403, "no such"), (200, 400, 401, 402, 404, 429, 500)),
    ("invalid-collect", to(COLLECT, 403, "invalid request"), (200, 400, 402, 422, 429, 500)),
    ("collect-no-token", to(COLLECT, 403, "no token"), (200, 401, 402, 429)),
    ("collect-no-scope", to(COLLECT, 403, "scope"), (200, 401, 402)),
)

DEFECTS = (
    *(
        Defect(f"status-{name}-{status}", "status", f"{status} for: {name}", spoiling(when, restatus(status)))
        for name, when, statuses in REASONS
        for status in statuses
    ),
    *(
        Defect(
            f"status-expired-{status}",
            "status",
            f"{status} for: expired",
            spoiling(to(COLLECT, 402, "process has expired"), restatus(status)),
            needs_clock=True,
        )
        for status in (200, 403, 404)
    ),
)
