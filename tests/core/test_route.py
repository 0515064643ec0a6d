"""Routing: a trie over path segments."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("path", ["/pet", "/pets/", "/pets/7/", "/pets//toys/1", "//pets", "/PETS", "/pets/7/toys", ""])
def test_a_path_that_is_nearly_right_is_not_found(router: Router[str], path: str) -> None:
    assert isinstance(router.find("GET", path), NotFound)


@pytest.mark.parametrize(
    "path, nearest", [("/pet", "/pets"), ("/pets/", "/pets"), ("/pets/7/toy/1", "/pets/{id}/toys/{toy}")]
)
def test_the_nearest_paths_are_named(router: Router[str], path: str, nearest: str) -> None:
    found = router.find("GET", path)
    assert isinstance(found, NotFound)
    assert nearest in found.nearest
    assert len(found.nearest) <= 3


def test_a_path_like_no_other_has_no_nearest(router: Router[str]) -> None:
    assert router.find("GET", "/" + "x" * 10_000) == NotFound(())


def test_the_first_of_two_equal_routes_stays() -> None:
    assert Router([("GET", "/{a}", 1), ("GET", "/{b}", 2)]).find("GET", "/x") == Found(1, {"a": "x"})


def test_a_template_value_is_never_empty() -> None:
    router = Router([("GET", "/{a}.{b}", "it")])
    for path in ("/.b", "/a.", "/."):
        assert isinstance(router.find("GET", path), NotFound)
