"""Why a store cannot be reached when the mock starts, where it was looked for, and what to do about it."""

from __future__ import annotations

from urllib.parse import urlsplit

_WHAT_TO_DO = (
    ("locked by another program", "wait until that ends, or name another file"),
    ("reply as type byte", "that is no Redis: mend the address in --state"),
    ("Authentication required", "it wants a password: --state redis://:PASSWORD@HOST"),
    ("username-password", "it refuses the password: --state redis://USER:PASSWORD@HOST"),
    ("DB index", "name a database that it has, as redis://HOST/0"),
    ("read only replica", "give the address of the primary"),
    ("maxmemory", "its memory is full: raise maxmemory, or empty it"),
    ("certificate", "its certificate is not trusted: name the authority's file in SSL_CERT_FILE"),
    ("SSL", "it does not speak TLS: redis:// in place of rediss://"),
    ("no answer within", "it takes connections and says nothing: is it a Redis, and rediss:// where it speaks TLS?"),
)
"""What stands in the reason -> the advice; the first that does."""
_NOBODY_THERE = "start it, or mend the address in --state"


def advice(state: str, why: str) -> str:
    """``redis://127.0.0.1:6379 cannot be used: connection refused; start it, or mend the address in --state``."""
    todo = next((todo for words, todo in _WHAT_TO_DO if words in why), _NOBODY_THERE)
    where = "" if state.startswith("sqlite:") else f"{_shown(state)} cannot be used: "
    return f"{where}{why.removeprefix('Redis: ').rstrip('.')}; {todo}"


def _shown(address: str) -> str:
    """Without user, password and options, which may hold one."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
