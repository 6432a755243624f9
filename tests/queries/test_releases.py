"""The releases: of the catalogue and of jobs, with their modules and how their builds went."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import DAY, NOW, jenkins, report, upload
from tracker.queries.releases import ModuleRow, count_releases, release_names, releases
from tracker.store.catalogue import Catalogue, ReleaseFacts, take_catalogue
from tracker.store.rules import add_name_rule


@pytest.fixture(autouse=True)
def _store(store: Path) -> None:
    add_name_rule("{release}/{module}/nightly")


def tell(*facts: ReleaseFacts) -> None:
    take_catalogue(Catalogue(facts), now=NOW)


def night(job: str, number: int, **cases: str) -> None:
    reports = [report(**cases)] if cases else []
    jenkins(job, number, *reports, started=NOW + number * DAY)


def names() -> list[str]:
    return [row.name for row in releases(limit=100, offset=0)]


def test_a_module_has_its_builds_by_how_they_went() -> None:
    night("1.4/shop/nightly", 1, login="P")
    night("1.4/shop/nightly", 2, login="P", search="F")
    night("1.4/shop/nightly", 3, login="E")
    night("1.4/shop/nightly", 4)
    night("1.4/cart/nightly", 1, login="P")
    [row] = releases(limit=100, offset=0)
    day = datetime.fromtimestamp((NOW + DAY) / 1000, UTC)
    assert row.modules[0] == ModuleRow("cart", 1, 1, 1, 0, 0, day)
    shop = row.modules[1]
    assert (shop.builds, shop.builds_passed, shop.builds_failed) == (4, 1, 2)
    assert shop.builds_without_results == 1


def test_a_build_whose_beginning_nobody_told_does_not_pass_for_the_newest() -> None:
    jenkins("1.4/cart/nightly", 1, report(login="P"), started=NOW - 90 * DAY)
    jenkins("1.4/cart/nightly", 2, report(login="P"))
    [row] = releases(limit=100, offset=0)
    assert row.modules[0].newest == datetime.fromtimestamp((NOW - 90 * DAY) / 1000, UTC)


def test_numbers_in_names_count_as_such_and_what_is_over_comes_last() -> None:
    night("1.9/shop/nightly", 1, login="P")
    tell(ReleaseFacts("1.10"), ReleaseFacts("2.0", is_active=False), ReleaseFacts("1.2"))
    assert names() == ["1.10", "1.9", "1.2", "2.0"]
    assert count_releases() == 4


def test_releases_are_in_natural_order() -> None:
    for release in ("1.9", "1.10", "main", "1.2", "v2", "1.9.1"):
        upload(f"{release}/shop/nightly", 1, report(a="P"))
    assert release_names() == ["v2", "main", "1.10", "1.9.1", "1.9", "1.2"]


def test_what_the_catalogue_tells_stands_beside_what_is_recorded() -> None:
    night("1.4/shop/nightly", 1, login="P")
    tell(
        ReleaseFacts("1.4", main_job="1.4/shop/nightly", last_build=7, branch="r1.4"),
        ReleaseFacts("1.3", main_job="nobody"),
    )
    newer, older = releases(limit=100, offset=0)
    assert (newer.is_told, newer.branch, newer.last_build) == (True, "r1.4", 7)
    assert newer.is_main_job_here
    assert not older.is_main_job_here
    assert older.modules == ()


def test_a_release_that_no_catalogue_tells_of_is_worked_on() -> None:
    night("1.4/shop/nightly", 1, login="P")
    [row] = releases(limit=100, offset=0)
    assert (row.is_told, row.is_active) == (False, True)


def test_some_of_them_may_be_asked_for() -> None:
    tell(*(ReleaseFacts(f"1.{number}") for number in range(5)))
    assert [row.name for row in releases(limit=2, offset=1)] == ["1.3", "1.2"]
