"""Handshakes in memory as bytes: what went in comes out, who lives is known at any hour, and no collector looks."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from mock_server.handshake.machine import LIVE, TABLE, Handshake, settle
from mock_server.state.session import Rows

HOURS = st.floats(min_value=0, max_value=100)
HANDSHAKES = st.builds(
    Handshake,
    id=st.just("x"),
    session=st.sampled_from(("default", "ä")),
    account=st.text(st.characters(codec="utf-8"), max_size=4),
    provider=st.just("fb"),
    state=st.sampled_from(sorted({state for state, _ in TABLE} | set(TABLE.values()))),
    auth_uri=st.just("http://127.0.0.1/a?b=c&d=ü"),
    redirect_uri=st.just("http://127.0.0.1/"),
    pull_id=st.just("x.1"),
    state_ticket=st.just("x.2"),
    code_verifier=st.just("v"),
    client_id=st.just("c"),
    started_at=HOURS,
    expires_at=HOURS,
    changed_at=HOURS,
    decision=st.just("approve"),
    decide_at=st.none() | HOURS,
    failure=st.none() | st.just("server_error"),
)


def kept(*handshakes: Handshake) -> Rows:
    rows = Rows()
    for each in handshakes:
        rows.put(each, rows.version(each.id) + 1)
    return rows


@given(handshake=HANDSHAKES)
def test_what_is_kept_is_what_is_read(handshake: Handshake) -> None:
    rows = kept(handshake)
    assert rows.get("x") == handshake
    assert list(rows) == list(reversed(rows)) == [handshake]


@given(handshake=HANDSHAKES, now=HOURS)
def test_who_has_ended_is_who_is_not_live_when_settled(handshake: Handshake, now: float) -> None:
    assert kept(handshake).ended(now) == ([] if settle(handshake, now).state in LIVE else ["x"])


@given(first=HANDSHAKES, second=HANDSHAKES, now=HOURS)
def test_a_handshake_that_changed_is_the_last_one_saved(first: Handshake, second: Handshake, now: float) -> None:
    rows = kept(first)
    assert rows.get("x") == first
    rows.put(second, 2)
    assert (len(rows), rows.version("x"), rows.get("x")) == (1, 2, second)
    assert rows.ended(now) == kept(second).ended(now)
    assert rows.get("x") == second
    rows.drop(["x"])
    assert (len(rows), rows.version("x"), rows.get("x"), rows.ended(now)) == (0, 0, None, [])


def test_the_collector_has_nothing_to_look_into() -> None:
    """A look at every live handshake would hold up all connections: see the p99 in docs/scaling.md."""
    rows = Rows()
    like = Handshake("", "default", "a", "fb", "asked", "u", "r", "p", "s", "v", "c", 1.0, 2.0, 1.0)
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1_000):
        rows.put(like._replace(id=str(number), pull_id=f"{number}.x"), 1)
    assert len(gc.get_objects()) - before < 50
