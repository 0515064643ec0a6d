"""Tickets: they say where a record is, and only the whole text opens it."""

from __future__ import annotations

import pytest

from mock_server.handshake.ticket import Reference, read_id, read_ticket, record_id, same, ticket

ID = "abcdefghijkl"


@pytest.mark.parametrize("session", ["default", "alice", "a.b-c_d", "x" * 64, "1"])
def test_a_ticket_names_its_record_and_session(session: str) -> None:
    made = ticket(record_id(ID, session), "s" * 32)
    assert read_ticket(made) == Reference(record_id(ID, session), session)
    assert read_id(record_id(ID, session)) == Reference(record_id(ID, session), session)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        ["a"],
        "",
        ".",
        ID,
        "short.secret",
        f"{ID}~.secret",
        f"{ID}~a b.secret",
        f"{ID}~../x.secret",
        f"{ID}\n.secret",
        f"{ID}x.secret",
        f"{ID}~{'x' * 65}.secret",
        f"{ID}." + "x" * 200,
        "é" * 12 + ".secret",
    ],
)
def test_what_is_not_of_the_form_names_nothing(text: object) -> None:
    assert read_ticket(text) is None


@pytest.mark.parametrize(
    "one, other, equal",
    [("a", "a", True), ("a", "b", False), ("", "", True), (None, "", False), (0, "0", False), ("\ud800", "a", False)],
)
def test_secrets_are_compared_as_texts(one: object, other: str, equal: bool) -> None:
    assert same(one, other) is equal
