"""`tracker compare` and `tracker readiness`: what they print, and what a pipeline is told."""

from __future__ import annotations

from tests.cli.conftest import Command
from tests.factories import DAY, NOW, history, jenkins, key_of, report, upload
from tracker.store.rules import add_name_rule
from tracker.store.sql import run

PASS, FAIL = " ".join("P" * 8), " ".join("F" * 8)


def test_new_failures_end_with_a_finding(command: Command) -> None:
    history("team/n", broke="P F", mended="F P")
    said = command("compare", "team/n/builds/1", "team/n")
    assert said.code == 1
    assert said.out.splitlines() == [
        "Of 2 tests that both ran: 1 fails only in team/n #2, 1 fixed, 0 still failing.",
        f"new      {key_of('broke')}  s › broke",
        f"fixed    {key_of('mended')}  s › mended",
    ]


def test_a_comparison_without_new_failures_is_fine(command: Command) -> None:
    history("n", mended="F P")
    said = command("compare", "n/builds/1", "n", "--json")
    assert said.code == 0
    assert said.json["compared"]["counts"]["fixed"] == 1


def test_what_a_deleted_branch_ended_with_is_no_failure_of_its_release(command: Command) -> None:
    add_name_rule("{release}/{module}")
    for job, letters in (("1.3/shop", "P"), ("1.4/shop", "P"), ("1.4/gone", "F")):
        history(job, login=letters)
    assert command("compare", "release:1.3", "release:1.4").code == 1
    run("UPDATE job SET standing = 'deleted' WHERE name = '1.4/gone'")
    run("UPDATE job SET standing = 'disabled' WHERE release = '1.3'")
    upload("1.4/shop", 2, report(login="P"), complete=True)
    assert command("compare", "release:1.3", "release:1.4").code == 0


def test_a_side_that_means_nothing_is_told(command: Command) -> None:
    history("n", login="P")
    assert command("compare", "nobody", "n").code == 2
    assert command("compare", "n/best/0", "n").code == 2
    assert command("compare", "n\udcff", "n").code == 2


def test_a_release_that_is_not_ready_is_a_finding(command: Command) -> None:
    add_name_rule("{release}/{module}")
    history("1.9/shop", login=PASS)
    history("1.10/shop", login=FAIL)
    said = command("readiness")
    assert said.code == 1
    first, second, third = said.out.splitlines()
    assert first.startswith("release 1.10: not ready. Of 1 test: 1 worse than in release 1.9")
    assert second == "sample     builds: 8"
    assert third.startswith(f"regressed  {key_of('login')}  s › login: Failed in 8 of 8 runs")


def test_a_test_that_the_newest_build_broke_is_a_finding(command: Command) -> None:
    history("n", login=" ".join("P" * 30 + "F"))
    said = command("readiness")
    assert (said.code, said.out.splitlines()[0]) == (1, "not ready. Of 1 test: 1 newly broken.")
    assert said.out.splitlines()[2].endswith(": newly broken. Broke in n #31.")


def test_a_release_is_told_with_its_days_and_what_was_left_out(command: Command) -> None:
    for number in range(1, 5):
        jenkins("n", number, report(login="P"), started=NOW + number * DAY)
    jenkins("n", 5, result="FAILURE", started=NOW + 5 * DAY)
    said = command("readiness")
    assert said.out.splitlines()[1] == (
        "sample     builds: 4, begun 2026-11-19 11:06 to 2026-11-22 11:06 UTC; left out as they"
        " say nothing about tests (aborted, without results, not complete, or incidents): 1"
    )


def test_a_release_that_is_ready_is_fine(command: Command) -> None:
    add_name_rule("{release}/{module}")
    history("1.9/shop", login=PASS)
    history("1.10/shop", login=PASS)
    said = command("readiness", "--release", "1.10", "--basis", "1.9", "--days", 3, "--json")
    assert said.code == 0
    assert said.json["row"]["verdict"] == "ready"


def test_a_release_that_hardly_ran_is_not_ready(command: Command) -> None:
    history("n", login="P")
    assert command("readiness").code == 1


def test_a_release_that_nobody_knows_is_told(command: Command) -> None:
    said = command("readiness", "--release", "9")
    assert (said.code, "9" in said.err) == (2, True)
    assert command("readiness", "--days", "x").code == 2
