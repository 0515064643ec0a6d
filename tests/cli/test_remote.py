"""``serve`` and ``check`` of a document at an address."""

from __future__ import annotations

from tests.cli.test_check import check
from tests.source.test_library import DOCUMENT, listening


def test_a_document_at_an_address_wants_permission_and_is_then_checked() -> None:
    with listening() as host:
        host.texts["/openapi.yaml"] = DOCUMENT.format("pet.yaml").encode()
        host.texts["/pet.yaml"] = b"type: object"
        done = check(host.url("/openapi.yaml"))
        assert done.returncode == 3
        assert done.stdout == (
            f"error MS205: {host.url('/openapi.yaml')} is not fetched\n"
            f"      hint: allow its host with --allow-remote {host.name}\n"
            "\n"
            "1 error(s), 0 warning(s)\n"
        )
        assert host.hits == []
        done = check(host.url("/openapi.yaml"), "--allow-remote", "127.0.0.1")
        assert done.returncode == 0
        assert "1 operation, 1 reference, 2 document files" in done.stdout
        assert host.hits == ["/openapi.yaml", "/pet.yaml"]


def test_permission_may_stand_in_the_environment() -> None:
    with listening() as host:
        host.texts["/openapi.yaml"] = b'openapi: 3.1.0\ninfo: {title: t, version: "1"}\npaths: {}\n'
        assert check(host.url("/openapi.yaml"), MOCK_SERVER_ALLOW_REMOTE=f"other.example {host.name}").returncode == 0
