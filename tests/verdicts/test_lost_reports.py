"""What a report explains that is cut, broke off or is not there."""

from __future__ import annotations

from dataclasses import replace

from tests.verdicts.scenes import ALL, BEFORE, OTHER, SHARD, nowhere, scene, told, unplaced
from tracker.verdicts.causes import causes
from tracker.verdicts.lost_reports import read_to
from tracker.verdicts.missing import Cause, ReportSeen


def test_a_report_that_is_not_there_explains_its_cases():
    found = causes(scene(*ALL, reports=(OTHER,)))
    assert set(told(found).values()) == {"report missing"}
    assert {missing.sentence for missing in found} == {
        "The report shard-3.xml with 4 cases is not there; it was in each of the last 10 builds."
    }


def test_a_report_that_cannot_be_read_is_missing():
    [found] = causes(scene(ALL[0], reports=(replace(SHARD, cases=0, unreadable=True), OTHER)))
    assert found.cause is Cause.REPORT_MISSING
    assert found.sentence == "The report shard-3.xml cannot be read; it had 4 cases."


def test_a_report_that_was_not_in_every_build_says_so():
    before = (*BEFORE[:9], (OTHER,))
    [found] = causes(scene(ALL[0], reports=(OTHER,), reports_before=before))
    assert "it was in 9 of the last 10 builds" in found.sentence


def test_a_cut_report_explains_what_came_after_the_cut_alone():
    cut = replace(SHARD, cases=1, cut=True, read_to=1)
    found = causes(scene(ALL[0], ALL[2], ALL[3], reports=(cut, OTHER)))
    assert told(found) == {0: "removed", 2: "report cut", 3: "report cut"}
    assert found[1].sentence == "The report shard-3.xml ends early: 1 of 4 cases are there."


def test_a_cut_report_of_unknown_order_explains_all_of_its_cases():
    cut = replace(SHARD, cases=2, cut=True)
    assert told(causes(scene(ALL[0], ALL[3], reports=(cut, OTHER)))) == {
        0: "report cut",
        3: "report cut",
    }


def test_a_cut_report_does_not_explain_what_another_lost():
    cut = replace(OTHER, cases=1, cut=True)
    assert told(causes(scene(ALL[0], reports=(SHARD, cut)))) == {0: "removed"}


def test_the_place_of_a_cut_is_known_where_the_order_is_kept():
    assert read_to([5, 6, 7, 8], [5, 9, 7]) == 2
    assert read_to([5, 6, 7, 8], [9]) == -1
    assert read_to([5, 6, 7, 8], [7, 5]) is None


def test_a_cut_report_of_unknown_order_cuts_one_suite_in_two_at_most():
    others = tuple(replace(test, id=test.id + 10, suite=("shop.DeskTest",)) for test in ALL)
    cut = replace(SHARD, cases=5, cut=True)
    lost = scene(
        *unplaced(ALL[0], *others[1:3]),
        beside=unplaced(*ALL[1:], others[0], others[3]),
        reports=(cut, OTHER),
    )
    assert told(causes(lost)) == {0: "removed", 11: "report cut", 12: "report cut"}


def test_a_report_that_says_its_run_went_wrong_explains_its_cases():
    troubled = replace(SHARD, cases=3, troubled=True)
    [found] = causes(scene(ALL[3], reports=(troubled, OTHER)))
    assert found.cause == "suite crashed"
    assert "says that its run went wrong: 3 of 4 cases are there" in found.sentence


def test_the_only_report_of_a_variant_is_that_of_its_cases():
    one, other = replace(SHARD, variant="a=1"), replace(OTHER, variant="a=2")
    gone = nowhere(*(replace(test, variant="a=1") for test in ALL))
    found = causes(scene(*gone, reports=(other,), reports_before=((one, other),) * 3))
    assert set(told(found).values()) == {"report missing"}


def test_a_report_named_after_a_suite_is_that_of_its_cases():
    mine, twin = ReportSeen("TEST-shop.CartTest.xml"), ReportSeen("TEST-shop.BigCartTest.xml")
    found = causes(scene(*nowhere(*ALL), reports=(twin,), reports_before=((mine, twin),) * 3))
    assert {missing.about for missing in found} == {mine.name}


def test_cases_belong_to_the_report_that_lost_as_many():
    found = causes(scene(*nowhere(*ALL), reports=(OTHER,), beside=()))
    assert {missing.about for missing in found} == {SHARD.name}


def test_a_report_that_lost_fewer_does_not_explain_more():
    found = causes(scene(*nowhere(*ALL), reports=(SHARD,), beside=()))
    assert set(told(found).values()) == {"removed"}


def test_reports_with_the_number_of_the_build_in_their_names_are_known_by_the_rest():
    builds = tuple((ReportSeen(f"b{at}.xml", cases=4), replace(OTHER)) for at in range(9, 0, -1))
    gone = tuple(replace(test, report="b9.xml") for test in ALL)
    whole = (ReportSeen("b10.xml", cases=4), OTHER)
    same = scene(*gone[:1], reports=whole, reports_before=builds)
    assert told(causes(same)) == {0: "removed"}
    cut = (ReportSeen("b10.xml", cases=1, cut=True), OTHER)
    found = causes(scene(*gone[1:], reports=cut, reports_before=builds))
    assert set(told(found).values()) == {"report cut"}
