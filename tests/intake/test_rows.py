"""From a plugin's records to rows: repeats, retries, cut texts, limits."""

from __future__ import annotations

import json
import math

import pytest

from tracker.intake import rows as rows_module
from tracker.intake.contract import (
    Attempt,
    Damage,
    Facets,
    Note,
    ReportError,
    Rerun,
    Result,
    Status,
    Suite,
    Trouble,
)
from tracker.intake.rows import Batch, Tail, apply_retries, rows_of
from tracker.intake.text import MESSAGE_LIMIT, NAME_LIMIT, OUTPUT_LIMIT, TRACE_LIMIT
from tracker.store import identity

PASSED, FAILED, UNKNOWN = Status.PASSED, Status.FAILED, Status.UNKNOWN


def taken(*records, variant=""):
    """All batches of a report laid together, and its tail."""
    whole = Batch({}, {}, [], {}, [], {}, {}, {})
    *batches, tail = rows_of(records, variant)
    assert isinstance(tail, Tail)
    for batch in batches:
        whole.suites.update(batch.suites)
        whole.cases.update(batch.cases)
        whole.results.extend(batch.results)
        whole.failures.update(batch.failures)
        whole.attempts.extend(batch.attempts)
        whole.outputs.update(batch.outputs)
        whole.details.update(batch.details)
        whole.suite_runs.update(batch.suite_runs)
    return whole, tail


def names(batch):
    return [batch.cases[row[0]][1] for row in batch.results]


def only_failure(*records):
    [texts] = taken(*records)[0].failures.values()
    return texts


def test_a_result_has_its_suite_status_and_duration():
    batch, _ = taken(Suite(("a", "b")), Result("n", FAILED, 1.2345, message="m"))
    [(case, status, duration, failure, detail)] = batch.results
    assert detail is None
    suite, name = batch.cases[case]
    assert (batch.suites[suite], name, status, duration) == ("a\nb", "n", 1, 1235)
    assert batch.failures[failure] == ("", "m", "")


def test_repeats_of_a_name_are_numbered_in_file_order():
    batch, _ = taken(Suite(("s",)), *(Result("n", PASSED) for _ in range(3)))
    assert names(batch) == ["n", "n #2", "n #3"]
    assert len({row[0] for row in batch.results}) == 3


def test_a_numbered_repeat_never_meets_a_test_of_that_name():
    batch, _ = taken(Result("n", PASSED), Result("n #2", PASSED), Result("n", FAILED))
    assert len({row[0] for row in batch.results}) == 3


def test_the_same_name_in_another_suite_or_class_is_no_repeat():
    batch, _ = taken(
        Suite(("s",)),
        Result("n", PASSED),
        Result("n", PASSED, classname="c"),
        Suite(("t",)),
        Result("n", PASSED),
    )
    assert names(batch) == ["n", "n", "n"]


def test_a_variant_makes_other_cases():
    one, _ = taken(Result("n", PASSED))
    other, _ = taken(Result("n", PASSED), variant="platform=linux")
    assert one.results[0][0] != other.results[0][0]


def test_a_retry_decides_and_what_it_overrides_becomes_an_attempt():
    batch, tail = taken(Result("n", FAILED, 1.0, message="m"), Result("n", PASSED, 2.0, retry=True))
    results, attempts = apply_retries(batch.results, batch.attempts, tail.retries)
    [(case, status, duration, failure, _)] = results
    assert (status, duration, failure) == (PASSED, 2000, None)
    assert [row[:4] for row in attempts] == [(case, 1, FAILED, 1000)]


def test_attempts_are_numbered_behind_those_inside_the_result():
    tries = (Attempt(FAILED), Attempt(FAILED))
    batch, tail = taken(
        Result("n", FAILED, attempts=tries),
        Result("n", FAILED, retry=True),
        Result("n", PASSED, retry=True),
    )
    _, attempts = apply_retries(batch.results, batch.attempts, tail.retries)
    assert [(row[1], row[2]) for row in attempts] == [(1, 1), (2, 1), (3, 1), (4, 1)]


def test_a_try_that_was_tried_again_is_never_kept_as_passed():
    batch, tail = taken(Result("n", PASSED), Result("n", PASSED, retry=True))
    _, [attempt] = apply_retries(batch.results, batch.attempts, tail.retries)
    assert attempt[2] == UNKNOWN


def test_a_retry_of_nothing_is_the_result():
    batch, tail = taken(Result("n", PASSED, retry=True))
    assert names(batch) == ["n"]
    assert tail.retries == []


