"""One place of a YAML text is changed; comments, order and everything else stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_server.record.lines import Unchangeable, parsed, with_item, with_value, without

TEXT = """\
# head
operation: POST /a
responses:
  # about one
  one:
    status: 402   # sic
    source: assumed               # the status is documented
    body: {status: 402, message: "a # b"}
  two: {status: 403, source: assumed}

invalid: one  # all of them
rules:
  # about the first
  - name: first
    when: {token.plan: unpaid}
    respond: one

  - when:
      handshake.state: denied
    respond: two   # end
"""


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, old ones with ``-``, new ones with ``+``."""
    old, new = before.splitlines(), after.splitlines()
    return [f"-{line}" for line in old if line not in new] + [f"+{line}" for line in new if line not in old]


@pytest.mark.parametrize(
    ("mapping", "key", "value", "lines"),
    [
        (("responses", "one"), "status", 409, ["-    status: 402   # sic", "+    status: 409   # sic"]),
        (
            ("responses", "one"),
            "source",
            "observed",
            [
                "-    source: assumed               # the status is documented",
                "+    source: observed              # the status is documented",
            ],
        ),
        (
            ("responses", "one"),
            "body",
            {"error": "gone", "more": [1]},
            [
                '-    body: {status: 402, message: "a # b"}',
                "+    body:",
                "+      error: gone",
                "+      more: [1]",
            ],
        ),
        (("responses", "one"), "wait", "1s", ['+    wait: "1s"']),
        (("responses",), "two", {"status": 400}, ["-  two: {status: 403, source: assumed}", "+  two: {status: 400}"]),
        (("responses",), "three", {"status": 400}, ["+  three: {status: 400}"]),
        (
            (),
            "invalid",
            {"json": "two", "*": "one"},
            ["-invalid: one  # all of them", '+invalid: {json: two, "*": one}'],
        ),
        ((), "invalid", "two", ["-invalid: one  # all of them", "+invalid: two  # all of them"]),
        (("rules", 0), "respond", "two", ["-    respond: one", "+    respond: two"]),
        (("rules", 0), "name", "1st", ["-  - name: first", '+  - name: "1st"']),
    ],
)
def test_a_value_is_set(mapping: tuple[str | int, ...], key: str, value: Any, lines: list[str]) -> None:
    after = with_value(TEXT, mapping, key, value)
    assert changed(TEXT, after) == lines
    node: Any = parsed(after).data
    for step in mapping:
        node = node[step]
    assert node[key] == value


@pytest.mark.parametrize(("index", "before"), [(0, "  # about the first"), (1, "  - when:"), (2, "")])
def test_an_item_is_put_before_another_and_its_comment(index: int, before: str) -> None:
    item = {"name": "new", "when": {"handshake.state": "asked"}, "respond": "two"}
    after = with_item(TEXT, ("rules",), index, item)
    assert parsed(after).data["rules"][index] == item
    assert len(parsed(after).data["rules"]) == 3
    lines = [*after.splitlines(), ""]
    start = lines.index("  - name: new")
    new = ["  - name: new", "    when:", "      handshake.state: asked", "    respond: two"]
    assert lines[start : start + 4] == new
    assert lines[start + 4] == before
    assert [*lines[:start], *lines[start + 4 :]] == [*TEXT.splitlines(), ""]


def test_a_key_is_taken_out() -> None:
    assert changed(TEXT, without(TEXT, ("responses", "one"), "body")) == ['-    body: {status: 402, message: "a # b"}']


@pytest.mark.parametrize(
    "change",
    [
        lambda: with_value(TEXT, ("responses", "two"), "status", 1),
        lambda: with_value("a: {b: {c: 1}}\n", ("a", "b"), "c", 2),
        lambda: without(TEXT, ("responses", "one"), "status"),
        lambda: with_item("rules: [{respond: a}]\n", ("rules",), 0, {"respond": "b"}),
        lambda: with_item("rules: []\n", ("rules",), 0, {"respond": "b"}),
        lambda: parsed("a: [\n"),
    ],
)
def test_what_cannot_be_changed_by_lines_is_left_alone(change: Callable[[], str]) -> None:
    with pytest.raises(Unchangeable):
        change()
