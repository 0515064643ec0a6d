"""Draw the handshake's table into docs/architecture.md, between its two markers.

``python scripts/draw_handshake.py`` rewrites the block; ``--check`` exits with 1 when it is not up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from mock_server.handshake.machine import TABLE, Event, State

PAGE = Path(__file__).parent.parent / "docs" / "architecture.md"
BEGIN = "<!-- handshake: written by scripts/draw_handshake.py, do not edit -->"
END = "<!-- /handshake -->"


def diagram(table: Mapping[tuple[State, Event], State]) -> str:
    """A Mermaid ``stateDiagram-v2``: the first state leads nowhere back, the last ones lead nowhere on."""
    targets = dict.fromkeys(table.values())
    sources = dict.fromkeys(state for state, _ in table)
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in sources if state not in targets]
    lines += [f"    {state} --> {target}: {event}" for (state, event), target in table.items()]
    lines += [f"    {state} --> [*]" for state in targets if state not in sources]
    return "\n".join(lines)


def drawn(page: str) -> str:
    """The page with the diagram of the table as it is now. Raises ``ValueError`` without both markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} needs the two lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n```mermaid\n{diagram(TABLE)}\n```\n{END}{after}"


def main() -> int:
    """The exit code: 1 when ``--check`` finds an old diagram."""
    old = PAGE.read_text("utf-8")
    new = drawn(old)
    if "--check" in sys.argv[1:]:
        if old != new:
            print(f"{PAGE.name} shows an old table: run `python scripts/draw_handshake.py`", file=sys.stderr)
        return int(old != new)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
