"""Nothing is found after a job was removed, whichever it was and wherever the removal ended."""

from __future__ import annotations

import pytest

from tests.operations.validation.histories import CHILD, NIGHTLY, RENAMED, WEST, found_by
from tracker.clock import now_ms
from tracker.operations.removal import remove_job
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run


def _open_without_claims(settings: Settings) -> None:
    open_store(settings.store)
    run("UPDATE work SET lease_until = 0")
    run("UPDATE job SET standing = 'deleted', standing_since = 1")


@pytest.mark.parametrize("job", [NIGHTLY, CHILD, RENAMED, WEST])
def test_nothing_is_found_once_a_job_was_removed(job: str, world: Settings) -> None:
    _open_without_claims(world)
    remove_job(world, job, now=now_ms())
    assert run("SELECT 1 FROM job WHERE name = ?", job) == []
    close_store()
    assert found_by(world).findings == []


@pytest.mark.parametrize(
    "words",
    [
        "removing raw reports",
        "removing results of build 9 of",
        "removing what is told of families",
        "removing build 9 of",
        "texts of test_case",
    ],
)
def test_nothing_is_found_where_a_removal_ended_in_the_middle(words: str, world: Settings) -> None:
    def ends_there(doing: str) -> None:
        if words in doing:
            raise KeyboardInterrupt

    _open_without_claims(world)
    with pytest.raises(KeyboardInterrupt):
        remove_job(world, NIGHTLY, now=now_ms(), beat=ends_there)
    close_store()
    assert found_by(world).findings == []
    _open_without_claims(world)
    remove_job(world, NIGHTLY, now=now_ms())
    close_store()
    assert found_by(world).findings == []
