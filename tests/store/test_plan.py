"""Which reports of a recording are new, known, or make others give way."""

from __future__ import annotations

import pytest

from tracker.errors import Conflict
from tracker.store.plan import plan
from tracker.store.records import ReadReport, StoredReport


def stored(name: str, sha256: str, failure: str = "", stand_in: bool = False) -> StoredReport:
    return StoredReport(name, sha256, 1, "", failure, stand_in)


def came(name: str, sha256: str, failure: str = "", stand_in: bool = False) -> ReadReport:
    return ReadReport(name, sha256, 1, failure=failure, stand_in=stand_in)


def names(reports: tuple[ReadReport, ...]) -> list[str]:
    return [report.name for report in reports]


def test_other_bytes_under_an_old_name_are_refused() -> None:
    with pytest.raises(Conflict, match="recorded with other bytes"):
        plan([stored("a", "1")], [came("a", "2")], replace=False)


def test_the_same_bytes_under_another_name_are_known() -> None:
    assert plan([stored("a", "1")], [came("b", "1")], replace=False).known == ("b",)


def test_what_could_not_be_read_gives_way_to_the_same_bytes_read() -> None:
    done = plan([stored("a", "1", failure="too slow")], [came("a", "1")], replace=False)
    assert (names(done.added), done.replaced) == (["a"], {"a"})


def test_what_could_not_be_read_is_known_when_it_fails_again() -> None:
    done = plan([stored("a", "1", failure="bad")], [came("a", "1", failure="bad")], replace=False)
    assert (done.added, done.known) == ((), ("a",))


def test_an_unreadable_report_takes_no_place_of_another() -> None:
    with pytest.raises(Conflict):
        plan([stored("a", "1", failure="x")], [came("a", "2", failure="y")], replace=False)


def test_bytes_whose_old_name_is_replaced_are_added_under_the_new_one() -> None:
    done = plan([stored("a", "1")], [came("a", "2"), came("b", "1")], replace=True)
    assert (names(done.added), done.known) == (["a", "b"], ())


def test_a_stand_in_gives_way_to_the_first_report_of_the_build() -> None:
    done = plan([stored("testReport", "1", stand_in=True)], [came("a", "2")], replace=False)
    assert (names(done.added), done.replaced, done.untouched) == (["a"], {"testReport"}, ())


def test_a_stand_in_that_comes_later_is_not_added() -> None:
    done = plan([stored("a", "1")], [came("testReport", "2", stand_in=True)], replace=False)
    assert (done.added, done.replaced) == ((), frozenset())


def test_an_upload_that_is_called_like_the_stand_in_stays() -> None:
    done = plan([stored("testReport", "1")], [came("a", "2")], replace=False)
    assert (names(done.added), done.replaced) == (["a"], frozenset())


def test_the_reading_with_a_variant_takes_the_place_of_the_one_without() -> None:
    told = ReadReport("b", "1", 1, variant="platform=linux")
    done = plan([stored("a", "1")], [told], replace=False)
    assert (names(done.added), done.replaced) == (["b"], {"a"})


def test_bytes_without_a_variant_are_known_where_they_have_one() -> None:
    here = StoredReport("a", "1", 1, "platform=linux", "")
    assert plan([here], [came("b", "1")], replace=False).known == ("b",)


def test_one_name_for_two_platforms_is_refused_in_words() -> None:
    here = StoredReport("a", "1", 1, "platform=linux", "")
    with pytest.raises(Conflict, match=r"facets .platform=linux.*platform=mac"):
        plan([here], [ReadReport("a", "1", 1, variant="platform=mac")], replace=False)


def test_what_could_never_be_fetched_is_told_apart_by_name() -> None:
    done = plan([], [came("a", "", "404"), came("b", "", "404")], replace=False)
    assert names(done.added) == ["a", "b"]


def test_what_could_never_be_fetched_gives_way_to_its_parts() -> None:
    lost = stored("testReport", "", failure="refused")
    part = ReadReport("testReport stage=fast 2", "1", 1, "stage=fast")
    done = plan([lost, stored("a", "2")], [part], replace=False)
    assert (names(done.added), done.replaced) == ([part.name], {"testReport"})


@pytest.mark.parametrize(
    "other",
    [
        ReadReport("testReport stage=fast", "1", 1, "stage=fast", failure="no JSON"),
        ReadReport("testReport of ours.xml", "1", 1, "stage=fast"),
    ],
    ids=["a part that cannot be read", "another report"],
)
def test_what_could_never_be_fetched_stays_beside_others(other: ReadReport) -> None:
    lost = stored("testReport", "", failure="refused")
    assert plan([lost], [other], replace=False).replaced == frozenset()
