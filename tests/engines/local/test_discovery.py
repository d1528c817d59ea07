from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from bot.engines.local.discovery import Identity, discover
from bot.model.errors import BadSource


def names(root: Path) -> list[str]:
    return [file.name for file in discover(root).files]


def test_a_folder_is_walked_in_order_without_hidden_and_alien_files(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", ".hidden/x", ".x", "_SUCCESS", "aws-logs-write-test"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert names(tmp_path) == ["a", "b/1", "b/2"]


def test_a_file_is_a_source_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("x")
    (file,) = discover(path).files
    assert (file.name, file.path) == ("one.log", str(path))
    assert file.identity == Identity.of(path.stat())


def test_links_are_followed_and_nothing_counts_twice(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "log").write_text("x")
    (tmp_path / "real" / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "real")
    (tmp_path / "same").symlink_to(tmp_path / "real" / "log")
    os.link(tmp_path / "real" / "log", tmp_path / "zz-hard")
    assert names(tmp_path) == ["again/log"]


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "good").write_text("x")
    listing = discover(tmp_path)
    assert [file.name for file in listing.files] == ["good"]
    assert dict(listing.troubles) == {
        "dangling": "No such file or directory",
        "pipe": "neither a file nor a folder",
        "self": "Too many levels of symbolic links",
    }


def test_an_unreadable_folder_inside_is_told(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0)
    try:
        if os.access(locked, os.R_OK):
            pytest.skip("runs as a user that may read everything")
        assert discover(tmp_path).troubles == [("locked", "Permission denied")]
    finally:
        locked.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nowhere", "no such file or folder"),
        ("dangling", "a link that leads nowhere"),
        ("loop", "cannot be read: Too many levels"),
        ("x" * 300, "cannot be read: File name too long"),
        ("file/below", "cannot be read: Not a directory"),
        ("socket", "neither a file nor a folder"),
    ],
)
def test_a_source_that_is_not_there_is_named(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "file").write_text("x")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path must be short
        server.bind("socket")
        os.chdir(here)
        with pytest.raises(BadSource, match=what) as caught:
            discover(tmp_path / name)
    assert name in str(caught.value)


def test_an_empty_folder_has_nothing(tmp_path: Path) -> None:
    assert discover(tmp_path).files == []