@pytest.mark.parametrize(("place", "limit"), [(1, MESSAGE_LIMIT), (2, TRACE_LIMIT)])
def test_long_texts_are_cut_in_the_middle(place, limit):
    text = "BEGIN" + "x" * 1_000_000 + "END"
    field = {1: "message", 2: "trace"}[place]
    kept = only_failure(Result("n", FAILED, **{field: text}))[place]
    assert kept.startswith("BEGIN")
    assert kept.endswith("END")
    assert f"{len(text) - limit:,} bytes left out" in kept
    assert len(kept) < limit + 100


def test_output_is_cut_in_the_middle():
    batch, _ = taken(Result("n", FAILED, stdout="a" + "x" * 100_000 + "z", stderr="e"))
    [(stdout, stderr)] = batch.outputs.values()
    assert (stdout[0], stdout[-1], stderr) == ("a", "z", "e")
    assert len(stdout) < OUTPUT_LIMIT + 100


def test_the_output_of_a_passed_test_is_not_kept():
    batch, _ = taken(Result("n", PASSED, stdout="much"))
    assert batch.outputs == {}


def test_long_names_are_cut_and_stay_different():
    start = "x" * 100_000
    batch, _ = taken(Result(start + "1", PASSED), Result(start + "2", PASSED))
    assert [len(name) for name in names(batch)] == [NAME_LIMIT, NAME_LIMIT]
    assert len({row[0] for row in batch.results}) == 2


def test_a_long_suite_name_is_cut():
    batch, _ = taken(Suite(("y" * 100_000, "z")), Result("n", PASSED))
    [path] = batch.suites.values()
    assert len(path) == NAME_LIMIT + 2


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
def test_what_no_database_takes_is_replaced_everywhere(bad):
    batch, tail = taken(
        Suite((bad,)),
        Note(bad),
        Damage(bad, bad),
        Result(bad, FAILED, None, bad, bad, bad, bad, bad, bad, (Attempt(FAILED, None, bad, bad),)),
    )
    assert repr(bad)[1:-1] not in repr([batch, tail])


def test_other_control_characters_are_kept():
    assert names(taken(Result("a\x1b[31mb\r\n\u202e", PASSED))[0]) == ["a\x1b[31mb\r\n\u202e"]


@pytest.mark.parametrize("duration", [-1.0, math.nan, -math.inf, None])
def test_a_duration_that_is_none_is_left_out(duration):
    assert taken(Result("n", PASSED, duration))[0].results[0][2] is None


def test_an_endless_duration_is_a_year():
    assert taken(Result("n", PASSED, math.inf))[0].results[0][2] == 365 * 86_400_000


def test_a_report_may_hold_so_many_results_and_no_more(monkeypatch):
    monkeypatch.setattr(rows_module, "CASES_LIMIT", 5)
    assert len(taken(*(Result(str(n), PASSED) for n in range(5)))[0].results) == 5
    with pytest.raises(ReportError, match="more than 5 results"):
        taken(*(Result(str(n), PASSED) for n in range(6)))


def test_repeats_count_towards_the_limit(monkeypatch):
    monkeypatch.setattr(rows_module, "CASES_LIMIT", 5)
    with pytest.raises(ReportError):
        taken(*(Result("n", PASSED) for _ in range(6)))


def test_many_results_come_in_batches():
    count = 2 * rows_module.BATCH + 1
    *batches, _ = rows_of((Result(str(n), PASSED) for n in range(count)), "")
    assert [len(batch.results) for batch in batches] == [rows_module.BATCH, rows_module.BATCH, 1]


def test_a_failure_text_is_sent_once():
    batch, _ = taken(*(Result(str(n), FAILED, message="same") for n in range(9)))
    assert len(batch.failures) == 1


def test_notes_are_kept_up_to_a_number():
    _, tail = taken(*(Note(str(n)) for n in range(1000)))
    assert len(tail.notes) == rows_module.NOTES_LIMIT


def test_the_first_damage_is_told():
    _, tail = taken(Damage("cut", "line 3"), Damage("worse"))
    assert tail.damage == "cut (line 3)"


def test_batches_do_not_share_what_they_hold():
    first, _ = taken(Result("a", PASSED))
    second, _ = taken(Result("b", PASSED))
    assert names(first) == ["a"]
    assert names(second) == ["b"]


def test_a_name_is_shown_without_what_changes_with_every_run():
    batch, _ = taken(Suite(("at 0x7f01aa",)), Result("<object at 0x55ffc0de>", PASSED))
    [(suite, name)] = batch.cases.values()
    assert (batch.suites[suite], name) == ("at …", "<object at …>")


