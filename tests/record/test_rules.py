"""What in the requests tells answers apart: one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mock_server.record.rules import tell_apart

Groups = list[tuple[int, list[dict[str, Any]]]]


def told(groups: Groups, *, safe: bool) -> tuple[list[tuple[dict[str, Any], int]], int | None, Sequence[int]]:
    found = tell_apart([group for _, group in groups], [status for status, _ in groups], safe=safe)
    return [(rule.when, rule.group) for rule in found.rules], found.otherwise, found.untold


@pytest.mark.parametrize(
    ("groups", "rules", "otherwise", "untold"),
    [
        # one answer to whatever was asked
        ([(200, [{}])], [], None, ()),
        ([(404, [{}])], [], 0, ()),
        # all that a request said
        ([(200, [{"path.id": 7}])], [({"path.id": 7}, 0)], None, ()),
        ([(200, [{"path.id": 7}, {"path.id": 8}])], [({"path.id": {"one_of": [7, 8]}}, 0)], None, ()),
        (
            [(200, [{"path.id": 7}]), (404, [{"path.id": 9}])],
            [({"path.id": 7}, 0), ({"path.id": 9}, 1)],
            None,
            (),
        ),
        # what others say and this one does not
        (
            [(200, [{}]), (200, [{"query.page": "2"}])],
            [({"query.page": {"present": False}}, 0), ({"query.page": "2"}, 1)],
            None,
            (),
        ),
        # two that differ in more than one place
        (
            [(200, [{"path.a": 1, "path.b": 2}, {"path.a": 3, "path.b": 4}])],
            [({"path.a": 1, "path.b": 2}, 0), ({"path.a": 3, "path.b": 4}, 0)],
            None,
            (),
        ),
        # numbers and texts are two things, and so are true and 1
        (
            [(200, [{"query.x": 1}]), (200, [{"query.x": True}])],
            [({"query.x": 1}, 0), ({"query.x": True}, 1)],
            None,
            (),
        ),
        ([(200, [{"query.x": None}])], [({"query.x": {"equals": None}}, 0)], None, ()),
    ],
)
def test_a_safe_operation_gives_back_exactly_what_was_asked_for(
    groups: Groups, rules: object, otherwise: object, untold: object
) -> None:
    assert told(groups, safe=True) == (rules, otherwise, untold)


@pytest.mark.parametrize(
    ("groups", "rules", "otherwise", "untold"),
    [
        ([(201, [{"body.name": "a"}, {"body.name": "b"}])], [], 0, ()),
        ([(201, [{"body.n": "a"}]), (409, [{"body.n": "b"}])], [({"body.n": "b"}, 1)], 0, ()),
        # the usual answer is a success, however often something else came
        ([(201, [{"body.n": "a"}]), (409, [{"body.n": "b"}, {"body.n": "c"}])],
         [({"body.n": {"one_of": ["b", "c"]}}, 1)], 0, ()),
        # one place is not enough
        (
            [
                (200, [{"body.a": 1, "body.b": 1}, {"body.a": 2, "body.b": 2}]),
                (402, [{"body.a": 1, "body.b": 2}]),
            ],
            [({"body.a": 1, "body.b": 2}, 1)],
            0,
            (),
        ),
        # nothing tells them apart
        ([(200, [{"body.a": 1}]), (402, [{"body.a": 1}])], [], 0, (1,)),
        ([(200, [{"body.a": 1}]), (402, [{}])], [({"body.a": {"present": False}}, 1)], 0, ()),
        ([(402, [{"body.a": 1}])], [], 0, ()),
        ([(402, []), (200, [{}])], [], 1, ()),
    ],
)  # fmt: skip
def test_any_other_operation_has_a_usual_answer_and_rules_for_the_rest(
    groups: Groups, rules: object, otherwise: object, untold: object
) -> None:
    assert told(groups, safe=False) == (rules, otherwise, untold)


def test_a_rule_is_told_in_a_few_words_for_the_name_of_its_response() -> None:
    found = tell_apart([[{"query.page": 2}], [{"query.page": 3, "query.sort": "By Name"}]], [200, 200], safe=True)
    assert found.about == {0: "page-2", 1: "page-3-sort-by-name"}
