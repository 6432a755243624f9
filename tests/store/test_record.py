"""Recording builds: what is new, what is known, what is refused, whom to believe."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.factories import DAY, NOW, jenkins, jenkins_facts, record, report, upload
from tracker.errors import Conflict, NotFound
from tracker.queries.dump import lines
from tracker.queries.jobs import revision
from tracker.store import merge
from tracker.store import record as record_module
from tracker.store.connection import reading
from tracker.store.engine import engine
from tracker.store.record import NeedsAllReports, complete_quiet_builds, record_build
from tracker.store.records import BuildFacts, ReadReport
from tracker.store.sql import run

State = Callable[..., list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("store")


def statuses(state: State, **where: object) -> dict[str, str]:
    return {row["name"]: row["status"] for row in state("result", **where)}


# Reports: first, again, more, others.


def test_a_first_report_makes_job_build_and_results(state: State) -> None:
    done = upload("team/nightly", 7, report(login="P", logout="F"))
    assert (done.created, done.added, done.known) == (True, ("r.xml",), ())
    assert [row["name"] for row in state("job")] == ["team/nightly"]
    assert statuses(state) == {"login": "passed", "logout": "failed"}


def test_totals_count_each_status(state: State) -> None:
    upload("nightly", 1, report(a="P", b="F", c="E", d="S", e="U", f="P"))
    [build] = state("build")
    words = ("total", "passed", "failed", "error", "skipped", "unknown")
    assert [build[word] for word in words] == [6, 2, 1, 1, 1, 1]


def test_the_same_again_changes_nothing(state: State) -> None:
    upload("nightly", 1, report(login="F"))
    before, at = list(lines()), revision()
    again = upload("nightly", 1, report(login="F"))
    assert (again.created, again.added, again.known) == (False, (), ("r.xml",))
    assert (list(lines()), revision()) == (before, at)


def test_another_name_adds_to_the_build(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="P"))
    upload("nightly", 1, report("b.xml", logout="F"))
    assert statuses(state) == {"login": "passed", "logout": "failed"}
    assert state("build")[0]["total"] == 2


def test_reports_are_laid_together_before_others_have_to_wait(
    monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    upload("nightly", 1, report("a.xml", login="P"))
    laid: list[tuple[set[str], bool]] = []

    def watched(reports: Sequence[ReadReport]) -> merge.Merged:
        names = {each.name for each in reports}
        laid.append((names, bool(engine().database.in_transaction())))
        return usual(reports)

    usual = merge.merge
    monkeypatch.setattr(merge, "merge", watched)
    both = [report("b.xml", logout="P"), report("c.xml", search="P")]
    record_build(BuildFacts("nightly", 1), [report("a.xml", login="P"), *both], now=NOW)
    again = report("d.xml", login="F")
    older = [report("a.xml", login="P"), *both]
    record_build(BuildFacts("nightly", 1), [again], now=NOW, reread=older)
    assert [each for each in laid if each[0]] == [
        ({"b.xml", "c.xml"}, False),
        ({"a.xml", "b.xml", "c.xml", "d.xml"}, False),
    ]
    assert statuses(state) == {"login": "failed", "logout": "passed", "search": "passed"}


def test_what_was_laid_together_for_nothing_is_laid_together_anew(
    monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    @contextlib.contextmanager
    def after_another_upload() -> Iterator[None]:
        with reading():
            yield
        monkeypatch.undo()
        upload("nightly", 1, report("a.xml", login="P"))

    monkeypatch.setattr(record_module, "reading", after_another_upload)
    reports = [report("a.xml", login="P"), report("b.xml", logout="P")]
    done = record_build(BuildFacts("nightly", 1), reports, now=NOW)
    assert (done.added, done.known) == (("b.xml",), ("a.xml",))
    assert statuses(state) == {"login": "passed", "logout": "passed"}


def test_other_bytes_under_a_known_name_are_a_conflict_and_change_nothing() -> None:
    upload("nightly", 1, report(login="P"))
    before = list(lines())
    with pytest.raises(Conflict, match=r"r\.xml.*SHA-256.*replace=true"):
        upload("nightly", 1, report(login="F"))
    assert list(lines()) == before


def test_a_conflict_leaves_no_new_job_behind(state: State) -> None:
    with pytest.raises(Conflict, match="Two files of this upload"):
        upload("nightly", 1, report(login="P"), report(login="F"))
    assert state("job") == []


def test_replacing_puts_new_bytes_in_the_place_of_old_ones(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="P", gone="F"), report("b.xml", other="P"))
    record(BuildFacts("nightly", 1), report("a.xml", login="F"), replace=True)
    assert statuses(state) == {"login": "failed", "other": "passed"}
    assert len(state("report")) == 2


def test_replacing_takes_the_old_outputs_away(state: State) -> None:
    upload("nightly", 1, report(login="F"))
    record(BuildFacts("nightly", 1), report(login="P"), replace=True)
    assert state("output") == []


def test_the_same_bytes_under_another_name_are_counted_once(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="P"))
    again = upload("nightly", 1, report("b.xml", login="P"))
    assert again.known == ("b.xml",)
    assert [row["name"] for row in state("report")] == ["a.xml"]


def test_the_same_bytes_twice_in_one_upload_are_counted_once(state: State) -> None:
    done = upload("nightly", 1, report("a.xml", login="P"), report("b.xml", login="P"))
    assert (done.added, done.known) == (("a.xml",), ("b.xml",))
    assert state("build")[0]["total"] == 1


def test_the_same_bytes_of_two_variants_are_two_reports(state: State) -> None:
    done = upload(
        "nightly",
        1,
        report("linux.xml", variant="platform=linux", login="P"),
        report("windows.xml", variant="platform=windows", login="P"),
    )
    assert len(done.added) == 2
    assert [row["variant"] for row in state("result")] in (
        ["platform=linux", "platform=windows"],
        ["platform=windows", "platform=linux"],
    )


def test_a_test_in_two_reports_is_counted_once_and_the_worse_status_kept(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="F", only="P"))
    upload("nightly", 1, report("b.xml", login="P"))
    assert statuses(state) == {"login": "failed", "only": "passed"}
    assert state("build")[0]["total"] == 2
    assert "1 also in a.xml" in state("report", name="b.xml")[0]["warnings"]


def test_overlapping_reports_ask_for_the_older_ones(store: Path) -> None:
    upload("nightly", 1, report("a.xml", login="F"))
    before = list(lines())
    with pytest.raises(NeedsAllReports) as need:
        record_build(BuildFacts("nightly", 1), [report("b.xml", login="P")], now=NOW)
    assert [stored.name for stored in need.value.stored] == ["a.xml"]
    assert list(lines()) == before


def test_a_report_read_again_from_other_bytes_is_not_taken(store: Path) -> None:
    upload("nightly", 1, report("a.xml", login="F"))
    with pytest.raises(NeedsAllReports):
        record_build(
            BuildFacts("nightly", 1),
            [report("b.xml", login="P")],
            now=NOW,
            reread=[report("a.xml", login="E")],
        )


def test_an_unreadable_report_marks_the_build_as_damaged(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="P"), report("b.xml", failure="cut off"))
    assert state("build")[0]["damaged"] == 1
    assert state("report", name="b.xml")[0]["failure"] == "cut off"


def test_an_unreadable_report_gives_way_to_a_readable_one(state: State) -> None:
    upload("nightly", 1, report("a.xml", login="P"), report("b.xml", failure="cut off"))
    upload("nightly", 1, report("b.xml", logout="P"))
    assert statuses(state) == {"login": "passed", "logout": "passed"}
    assert state("build")[0]["damaged"] == 0


def test_a_readable_report_does_not_give_way_to_an_unreadable_one() -> None:
    upload("nightly", 1, report(login="P"))
    with pytest.raises(Conflict):
        upload("nightly", 1, report(failure="cut off"))


def test_names_and_texts_are_kept_once(state: State) -> None:
    for number in (1, 2, 3):
        upload("nightly", number, report(a="F", b="F"))
    counts = [run(f"SELECT count(*) FROM {table}") for table in ("suite", "test_case", "failure")]
    assert counts == [[(1,)], [(2,)], [(1,)]]


def test_a_job_is_not_made_by_an_upload_where_that_is_off(store: Path) -> None:
    with pytest.raises(NotFound, match=r"job add"):
        record_build(BuildFacts("nightly", 1), [report(a="P")], now=NOW, accept_new_job=False)
    record_build(jenkins_facts("nightly", 1), [report(a="P")], now=NOW, accept_new_job=False)


def test_each_recording_raises_the_revision_of_its_job_and_of_the_whole(store: Path) -> None:
    upload("nightly", 1, report(a="P"))
    upload("smoke", 1, report(a="P"))
    assert (revision("nightly"), revision("smoke"), revision()) == (1, 2, 2)


def test_a_recording_has_the_site_published(store: Path) -> None:
    upload("nightly", 1, report(a="P"))
    assert run("SELECT kind, key, state FROM work") == [("publish", "site", "due")]


# Facts: whom to believe.


def test_what_jenkins_says_is_believed_over_an_upload(state: State) -> None:
    upload("nightly", 1, branch="mine", commit="abc")
    jenkins("nightly", 1, branch="main", duration=4000)
    [build] = state("build")
    assert (build["branch"], build["commit_id"], build["duration"]) == ("main", "abc", 4000)


def test_an_upload_does_not_override_jenkins(state: State) -> None:
    jenkins("nightly", 1, branch="main", started=NOW)
    upload("nightly", 1, branch="mine", started=NOW + 5, url="http://ci.example/1/")
    [build] = state("build")
    assert (build["branch"], build["started"]) == ("main", NOW)
    assert build["url"] == "http://ci.example/1/"


def test_an_upload_says_nothing_of_state_and_result(state: State) -> None:
    upload("nightly", 1, state="finished", result="ABORTED")
    [build] = state("build")
    assert (build["state"], build["result"]) == ("receiving", None)


def test_a_poll_completes_what_was_uploaded_before(state: State) -> None:
    upload("nightly", 1, report(login="F"))
    jenkins("nightly", 1, report("b.xml", logout="P"), result="UNSTABLE")
    [build] = state("build")
    assert (build["state"], build["complete"], build["total"]) == ("finished", 1, 2)


def test_an_upload_to_a_running_build_is_judged_when_it_has_finished(state: State) -> None:
    upload("nightly", 1, report(login="P"))
    jenkins("nightly", 2, result=None)
    upload("nightly", 2, report(login="F"))
    assert state("episode") == []
    jenkins("nightly", 2, result="UNSTABLE")
    assert [row["state"] for row in state("episode")] == ["regression"]


def test_a_finished_build_does_not_run_again_because_late_news_say_so(state: State) -> None:
    jenkins("nightly", 1, report(login="F"), result="UNSTABLE")
    jenkins("nightly", 1, result=None)
    assert state("build")[0]["state"] == "finished"
    assert [row["state"] for row in state("episode")] == ["new failure"]


@pytest.mark.parametrize("result", [None, "ABORTED", "NOT_BUILT"])
def test_a_build_that_did_not_end_is_recorded_and_not_judged(
    state: State, result: str | None
) -> None:
    jenkins("nightly", 1, report(login="F"), result=result)
    assert state("episode") == []
    assert statuses(state) == {"login": "failed"}


@pytest.mark.parametrize("result", ["SUCCESS", "UNSTABLE", "FAILURE"])
def test_a_build_that_ended_is_judged(state: State, result: str) -> None:
    jenkins("nightly", 1, report(login="F"), result=result)
    assert [row["state"] for row in state("episode")] == ["new failure"]


def test_the_upstream_build_is_kept_and_its_page_changes(state: State) -> None:
    jenkins("nightly", 1)
    before = revision("nightly")
    jenkins("smoke", 4, upstream_job="nightly", upstream_number=1)
    [build] = state("build", job="smoke")
    assert (build["upstream_job"], build["upstream_number"]) == ("nightly", 1)
    assert revision("nightly") > before


def test_complete_once_is_complete_for_ever(state: State) -> None:
    upload("nightly", 1, report("a.xml", a="P"), complete=True)
    upload("nightly", 1, report("b.xml", b="P"))
    assert state("build")[0]["complete"] == 1


def test_a_build_known_by_uploads_is_complete_after_a_quiet_time(state: State) -> None:
    upload("nightly", 1, report(a="P"))
    assert complete_quiet_builds(NOW) == 0
    assert complete_quiet_builds(NOW + 1) == 1
    assert state("build")[0]["complete"] == 1


def test_a_running_build_is_not_completed_by_silence(state: State) -> None:
    jenkins("nightly", 1, result=None)
    assert complete_quiet_builds(NOW + DAY) == 0


def test_the_same_upload_again_keeps_the_build_from_falling_silent(state: State) -> None:
    upload("nightly", 1, report(a="P"))
    record(BuildFacts("nightly", 1), report(a="P"), now=NOW + DAY)
    assert complete_quiet_builds(NOW + DAY) == 0


def test_the_same_from_an_earlier_time_does_not_say_that_less_was_heard(store: Path) -> None:
    upload("nightly", 1, report(a="P"))
    record(BuildFacts("nightly", 1), report(a="P"), now=NOW - DAY)
    assert run("SELECT heard FROM build") == [(NOW,)]
