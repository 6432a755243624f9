"""What the tests of PostgreSQL as the store share: a store of their own there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tracker.store.connection import close_store, open_store


@pytest.fixture
def address() -> Iterator[str]:
    """A new, migrated database."""
    with servers.own_database() as found:
        yield found


@pytest.fixture
def store(address: str) -> Iterator[str]:
    """The same, open in this process."""
    open_store(address)
    yield address
    close_store()
