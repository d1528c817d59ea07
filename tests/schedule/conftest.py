"""The stores of tests/store, and messages to send."""

from __future__ import annotations

from tests.store.conftest import address, open_again, postgres, store

__all__ = ["address", "open_again", "postgres", "store"]
