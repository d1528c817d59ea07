"""Which files a source has, and what each is known by."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.engines.local.naming import Span, named_span
from bot.model.errors import BadSource

# Written beside logs by AWS and by operating systems; never logs.
_IGNORED = frozenset({"aws-logs-write-test", "_SUCCESS", "Thumbs.db"})


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a file that was read is known again. Any difference means: read it anew."""

    size: int
    mtime_ns: int
    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        return cls(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file below the source. `name` is relative to the source, with slashes, and always text:
    bytes of the path that are no UTF-8 are written as escapes."""

    path: str
    name: str
    identity: Identity
    span: Span | None = None


@dataclass
class Listing:
    """What a walk found. `troubles` are (name, reason) of what could not be looked at."""

    files: list[SourceFile] = field(default_factory=list)
    troubles: list[tuple[str, str]] = field(default_factory=list)


def discover(root: Path, before: Listing | None = None) -> Listing:
    """Every regular file at or below `root`, in order of names; hidden ones are left out.

    Links are followed; a folder or file that is reached twice counts once. What an earlier listing
    told of a name is used again. Raises `BadSource` when `root` itself is missing, cannot be read,
    or is neither file nor folder.
    """
    try:
        status = root.stat()
    except OSError as error:
        raise _bad(root, error) from None
    if stat.S_ISREG(status.st_mode):
        file = SourceFile(str(root), as_text(root.name), Identity.of(status), named_span(root.name))
        return Listing([file])
    if not stat.S_ISDIR(status.st_mode):
        raise BadSource("neither a file nor a folder", where=str(root))
    walk = _Walk(before or Listing())
    walk.folder(root, "", status)
    return walk.listing


def _bad(root: Path, error: OSError) -> BadSource:
    if isinstance(error, FileNotFoundError):
        dangling = os.path.islink(root)  # noqa: PTH114  (Path.is_symlink raises on odd names)
        what = "a link that leads nowhere" if dangling else "no such file or folder"
        return BadSource(what, where=str(root), hint="Check the path given as source.")
    if isinstance(error, PermissionError):
        return BadSource("no permission to read it", where=str(root))
    return BadSource(f"cannot be read: {error.strerror or error}", where=str(root))


class _Walk:
    def __init__(self, before: Listing) -> None:
        self.listing = Listing()
        self._spans = {file.name: file.span for file in before.files}
        self._seen: set[tuple[int, int]] = set()

    def folder(self, path: Path, name: str, status: os.stat_result) -> None:
        """List one folder and, in order, what is below it. Depth is bounded by the system's limit
        on path lengths."""
        if not self._first_time(status):
            return
        try:
            entries = sorted(_entries(path), key=lambda entry: entry.name)
        except OSError as error:
            if not name:
                raise _bad(path, error) from None
            self._trouble(name, error)
            return
        for entry in entries:
            shown = as_text(entry.name)
            self._entry(entry, f"{name}/{shown}" if name else shown)

    def _entry(self, entry: os.DirEntry[str], name: str) -> None:
        try:
            status = entry.stat()
        except OSError as error:
            self._trouble(name, error)
            return
        if stat.S_ISDIR(status.st_mode):
            self.folder(Path(entry.path), name, status)
        elif not stat.S_ISREG(status.st_mode):
            self.listing.troubles.append((name, "neither a file nor a folder"))
        elif self._first_time(status):
            span = self._spans[name] if name in self._spans else named_span(name)
            self.listing.files.append(SourceFile(entry.path, name, Identity.of(status), span))

    def _first_time(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _trouble(self, name: str, error: OSError) -> None:
        self.listing.troubles.append((name, error.strerror or str(error)))


def as_text(name: str) -> str:
    """A name as the system gave it, without what no text can hold."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _entries(path: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        yield from (e for e in entries if not e.name.startswith(".") and e.name not in _IGNORED)