def told(batch):
    """What the details of the only result say."""
    [row] = batch.results
    return json.loads(batch.details[row[4]])


def test_what_a_result_tells_beyond_its_outcome_is_kept():
    result = Result(
        "n",
        PASSED,
        file="a.py",
        line=7,
        raw_status="XPASS",
        expected_failure="xpass",
        properties=(("owner", "me"), ("owner", "you")),
        attachments=("../shot.png",),
    )
    assert told(taken(result)[0]) == {
        "file": "a.py",
        "line": 7,
        "raw_status": "XPASS",
        "expected_failure": "xpass",
        "properties": [["owner", "me"], ["owner", "you"]],
        "attachments": ["../shot.png"],
    }


def test_what_was_not_told_takes_no_room():
    assert told(taken(Result("n", PASSED, line=1))[0]) == {"line": 1}


def test_equal_details_are_kept_once():
    batch, _ = taken(*(Result(str(n), PASSED, file="a.py") for n in range(9)))
    assert len(batch.details) == 1


def test_long_and_many_details_are_cut():
    pairs = tuple((str(n), "x" * 100_000) for n in range(10_000))
    kept = told(taken(Result("n", PASSED, properties=pairs, attachments=("y" * 9999,)))[0])
    assert len(kept["properties"]) == rows_module.MOST_TOLD
    assert {len(value) for _, value in kept["properties"]} == {rows_module.TOLD_LIMIT}
    assert len(kept["attachments"][0]) == rows_module.TOLD_LIMIT


def test_the_properties_of_a_suite_are_kept():
    batch, _ = taken(Suite(("a", "b"), properties=(("os", "linux"),)), Result("n", PASSED))
    [(suite, (detail, stdout, stderr))] = batch.suite_runs.items()
    assert batch.suites[suite] == "a\nb"
    assert json.loads(batch.details[detail]) == {"properties": [["os", "linux"]]}
    assert (stdout, stderr) == ("", "")


@pytest.mark.parametrize("status", [FAILED, UNKNOWN, Status.ERROR, Status.SKIPPED])
def test_the_output_of_a_suite_is_kept_where_a_test_in_it_did_not_pass(status):
    batch, _ = taken(
        Suite(("a", "b")), Result("n", status), Suite(("a",), stdout="out", stderr="err")
    )
    assert list(batch.suite_runs.values()) == [(None, "out", "err")]


def test_the_output_of_a_suite_where_all_passed_is_left_out():
    batch, _ = taken(
        Suite(("a",)),
        Result("n", PASSED),
        Suite(("b",)),
        Result("n", FAILED),
        Suite(("a",), (), "out"),
    )
    assert batch.suite_runs == {}


def test_what_a_suite_says_at_its_start_and_at_its_end_is_laid_together():
    batch, _ = taken(
        Suite(("a",), properties=(("k", "v"),)), Result("n", FAILED), Suite(("a",), stdout="out")
    )
    [(detail, stdout, _)] = batch.suite_runs.values()
    assert detail is not None
    assert stdout == "out"


def test_the_facets_of_a_report_become_the_variant_of_its_cases():
    batch, tail = taken(Facets((("topology", "ha"),)), Result("n", PASSED), variant="os=linux")
    same, _ = taken(Result("n", PASSED), variant="os=linux,topology=ha")
    assert tail.variant == "os=linux,topology=ha"
    assert batch.results[0][0] == same.results[0][0]


def test_what_the_sender_said_goes_before_the_facets_of_a_report():
    assert taken(Facets((("os", "b"),)), variant="os=a")[1].variant == "os=a"


def test_a_facet_with_signs_of_its_own_stays_one_facet():
    assert taken(Facets((("os", "a,b=c"),)))[1].variant == "os=a b c"


def test_facets_behind_a_result_are_too_late():
    assert taken(Result("n", PASSED), Facets((("os", "b"),)))[1].variant == ""


def test_a_rerun_and_trouble_are_told_at_the_end():
    _, tail = taken(Rerun(), Trouble("it crashed"))
    assert tail.rerun
    assert tail.trouble == ["it crashed"]


def test_a_variant_keeps_the_order_of_its_facets():
    assert identity.with_facets("b=2", [("c", "3"), ("a", "1")]) == "a=1,b=2,c=3"


def test_what_a_suite_printed_before_its_results_is_kept_too():
    batch, _ = taken(Suite(("a",), stdout="out"), Result("n", FAILED))
    assert list(batch.suite_runs.values()) == [(None, "out", "")]
