"""Making an error body of the document's shape tell what is really wrong.

A body made from a schema says nothing: ``{"message": "string", "status": 0}``. Where its fields have
names that everybody uses for the same thing, the truth is put in, one field after the other, and
stays where the schema is still kept. So the result is as valid as the body was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from mock_server.named import NamedTuple
from mock_server.phrase import phrase

MAX_ENTRIES = 20
"""Violations that a list in such a body may hold."""
_MAX_DEPTH = 3
_MESSAGE = frozenset((
    "message", "msg", "detail", "details", "description", "errordescription", "errormessage", "reason",
    "developermessage", "usermessage", "text",
))  # fmt: skip
_STATUS = frozenset(("status", "statuscode", "httpstatus", "httpstatuscode", "httpcode", "code", "errorcode"))
_TITLE = frozenset(("title", "statustext", "reasonphrase", "error"))
_RULE = frozenset(("code", "errorcode", "rule", "keyword", "type", "kind"))
_FIELD = frozenset((
    "field", "param", "parameter", "property", "name", "attribute", "target", "key", "path", "location", "loc",
    "where", "pointer", "in",
))  # fmt: skip
_LISTS = frozenset((
    "errors", "error", "details", "detail", "violations", "issues", "fielderrors", "validationerrors", "messages",
    "invalidparams", "causes", "problems",
))  # fmt: skip
_NESTED = frozenset(("error", "errors", "fault", "problem", "meta", "status", "detail", "details", "body", "source"))
_OAUTH2 = {401: "invalid_token", 403: "insufficient_scope"}


class Fault(NamedTuple):
    """One violation as a body may tell it: ``where`` is ``body.items.0.name``."""

    where: str
    rule: str
    message: str


class Truth(NamedTuple):
    """What there is to tell; the first fault is the one that decided the status."""

    status: int
    faults: Sequence[Fault]

    @property
    def title(self) -> str:
        return phrase(self.status) or ""

    @property
    def detail(self) -> str:
        return f"{self.faults[0].where}: {self.faults[0].message}"


def tell(body: Any, truth: Truth, is_valid: Callable[[Any], bool]) -> Any:
    """The body with as much truth in it as the schema allows; the very body when that is none."""
    if isinstance(body, str):
        return truth.detail if is_valid(truth.detail) else body
    root = deepcopy(body)
    if not is_valid(root):
        return body

    def keeps() -> bool:
        return is_valid(root)

    if isinstance(root, dict):
        _fill(root, truth, keeps, 0)
    elif isinstance(root, list):
        holder = {"errors": root}  # the list stays the same object, so `keeps` sees what is done to it
        _fill_list(holder, "errors", truth, keeps, 0)
    return root


def _fill(node: dict[str, Any], truth: Truth, keeps: Callable[[], bool], depth: int) -> None:
    """Every field of an object, in its order."""
    names = {key: _plain(key) for key in node}
    siblings = set(names.values())
    for key, name in names.items():
        old = node[key]
        for candidate in _candidates(name, old, siblings, truth):
            node[key] = candidate
            if keeps():
                break
        else:
            node[key] = old
        if depth < _MAX_DEPTH and isinstance(old, dict) and name in _NESTED:
            _fill(old, truth, keeps, depth + 1)
        elif depth < _MAX_DEPTH and isinstance(old, list) and name in _LISTS:
            _fill_list(node, key, truth, keeps, depth + 1)


def _plain(key: str) -> str:
    """``status_code``, ``statusCode`` and ``Status-Code`` are one name."""
    return key.replace("_", "").replace("-", "").lower()


def _candidates(name: str, old: object, siblings: set[str], truth: Truth) -> list[object]:
    """What to try for a field, the best first."""
    if isinstance(old, bool):
        return [False] if name in ("success", "ok") else []
    if isinstance(old, int | float):
        return [truth.status] if name in _STATUS else []
    if not isinstance(old, str | None):
        return []
    fault = truth.faults[0]
    if name == "error" and "errordescription" in siblings:  # RFC 6749 §5.2, RFC 6750 §3.1
        return [_OAUTH2.get(truth.status, "invalid_request")]
    if name == "error" and not siblings & _MESSAGE:
        return [truth.detail, truth.title]
    if name in _MESSAGE:
        return [truth.detail, fault.message, truth.title]
    if name in _TITLE:
        return [truth.title]
    if name in _STATUS and name not in _RULE:
        return [str(truth.status), truth.title]
    if name in ("param", "parameter", "field"):
        return [fault.where.partition(".")[2] or fault.where]
    return [fault.rule] if name in ("code", "errorcode", "rule", "keyword") else []


def _fill_list(node: dict[str, Any], key: str, truth: Truth, keeps: Callable[[], bool], depth: int) -> None:
    """A list of errors gets one entry for each violation, made after the entry it has."""
    entries: list[Any] = node[key]
    like = entries[0] if entries else ""
    if not isinstance(like, str | dict):
        return
    before = list(entries)
    faults = truth.faults[:MAX_ENTRIES]
    for count in (len(faults), 1):
        told = [f"{each.where}: {each.message}" for each in faults[:count]]
        entries[:] = told if isinstance(like, str) else [deepcopy(like) for _ in told]
        if keeps():
            break
    else:
        entries[:] = before
    for entry, fault in zip(entries, faults, strict=False):
        if isinstance(entry, dict):
            _fill_entry(entry, truth._replace(faults=[fault]), keeps, depth)


def _fill_entry(entry: dict[str, Any], truth: Truth, keeps: Callable[[], bool], depth: int) -> None:
    """One entry: the usual fields, and where and by which rule the violation is."""
    _fill(entry, truth, keeps, depth)
    fault = truth.faults[0]
    root, *steps = fault.where.split(".")
    inner = ".".join(steps) or root
    for key, old in list(entry.items()):
        name = _plain(key)
        tried: list[object] = []
        if isinstance(old, dict) and name == "source":  # JSON:API: {"source": {"pointer": "/data"}}
            _fill_entry(old, truth, keeps, depth + 1)
        elif name in _FIELD and isinstance(old, list):
            numbered = [int(step) if step.isdecimal() else step for step in steps]
            tried = [[root, *numbered], [root, *steps], steps]
        elif name in _FIELD and isinstance(old, str):
            tried = [{"in": root, "pointer": "/" + "/".join(steps), "where": fault.where}.get(name, inner)]
        elif name in _RULE and isinstance(old, str):
            tried = [fault.rule]
        elif name in _MESSAGE and isinstance(old, str):
            tried = [fault.message]
        for candidate in tried:
            entry[key] = candidate
            if keeps():
                break
            entry[key] = old
