"""The mocks of one pytest run, and what a test's marker and the options say about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mock_server.errors import MockServerError
from mock_server.settings import Settings
from mock_server.testing.handle import MockServer
from mock_server.testing.house import House
from mock_server.testing.running import lodged
from mock_server.testing.wishes import SWITCHES, Misused, check_words, settings_of

MARKER = "mock_server"
UNEXPECTED = ("allow", "fail")
WORDS = ("spec", "fixtures", "scenario", "clock", "unexpected", *SWITCHES)
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
MAX_NAME = 48


class Pool:
    """A mock for each set of settings, started when a test first needs it and stopped with the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._houses: dict[Settings, House] = {}
        self._numbers = count(1)

    @contextmanager
    def lodge(self, node: pytest.Item) -> Iterator[tuple[MockServer, bool]]:
        """A handle on a new session, and whether unexpected requests fail the test."""
        with for_people():
            words = marked(node)
            fails = self._unexpected(words) == "fail"
            handle = MockServer(self._house(self._settings(words, node)), self._name(node), tells=False)
            stay = ExitStack()
            stay.enter_context(lodged(handle, words.get("scenario"), words.get("clock")))
        with stay:
            yield handle, fails

    def url(self) -> str:
        """Of the mock that the options describe."""
        with for_people():
            house = self._house(self._settings({}, None))
            return house.origin + house.base

    def stop(self) -> None:
        """Every one, also when one of them fails to; what failed is raised after that."""
        with ExitStack() as houses:
            for house in self._houses.values():
                houses.callback(house.stop)

    def _house(self, settings: Settings) -> House:
        house = self._houses.get(settings)
        if house is None:
            house = House(settings)
            house.start()
            self._houses[settings] = house
        return house

    def _name(self, node: pytest.Item) -> str:
        """``test_consent-3``: for people who look at the sessions."""
        return f"{_NO_NAME.sub('_', node.name)[:MAX_NAME].strip('_') or 'test'}-{next(self._numbers)}"

    def _settings(self, words: Mapping[str, Any], node: pytest.Item | None) -> Settings:
        """The marker's words, else the command line's, else the ini file's. A document brings no fixtures of others."""
        switches = {word: value for word, value in words.items() if word in SWITCHES}
        if node is not None and ("spec" in words or "fixtures" in words):
            beside = [node.path.parent, self._config.rootpath]
            spec = words["spec"] if "spec" in words else self._option("spec")[0]
            return settings_of(spec, words.get("fixtures"), switches, _finder(beside, "the marker mock_server"))
        spec, folder = self._option("spec")
        fixtures, fixtures_folder = self._option("fixtures")
        if (spec or fixtures) and folder != fixtures_folder and spec and fixtures:
            fixtures = str(fixtures_folder / fixtures)
        where = _finder([folder if spec else fixtures_folder], "the options of mock_server")
        return settings_of(spec or None, fixtures or None, switches, where)

    def _option(self, name: str) -> tuple[Any, Path]:
        """What was given, and the folder that it is relative to."""
        given = self._config.getoption(f"--mock-server-{name}")
        if given:
            return given, self._config.invocation_params.dir
        inipath = self._config.inipath
        return self._config.getini(f"mock_server_{name}"), inipath.parent if inipath else self._config.rootpath

    def _unexpected(self, words: Mapping[str, Any]) -> str:
        given = words.get("unexpected") or self._option("unexpected")[0]
        if given not in UNEXPECTED:
            raise Misused(f"unexpected={given!r} is neither {' nor '.join(map(repr, UNEXPECTED))}")
        return str(given)


def marked(node: pytest.Item) -> dict[str, Any]:
    """The words of all markers on a test, the closest wins. Raises ``Misused``."""
    words: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(MARKER))):
        if marker.args:
            raise Misused(f"the marker mock_server takes words, as spec=…, not {marker.args[0]!r} alone")
        check_words(marker.kwargs, WORDS, "the marker mock_server")
        words.update(marker.kwargs)
    return words


def _finder(folders: list[Path], who: str) -> Callable[[Path], Path]:
    def find(path: Path) -> Path:
        for folder in folders:
            if (folder / path).exists():
                return (folder / path).absolute()
        raise Misused(f"{who}: there is no {path} in {' or '.join(str(each) for each in dict.fromkeys(folders))}")

    return find


@contextmanager
def for_people() -> Iterator[None]:
    """What is wrong with a mock is said without a traceback: it stands in the marker, the options or the files."""
    try:
        yield
    except MockServerError as error:
        raise pytest.fail.Exception(f"mock_server: {error}", pytrace=False) from None
