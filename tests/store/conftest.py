"""A store on SQLite and one on a real PostgreSQL server, which these tests start and stop."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.opening import Store, open_store


def _as_postgres() -> list[str]:
    """How to run a server's programs: they refuse to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(found[0]) if found else None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of our own on a Unix socket; nothing listens on the network."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL's server is not installed: its half of the store is not tested")
    folder = Path(tempfile.mkdtemp(prefix="flows-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": "/"}
    subprocess.run(
        [*_as_postgres(), initdb, "-D", str(data), "-U", "flows", "-A", "trust", "--no-sync"],
        check=True,
        **quiet,  # type: ignore[call-overload]
    )
    options = ["-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
    running = subprocess.Popen([*_as_postgres(), server, "-D", str(data), *options], **quiet)  # type: ignore[call-overload]
    try:
        for _ in range(100):
            if any(folder.glob(".s.PGSQL.*[0-9]")):
                break
            subprocess.run(["sleep", "0.1"], check=True)
        yield f"postgresql://flows@/postgres?host={folder}"
    finally:
        running.terminate()
        running.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be opened that nobody has opened yet."""
    where = str(tmp_path / "state.db")
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"t{abs(hash(str(tmp_path)))}"
        admin = open_store(server)
        with admin.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                f"CREATE DATABASE {name}"
            )
        admin.close()
        where = server.replace("/postgres?", f"/{name}?")
    return where


@pytest.fixture
def open_again(address: str) -> Iterator[Callable[[], Store]]:
    """Opens the same store, as another process would; all are closed at the end."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(open_store(address))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Store:
    return open_again()
