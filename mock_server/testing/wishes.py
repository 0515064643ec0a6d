"""What somebody wants of a mock for tests, as keywords: ``spec``, ``fixtures``, and the switches of ``serve``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from mock_server.errors import MockServerError

if TYPE_CHECKING:
    from mock_server.settings import Settings

Spec = str | os.PathLike[str]


class Misused(MockServerError):
    """A keyword, option or value that tests gave and that cannot be meant (MS489)."""

    def __init__(self, message: str) -> None:
        super().__init__(f"MS489: {message}")


class Wishes(TypedDict, total=False):
    """The switches of ``mock-server serve`` that tests use; see ``docs/serve.md``."""

    strict: bool
    any_token: bool
    no_errors: bool
    strict_query: bool
    formats: bool
    stateful: bool
    dynamic: bool
    seed: int
    profile: str
    allow_remote: tuple[str, ...]
    allow_folders: tuple[Path, ...]
    allow_callbacks: tuple[str, ...]


SWITCHES: Mapping[str, type] = {
    "strict": bool,
    "any_token": bool,
    "no_errors": bool,
    "strict_query": bool,
    "formats": bool,
    "stateful": bool,
    "dynamic": bool,
    "seed": int,
    "profile": str,
    "allow_remote": tuple,
    "allow_folders": tuple,
    "allow_callbacks": tuple,
}
"""Each switch with its type; the defaults are those of ``Settings``."""


def settings_of(
    spec: Spec | Iterable[Spec] | None,
    fixtures: Spec | None,
    wishes: Mapping[str, Any],
    find: Callable[[Path], Path] = Path,
) -> Settings:
    """The settings of such a mock. ``find`` says where a relative path lies. Raises ``Misused``."""
    from mock_server.settings import Settings

    given = {_word(word): _value(word, value) for word, value in wishes.items()}
    if "network" in given:
        _known_profile(given["network"])
    return Settings(
        specs=tuple(_place(each, find) for each in _specs(spec)),
        fixtures=find(Path(fixtures)) if fixtures is not None else None,
        port=0,
        quiet=True,
        **given,
    )


def check_words(words: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises ``Misused`` for a word that is not known, with the one that may be meant."""
    names = list(known)
    for word in words:
        if word not in names:
            close = get_close_matches(word, names, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
            raise Misused(f"{where} has no word {word!r}; {hint}")


def _specs(spec: Spec | Iterable[Spec] | None) -> tuple[Spec, ...]:
    if spec is None:
        return ()
    return (spec,) if isinstance(spec, str | os.PathLike) else tuple(spec)


def _place(spec: Spec, find: Callable[[Path], Path]) -> Path | str:
    text = os.fspath(spec)
    return text if text.lower().startswith(("http://", "https://")) else find(Path(text))


def _word(word: str) -> str:
    check_words([word], SWITCHES, "a mock for tests")
    return "network" if word == "profile" else word


def _value(word: str, value: Any) -> Any:
    wanted = SWITCHES[word]
    if wanted is tuple and isinstance(value, list | tuple):
        return tuple(Path(each) for each in value) if word == "allow_folders" else tuple(value)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise Misused(f"{word}={value!r}: a {wanted.__name__} is wanted")
    return value


def _known_profile(name: str) -> None:
    from mock_server.fixture.network import NETWORKS
    from mock_server.settings import ONLINE

    if name not in (ONLINE, *NETWORKS):
        raise Misused(f"no profile is called {name!r}; there are {', '.join((ONLINE, *NETWORKS))}")
