"""What the tests of the room that asks Jenkins share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jenkins.stub import Stub


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A Jenkins without any job."""
    made = Stub()
    yield made
    made.close()
