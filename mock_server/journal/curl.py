"""A journalled request as a line for a POSIX shell that sends it again; secrets are variables: ``"$TOKEN"``."""

from __future__ import annotations

from mock_server.journal.entry import Told, header
from mock_server.journal.origin import headers_of, pieces, url_of

_PLAIN_CONTROLS = "\n\t"


def curl(entry: Told, origin: str) -> str:
    """``curl -i -X POST 'http://127.0.0.1:4010/api/oauth2' -H 'authorization: Bearer '"$TOKEN" --data-binary '{}'``.

    ``origin`` is the mock's own address, for requests that named no host.
    """
    url = url_of(entry, origin)
    parts = ["curl", "-i"]
    if entry["method"] == "HEAD":
        parts.append("-I")
    elif entry["method"] != "GET":
        parts += ["-X", quoted(entry["method"])]
    if any(char in url for char in "[]{}"):
        parts.append("-g")  # they are no patterns
    if "/." in url:
        parts.append("--path-as-is")
    parts.append(quoted(url))
    for name, value in headers_of(entry):
        # Without a value curl would leave the header out; with a semicolon it sends an empty one.
        parts += ["-H", quoted(f"{name}: {value}" if value else f"{name};")]
    body = entry["request"]["body"]
    if body:
        if header(entry, "content-type") is None:
            parts += ["-H", "'content-type:'"]  # or curl would call it a form
        if raw := entry["request"].get("base64"):  # no word of a shell has every byte
            parts = [f"echo {raw} | base64 -d |", *parts]
        parts += ["--data-binary", "@-" if raw else quoted(body)]
    return " ".join(parts)


def quoted(text: str) -> str:
    """One word of a POSIX shell (IEEE 1003.1 §2.2), the masked secrets as variables.

    >>> quoted("it's")
    "'it'\\\\''s'"
    """
    words = []
    for plain, name in pieces(text):
        words.append(_literal(plain) if plain else "")
        words.append(f'"${name.upper()}"' if name else "")
    return "".join(words) or "''"


def _literal(text: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    if not any((char < " " and char not in _PLAIN_CONTROLS) or char == "\x7f" for char in text):
        return "'" + text.replace("'", "'\\''") + "'"
    # Nothing that a terminal would obey is printed as it is.
    escaped = text.replace("\\", "\\\\").replace("%", "%%").replace("'", "'\\''")
    octal = "".join(f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char for char in escaped)
    return f"\"$(printf '{octal}')\""
