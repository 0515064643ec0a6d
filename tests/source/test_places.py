"""From a JSON pointer back to the line and column."""

from __future__ import annotations

import pytest

from mock_server.errors import Place
from mock_server.source import Pointer, Source, load, pointer_text

TEXT = """\
openapi: 3.1.0
paths:
  /a/{id}:
    get:
      tags: [one, two]
      parameters:
        - name: id
          in: path
      responses: {200: {description: ok}}
"""


@pytest.mark.parametrize(
    "pointer, key, value",
    [
        ((), (1, 1), (1, 1)),
        (("openapi",), (1, 1), (1, 10)),
        (("paths",), (2, 1), (3, 3)),
        (("paths", "/a/{id}"), (3, 3), (4, 5)),
        (("paths", "/a/{id}", "get", "tags"), (5, 7), (5, 13)),
        (("paths", "/a/{id}", "get", "tags", 1), (5, 19), (5, 19)),
        (("paths", "/a/{id}", "get", "parameters", 0), (7, 11), (7, 11)),
        (("paths", "/a/{id}", "get", "parameters", 0, "in"), (8, 11), (8, 15)),
        (("paths", "/a/{id}", "get", "responses", "200", "description"), (9, 25), (9, 38)),
    ],
)
def test_a_pointer_leads_to_its_key_and_its_value(
    pointer: Pointer, key: tuple[int, int], value: tuple[int, int]
) -> None:
    loaded = load(Source("a.yaml", TEXT))
    assert loaded.place(pointer, "key") == Place("a.yaml", *key, TEXT.splitlines()[key[0] - 1])
    assert loaded.place(pointer) == Place("a.yaml", *value, TEXT.splitlines()[value[0] - 1])


def test_a_pointer_to_what_is_not_there_leads_to_the_nearest_thing_around_it() -> None:
    loaded = load(Source("a.yaml", TEXT))
    assert loaded.place(("paths", "/a/{id}", "post", "summary")) == loaded.place(("paths", "/a/{id}"))


def test_places_in_a_json_document_are_right_too() -> None:
    loaded = load(Source("a.json", '{\n\t"a": {\n\t\t"b/c": ["x\\/y", 5]}}'))
    assert str(loaded.place(("a", "b/c", 1))) == "a.json:3:19"
    assert str(loaded.place(("a", "b/c"), "key")) == "a.json:3:3"


def test_a_problem_carries_place_pointer_and_hint() -> None:
    problem = load(Source("a.yaml", TEXT)).problem("MS207", "no", ("paths", "/a/{id}", "get", "tags", 0), "yes")
    assert problem.as_json() == {
        "code": "MS207",
        "severity": "error",
        "message": "no",
        "path": "a.yaml",
        "line": 5,
        "column": 14,
        "pointer": "/paths/~1a~1{id}/get/tags/0",
        "hint": "yes",
    }


def test_the_excerpt_of_a_long_line_is_cut() -> None:
    assert len(load(Source("a.yaml", "a: " + "x" * 5000)).place(("a",)).excerpt) == 200


@pytest.mark.parametrize(
    "pointer, text", [((), ""), (("a/b", "c~d", 0), "/a~1b/c~0d/0"), (("",), "/"), (("~1",), "/~01")]
)
def test_a_pointer_is_written_as_rfc_6901_says(pointer: Pointer, text: str) -> None:
    assert pointer_text(pointer) == text
