"""Opens the store: one SQLite file, or PostgreSQL by its address, brought up to date first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot.model.errors import FlowsError

BUSY_SECONDS = 10.0  # how long one SQLite writer waits for another
MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do, as long as nothing else in the database locks the same one.
MIGRATION_LOCK = 0x666C6F7773


class StoreError(FlowsError):
    """The store cannot be opened, read or written; nothing was lost, and nothing was done."""


class Store:
    """Transactions over the tables of `bot.store.tables`. Safe from several threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Raises `StoreError` when the database refuses; all of it or nothing."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreError(
                f"the store refused: {type(error.orig).__name__}: {_first_line(error.orig)}",
                where=_shown(self.engine.url),
            ) from None

    def close(self) -> None:
        self.engine.dispose()


def open_store(where: str, *, lasting: bool = True) -> Store:
    """Open the store at a path or a `postgresql://` address, and migrate it.

    A SQLite file that is not `lasting` may be lost with the machine's power, and is faster.
    Raises `StoreError`; passwords in an address are never shown.
    """
    url = _url(where)
    try:
        engine = create_engine(url, **_options(url))
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite if lasting else _prepare_fleeting)
        _migrate(engine)
    except (OSError, SQLAlchemyError) as error:
        reason = _first_line(error.orig if isinstance(error, DBAPIError) else error)
        raise StoreError(f"the store cannot be opened: {reason}", where=_shown(url)) from None
    return Store(engine)


def _url(where: str) -> URL:
    if "://" not in where:
        path = Path(where).expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=str(path))
    try:
        url = make_url(where)
    except ArgumentError:
        raise StoreError(
            "the store's address cannot be read",
            hint="Write a path, or postgresql://USER:PASSWORD@HOST/DATABASE.",
        ) from None
    if url.get_backend_name() not in {"postgresql", "sqlite"}:
        raise StoreError(
            f"the store cannot be in {url.get_backend_name()}", hint="Use SQLite or PostgreSQL."
        )
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions late, as readers: two writers would then fail at once
    # instead of waiting for each other.
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_fleeting(connection: sqlite3.Connection, record: object) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA synchronous = OFF")


def _migrate(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415  # 0.2 s, and only at start

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # replicas that start together take turns
        command.upgrade(migration_config(connection), "head")


def migration_config(connection: Connection) -> Any:
    """Alembic's configuration over one open connection; there is no alembic.ini."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _first_line(error: object) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)
