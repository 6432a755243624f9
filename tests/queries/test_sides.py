"""What is written of a side, and the builds that this means."""

from __future__ import annotations

import pytest

from tests.factories import history, jenkins, report, upload
from tracker.errors import NotFound, TrackerError, UsageError
from tracker.queries.sides import Chosen, build_before, sides
from tracker.store.jobs import add_server
from tracker.store.rules import add_name_rule
from tracker.store.seen import SeenJob, note_look
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def told(side: Chosen) -> list[str]:
    return [f"{build.job} {build.label}" for build in side.side.builds]


def named(a: str, b: str) -> list[list[str]]:
    return [told(side) for side in sides(a, b)]


def incident(job: str, number: int) -> None:
    """A build in which all of 60 tests fail for one reason, none of which failed before."""
    cases = {f"case{place}": "F" for place in range(60)}
    upload(job, number, report(message="no database", **cases), complete=True)


def test_a_side_is_a_build_or_the_newest_judged_build_of_a_job() -> None:
    history("team/nightly", login="P P F")
    jenkins("team/nightly", 4, report(login="F"), result="ABORTED")
    assert named("team/nightly/builds/1", "team/nightly") == [
        ["team/nightly 1"],
        ["team/nightly 3"],
    ]


def test_the_label_of_an_older_epoch_is_a_build() -> None:
    for letter, started in (("P", 1), ("F", 10**10)):
        jenkins("n", 1, report(login=letter), started=started * 1000)
    assert named("n/builds/1~0", "n/builds/1") == [["n 1~0"], ["n 1"]]


def test_a_build_that_was_aborted_can_be_asked_for() -> None:
    history("n", login="P")
    jenkins("n", 2, report(login="F"), result="ABORTED")
    _, second = sides("n/builds/1", "n/builds/2")
    assert not second.side.builds[0].is_judged


def test_the_best_of_builds_are_those_before_the_other_side() -> None:
    history("n", login="P P P P P")
    assert named("n/best/2", "n/builds/4")[0] == ["n 3", "n 2"]
    assert named("n/best/9", "n/builds/3")[0] == ["n 2", "n 1"]


def test_the_best_of_builds_of_another_job_are_its_newest() -> None:
    history("n", login="P P P P")
    history("other", login="P")
    assert named("n/best/2", "other")[0] == ["n 4", "n 3"]
    assert named("n/best/2", "n/best/3") == [["n 4", "n 3"], ["n 4", "n 3", "n 2"]]


def test_an_incident_is_not_what_others_are_held_against() -> None:
    history("n", **{f"case{place}": "P P" for place in range(60)})
    incident("n", 3)
    upload("n", 4, report(case0="P"), complete=True)
    assert named("", "n")[0] == ["n 2"]
    assert named("n/best/3", "n")[0] == ["n 2", "n 1"]
    assert build_before("n", "4") == "2"


def test_a_build_without_results_is_not_what_others_are_held_against() -> None:
    history("n", login="P P . . . P")
    assert named("", "n")[0] == ["n 2"]
    assert named("n/best/2", "n")[0] == ["n 2", "n 1"]


def test_builds_without_results_hide_none_of_a_group() -> None:
    add_name_rule("{release}/{module}")
    history("2/core", login="P F . . .")
    assert named("release:2", "2/core/builds/1")[0] == ["2/core 2", "2/core 1"]


def test_without_a_the_judged_build_before_is_meant() -> None:
    history("n", login="P P")
    jenkins("n", 3, report(login="F"), result="ABORTED")
    upload("n", 4, report(login="F"), complete=True)
    assert named("", "n") == [["n 2"], ["n 4"]]


@pytest.mark.parametrize(
    ("side", "builds"),
    [
        ("release:2.0", ["2.0/shop/nightly-linux 1", "2.0/shop/nightly-win 1"]),
        ("platform:linux", ["1.9/shop/nightly-linux 1", "2.0/shop/nightly-linux 1"]),
        ("module:shop", 3),
    ],
)
def test_a_side_is_all_jobs_whose_names_say_so(side: str, builds: object) -> None:
    add_name_rule("{release}/{module}/nightly-{platform}")
    for job in ("1.9/shop/nightly-linux", "2.0/shop/nightly-linux", "2.0/shop/nightly-win"):
        history(job, login="P")
    found = told(sides(side, side)[0])
    assert found == builds or len(found) == builds


