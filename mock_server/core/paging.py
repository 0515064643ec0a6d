"""One page of a list: filtered and cut by the query parameters that the operation documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_server.fixture.facts import Facts
from mock_server.model import MISSING
from mock_server.named import NamedTuple
from mock_server.spec.outline import outline_at, plain
from mock_server.spec.resources import Role, json_media, put_inside, success

_SIZE = ("limit", "perpage", "pagesize", "size", "take", "top", "maxresults", "count", "first")
_START = ("offset", "skip", "start", "startindex")
_PAGE = ("page", "pagenumber", "pageno", "p")
_TOTAL = ("total", "totalcount", "totalitems", "totalresults", "totalelements", "totalsize")
_HERE = ("count", "length", "numberofelements", "itemcount", "resultcount")
_PAGES = ("totalpages", "pages", "pagecount", "lastpage")
_MORE = ("hasmore", "hasnext", "hasnextpage", "more")
_NEXT = ("next", "nextcursor", "nextpage", "nextpagetoken", "nexttoken", "cursor", "nexturl", "nextlink")
_SECTIONS = ("meta", "pagination", "paging", "page", "pageinfo", "links")


class Page(NamedTuple):
    """``body`` is the answer's whole body, ``told`` says ``2 of 7``."""

    body: Any
    told: str


def paged(role: Role, facts: Facts, items: list[dict[str, Any]], sample: Any) -> Page:
    """The page that the request asks for, in the wrapping that the document shows."""
    asked = _asked(role, facts)
    items = [item for item in items if _fits(item, role, asked)]
    size, start = _cut(asked)
    page = items[start : start + size] if size is not None else items[start:]
    body = put_inside(sample, role.place, page)
    if role.place and isinstance(body, dict):
        numbers = _numbers(asked, len(items), len(page), size, start)
        body = _counted(body, numbers, role.place[0], _required(role))
        body = {
            name: _counted(value, numbers, "", frozenset())
            if plain(name) in _SECTIONS and isinstance(value, dict)
            else value
            for name, value in body.items()
        }
    return Page(body, f"{len(page)} of {len(items)}")


def _asked(role: Role, facts: Facts) -> dict[str, Any]:
    """The documented query parameters that the request has, or that have a default."""
    names = [each.name for each in role.operation.parameters if each.location == "query"]
    found = {name: facts.get(("query", name)) for name in names}
    return {name: value for name, value in found.items() if value is not MISSING}


def _fits(item: Mapping[str, Any], role: Role, asked: Mapping[str, Any]) -> bool:
    """A parameter with the name of a property of texts, numbers or truth values wants that value."""
    shape = role.shape
    for name, wanted in asked.items():
        if shape and name in shape.properties and name not in shape.compound and name in item:
            texts = wanted if isinstance(wanted, list) else str(_text(wanted)).split(",")
            if str(_text(item[name])) not in map(str, texts):
                return False
    return True


def _text(value: Any) -> Any:
    return {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else value


def _number(asked: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name, value in asked.items():
        text = str(value)
        if plain(name) in names and text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
    return None


def _cut(asked: Mapping[str, Any]) -> tuple[int | None, int]:
    size, start, page = _number(asked, _SIZE), _number(asked, _START), _number(asked, _PAGE)
    if start is None:
        start = (max(page, 1) - 1) * size if page is not None and size is not None else 0
    return size, start


def _numbers(asked: Mapping[str, Any], total: int, here: int, size: int | None, start: int) -> dict[str, Any]:
    """What a wrapping may say of its page, by the plain names of the properties."""
    more = start + here < total
    found: dict[str, Any] = dict.fromkeys(_TOTAL, total) | dict.fromkeys(_HERE, here) | dict.fromkeys(_MORE, more)
    found |= dict.fromkeys(_PAGES, -(-total // size) if size else 1)
    found |= dict.fromkeys(_START, start)
    if size is not None:
        found |= dict.fromkeys(("limit", "perpage", "pagesize", "size"), size)
    page = _number(asked, _PAGE)
    found |= dict.fromkeys((*_PAGE, "currentpage"), page if page is not None else (start // size + 1 if size else 1))
    return found


def _required(role: Role) -> frozenset[str]:
    media = json_media(success(role.operation))
    return outline_at(role.operation.document, media.schema.pointer).required if media and media.schema else frozenset()


def _counted(
    body: Mapping[str, Any], numbers: Mapping[str, Any], listed: str, required: frozenset[str]
) -> dict[str, Any]:
    """The wrapping with its numbers set, where the document shows a number or truth value in their place."""
    found = {}
    has_total = any(plain(name) in _TOTAL for name in body)
    for name, value in body.items():
        known = numbers.get(plain(name)) if name != listed and isinstance(value, int) else None
        if known is not None and isinstance(value, bool) == isinstance(known, bool):
            found[name] = numbers["total"] if plain(name) == "count" and not has_total else known
        elif (
            name != listed
            and name not in required
            and plain(name) in _NEXT
            and value is not None
            and numbers["more"] is False
        ):
            continue  # a reader who follows it would never come to the end
        else:
            found[name] = value
    return found
