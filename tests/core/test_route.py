"""Routing: a trie over path segments."""

from __future__ import annotations

import re
from time import process_time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, lists, text

from mock_server.core.route import Found, NotFound, Router, WrongMethod

ROUTES = [
    ("GET", "/pets", "list"),
    ("POST", "/pets", "create"),
    ("GET", "/pets/{id}", "one"),
    ("DELETE", "/pets/{id}", "delete"),
    ("GET", "/pets/mine", "mine"),
    ("POST", "/pets/mine", "create mine"),
    ("GET", "/pets/{id}/toys/{toy}", "toy"),
    ("GET", "/pets/mine/photo", "photo"),
    ("POST", "/pets/{id}:cancel", "cancel"),
    ("GET", "/files/{name}.{suffix}", "file"),
    ("GET", "/files/{name}", "plain file"),
    ("GET", "/v1.0/x", "dotted"),
    ("GET", "/", "root"),
    ("GET", "/ranges/{from}-{to}", "range"),
    ("GET", "/ranges/{from}-{to}.csv", "range as csv"),
    ("GET", "/ranges/{a}{b}", "two"),
    ("GET", "/ranges/{one}", "one range"),
    ("GET", "/ranges/x-{rest}", "x"),
    ("GET", "/users('{id}')/name", "odata"),
    ("GET", "/café/{x}", "unicode"),
    ("GET", "/a~b/c d", "odd literal"),
    ("GET", "/deep/{a}/c", "deep template"),
    ("GET", "/deep/b/d", "deep literal"),
    ("GET", "/twice/{x}", "get"),
    ("POST", "/twice/{y}", "post"),
    ("GET", "/query?action=1", "query"),
]


@pytest.fixture(scope="module")
def router() -> Router[str]:
    return Router(ROUTES)


@pytest.mark.parametrize(
    "method, path, target, values",
    [
        ("GET", "/pets", "list", {}),
        ("POST", "/pets", "create", {}),
        ("GET", "/pets/7", "one", {"id": "7"}),
        ("GET", "/pets/mine", "mine", {}),
        ("DELETE", "/pets/mine", "delete", {"id": "mine"}),
        ("GET", "/pets/mine/toys/3", "toy", {"id": "mine", "toy": "3"}),
        ("GET", "/pets/mine/photo", "photo", {}),
        ("POST", "/pets/7:cancel", "cancel", {"id": "7"}),
        ("POST", "/pets/a:b:cancel", "cancel", {"id": "a:b"}),
        ("GET", "/files/a.txt", "file", {"name": "a", "suffix": "txt"}),
        ("GET", "/files/a.tar.gz", "file", {"name": "a", "suffix": "tar.gz"}),
        ("GET", "/files/readme", "plain file", {"name": "readme"}),
        ("GET", "/v1.0/x", "dotted", {}),
        ("GET", "/", "root", {}),
        # The more literal characters win, then the more templates, then the document's order.
        ("GET", "/ranges/1-2", "range", {"from": "1", "to": "2"}),
        ("GET", "/ranges/1-2-3", "range", {"from": "1", "to": "2-3"}),
        ("GET", "/ranges/1-2.csv", "range as csv", {"from": "1", "to": "2"}),
        ("GET", "/ranges/x-2", "x", {"rest": "2"}),
        ("GET", "/ranges/12", "two", {"a": "1", "b": "2"}),
        ("GET", "/ranges/1", "one range", {"one": "1"}),
        # RFC 3986 §6.2.2.2: %2D is a hyphen; §2.2: an encoded reserved character divides nothing.
        ("GET", "/ranges/1%2D2", "range", {"from": "1", "to": "2"}),
        ("GET", "/ranges/1%2D%2F%2Ecsv", "range as csv", {"from": "1", "to": "/"}),
        ("GET", "/pets/7%3Acancel", "one", {"id": "7:cancel"}),
        ("GET", "/users('a%27b')/name", "odata", {"id": "a'b"}),
        ("GET", "/%70ets", "list", {}),
        ("GET", "/caf%C3%A9/1", "unicode", {"x": "1"}),
        ("GET", "/caf%c3%a9/1", "unicode", {"x": "1"}),
        ("GET", "/caf\xc3\xa9/1", "unicode", {"x": "1"}),
        ("GET", "/a%7Eb/c%20d", "odd literal", {}),
        ("GET", "/deep/b/c", "deep template", {"a": "b"}),
        ("GET", "/deep/b/d", "deep literal", {}),
        ("GET", "/pets/..", "one", {"id": ".."}),
        ("GET", "/twice/1", "get", {"x": "1"}),
        ("POST", "/twice/1", "post", {"y": "1"}),
        ("GET", "/query", "query", {}),
    ],
)
def test_a_path_leads_to_its_target_and_a_literal_wins_over_a_template(
    router: Router[str], method: str, path: str, target: str, values: dict[str, str]
) -> None:
    assert router.find(method, path) == Found(target, values)


