"""The only reader of files: texts, the trees parsed from them, and the places of errors."""

from mock_server.source.files import Folder, Source, read_bytes, read_source
from mock_server.source.ledger import Ledger
from mock_server.source.library import Library, open_root
from mock_server.source.places import FILES, Loaded, Pointer, pointer_text
from mock_server.source.shown import Shown
from mock_server.source.tree import allow_aliases, load

__all__ = [
    "FILES",
    "Folder",
    "Ledger",
    "Library",
    "Loaded",
    "Pointer",
    "Shown",
    "Source",
    "allow_aliases",
    "load",
    "open_root",
    "pointer_text",
    "read_bytes",
    "read_source",
]
