from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from bot.engines.local.engine import LocalEngine


@pytest.fixture
def opened() -> Iterator[Callable[..., LocalEngine]]:
    with ExitStack() as stack:
        yield lambda *a, **k: stack.enter_context(closing(LocalEngine(*a, **k)))
