"""Which bytes must be in the spool: not those that were let go, or never came, as was meant."""

from __future__ import annotations

import shutil

import msgspec
import pytest

from tests.factories import NOW
from tests.operations.validation.histories import NIGHTLY, WEST, found_by
from tracker.clock import SECOND
from tracker.intake.spool import path_of
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run
from tracker.store.without_bytes import AGE_OF_BUILD, note_import, note_letting_go

MISSING = "consistency.spool.missing"


@pytest.fixture
def _open(world: Settings) -> None:
    open_store(world.database)


def missing(settings: Settings) -> int:
    close_store()
    return sum(each.count for each in found_by(settings).findings if each.check == MISSING)


def lose(settings: Settings, where: str) -> None:
    for (sha256,) in run(f"SELECT DISTINCT sha256 FROM report WHERE {where}"):
        path_of(settings.spool, sha256).unlink()


# The report of this build is alone in it, and in no other.
BUILD = (
    "SELECT b.id FROM build b JOIN job j ON j.id = b.job_id"
    f" WHERE j.name = '{WEST}' AND b.number = 3"
)
OF_ONE_BUILD = f"build_id = ({BUILD})"
# This one is not alone in its build.
ONE_REPORT = "name = 'more.xml'"


@pytest.mark.usefixtures("_open")
def test_an_empty_spool_is_found(world: Settings) -> None:
    shutil.rmtree(world.spool)
    assert missing(world) > 60


@pytest.mark.usefixtures("_open")
def test_builds_that_never_had_bytes_are_no_finding(world: Settings) -> None:
    note_import(NIGHTLY)
    lose(world, OF_ONE_BUILD)
    assert missing(world) == 0


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize(("after", "found"), [(1, 0), (0, 1)], ids=["older", "younger"])
def test_builds_older_than_what_was_let_go_are_no_finding(
    world: Settings, after: int, found: int
) -> None:
    [(age,)] = run(f"SELECT {AGE_OF_BUILD} FROM build b WHERE id = ({BUILD})")
    note_letting_go(1, before=(age // SECOND + after) * SECOND)
    lose(world, OF_ONE_BUILD)
    assert missing(world) == found


@pytest.mark.usefixtures("_open")
def test_a_report_that_is_gone_from_beside_others_of_its_build_is_found_all_the_same(
    world: Settings,
) -> None:
    note_import(NIGHTLY)
    lose(world, ONE_REPORT)
    assert missing(world) == 3


@pytest.mark.usefixtures("_open")
def test_what_the_policy_lets_go_by_age_is_not_looked_for(world: Settings) -> None:
    shutil.rmtree(world.spool)
    settings = msgspec.structs.replace(world, keep_spool_days=30)
    assert missing(settings) == 0


@pytest.mark.usefixtures("_open")
def test_what_is_younger_than_the_policy_is_looked_for(world: Settings) -> None:
    shutil.rmtree(world.spool)
    settings = msgspec.structs.replace(world, keep_spool_days=1000)
    assert missing(settings) > 60


@pytest.mark.usefixtures("_open")
def test_the_bytes_of_a_build_that_was_let_go_are_not_looked_for(world: Settings) -> None:
    lose(world, OF_ONE_BUILD)
    which = f"SELECT build_id FROM report WHERE {OF_ONE_BUILD}"
    run(f"UPDATE build SET let_go = {NOW} WHERE id IN ({which})")
    assert missing(world) == 0
