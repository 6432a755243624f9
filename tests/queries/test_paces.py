"""Cases that are slower or faster than they were, as pages and programs read them."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, key_of, upload
from tests.store.test_paces import nights, timed
from tracker.queries.paces import Usual, noticed_in, noticed_lately, pace
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")
LOGIN = key_of("login")


def test_a_build_tells_what_it_showed_to_be_slower() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    [row] = noticed_in("nightly", "29")
    assert (row.key, row.suite, row.name, row.pace) == (LOGIN, ("s",), "login", "slower")
    assert row.sentence.endswith("in 25 runs before; by chance less than once in 1,000,000 builds.")


def test_a_build_does_not_tell_what_an_earlier_one_showed() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    assert noticed_in("nightly", "30") == []
    assert noticed_in("nightly", "28") == []


def test_the_pace_of_a_case_has_its_builds_by_their_labels() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    found = pace("nightly", LOGIN)
    assert found is not None
    assert (found.noticed, found.after, found.by, found.likely) == ("29", "25", "26", "26")


def test_builds_of_an_older_epoch_keep_their_labels_apart() -> None:
    for day, number in enumerate([*range(1, 31), 25, 26, 29]):
        ran = timed(number, 500 if day < 25 else 1500)
        upload("nightly", number, ran, started=NOW + day * DAY, complete=True)
    found = pace("nightly", LOGIN)
    assert found is not None
    assert (found.noticed, found.after, found.by) == ("29~0", "25~0", "26~0")
    assert [row.key for row in noticed_in("nightly", "29~0")] == [LOGIN]
    assert noticed_in("nightly", "29") == []


def test_medians_are_in_seconds() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    found = pace("nightly", LOGIN)
    assert found is not None
    assert found.before == Usual(pytest.approx(0.5, rel=0.03), 25)
    assert found.now == Usual(pytest.approx(1.5, rel=0.03), 4)


def test_a_case_that_is_as_ever_has_no_pace() -> None:
    nights([500.0] * 25 + [1500.0] * 6 + [500.0] * 6)
    assert pace("nightly", LOGIN) is None
    assert pace("nightly", key_of("other1")) is None


def test_what_changed_lately_is_what_the_newest_builds_showed() -> None:
    nights([500.0] * 25 + [1500.0] * 6)
    assert noticed_lately("nightly", 3) == [LOGIN]
    assert noticed_lately("nightly", 2) == []


def test_what_is_slower_comes_first_and_of_that_what_changed_most() -> None:
    for number in range(1, 33):
        is_old = number < 26
        more = (
            {"logout": 4000.0, "search": 300.0} if is_old else {"logout": 500.0, "search": 3000.0}
        )
        upload("nightly", number, timed(number, 500 if is_old else 1500, **more), complete=True)
    run("UPDATE pace SET from_build = (SELECT id FROM build WHERE number = 29)")
    names = [(row.name, row.pace) for row in noticed_in("nightly", "29")]
    assert names == [("search", "slower"), ("login", "slower"), ("logout", "faster")]
