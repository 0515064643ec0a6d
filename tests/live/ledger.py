"""Clients that start and decide handshakes as fast as they can, and write down all that was acknowledged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.support import ASK, TOKEN

CLIENTS = 4
GIVE_UP_S = 60
ASK_LONG = {**ASK, "validity_duration": 43_200}


def ask(url: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    """One request on a connection of its own; its status and JSON."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=GIVE_UP_S)
    try:
        headers = {**TOKEN, "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


class Ledger:
    """``pull_ids`` of every handshake that a 200 told of; ``granted`` those whose approval was answered with 200."""

    def __init__(self) -> None:
        self.pull_ids: list[str] = []
        self.granted: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def begin(self, url: str) -> None:
        self._stop.clear()
        self._threads = [threading.Thread(target=self._work, args=(url,)) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(GIVE_UP_S * 2)
            assert not thread.is_alive(), "a client hangs"

    def _work(self, url: str) -> None:
        while not self._stop.is_set():
            try:
                self._one(url)
            except (OSError, HTTPException, ValueError):
                if self._stop.wait(0.05):  # the server was killed: what was not answered was not acknowledged
                    return

    def _one(self, url: str) -> None:
        status, begun = ask(url, "POST", "/api/oauth2", ASK_LONG)
        self.statuses[status] += 1
        if status != 200:
            self._stop.wait(0.02)
            return
        pull_id = begun["pull_id"]
        self.pull_ids.append(pull_id)
        status, _ = ask(url, "POST", f"/__mock/handshakes/{pull_id}/decide", {"decision": "approve"})
        self.statuses[status] += 1
        if status == 200:
            self.granted.add(pull_id)

    def lost(self, url: str) -> list[str]:
        """What was acknowledged and is not there any more: by one list of all, and by collecting some."""
        listed = {each["id"]: each["state"] for each in ask(url, "GET", "/__mock/handshakes")[1]["handshakes"]}
        lost = [pull_id for pull_id in self.pull_ids if pull_id.rpartition(".")[0] not in listed]
        lost += [pull_id for pull_id in self.granted if listed.get(pull_id.rpartition(".")[0]) != "granted"]
        return lost


def collect(url: str, pull_id: str) -> int:
    return ask(url, "POST", "/api/oauth2/credentials", {"pull_id": pull_id})[0]
