"""What a build lacks is derived with its cause, whatever the order in which builds arrive."""

from __future__ import annotations

import dataclasses
import random

import pytest

from tests.factories import DAY, NOW, history, jenkins, judge_all, key_of, report, upload
from tests.site.rich import damaged
from tests.store.fresh import fresh_store
from tracker.queries.dump import lines
from tracker.store.connection import writing
from tracker.store.judging import rebuild
from tracker.store.record import complete_quiet_builds
from tracker.store.records import DAMAGED, WENT_WRONG, ReadReport
from tracker.store.sql import run
from tracker.verdicts.outcomes import Status

FOUR = ("login", "logout", "search", "export")


def all_of(*cases: str, letter: str = "P") -> dict[str, str]:
    return dict.fromkeys(cases, letter)


def nights(*more: ReadReport, first: int = 1, count: int = 8, **cases: str) -> None:
    for number in range(first, first + count):
        upload("nightly", number, report("a.xml", **cases), *more, complete=True)


def test_nothing_is_missing_where_all_ran(state):
    nights(**all_of(*FOUR))
    [*_, newest] = state("build")
    assert (newest["missing"], newest["shortfall"], state("absence")) == (0, "", [])


def test_a_case_that_is_gone_is_removed(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", **all_of(*FOUR[:3])), complete=True)
    [absence] = state("absence")
    assert (absence["key"], absence["cause"], absence["build"]) == (key_of("export"), "removed", 9)
    [build] = state("build", number=9)
    assert (build["missing"], build["expected"]) == (1, 4)
    assert build["shortfall"] == "1 of 4 expected tests did not run: 1 removed."


def test_a_case_stays_missing_for_some_builds_and_then_is_no_longer_expected(state):
    nights(**all_of(*FOUR))
    nights(first=9, count=6, **all_of(*FOUR[:3]))
    assert [row["build"] for row in state("absence")] == [9, 10, 11, 12]


def test_a_lost_report_explains_its_cases(state):
    shard = report("b.xml", suite="other", one="P", two="P")
    nights(shard, **all_of(*FOUR))
    upload("nightly", 9, report("a.xml", **all_of(*FOUR)), complete=True)
    assert {row["cause"] for row in state("absence")} == {"report missing"}
    [loss] = state("loss")
    assert (loss["about"], loss["cases"]) == ("b.xml", 2)
    assert loss["sentence"].startswith("The report b.xml with 2 cases is not there")


def test_a_report_that_was_lost_once_is_missed_again_when_it_is_lost_again(state):
    shard = report("b.xml", suite="other", one="P", two="P")
    nights(shard, **all_of(*FOUR))
    nights(first=9, count=1, **all_of(*FOUR))
    nights(shard, first=10, count=1, **all_of(*FOUR))
    nights(first=11, count=1, **all_of(*FOUR))
    assert [row["build"] for row in state("loss")] == [9, 11]


def test_a_report_that_ends_early_explains_what_it_lacks(state):
    nights(report("b.xml", suite="b.xml", one="P", two="P"), **all_of(*FOUR))
    upload("nightly", 9, report("a.xml", **all_of(*FOUR)), damaged("b.xml", one="P"), complete=True)
    [absence] = state("absence")
    assert (absence["key"], absence["cause"]) == (key_of("two", "b.xml"), "report cut")


def test_a_suite_that_ends_with_an_error_explains_what_was_to_come_after_it(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", login="P", logout="E"), complete=True)
    assert {row["cause"] for row in state("absence")} == {"suite crashed"}


def test_an_error_with_a_result_behind_it_explains_nothing(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", login="P", logout="E", export="P"), complete=True)
    [absence] = state("absence")
    assert (absence["key"], absence["cause"]) == (key_of("search"), "removed")


def test_the_last_of_many_results_shows_that_an_error_was_not_the_end(state):
    ten = [f"case{each}" for each in range(10)]
    nights(**all_of(*ten))
    left = {**all_of(*ten[:8], ten[9]), "case7": "E"}
    upload("nightly", 9, report("a.xml", **left), complete=True)
    assert {row["cause"] for row in state("absence")} == {"removed"}


def test_a_case_that_is_added_moves_nothing_behind_the_end(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", **all_of("new", "login"), logout="E"), complete=True)
    assert {row["cause"] for row in state("absence")} == {"suite crashed"}


def test_some_cases_that_come_and_go_hide_nothing_of_a_suite_with_many(state):
    many = {f"case{each}": "P P P P P P P P P P ." for each in range(1)}
    many |= {f"case{each}": "P P P P P P P P P P P" for each in range(1, 31)}
    chancy = {
        "x": "P . P P . P P P . P P",
        "y": "P P . P P P . P P P P",
        "z": ". P P P . . P P P . P",
    }
    history("nightly", **many, **chancy)
    [absence] = state("absence", build=11)
    assert absence["key"] == key_of("case0")


def test_what_stood_before_the_end_of_a_report_that_is_cut_was_removed(state):
    nights(**all_of(*FOUR))
    cut = dataclasses.replace(report("a.xml", login="P", search="P"), recovered=True)
    upload("nightly", 9, cut, complete=True)
    causes = {row["key"]: row["cause"] for row in state("absence")}
    assert causes == {key_of("logout"): "removed", key_of("export"): "report cut"}


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ((f"{WENT_WRONG}2 tests began and never ended",), "suite crashed"),
        ((f"{DAMAGED}it ends early", f"{WENT_WRONG}2 tests began and never ended"), "report cut"),
    ],
    ids=["whole", "cut"],
)
def test_a_report_of_a_run_that_went_wrong_ends_early_only_where_it_was_cut(state, said, cause):
    nights(**all_of(*FOUR))
    here = report("a.xml", **all_of(*FOUR[:3]))
    upload("nightly", 9, dataclasses.replace(here, recovered=True, warnings=said), complete=True)
    assert {row["cause"] for row in state("absence")} == {cause}


def test_all_that_a_cut_report_lacks_was_cut_off_where_its_order_is_not_on_record(state):
    nights(**all_of(*FOUR))
    with writing():
        run("UPDATE result SET place = NULL")
    cut = dataclasses.replace(report("a.xml", login="P", search="P"), recovered=True)
    upload("nightly", 9, cut, complete=True)
    assert {row["cause"] for row in state("absence")} == {"report cut"}


def test_a_build_with_a_damaged_report_teaches_nothing(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, damaged("a.xml", login="P"), complete=True)
    nights(first=10, count=1, **all_of(*FOUR[:3]))
    assert state("build", number=10)[0]["expected"] == 4


def test_a_new_skip_is_told_with_its_reason_and_is_not_missing(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, skipping("export", "needs a licence"), complete=True)
    [absence] = state("absence")
    assert (absence["cause"], absence["about"]) == ("skipped", "needs a licence")
    [build] = state("build", number=9)
    assert (build["missing"], build["newly_skipped"]) == (0, 1)


def test_a_case_that_is_always_skipped_is_nothing_new(state):
    nights(export="S", **all_of(*FOUR[:3]))
    assert state("absence") == []


def skipping(case: str, reason: str) -> ReadReport:
    """The report with all cases passed but one, which is skipped for a reason."""
    read = report("a.xml", **{**all_of(*FOUR), case: "S"})
    results = [
        (row[0], row[1], row[2], 77 if row[1] == Status.SKIPPED else None, None)
        for row in read.contents.results
    ]
    contents = dataclasses.replace(read.contents, results=results, failures={77: ("", reason, "")})
    return dataclasses.replace(read, contents=contents)


def test_a_renamed_suite_is_no_loss_and_each_case_is_paired(state):
    names = [f"case{each}" for each in "ABCDEFGH"]
    for number in range(1, 9):
        upload(
            "nightly", number, report(suite="com.shop.CartTest", **all_of(*names)), complete=True
        )
    upload("nightly", 9, report(suite="com.shop.cart.CartTest", **all_of(*names)), complete=True)
    rows = state("absence", build=9)
    assert {(row["cause"], row["is_certain"]) for row in rows} == {("renamed", True)}
    assert rows[0]["other"] in {key_of(name, "com.shop.cart.CartTest") for name in names}
    [build] = state("build", number=9)
    assert (build["missing"], build["added"]) == (0, 0)
    assert build["shortfall"] == "8 of 8 expected tests ran under other names."


def test_a_rename_is_still_one_the_night_after(state):
    names = [f"case{each}" for each in "ABCDEFGH"]
    for number in range(1, 11):
        suite = "com.shop.CartTest" if number < 9 else "com.shop.cart.CartTest"
        upload("nightly", number, report(suite=suite, **all_of(*names)), complete=True)
    assert {row["cause"] for row in state("absence", build=10)} == {"renamed"}


def test_a_suite_that_could_not_be_set_up_explains_its_cases(state):
    nights(report("b.xml", suite="com.shop.CartTest", **all_of("a", "b")), **all_of(*FOUR))
    broken = report("b.xml", suite="com.shop.CartTest", initializationError="E")
    upload("nightly", 9, report("a.xml", **all_of(*FOUR)), broken, complete=True)
    assert {row["cause"] for row in state("absence")} == {"suite crashed"}


def test_a_case_that_was_never_there_is_added(state):
    nights(**all_of(*FOUR))
    nights(first=9, count=2, more="P", **all_of(*FOUR))
    assert [row["added"] for row in state("build")] == [0] * 8 + [1, 0]


def test_a_case_that_comes_and_goes_is_not_missing(state):
    history("nightly", a="P . P . P . P . P . P .", b="P P P P P P P P P P P P")
    assert state("absence") == []


def test_an_incomplete_build_lacks_nothing_until_it_is_complete(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", login="P"))
    assert state("absence") == []
    complete_quiet_builds(NOW + DAY)
    assert len(state("absence", build=9)) == 3


def test_a_build_is_judged_again_when_it_is_said_to_be_complete(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", login="P"))
    upload("nightly", 9, complete=True)
    assert len(state("absence", build=9)) == 3


def test_an_aborted_build_is_not_judged(state):
    nights(**all_of(*FOUR))
    jenkins("nightly", 9, report("a.xml", login="P"), result="ABORTED")
    assert state("absence") == []


def test_a_build_that_turns_out_to_be_aborted_lacks_nothing_any_more(state):
    nights(**all_of(*FOUR))
    upload("nightly", 9, report("a.xml", login="P"), complete=True)
    jenkins("nightly", 9, result="ABORTED")
    assert (state("absence"), state("build", number=9)[0]["missing"]) == ([], 0)


def test_what_arrives_in_a_late_build_is_seen_by_later_ones(state):
    history("nightly", a="P P P P P P P P P P", b="P P P P P P P P P .")
    assert len(state("absence")) == 1
    upload("nightly", 0, report(b="P"), complete=True)
    assert len(state("absence")) == 1


RECORDED = [
    (number, ("P" if number not in (9, 10) else "."), number < 7) for number in range(1, 13)
]


def record_them(order: list[int]) -> list[str]:
    with fresh_store():
        for at in order:
            number, letter, has_shard = RECORDED[at]
            shard = [report("b.xml", suite="other", one="P", two="P")] if has_shard else []
            cases = {"a": "P", "c": "P", **({"b": "P"} if letter == "P" else {})}
            upload("nightly", number, report("a.xml", **cases), *shard, complete=True)
        judge_all()
        told = list(lines())
        rebuild()
        assert list(lines()) == told
        return told


@pytest.mark.parametrize("seed", range(3))
def test_the_same_is_missing_whatever_arrives_first(seed):
    order = list(range(len(RECORDED)))
    expected = record_them(order)
    random.Random(seed).shuffle(order)
    assert record_them(order) == expected
    assert sum('"kind":"absence"' in line for line in expected) > 6
