"""Postman collections of version 2.1: their saved responses ("examples") are exchanges that somebody once had.

https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from mock_server.codec.har import NO_LONGER_TRUE, HarEntry, Pairs
from mock_server.codec.json_text import read_json
from mock_server.codec.unreadable import Unreadable
from mock_server.named import NamedTuple

MAX_DEPTH = 40
NOWHERE = "http://host.invalid"
"""Where a request goes whose host is a variable that the collection does not set (RFC 2606 §2)."""
_VARIABLE = re.compile(r"\{\{([^{}]{1,200})\}\}")
_KINDS = {"json": "application/json", "xml": "application/xml", "html": "text/html", "text": "text/plain"}
_SAFE = "/!$&'()*+,;=:@-._~%"
_BOUNDARY = "collection-part"


class Collection(NamedTuple):
    """``unanswered`` are the names of requests without a saved response."""

    entries: list[HarEntry]
    unanswered: list[str]


def read_postman(data: bytes) -> Collection:
    """Every saved response with its request. Raises ``ValueError`` saying where the file is no collection."""
    try:
        root = read_json(data.removeprefix(b"\xef\xbb\xbf"))
    except Unreadable as error:
        raise ValueError(f"it is no JSON: {error}") from None
    root = root.get("collection", root) if isinstance(root, dict) else root  # as Postman's API gives it out
    if not isinstance(root, dict) or not isinstance(root.get("item"), list):
        raise ValueError("it has no list at /item")
    schema = (root.get("info") or {}).get("schema") if isinstance(root.get("info"), dict) else None
    if not isinstance(schema, str) or "v2.1" not in schema:
        raise ValueError("/info/schema does not name version 2.1; export it as Collection v2.1")
    reader = _Reader(_values(root.get("variable")))
    reader.items(root["item"], "/item", root.get("auth"), 0)
    return Collection(reader.entries, reader.unanswered)


def _values(listed: Any) -> dict[str, str]:
    """``[{"key": "baseUrl", "value": "https://…"}]`` as a mapping, without what is disabled."""
    return dict(_pairs(listed))


def _pairs(listed: Any) -> Iterator[tuple[str, str]]:
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("key"), str) and not each.get("disabled"):
            value = each.get("value")
            yield each["key"], value if isinstance(value, str) else "" if value is None else str(value)


class _Reader:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.entries: list[HarEntry] = []
        self.unanswered: list[str] = []

    def items(self, listed: list[Any], at: str, auth: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError(f"{at} is nested too deeply")
        for number, item in enumerate(listed):
            here = f"{at}/{number}"
            if not isinstance(item, dict):
                raise ValueError(f"{here} is no folder and no request")
            own = item.get("auth", auth)
            if isinstance(item.get("item"), list):
                self.items(item["item"], f"{here}/item", own, depth + 1)
            elif "request" in item:
                self._request(item, here, own)
            else:
                raise ValueError(f"{here} has neither item nor request")

    def _request(self, item: dict[str, Any], at: str, auth: Any) -> None:
        responses = item.get("response")
        saved = [each for each in responses if isinstance(each, dict)] if isinstance(responses, list) else []
        if not saved:
            self.unanswered.append(str(item.get("name", at)))
        for number, response in enumerate(saved):
            status = response.get("code")
            if not isinstance(status, int) or not 100 <= status <= 599:
                raise ValueError(f"{at}/response/{number} has no code from 100 to 599")
            request = response.get("originalRequest") or item["request"]
            usual = item["request"] if isinstance(item["request"], dict) else {}
            if isinstance(request, str):
                request = {"url": request}
            if not isinstance(request, dict):
                raise ValueError(f"{at}/response/{number}/originalRequest is no request")
            self.entries.append(self._entry(request, request.get("auth", usual.get("auth", auth)), response, at))

    def _entry(self, request: dict[str, Any], auth: Any, response: dict[str, Any], at: str) -> HarEntry:
        headers = [(name, self._named(value)) for name, value in _pairs(request.get("header"))]
        body, kind = self._body(request.get("body"))
        names = {name.lower() for name, _ in headers}
        if kind and "content-type" not in names:
            headers.append(("Content-Type", kind))
        url = self._url(request.get("url"), at)
        name, value, place = self._auth(auth)
        if place == "query":
            url += f"{'&' if '?' in url else '?'}{urlencode({name: value})}"
        elif name and name.lower() not in names:
            headers.append((name, value))
        answer = response.get("body")
        time_ms = response.get("responseTime")
        return HarEntry(
            method=str(request.get("method") or "GET").upper(),
            url=url,
            headers=tuple(headers),
            body=body,
            status=response["code"],
            answer_headers=_answer_headers(response.get("header")),
            answer=answer.encode("utf-8", "surrogatepass") if isinstance(answer, str) else b"",
            seconds=time_ms / 1000 if isinstance(time_ms, int | float) else -1.0,
        )

    def _filled(self, text: str) -> str:
        """With the collection's variables, which may name each other."""
        for _ in range(5):
            text, count = _VARIABLE.subn(lambda found: self._variables.get(found[1].strip(), found[0]), text)
            if not count:
                break
        return text

    def _named(self, text: str) -> str:
        """The same, and of a variable that is not set its name: a header has to say something."""
        return _VARIABLE.sub(r"\1", self._filled(text))

    def _url(self, url: Any, at: str) -> str:
        if isinstance(url, dict):
            raw, variables = url.get("raw"), _values(url.get("variable"))
        else:
            raw, variables = url, {}
        if not isinstance(raw, str) or not raw:
            raise ValueError(f"{at}/request/url is no URL")
        text = self._filled(raw)
        scheme, colon, rest = text.partition("://")
        host, slash, path = (rest if colon else text).partition("/")
        if not colon:
            scheme = "http"
        path, question, query = path.partition("#")[0].partition("?")
        steps = [self._filled(variables.get(step[1:], step)) if step[:1] == ":" else step for step in path.split("/")]
        origin = NOWHERE if _VARIABLE.search(host) or not host else f"{scheme}://{host}"
        made = f"{origin}/{quote('/'.join(steps), _SAFE)}{question}{quote(query, _SAFE + '?/')}"
        try:
            urlsplit(made).port  # noqa: B018  (an impossible one raises)
        except ValueError:
            raise ValueError(f"{at}/request/url is no URL") from None
        return made if slash or question else origin + "/"

    def _body(self, body: Any) -> tuple[bytes, str]:
        if not isinstance(body, dict) or body.get("disabled"):
            return b"", ""
        match body.get("mode"):
            case "raw" if isinstance(body.get("raw"), str):
                options = body.get("options")
                raw = options.get("raw") if isinstance(options, dict) else None
                language = raw.get("language") if isinstance(raw, dict) else None
                return self._filled(body["raw"]).encode("utf-8", "surrogatepass"), _KINDS.get(str(language), "")
            case "urlencoded":
                pairs = [(name, self._filled(value)) for name, value in _pairs(body.get("urlencoded"))]
                return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
            case "formdata":
                return self._parts(body.get("formdata")), f"multipart/form-data; boundary={_BOUNDARY}"
        return b"", ""

    def _parts(self, listed: Any) -> bytes:
        """RFC 7578; of a file the collection has only the name."""
        parts = [
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{quote(name)}"\r\n\r\n{self._filled(value)}\r\n'
            for name, value in _pairs(listed)
        ]
        return f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode("utf-8", "surrogatepass")

    def _auth(self, auth: Any) -> tuple[str, str, str]:
        """Name, value and place of what the request is signed with, as its kind says; ``("", "", "")`` = nothing."""
        kind = auth.get("type") if isinstance(auth, dict) else None
        values = {key: self._named(value) for key, value in _values(auth.get(kind)).items()} if kind else {}
        match kind:
            case "bearer" | "oauth2":
                token = values.get("token") or values.get("accessToken") or "token"
                return "Authorization", f"Bearer {token}", "header"
            case "basic":
                pair = f"{values.get('username', '')}:{values.get('password', '')}".encode()
                return "Authorization", f"Basic {base64.b64encode(pair).decode()}", "header"
            case "apikey" if values.get("key"):
                return values["key"], values.get("value", ""), "query" if values.get("in") == "query" else "header"
        return "", "", ""


def _answer_headers(listed: Any) -> Pairs:
    return tuple((name, value) for name, value in _pairs(listed) if name and name.lower() not in NO_LONGER_TRUE)
