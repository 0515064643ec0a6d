"""Client lint: what a client does wrong, found in the journal of its session.

``findings(entries)`` judges; ``table.RULES`` has every rule with its why and its source; ``docs/lint.md`` shows them.
"""

from mock_server.journal.lint.model import POLL_S, SEVERITIES, Finding, Known
from mock_server.journal.lint.table import RULES, BadRule, findings

__all__ = ["POLL_S", "RULES", "SEVERITIES", "BadRule", "Finding", "Known", "findings"]
