"""What was said before a late build arrived is kept, with when it was said and taken back."""

from __future__ import annotations

import msgspec
import pytest

from tests.factories import history, judge_all, key_of, record, report, upload
from tracker.store.identity import id_of
from tracker.store.judging import AT_ONCE, rebuild
from tracker.store.records import BuildFacts
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

Said = tuple[str, int, int | None]


def overruled(case: str = "login") -> list[Said]:
    """State, build from which and until which, of what is not said any more of a case."""
    return _rows("overruled", case)


def said_now(case: str = "login") -> list[Said]:
    return _rows("episode", case)


def _rows(table: str, case: str) -> list[Said]:
    return run(
        f"SELECT e.state, a.number, z.number FROM {table} e JOIN build a ON a.id = e.from_build"
        " LEFT JOIN build z ON z.id = e.until_build WHERE e.case_id = ? ORDER BY a.number, e.said",
        id_of(key_of(case)),
    )


def revision() -> int:
    return int(run("SELECT revision FROM job")[0][0])


def test_builds_that_arrive_in_order_overrule_nothing() -> None:
    history("nightly", login="P F F P P F F", logout="F P P P P P P", search="P P F P F P F")
    assert run("SELECT * FROM overruled") == []


def test_what_a_late_build_says_otherwise_is_kept_with_its_revisions() -> None:
    upload("nightly", 2, report(login="F"))
    first = revision()
    upload("nightly", 1, report(login="P"))
    second = revision()
    assert second > first
    assert overruled() == [("new failure", 2, None)]
    assert run("SELECT said, unsaid FROM overruled") == [(first, second)]
    assert said_now() == [("regression", 2, None)]
    assert run("SELECT said FROM episode") == [(second,)]


def test_what_was_overruled_has_the_verdict_that_was_shown() -> None:
    upload("nightly", 2, report(login="F"))
    [(shown,)] = run("SELECT evidence FROM episode")
    upload("nightly", 1, report(login="P"))
    [(kept,)] = run("SELECT evidence FROM overruled")
    assert kept == shown
    assert msgspec.json.decode(kept)["sentence"] == "Failed in its first result here."


def test_what_is_said_again_was_said_then() -> None:
    history("nightly", login="P . F", other="P . P")
    said = run("SELECT said FROM episode")
    upload("nightly", 2, report(other="P"))
    assert overruled() == []
    assert said_now() == [("regression", 3, None)]
    assert run("SELECT said FROM episode") == said


def test_a_break_that_a_late_build_takes_away_is_kept() -> None:
    history("nightly", login="P F F")
    record(BuildFacts("nightly", 2), report(login="P"), replace=True)
    assert overruled() == [("regression", 2, None)]
    assert said_now() == [("regression", 3, None)]


def test_an_end_that_moved_is_said_anew() -> None:
    history("nightly", login="P F . P")
    upload("nightly", 3, report("late.xml", login="P"))
    assert ("regression", 2, 4) in overruled()
    assert ("regression", 2, 3) in said_now()


def test_what_is_overruled_twice_is_kept_twice() -> None:
    upload("nightly", 3, report(login="F"))
    upload("nightly", 2, report(login="P"))
    upload("nightly", 1, report(login="P"))
    assert overruled() == [("new failure", 3, None), ("regression", 3, None)]
    [one, two] = run("SELECT said, unsaid FROM overruled ORDER BY said")
    assert one[0] < one[1] <= two[0] < two[1]


def test_other_cases_are_not_overruled() -> None:
    history("nightly", login=". F", other=". F")
    upload("nightly", 1, report("late.xml", login="P"))
    assert (overruled("login"), overruled("other")) == ([("new failure", 2, None)], [])


def test_a_rebuild_of_what_is_right_overrules_nothing() -> None:
    history("nightly", login="P F F P P F F", logout="F P P P P P P", search="P P F P F P F")
    before = run("SELECT case_id, from_build, said FROM episode ORDER BY 1, 2")
    rebuild()
    assert run("SELECT * FROM overruled") == []
    assert run("SELECT case_id, from_build, said FROM episode ORDER BY 1, 2") == before


def test_nothing_is_overruled_before_the_worker_has_judged() -> None:
    history("nightly", first=2, login="F" + " F" * AT_ONCE)
    upload("nightly", 1, report(login="P"))
    assert overruled() == []
    judge_all()
    assert overruled() == [("new failure", 2, None)]


@pytest.mark.parametrize("builds", [AT_ONCE + 2, 60])
def test_what_is_said_again_by_the_worker_was_said_then(builds: int) -> None:
    early = f"P . {'P ' * builds}"
    history("nightly", login=f"{early}F F", other=f"{early}P P")
    said = run("SELECT said FROM episode")
    upload("nightly", 2, report(fresh="P"))
    judge_all()
    assert said_now() == [("regression", builds + 3, None)]
    assert overruled() == []
    assert run("SELECT said FROM episode") == said


def test_builds_keep_the_revision_at_which_they_were_first_judged() -> None:
    history("nightly", login="P . F", other="P . P")
    before = run("SELECT number, said FROM build ORDER BY number")
    upload("nightly", 2, report("late.xml", login="P"))
    now = dict(run("SELECT number, said FROM build ORDER BY number"))
    assert {number: said for number, said in before if number != 2}.items() <= now.items()
