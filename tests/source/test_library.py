"""The files that a document is made of: which are read, which are refused, and that nothing else is asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mock_server.errors import Broken, Problem
from mock_server.settings import Settings
from mock_server.source import Library, open_root, remote
from mock_server.source.remote import fetch, is_allowed
from mock_server.world import World, build_world

PET = "type: object\nproperties: {name: {type: string}}\n"
DOCUMENT = (
    'openapi: 3.1.0\ninfo: {{title: t, version: "1"}}\n'
    'paths: {{/a: {{post: {{requestBody: {{content: {{application/json: {{schema: {{$ref: "{0}"}}}}}}}}, '
    "responses: {{204: {{description: d}}}}}}}}}}\n"
)


@dataclass
class Host:
    """A listener that gives out texts and remembers what it was asked for."""

    port: int
    texts: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    hits: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.name}{path}"


@contextmanager
def listening() -> Iterator[Host]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host.hits.append(self.path)
            target, text = host.redirects.get(self.path), host.texts.get(self.path)
            self.send_response(302 if target else 404 if text is None else 200)
            if target:
                self.send_header("Location", target)
            self.send_header("Content-Length", str(len(text or b"")))
            self.end_headers()
            self.wfile.write(text or b"")

        def log_message(self, format: str, *values: object) -> None:
            """Nothing to print."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = Host(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(name="host")
def _host() -> Iterator[Host]:
    with listening() as found:
        yield found


def world(spec: Path | str, *hosts: str, folders: tuple[Path, ...] = ()) -> World:
    return build_world(Settings(specs=(spec,), allow_remote=hosts, allow_folders=folders))


def warning(found: World) -> Problem:
    (problem,) = found.warnings
    return problem


def refused(call: object) -> Problem:
    assert isinstance(call, Broken)
    (problem,) = call.problems
    return problem


def accepts(found: World, value: object) -> bool:
    body = next(iter(found.plans.values())).operation.body
    assert body is not None
    assert body.content[0].schema is not None
    return body.content[0].schema.is_valid(value)


def put(folder: Path, reference: str) -> Path:
    path = folder / "openapi.yaml"
    path.write_text(DOCUMENT.format(reference))
    return path


def test_without_permission_nothing_is_requested(host: Host, tmp_path: Path) -> None:
    host.texts["/pet.yaml"] = PET.encode()
    found = world(put(tmp_path, host.url("/pet.yaml#/properties")), "example.com", f"127.0.0.1:{host.port + 1}")
    problem = warning(found)
    assert problem.code == "MS205"
    assert problem.message == (
        f"the reference '{host.url('/pet.yaml#/properties')}' cannot be followed: "
        f"{host.url('/pet.yaml')} is not fetched; anything fits here"
    )
    assert problem.hint == f"allow its host with --allow-remote {host.name}"
    assert accepts(found, 5)
    with pytest.raises(Broken) as caught:
        world(host.url("/pet.yaml"))
    assert refused(caught.value).message == f"{host.url('/pet.yaml')} is not fetched"
    assert host.hits == []


def test_a_document_and_its_references_are_fetched_from_an_allowed_host_each_once(host: Host) -> None:
    host.texts["/api/openapi.yaml"] = DOCUMENT.format("../schemas/pet.yaml").encode()
    host.texts["/schemas/pet.yaml"] = b"type: object\nproperties: {name: {type: string}, friend: {$ref: pet.yaml}}\n"
    found = world(host.url("/api/openapi.yaml"), "127.0.0.1")
    assert found.warnings == ()
    assert accepts(found, {"friend": {"name": "x"}})
    assert not accepts(found, {"friend": {"name": 5}})
    assert host.hits == ["/api/openapi.yaml", "/schemas/pet.yaml"]
    schema = found.documents[0].loaded.files[host.url("/schemas/pet.yaml")]
    assert str(schema.place(("properties", "name"))) == f"{host.url('/schemas/pet.yaml')}:2:20"


def test_a_document_from_elsewhere_reads_no_file_of_this_machine(host: Host, tmp_path: Path) -> None:
    (tmp_path / "pet.yaml").write_text(PET)
    host.texts["/openapi.yaml"] = DOCUMENT.format((tmp_path / "pet.yaml").as_uri()).encode()
    assert warning(world(host.url("/openapi.yaml"), "127.0.0.1")).code == "MS205"


def test_an_allowed_host_that_does_not_answer_costs_one_schema(host: Host, tmp_path: Path) -> None:
    found = world(put(tmp_path, host.url("/nope.yaml")), "127.0.0.1")
    problem = warning(found)
    assert problem.code == "MS219"
    assert problem.message == (
        f"the reference '{host.url('/nope.yaml')}' cannot be followed: "
        f"{host.url('/nope.yaml')} cannot be fetched: Not Found; anything fits here"
    )
    assert problem.hint == "look whether the address is right and its server up"
    assert accepts(found, "anything")


def test_a_document_that_cannot_be_fetched_is_an_error() -> None:
    with pytest.raises(Broken) as caught:
        fetch("http://127.0.0.1:1/x", ["127.0.0.1"])
    assert refused(caught.value).code == "MS219"


