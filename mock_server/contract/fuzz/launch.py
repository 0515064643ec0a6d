"""Starts Schemathesis' command line: ``python -m mock_server.contract.fuzz.launch run …``."""

from __future__ import annotations

import sys


def main() -> None:
    """As its own console script ``st`` does; that script may not be where we look for it."""
    from schemathesis.cli import schemathesis

    sys.exit(schemathesis())


if __name__ == "__main__":
    main()
