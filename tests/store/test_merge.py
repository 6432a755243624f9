"""The reports of one build laid together: each test once, the worse reading kept."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from tests.factories import key_of, report
from tracker.store import identity
from tracker.store.merge import merge, totals
from tracker.store.records import ReadReport
from tracker.verdicts.outcomes import WORST_FIRST, Status

LOGIN = identity.id_of(key_of("login"))
LETTER = {status: status.name[0] for status in Status}


def status_of(*reports: ReadReport) -> list[Status]:
    return [Status(row[1]) for row in merge(reports).results]


@pytest.mark.parametrize(
    ("worse", "better"), [*itertools.combinations(WORST_FIRST, 2)], ids=lambda s: s.word
)
def test_the_worse_of_two_statuses_is_kept(worse: Status, better: Status) -> None:
    one = report("a.xml", login=LETTER[worse])
    two = report("b.xml", login=LETTER[better])
    assert status_of(one, two) == status_of(two, one) == [worse]


def test_of_two_equal_statuses_the_report_first_by_name_is_kept() -> None:
    one = report("a.xml", login="F", message="one")
    two = report("b.xml", login="F", message="two")
    assert merge([two, one]).results == list(one.contents.results)


def test_the_order_of_the_reports_does_not_matter() -> None:
    reports = [
        report("a.xml", login="P", logout="F"),
        report("b.xml", login="F"),
        report("c.xml", logout="E", help="P"),
    ]
    merged = [merge(order) for order in itertools.permutations(reports)]
    assert all(each == merged[0] for each in merged)


def test_each_row_has_its_place_in_the_report_that_it_is_of() -> None:
    one = report("a.xml", login="P", logout="P", help="P")
    two = report("b.xml", more="P", logout="F")
    for merged in (merge([one]), merge([one, two])):
        by_name = {report.name: report.contents.results for report in (one, two)}
        for row, source, place in zip(merged.results, merged.sources, merged.places, strict=True):
            assert by_name[source][place] == row


def test_reports_of_different_tests_do_not_overlap() -> None:
    merged = merge([report("a.xml", login="P"), report("b.xml", logout="P")])
    assert len(merged.results) == 2
    assert merged.overlaps == {}


def test_an_overlap_says_how_many_and_where() -> None:
    merged = merge([report("a.xml", login="P", logout="P"), report("b.xml", login="P", logout="F")])
    [said] = merged.overlaps.values()
    assert said.endswith("2 also in a.xml.")


def test_the_same_name_in_another_variant_is_another_test() -> None:
    merged = merge([report("a.xml", login="P"), report("b.xml", variant="os=linux", login="F")])
    assert len(merged.results) == 2


def test_outputs_and_attempts_come_from_the_kept_reading() -> None:
    green = _with_attempt(report("a.xml", login="P"))
    red = report("b.xml", login="F")
    merged = merge([green, red])
    assert merged.outputs == [(LOGIN, "output of login", "")]
    assert merged.attempts == []


def test_attempts_of_a_kept_reading_are_kept() -> None:
    green = _with_attempt(report("a.xml", login="P"))
    assert merge([green, report("b.xml", logout="P")]).attempts == [(LOGIN, 1, 1, None, None)]


def test_totals_count_every_status() -> None:
    counted = totals(report(a="P", b="F", c="F", d="U").contents.results)
    assert counted == {
        "total": 4,
        "passed": 1,
        "failed": 2,
        "error": 0,
        "skipped": 0,
        "unknown": 1,
    }


def _with_attempt(made: ReadReport) -> ReadReport:
    contents = dataclasses.replace(made.contents, attempts=[(LOGIN, 1, 1, None, None)])
    return dataclasses.replace(made, contents=contents)