@pytest.mark.parametrize(
    "path, value",
    [
        ("/pets/a%2Fb", "a/b"),
        ("/pets/a%20b", "a b"),
        ("/pets/%C3%A9", "é"),
        ("/pets/%FF", "\ufffd"),
        ("/pets/a%2525b", "a%25b"),
        ("/pets/100%", "100%"),
        ("/pets/a%0Ab", "a\nb"),
    ],
)
def test_a_value_is_decoded_once_and_an_encoded_slash_does_not_divide_it(
    router: Router[str], path: str, value: str
) -> None:
    assert router.find("GET", path) == Found("one", {"id": value})


@pytest.mark.parametrize(
    "path, allowed",
    [
        ("/pets", ("GET", "POST")),
        ("/pets/7", ("DELETE", "GET")),
        # The literal and the template both fit: each says what it has.
        ("/pets/mine", ("DELETE", "GET", "POST")),
        ("/files/a.txt", ("GET",)),
    ],
)
def test_a_wrong_method_is_told_every_right_one(router: Router[str], path: str, allowed: tuple[str, ...]) -> None:
    assert router.find("PATCH", path) == WrongMethod(allowed)


@pytest.mark.parametrize(
    "path",
    ["/pet", "/pets/", "/pets/7/", "/pets//toys/1", "//pets", "/PETS", "/pets/7/toys", "", "*", "pets", "/x/../pets"],
)
def test_a_path_that_is_nearly_right_is_not_found(router: Router[str], path: str) -> None:
    assert isinstance(router.find("GET", path), NotFound)


@pytest.mark.parametrize(
    "path, nearest", [("/pet", "/pets"), ("/pets/", "/pets"), ("/pets/7/toy/1", "/pets/{id}/toys/{toy}")]
)
def test_the_nearest_paths_are_named(router: Router[str], path: str, nearest: str) -> None:
    assert router.find("GET", path) == NotFound()
    found = router.nearest(path)
    assert nearest in found
    assert len(found) <= 3


def test_a_path_like_no_other_has_no_nearest(router: Router[str]) -> None:
    assert router.nearest("/" + "x" * 10_000) == ()


def test_the_first_of_two_equal_routes_stays() -> None:
    assert Router([("GET", "/{a}", 1), ("GET", "/{b}", 2)]).find("GET", "/x") == Found(1, {"a": "x"})


def test_a_template_value_is_never_empty() -> None:
    router = Router([("GET", "/{a}.{b}", "it")])
    for path in ("/.b", "/a.", "/."):
        assert isinstance(router.find("GET", path), NotFound)


def _took(router: Router[str], path: str) -> float:
    best = 1.0
    for _ in range(5):
        started = process_time()
        router.find("GET", path)
        best = min(best, process_time() - started)
    return best


@pytest.mark.parametrize(
    "template, path",
    [
        ("/{a}-{b}-{c}-{d}-{e}-{f}-x", "/" + "-" * 60_000),
        ("/{a}{b}{c}{d}{e}.x", "/" + "a" * 60_000),
        ("/{a}/{b}/{c}", "/" + "a/" * 10_000),
        ("/" + "/".join(f"{{p{number}}}" for number in range(2_000)), "/x" * 1_999 + "/"),
    ],
)
def test_a_hostile_path_takes_no_longer_than_another(template: str, path: str) -> None:
    assert _took(Router([("GET", template, "it")]), path) < 0.1


def test_the_time_of_a_look_up_does_not_depend_on_how_many_there_are() -> None:
    few, many = (
        Router([("GET", f"/Entity{number}({{id}})/{{x}}", "it") for number in range(count)]) for count in (20, 20_000)
    )
    assert isinstance(many.find("GET", "/Entity19999(7)/1"), Found)
    assert _took(many, "/Entity19(7)/1") < 20 * _took(few, "/Entity19(7)/1")


def test_the_nearest_of_thousands_of_paths_are_found_at_once() -> None:
    router = Router([("GET", f"/v1/things{number}/{{id}}/parts", "it") for number in range(5_000)])
    assert router.nearest("/v1/thing77/1/parts")[0].startswith("/v1/things77")
    started = process_time()
    router.nearest("/" + "ab/" * 3_000)
    assert process_time() - started < 0.2


@given(values=lists(text(min_size=1, max_size=5), min_size=2, max_size=2))
def test_values_that_a_client_encodes_come_back_as_they_were(values: list[str]) -> None:
    router = Router([("GET", "/x/{a}/y/{b}", "it"), ("GET", "/x/{a}:z", "other")])
    first, second = (quote(value, safe="") for value in values)
    assert router.find("GET", f"/x/{first}/y/{second}") == Found("it", {"a": values[0], "b": values[1]})


SEGMENT = text(alphabet="ab-.", min_size=1, max_size=8)


@given(segment=SEGMENT, shape=from_regex(r"[ab.-]?\{p\}([.-]\{q\})?([ab-]\{r\})?[ab.-]?", fullmatch=True))
def test_a_segment_is_divided_as_a_backtracking_expression_would(segment: str, shape: str) -> None:
    pattern = re.sub(r"\\\{(\w)\\\}", r"(?P<\1>.+?)", re.escape(shape))
    expected = re.fullmatch(pattern, segment)
    found = Router([("GET", "/" + shape, "it")]).find("GET", "/" + segment)
    assert found == (Found("it", expected.groupdict()) if expected else NotFound())
