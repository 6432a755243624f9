"""The API held to its description: no input makes a 5xx, and no answer is another than described.

The requests are those of `contract`: always the same, right and wrong ones, for every operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import schemathesis

from tests.conftest import running_gunicorn
from tests.counts import RecordCount
from tests.web import contract, rich_store
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.sql import run
from tracker.store.tokens import create_token
from tracker.web import create_app

Bearer = str


@contextmanager
def filled(home: Path) -> Iterator[tuple[Settings, Bearer]]:
    """A tracker that has something to tell of everything, its store open, and who may do all."""
    its = Settings.load({}, home=home / "home", output=home / "output")
    connection.open_store(its.store)
    try:
        rich_store.fill()
        yield its, f"Bearer {create_token('contract', now=0, scope='admin')}"
    finally:
        connection.close_store()


@pytest.fixture
def run_here(tmp_path: Path) -> Iterator[Callable[..., contract.Run]]:
    """Run against the application, without a server in between."""
    with filled(tmp_path) as (its, bearer):

        def run_here(*phases: str, most: int) -> contract.Run:
            # Schemathesis cannot ask again without a token where there is no server.
            config = contract.config_of(bearer, *phases, most=most, probe=False)
            return contract.run(
                schemathesis.openapi.from_wsgi(contract.DOCUMENT, create_app(its), config=config)
            )

        yield run_here


def count(found: contract.Run, record_count: RecordCount) -> None:
    """Print what the promise was tried with."""
    record_count(
        "P11",
        generated_requests=found.answers.total(),
        errors_of_the_server=len(found.of_the_server),
        gaps=len(found.gaps),
    )


def test_what_is_asked_at_random_is_answered_as_described(
    run_here: Callable[..., contract.Run], record_count: RecordCount
) -> None:
    tables = run("SELECT sql FROM sqlite_master ORDER BY name")
    found = run_here("examples", "fuzzing", most=6)
    count(found, record_count)
    assert not found.gaps, found.said
    assert found.of_the_server == []
    assert found.answers.total() >= 130
    # What is made up differs with the modules that were imported: most are met by each, not all.
    assert len(found.operations(200)) >= 12
    assert len(found.operations(400)) >= 12
    assert run("SELECT sql FROM sqlite_master ORDER BY name") == tables


@pytest.mark.nightly
def test_every_bound_of_every_parameter_is_kept(
    run_here: Callable[..., contract.Run], record_count: RecordCount
) -> None:
    found = run_here("coverage", "fuzzing", most=60)
    count(found, record_count)
    assert not found.gaps, found.said
    assert found.of_the_server == []
    assert found.answers.total() >= 2000


@pytest.mark.nightly
def test_it_is_so_over_a_real_server_that_wants_a_token_of_all(
    tmp_path: Path, record_count: RecordCount
) -> None:
    with filled(tmp_path) as (its, bearer):
        pass
    with running_gunicorn(its, TRACKER_READING="token") as server:
        config = contract.config_of(bearer, "coverage", "fuzzing", most=40, probe=True)
        url, headers = f"{server.url}{contract.DOCUMENT}", {"Authorization": bearer}
        schema = schemathesis.openapi.from_url(url, config=config, headers=headers)
        found = contract.run(schema)
    count(found, record_count)
    assert not found.gaps, found.said
    assert found.of_the_server == []
    assert found.answers.total() >= 1300