def test_a_redirect_is_followed_to_allowed_hosts_only(host: Host) -> None:
    with listening() as other:
        other.texts["/pet.yaml"] = PET.encode()
        host.redirects["/a"] = "/b"
        host.texts["/b"] = b"type: integer"
        host.redirects["/away"] = other.url("/pet.yaml")
        host.redirects["/file"] = "file:///etc/passwd"
        host.redirects["/round"] = "/round"
        assert fetch(host.url("/a"), [host.name]).text == "type: integer"
        for path in ("/away", "/file", "/round"):
            with pytest.raises(Broken) as caught:
                fetch(host.url(path), [host.name])
            assert refused(caught.value).code == "MS219"
        assert other.hits == []
        assert fetch(host.url("/away"), [host.name, other.name]).text == PET


def test_what_is_too_big_or_no_text_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MAX_FILE_BYTES", 100)
    host.texts |= {"/big": b"x" * 101, "/odd": b"\xff\xfe"}
    for path, code in (("/big", "MS105"), ("/odd", "MS102")):
        with pytest.raises(Broken) as caught:
            fetch(host.url(path), [host.name])
        assert refused(caught.value).code == code


@pytest.mark.parametrize(
    "address, names, allowed",
    [
        ("https://example.com/a", ["example.com"], True),
        ("https://EXAMPLE.com/a", ["Example.COM"], True),
        ("https://example.com./a", ["example.com"], True),
        ("https://example.com:8443/a", ["example.com"], True),
        ("https://example.com:8443/a", ["example.com:8443"], True),
        ("https://example.com/a", ["example.com:443"], True),
        ("http://example.com/a", ["example.com:443"], False),
        ("https://evil.com/example.com", ["example.com"], False),
        ("https://example.com.evil.com/", ["example.com"], False),
        ("https://example.com@evil.com/", ["example.com"], False),
        ("https://sub.example.com/", ["example.com"], False),
        ("http://[::1]:80/", ["[::1]"], True),
        ("http://[::1]:81/", ["[::1]:80"], False),
        ("ftp://example.com/", ["example.com"], False),
        ("file://example.com/etc/passwd", ["example.com"], False),
        ("http://example.com:port/", ["example.com"], False),
        ("http://[/", ["example.com"], False),
        ("https://example.com/", [], False),
    ],
)
def test_a_host_is_allowed_by_its_whole_name(address: str, names: list[str], allowed: bool) -> None:
    assert is_allowed(address, names) is allowed


@pytest.mark.parametrize(
    "reference",
    ["../secret.yaml", "link.yaml", "%2e%2e/secret.yaml", "folder/secret.yaml", "/etc/passwd", "a/../../secret.yaml"],
)
def test_no_reference_leads_out_of_the_folder(tmp_path: Path, reference: str) -> None:
    (tmp_path / "secret.yaml").write_text("type: integer")
    inside = tmp_path / "api"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "folder").symlink_to(tmp_path)
    problem = warning(world(put(inside, reference)))
    assert problem.code == "MS205"
    assert problem.hint is not None
    assert problem.hint.startswith("move it there, or allow its folder: --allow-folder ")
    assert not world(put(inside, "../secret.yaml"), folders=(tmp_path,)).warnings


def test_a_folder_may_be_allowed_beside_the_documents_own(tmp_path: Path) -> None:
    for name in ("api", "shared"):
        (tmp_path / name).mkdir()
    (tmp_path / "shared" / "pet.yaml").write_text(PET)
    found = world(put(tmp_path / "api", "../shared/pet.yaml"), folders=(tmp_path / "shared",))
    assert found.warnings == ()
    assert not accepts(found, {"name": 5})


def test_files_behind_links_of_a_mounted_folder_are_beside_the_document(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: each name a link into a folder of one version."""
    real = tmp_path / "..2024"
    real.mkdir()
    (real / "pet.yaml").write_text(PET)
    put(real, "pet.yaml")
    (tmp_path / "..data").symlink_to(real)
    for name in ("openapi.yaml", "pet.yaml"):
        (tmp_path / name).symlink_to(Path("..data") / name)
    found = world(tmp_path / "openapi.yaml")
    assert found.warnings == ()
    assert not accepts(found, {"name": 5})


@pytest.mark.parametrize(
    "name, code", [("nope.yaml", "MS101"), ("bad.yaml", "MS102"), ("loop.yaml", "MS101"), (".", "MS101")]
)
def test_a_file_that_cannot_be_read_costs_one_schema(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "bad.yaml").write_text("a: [")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    found = world(put(tmp_path, name))
    problem = warning(found)
    assert problem.code == code
    assert problem.message.startswith(f"the reference {name!r} cannot be followed: ")
    assert problem.place is not None
    assert problem.place.line == 3
    assert accepts(found, 5)


def test_a_file_is_opened_once(tmp_path: Path) -> None:
    (tmp_path / "pet.yaml").write_text(PET)
    library = Library(tmp_path)
    uri = (tmp_path / "pet.yaml").as_uri()
    assert library.open(uri) is library.open(uri)


def test_the_root_knows_where_it_was_found(tmp_path: Path) -> None:
    loaded, uri, _ = open_root(put(tmp_path, "#"))
    assert uri == (tmp_path.resolve() / "openapi.yaml").as_uri()
    assert isinstance(loaded.data, dict)


def test_a_library_without_a_folder_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "pet.yaml").write_text(PET)
    with pytest.raises(Broken) as caught:
        Library().open((tmp_path / "pet.yaml").as_uri())
    assert refused(caught.value).code == "MS205"
