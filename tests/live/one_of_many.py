"""One of many test processes with one mock: does all that it may in its session, and fails when it sees another's.

``python one_of_many.py http://127.0.0.1:4010 NAME header|path``. Imports nothing of ours: sixteen start at once.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

ROUNDS = 5


def main(url: str, name: str, way: str) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    number = sum(map(ord, name))

    def ask(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": "Bearer dev-token", "Content-Type": "application/json"}
        if way == "header":
            headers["Mock-Session"] = name
        else:
            path = f"/__mock/s/{name}{path}"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def control(method: str, path: str, body: Any = None) -> Any:
        status, answer = ask(method, f"/__mock{path}", body)
        assert status == 200, (name, method, path, status, answer)
        return answer

    for _ in range(ROUNDS):
        control("POST", "/reset")
        assert control("GET", "/journal")["entries"] == []
        control("POST", "/clock", {"freeze": True, "set": 1_000_000 + number})
        begun = [ask("POST", "/api/oauth2", {"datasource_id": "fb", "validity_duration": 600})[1] for _ in range(3)]
        control("POST", f"/handshakes/{begun[0]['pull_id']}/decide", {"decision": "approve"})
        control("POST", "/next", {"operation": "POST /oauth2/credentials", "response": "pending"})
        statuses = [ask("POST", "/api/oauth2/credentials", {"pull_id": begun[0]["pull_id"]})[0] for _ in range(3)]
        assert statuses == [402, 200, 200], (name, statuses)
        control("PUT", "/scenario", {"scenario": "rate-limited"})
        assert ask("POST", "/api/oauth2", {"datasource_id": "fb"})[0] == 429
        control("POST", "/clock", {"advance": 600})
        states = [each["state"] for each in control("GET", "/handshakes")["handshakes"]]
        assert states == ["expired"] * 3, (name, states)
        assert control("GET", "/clock")["now"] == 1_000_600 + number
        journal = control("GET", "/journal")["entries"]
        assert len(journal) == 7, (name, len(journal))
        assert {each["session"] for each in journal} == {name}
        assert {each["at"] for each in journal} == {1_000_000 + number}


main(*sys.argv[1:])