def test_the_branch_that_a_build_tells_is_believed_over_that_of_its_job() -> None:
    jenkins("a", 1, report(login="P"), branch="main")
    jenkins("a", 2, report(login="P"), branch="topic")
    jenkins("a", 3, report(login="P"), branch="main")
    assert named("branch:topic", "branch:main") == [["a 2"], ["a 3", "a 1"]]


def two_jobs(**standings: str) -> None:
    """A release of two jobs, which Jenkins has as told."""
    add_name_rule("{release}/{module}")
    for module in ("core", "shop"):
        history(f"2/{module}", login="P")
        run("UPDATE job SET standing = ? WHERE module = ?", standings.get(module, ""), module)


@pytest.mark.parametrize("standing", ["disabled", "deleted"])
def test_a_job_out_of_use_is_left_out_of_a_group_that_has_others(standing: str) -> None:
    two_jobs(shop=standing)
    side, _ = sides("release:2", "release:2")
    assert (told(side), side.side.left_out) == (["2/core 1"], 1)


def test_a_group_of_which_no_job_is_in_use_has_them_all() -> None:
    two_jobs(core="disabled", shop="deleted")
    side, _ = sides("release:2", "release:2")
    assert (told(side), side.side.left_out) == (["2/core 1", "2/shop 1"], 0)


def test_a_job_out_of_use_can_be_asked_for_by_its_name() -> None:
    two_jobs(shop="deleted")
    assert named("2/shop", "2/shop/builds/1") == [["2/shop 1"], ["2/shop 1"]]


def test_a_job_that_is_called_like_a_side_is_that_job() -> None:
    history("n", login="P P")
    history("n/builds/1", login="P")
    history("release:7", login="P")
    assert named("n/builds/1", "release:7") == [["n/builds/1 1"], ["release:7 1"]]
    assert named("n/builds/1/builds/1", "n")[0] == ["n/builds/1 1"]


def test_a_former_name_of_a_job_is_known() -> None:
    add_server("ours", "https://jenkins.example")
    seen = SeenJob("old", "old", "https://jenkins.example/job/old/", "pipeline", last=(1, 5000))
    note_look("ours", [seen], listed=None, now=1)
    jenkins("old", 1, report(login="P"), started=5000)
    moved = SeenJob("new", "new", "https://jenkins.example/job/new/", "pipeline", last=(1, 5000))
    for look in range(3):
        note_look("ours", [moved], listed=["new"], now=2 + look)
    assert named("old", "old/builds/1") == [["new 1"], ["new 1"]]


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("", "", UsageError),
        ("n", "", UsageError),
        ("", "release:1", UsageError),
        ("nobody", "n", NotFound),
        ("n", "nobody/builds/1", NotFound),
        ("n/builds/9", "n", NotFound),
        ("n/builds/9999999999999999999", "n", NotFound),
        ("n/builds/1~999999999", "n", NotFound),
        ("n/best/0", "n", UsageError),
        ("n/best/99", "n", UsageError),
        ("n/best/5", "n/builds/1", NotFound),
        ("", "n/builds/1", NotFound),
        ("release:", "n", NotFound),
        ("release:9", "n", NotFound),
        ("colour:red", "n", NotFound),
        ("aborted", "n", NotFound),
        ("n\x00", "n", NotFound),
        ("x" * 100_000, "n", UsageError),
    ],
)
def test_a_side_that_means_nothing_is_refused_in_words(
    a: str, b: str, kind: type[TrackerError]
) -> None:
    history("n", login="P P")
    jenkins("aborted", 1, report(login="P"), result="ABORTED")
    with pytest.raises(kind) as refused:
        sides(a, b)
    assert refused.value.message
    assert refused.value.remedy
