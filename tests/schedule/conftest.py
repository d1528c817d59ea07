"""The stores of tests/store, and the Slack of tests/slack."""

from __future__ import annotations

from tests.slack.conftest import house as bolt
from tests.store.conftest import address, open_again, postgres, store

__all__ = ["address", "bolt", "open_again", "postgres", "store"]
