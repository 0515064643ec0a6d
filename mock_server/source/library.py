"""The files that one document may be made of: those of its folder, and what else was allowed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mock_server.errors import Broken, Problem
from mock_server.source.files import Source, read_source
from mock_server.source.ledger import open_ledger
from mock_server.source.places import Loaded
from mock_server.source.remote import fetch, is_remote
from mock_server.source.tree import load

MAX_FILES = 5_000


class Library:
    """Opens files by their URIs, each once. Without a folder and hosts it opens nothing."""

    def __init__(
        self, folder: Path | None = None, hosts: Iterable[str] = (), more_folders: Iterable[Path] = ()
    ) -> None:
        self._folder = folder.resolve() if folder else None
        self._folders = [each.resolve() for each in ((folder,) if folder else ())] + [
            each.resolve() for each in more_folders
        ]
        self._hosts = tuple(hosts)
        self._opened: dict[str, Loaded | Broken] = {}

    def open(self, uri: str) -> Loaded:
        """The parsed file at a ``file:`` or ``http(s):`` URI without a fragment.

        Raises ``Broken``: MS205 when it may not be read, MS101 or MS219 when it cannot, MS102 to MS105 for its text.
        """
        found = self._opened.get(uri)
        if found is None:
            try:
                if len(self._opened) >= MAX_FILES:
                    raise Broken([Problem("MS105", f"the document has more than {MAX_FILES} files")])
                found = load(self._read(uri))
            except Broken as broken:
                found = broken
            self._opened[uri] = found
        if isinstance(found, Broken):
            raise found
        return found

    def _read(self, uri: str) -> Source:
        if is_remote(uri):
            return fetch(uri, self._hosts)
        if not uri.startswith("file:"):
            raise Broken(
                [Problem("MS205", f"{uri!r} is no file and no http address", hint="copy it into the document")]
            )
        return self._read_file(uri)

    def _read_file(self, uri: str) -> Source:
        try:
            parts = urlsplit(uri)
            path = Path(unquote(parts.path))
            if ledger := open_ledger():
                ledger.read(path)  # by the name that led to it: a link may come to lead elsewhere
            real = path.resolve()
            local = parts.netloc in ("", "localhost") and any(real.is_relative_to(each) for each in self._folders)
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links (3.11 says RuntimeError), a NUL
            raise Broken([Problem("MS101", f"cannot read {uri!r}: {error}", hint="check the path")]) from None
        if not local:
            message = f"{path} lies outside the folder of the document"
            raise Broken(
                [Problem("MS205", message, hint=f"move it there, or allow its folder: --allow-folder {path.parent}")]
            )
        return read_source(real, self._shown(path))

    def _shown(self, path: Path) -> str | None:
        """A file is called by the path that led to it, not by where a link leads."""
        try:
            return str(path.relative_to(Path.cwd()))
        except (OSError, ValueError):
            return None


def open_root(
    spec: Path | str, hosts: Iterable[str] = (), more_folders: Iterable[Path] = ()
) -> tuple[Loaded, str, Library]:
    """The document itself, its URI, and the library of its other files. Raises ``Broken``.

    Other files are looked for in the folder in which the document is found, before links are followed, as in a mounted
    ConfigMap of Kubernetes.
    """
    if isinstance(spec, str) and is_remote(spec):
        library = Library(None, hosts, more_folders)
        return library.open(spec.partition("#")[0]), spec.partition("#")[0], library
    path = Path(spec)
    loaded = load(read_source(path))
    folder = path.parent.resolve()
    return loaded, (folder / path.name).as_uri(), Library(folder, hosts, more_folders)
