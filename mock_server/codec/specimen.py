"""The smallest valid file of a type, made here: what a download gives when the document has no example."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Final

from mock_server.spec.media import essence


def signature(kind: str) -> bytes | None:
    """The bytes that files of a type begin with; None for a type we cannot make."""
    entry = _SPECIMENS.get(kind)
    return entry[0] if entry else None


def kind_of(data: bytes, range_: str) -> str | None:
    """Which type of a range such as ``image/*`` a file is of, by its first bytes; None for one we do not know."""
    for kind, (first, _) in _SPECIMENS.items():
        if first and data.startswith(first) and (range_ == "*/*" or kind.startswith(range_[:-1])):
            form = {"image/webp": b"WEBP", "audio/wav": b"WAVE"}.get(kind, data[8:12])
            if data[8:12] == form and (kind != "image/svg+xml" or b"<svg" in data[:1000]):
                return kind
    return None


@cache
def _made(kind: str) -> bytes:
    return _SPECIMENS[kind][1]()


def specimen(media_type: str) -> bytes:
    """A valid tiny file: a picture of one pixel, an archive of one text, a page, a moment of silence.

    A range such as ``image/*`` gives one of its types; a type we do not know 16 bytes that are no text.
    """
    kind = essence(media_type)
    if kind.endswith("/*"):
        kind = next((each for each in _SPECIMENS if each.startswith(kind[:-1])), "")
    return _made(kind) if kind in _SPECIMENS else bytes(range(240, 256))


def _png() -> bytes:
    """One grey pixel (W3C PNG §5)."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    line = b"\0\x80"  # unfiltered, grey; stored and not compressed, so that it is the same with every zlib
    data = b"\x78\x01\x01" + struct.pack("<HH", len(line), len(line) ^ 0xFFFF) + line
    data += struct.pack(">I", zlib.adler32(line))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _gif() -> bytes:
    """One pixel of a table of two colours (GIF89a §17-22): the LZW codes clear, 0, end, three bits each."""
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    picture = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    return b"GIF89a" + screen + picture + b"\x02\x02\x44\x01\0;"


def _jpeg() -> bytes:
    """One grey pixel, baseline (ITU T.81 §B.2). Both Huffman tables have one code: no difference, end of block."""

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    one_code = bytes([1] + [0] * 15) + b"\0"
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0" + struct.pack(">HHBB", 1, 1, 0, 0))
        + segment(0xDB, b"\0" + b"\x01" * 64)
        + segment(0xC0, struct.pack(">BHHB", 8, 1, 1, 1) + b"\x01\x11\0")
        + segment(0xC4, b"\0" + one_code)
        + segment(0xC4, b"\x10" + one_code)
        + segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x3f\xff\xd9"
    )


def _webp() -> bytes:
    """One opaque black pixel, lossless (RFC 9649 §3): five prefix codes of one symbol each, and no data."""
    bits: list[int] = []

    def put(value: int, count: int) -> None:
        bits.extend(value >> index & 1 for index in range(count))

    put(0, 14)  # width less one
    put(0, 14)
    put(0, 1 + 3)  # alpha is not used; version
    put(0, 3)  # no transform, no colour cache, no further prefix codes
    for symbol in (0, 0, 0, 255, 0):  # green, red, blue, alpha, distance
        put(1, 1)  # a simple code
        put(0, 1)  # of one symbol
        put(1 if symbol > 1 else 0, 1)
        put(symbol, 8 if symbol > 1 else 1)
    number = sum(bit << index for index, bit in enumerate(bits))
    data = b"\x2f" + number.to_bytes((len(bits) + 7) // 8, "little")
    data += b"\0" * (len(data) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _bmp() -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 2835, 2835, 0, 0)
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + header + b"\x80\x80\x80\0"


def _svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect width="1" height="1"/></svg>'


def _pdf() -> bytes:
    """One empty page (ISO 32000-1 §7.5)."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<<>>>>",
    )
    data = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return data + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def _zip() -> bytes:
    """One stored text of 1980-01-01, the first day that ZIP has (APPNOTE §4.3)."""
    name, content = b"mock.txt", b"mock\n"
    common = struct.pack(
        "<HHHHHIIIHH", 10, 0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), len(name), 0
    )
    local = b"PK\x03\x04" + common + name + content
    entry = b"PK\x01\x02" + struct.pack("<H", 10) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + entry + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


def _gzip() -> bytes:
    packer = zlib.compressobj(0, wbits=31)
    return packer.compress(b"mock\n") + packer.flush()


def _wav() -> bytes:
    """One millisecond of silence."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    data = b"data" + struct.pack("<I", 8) + b"\x80" * 8
    return b"RIFF" + struct.pack("<I", 4 + len(form) + len(data)) + b"WAVE" + form + data


def _mp3() -> bytes:
    """A tenth of a second of silence: MPEG-1 layer III, 32 kbit/s, 44.1 kHz, mono, 104 bytes a frame."""
    return (b"\xff\xfb\x10\xc0" + b"\0" * 100) * 4


def _mp4() -> bytes:
    """A film without tracks (ISO/IEC 14496-12 §8.2)."""

    def box(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data) + 8) + name + data

    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    header = struct.pack(">IIIIIIH10x", 0, 0, 0, 1000, 0, 0x10000, 0x100) + matrix + b"\0" * 24 + struct.pack(">I", 1)
    return box(b"ftyp", b"isom" + struct.pack(">I", 0x200) + b"isommp41") + box(b"moov", box(b"mvhd", header))


_SPECIMENS: Final[dict[str, tuple[bytes, Callable[[], bytes]]]] = {
    "image/png": (b"\x89PNG", _png),
    "image/jpeg": (b"\xff\xd8\xff", _jpeg),
    "image/jpg": (b"\xff\xd8\xff", _jpeg),
    "image/gif": (b"GIF8", _gif),
    "image/webp": (b"RIFF", _webp),
    "image/svg+xml": (b"<", _svg),
    "image/bmp": (b"BM", _bmp),
    "application/pdf": (b"%PDF", _pdf),
    "application/zip": (b"PK", _zip),
    "application/x-zip-compressed": (b"PK", _zip),
    "application/gzip": (b"\x1f\x8b", _gzip),
    "application/x-gzip": (b"\x1f\x8b", _gzip),
    "audio/wav": (b"RIFF", _wav),
    "audio/x-wav": (b"RIFF", _wav),
    "audio/wave": (b"RIFF", _wav),
    "audio/mpeg": (b"", _mp3),
    "audio/mp3": (b"", _mp3),
    "video/mp4": (b"", _mp4),
    "application/x-tar": (b"", lambda: b"\0" * 1024),
    "application/wasm": (b"\0asm", lambda: b"\0asm\x01\0\0\0"),
}
