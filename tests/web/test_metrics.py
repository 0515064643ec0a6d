"""``/__mock/metrics``: what was answered, as Prometheus reads it; and the trace that a request belongs to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mock_server.state.store import Away
from mock_server.state.trace import traceparent
from mock_server.web.tally import BOUNDS_S, MAX_KINDS, OTHER, Tally
from tests.support import ASK, TOKEN, make_app, make_client, start

_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)\Z')
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read_metrics(text: str) -> Samples:
    """By the grammar of the text format 0.0.4; every family has its two lines, and no sample comes twice."""
    found: Samples = {}
    families: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in families
            families[name] = kind
        elif not line.startswith("# HELP "):
            sample = _SAMPLE.match(line)
            assert sample, line
            name, labels, value = sample.groups()
            assert any(
                name in (family, *(family + end for end in ENDS.get(kind, ()))) for family, kind in families.items()
            )
            key = name, frozenset(_LABEL.findall(labels or ""))
            assert key not in found
            found[key] = float(value)
    assert text.endswith("\n")
    return found


ENDS = {"histogram": ("_bucket", "_sum", "_count")}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


def scrape(client: TestClient) -> Samples:
    answer = client.get("/__mock/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read_metrics(answer.text)


def test_answers_are_counted_by_operation_and_status(client: TestClient) -> None:
    for _ in range(3):
        start(client)
    client.post("/api/oauth2")
    client.get("/nothing")
    found = scrape(client)
    requests = "mock_server_requests_total"
    assert value(found, requests, operation="POST /oauth2", status="200", worker="1") == 3
    assert value(found, requests, operation="POST /oauth2", status="403", worker="1") == 1
    assert value(found, requests, operation="-", status="404", worker="1") == 1
    assert value(found, "mock_server_request_duration_seconds_count", worker="1") == 5
    assert value(found, "mock_server_sessions") == 1
    assert value(found, "mock_server_operations") == 2
    assert scrape(client).keys() == found.keys(), "to ask for metrics is no request to the mock"


def test_durations_are_counted_in_buckets_of_which_each_has_those_below() -> None:
    tally = Tally()
    for duration_s in (0.0, 0.0005, 0.0006, 0.3, 59.0, 61.0):
        tally.add("GET /x", 200, duration_s)
    app = make_app()
    app.live.tally = tally
    found = scrape(make_client(app))
    buckets = [value(found, "mock_server_request_duration_seconds_bucket", le=str(le), worker="1") for le in BOUNDS_S]
    assert buckets[:3] == [2, 3, 3]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 5
    assert value(found, "mock_server_request_duration_seconds_bucket", le="+Inf", worker="1") == 6
    assert value(found, "mock_server_request_duration_seconds_sum", worker="1") == pytest.approx(120.3011)


def test_an_operation_with_a_strange_name_breaks_no_line(tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    paths = '"/a\\"b\\\\c": {get: {responses: {"200": {description: x}}}}'
    spec.write_text(f"openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{{paths}}}\n")
    client = make_client(make_app(spec))
    assert client.get('/a"b%5Cc').status_code == 200
    told = [dict(labels) for name, labels in scrape(client) if name == "mock_server_requests_total"]
    assert told == [{"operation": r"GET /a\"b\\c", "status": "200", "worker": "1"}]


def test_metrics_are_told_while_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    client = make_client(app)
    assert value(read_metrics(client.get("/__mock/metrics").text), "mock_server_store_up") == 1

    async def away() -> list[str]:
        raise Away("nobody is there")

    monkeypatch.setattr(app.live.store, "sessions", away)
    told = client.get("/__mock/metrics")
    assert told.status_code == 200
    found = read_metrics(told.text)
    assert value(found, "mock_server_store_up") == 0
    assert not any(name == "mock_server_sessions" for name, _ in found)


def test_kinds_of_answers_are_bounded() -> None:
    tally = Tally()
    for number in range(MAX_KINDS + 5):
        tally.add(f"GET /{number}", 200, 0.0)
    assert len(tally.requests) == MAX_KINDS + 1
    assert tally.requests[OTHER, 200] == 5


def test_metrics_are_guarded_as_all_of_the_control_api_is() -> None:
    away = TestClient(make_app(control_token="t"), "http://mock.example:4010", client=("203.0.113.9", 1))
    assert away.get("/__mock/metrics").status_code == 403
    assert away.get("/__mock/metrics", headers={"Authorization": "Bearer t"}).status_code == 200


GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        GOOD.upper(),
        GOOD[:-1],
        GOOD + "0",
        GOOD + "-",
        f" {GOOD}",
        f"{GOOD}, {GOOD}",
        GOOD.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        GOOD.replace("b7ad6b7169203331", "0" * 16),
        "ff" + GOOD[2:],
        "01" + GOOD[2:] + "more",
        "ff" + GOOD[2:] + "-more",
    ],
)
def test_what_is_no_traceparent_is_ignored(given: str | None) -> None:
    assert traceparent(given) is None


@pytest.mark.parametrize("given", [GOOD, "cc" + GOOD[2:], "cc" + GOOD[2:] + "-what-comes-later"])
def test_a_traceparent_of_this_and_later_versions_is_taken(given: str) -> None:
    assert traceparent(given) == given


def test_the_trace_of_a_request_stands_in_its_entry(client: TestClient) -> None:
    for header in (GOOD, "nonsense"):
        client.post("/api/oauth2", json=ASK, headers={**TOKEN, "traceparent": header})
    entries = client.get("/__mock/journal").json()["entries"]
    assert [each["traceparent"] for each in entries] == [GOOD, None]
