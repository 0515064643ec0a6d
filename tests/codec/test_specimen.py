"""Tiny files are real ones: each is opened by a reader that is not ours."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import wave
import zipfile
import zlib

import pytest

from mock_server.codec.specimen import signature, specimen
from mock_server.codec.table import write_value
from tests.codec.described import media


def test_a_zip_a_gzip_a_tar_and_a_wave_open() -> None:
    with zipfile.ZipFile(io.BytesIO(specimen("application/zip"))) as archive:
        assert archive.testzip() is None
        assert archive.read("mock.txt") == b"mock\n"
    assert gzip.decompress(specimen("application/gzip")) == b"mock\n"
    with tarfile.open(fileobj=io.BytesIO(specimen("application/x-tar"))) as tar:
        assert tar.getnames() == []
    with wave.open(io.BytesIO(specimen("audio/wav"))) as sound:
        assert (sound.getnchannels(), sound.getnframes()) == (1, 8)


def test_the_chunks_of_a_png_have_their_checksums() -> None:
    data, at, names = specimen("image/png"), 8, []
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        assert zlib.crc32(data[at + 4 : at + 8 + size]) == int.from_bytes(data[at + 8 + size : at + 12 + size])
        if name == b"IDAT":
            assert zlib.decompress(data[at + 8 : at + 8 + size]) == b"\0\x80"
        names.append(name)
        at += size + 12
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_the_table_of_a_pdf_leads_to_its_objects() -> None:
    data = specimen("application/pdf")
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert data[start:].startswith(b"xref\n0 4\n")
    for number, line in enumerate(data[start:].split(b"\n")[3:6], 1):
        assert data[int(line[:10]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize(
    "name, first", [("image/*", b"\x89PNG"), ("IMAGE/JPEG; q=1", b"\xff\xd8"), ("a/b", b"\xf0\xf1")]
)
def test_a_range_gives_one_of_its_types_and_an_unknown_type_bytes(name: str, first: bytes) -> None:
    assert specimen(name).startswith(first)
    assert signature("a/b") is None


@pytest.mark.parametrize(
    "value, first",
    [
        ("(binary)", b"\x89PNG"),
        (None, b"\x89PNG"),
        ("\x89PNG and so on", b"\x89PNG and so on"),
        ("data:image/png;base64,iVBORw==", b"\x89PNG"),
    ],
)
def test_words_in_place_of_a_picture_become_a_picture(value: object, first: bytes) -> None:
    assert write_value(value, media("image/png")).startswith(first)
