"""Files that the examples of a document name by ``externalValue``: beside it, or at an allowed address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urljoin

from mock_server.errors import Broken, Problem
from mock_server.source.files import Folder, read_bytes
from mock_server.source.ledger import open_ledger
from mock_server.source.remote import fetch_bytes, is_allowed, is_remote

MAX_FETCHED = 200
"""Addresses; each of at most ``MAX_FILE_BYTES``, in at most ``TOTAL_S`` seconds."""


class Shown:
    """Reads local files when they are asked for, and addresses before: no request ever waits for another host."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._hosts = tuple(hosts)
        self._ledger = open_ledger()  # files are read when nobody has it open any more
        self._fetched: dict[str, bytes | Broken] = {}

    def fetch(self, home: str, name: str) -> None:
        """Fetch a value that lies at an allowed address; why that failed is kept for whoever reads it."""
        address = _address(home, name)
        if address is None or address in self._fetched or not is_allowed(address, self._hosts):
            return
        try:
            if len(self._fetched) >= MAX_FETCHED:
                raise Broken([Problem("MS105", f"more than {MAX_FETCHED} examples are at other addresses")])
            self._fetched[address] = fetch_bytes(address, self._hosts)
        except Broken as broken:
            self._fetched[address] = broken

    def read(self, root: str, home: str, name: str) -> bytes:
        """The bytes of ``name``, which stands in the file ``home`` of the document ``root``. Raises ``Broken``.

        A local file lies in the folder of the document, or below it; a document at an address has none.
        """
        address = _address(home, name)
        found = self._fetched.get(address) if address else None
        if isinstance(found, Broken):
            raise found
        if found is not None:
            return found
        if address is not None or "://" in name or is_remote(root):
            hint = "allow its host with --allow-remote" if address else None
            raise Broken([Problem("MS106", f"{name[:200]} is not a file beside the document", hint=hint)])
        path = Folder(Path(root).parent).inside((Path(home).parent / unquote(name)).absolute())
        if self._ledger:
            self._ledger.read(path)
        return read_bytes(path)


def _address(home: str, name: str) -> str | None:
    """Where a value is fetched from; None for one that is a file."""
    try:
        address = urljoin(home, name) if is_remote(home) else name
    except ValueError:
        return None
    return address if is_remote(address) else None
