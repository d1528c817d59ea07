"""Bytes of a file, decompressed as a stream, so that memory does not follow what a file claims."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

_DAMAGED: tuple[type[Exception], ...] = (isal_zlib.error, EOFError)  # type: ignore[assignment]
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
_READ = 1 << 20
_LARGEST_CHUNK = 8 << 20
_OTHER = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"\x04\x22\x4d\x18": "lz4",
}


class Broken(Exception):
    """The bytes end or go wrong here; what came before is good. The text says how."""


def chunks(path: Path) -> Iterator[bytes]:
    """The file's text in chunks of at most 8 MiB, gunzipped when it is gzip.

    Raises `Broken` after the last good chunk when the file cannot be read to its end.
    """
    try:
        with path.open("rb") as file:
            start = file.read(6)
            file.seek(0)
            for magic, name in _OTHER.items():
                if start.startswith(magic):
                    raise Broken(f"compressed with {name}, which is not read; use gzip")
            if start.startswith(GZIP):
                yield from _gunzipped(file)
            else:
                while chunk := file.read(_READ):
                    yield chunk
    except OSError as error:
        raise Broken(f"cannot be read: {error.strerror or error}") from None


def _gunzipped(file: BinaryIO) -> Iterator[bytes]:
    """Every member of a gzip file. Zero bytes after the last one are padding."""
    data = file.read(_READ)
    while data:
        inflate = isal_zlib.decompressobj(wbits=31)
        while not inflate.eof:
            try:
                text = inflate.decompress(data, _LARGEST_CHUNK)
            except _DAMAGED:
                raise Broken("its gzip is damaged") from None
            if text:
                yield text
            data = inflate.unconsumed_tail
            if not data and not inflate.eof:
                data = file.read(_READ)
                if not data and not text:
                    raise Broken("its gzip ends early")
        data = (inflate.unused_data or file.read(_READ)).lstrip(b"\0")
