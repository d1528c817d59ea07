from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.store.incidents import Snoozes
from bot.store.opening import Store, StoreError, migration_config, open_store
from bot.store.tables import metadata

SNOOZE = (
    "INSERT INTO snoozes (id, scope, kind, owner, reason, created_at, until)"
    " VALUES (1, 's', 'k', 'o', 'r', '2026-01-01', '2026-01-02')"
)


def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(open_again: Callable[[], Store]) -> None:
    first = open_again()
    with first.begin() as connection:
        connection.execute(text(SNOOZE))
    with open_again().begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM snoozes")).scalar_one() == 1


def test_replicas_that_start_together_migrate_once(address: str) -> None:
    code = "import sys; from bot.store.opening import open_store; open_store(sys.argv[1]).close()"
    replicas = [
        subprocess.Popen([sys.executable, "-c", code, address], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for replica in replicas:
        _, complaint = replica.communicate(timeout=60)
        assert replica.returncode == 0, complaint
    store = open_store(address)
    with store.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    store.close()


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://flows:hush@127.0.0.1:1/none")
    assert "hush" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


@pytest.mark.parametrize("where", ["mysql://x/y", "://", "nonsense://"])
def test_an_address_of_another_kind_is_refused(where: str) -> None:
    with pytest.raises(StoreError, match="store"):
        open_store(where)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text(
        "this is no database, it only looks long enough to be one" * 9
    )
    with pytest.raises(StoreError, match="not a database"):
        open_store(str(tmp_path / "state.db"))


def test_what_fails_half_way_leaves_nothing_behind(store: Store) -> None:
    insert = text(SNOOZE)

    def twice() -> None:
        with store.begin() as connection:
            connection.execute(insert)
            connection.execute(insert)

    with pytest.raises(StoreError):
        twice()
    with store.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM snoozes")).scalar_one() == 0


def test_what_an_older_version_kept_is_kept(address: str) -> None:
    store = open_store(address)
    with store.engine.begin() as connection:
        command.downgrade(migration_config(connection), "0001")
        connection.execute(text(SNOOZE))
    store.close()
    store = open_store(address)
    (snooze,) = Snoozes(store).live(datetime(2026, 1, 1, tzinfo=UTC))
    assert (snooze.scope, snooze.incident, snooze.said_by) == ("s", "", "")
    store.close()
