"""Which database the stores of the tests are: `pytest --store postgresql` runs them there.

Without it they are SQLite files.
"""

from __future__ import annotations

import pytest

from tests import servers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="which database the stores of the tests are",
    )


def pytest_configure(config: pytest.Config) -> None:
    servers.chosen = config.getoption("--store")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With PostgreSQL those are left out that are about a file of SQLite's."""
    if servers.chosen == "postgresql":
        skip = pytest.mark.skip(reason="about a file of SQLite's")
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(skip)
