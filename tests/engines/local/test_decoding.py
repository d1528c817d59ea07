from __future__ import annotations

import gzip
import random
import zipfile
from pathlib import Path

import pytest

from bot.engines.local.decoding import Broken, chunks

TEXT = random.Random(5).randbytes(3_000_000)
PACKED = gzip.compress(TEXT)


def read(path: Path, data: bytes) -> tuple[bytes, str]:
    path.write_bytes(data)
    got = b""
    try:
        for chunk in chunks(path):
            got += chunk
    except Broken as broken:
        return got, str(broken)
    return got, ""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_plain_and_gzip_come_out_the_same(path: Path) -> None:
    assert read(path, TEXT) == (TEXT, "")
    assert read(path, PACKED) == (TEXT, "")
    assert read(path, b"") == (b"", "")


def test_all_members_are_read_and_padding_is_not(path: Path) -> None:
    assert read(path, PACKED + PACKED + b"\0" * 512) == (TEXT + TEXT, "")


@pytest.mark.parametrize("kept", [1, 9, 20, 100_000, 2_500_000])
def test_a_cut_gzip_gives_what_came_before(path: Path, kept: int) -> None:
    got, why = read(path, PACKED[: max(2, kept)])
    assert why == "its gzip ends early"
    assert TEXT.startswith(got)
    assert len(got) >= kept - 100_000


def test_a_damaged_gzip_gives_what_came_before(path: Path) -> None:
    got, why = read(path, PACKED[:2_000_000] + b"damage" * 10 + PACKED[2_000_060:])
    assert why == "its gzip is damaged"
    assert got[:1_000_000] == TEXT[:1_000_000]


def test_a_bomb_comes_in_small_chunks(path: Path) -> None:
    path.write_bytes(gzip.compress(b"\0" * 200_000_000))
    sizes = [len(chunk) for chunk in chunks(path)]
    assert sum(sizes) == 200_000_000
    assert max(sizes) <= 8 << 20


def test_other_compressions_are_named(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.log", "x")
    assert read(path, path.read_bytes()) == (
        b"",
        "compressed with zip, which is not read; use gzip",
    )


def test_a_file_that_went_away_is_told(path: Path) -> None:
    with pytest.raises(Broken, match="cannot be read: No such file"):
        list(chunks(path))
