"""An export imported elsewhere says the same; damage is named, and nothing is half imported."""

from __future__ import annotations

import functools
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories import (
    DAY,
    NOW,
    history,
    jenkins,
    jenkins_facts,
    judge_all,
    record,
    report,
    upload,
)
from tests.store.fresh import fresh_store
from tests.store.test_any_order import RECORDINGS
from tests.store.test_retention import let_go, shorten
from tracker.errors import Conflict, Unreadable
from tracker.operations import import_lines as import_lines_of
from tracker.operations.export.everything import lines
from tracker.operations.export.selection import Selection, left_out
from tracker.operations.import_lines import read_lines
from tracker.operations.imports import Imported, import_lines
from tracker.queries.dump import lines as dumped
from tracker.store import catalogue
from tracker.store.judging import rebuild
from tracker.store.rules import add_name_rule, name_rules
from tracker.store.sql import run


def exported(*jobs: str) -> list[bytes]:
    """The lines of an export of what is here."""
    return list(lines(Selection(jobs or ("*",)), now=NOW))


def take(export: list[bytes]) -> Imported:
    """Import, and judge what waits for it."""
    done = import_lines(export, now=NOW)
    judge_all()
    return done


def state() -> list[str]:
    """The canonical state of what is here."""
    return list(dumped())


@settings(
    max_examples=15,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.sampled_from(range(len(RECORDINGS))), min_size=5, max_size=40))
def test_an_import_says_what_was_exported(order: list[int]) -> None:
    with fresh_store():
        for place in order:
            try:
                RECORDINGS[place]()
            except Conflict:
                continue
        judge_all()
        expected, export = state(), exported()
    with fresh_store():
        done = take(export)
        assert state() == expected
        assert done.left == ()
        revision = run("SELECT value FROM counter WHERE name = 'revision'")
        assert take(export).builds == 0
        assert state() == expected
        assert run("SELECT value FROM counter WHERE name = 'revision'") == revision
        assert exported() == export


@pytest.fixture
def short() -> Iterator[None]:
    """Windows of judging that a history of some builds outgrows."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        yield


def record_and_let_go() -> None:
    """A job of 40 builds, some aborted, of which the older results were let go."""
    for number in range(1, 41):
        letters = {"login": "F" if number in (3, 4, 5, 30, 31) else "P", "search": "P"}
        if number > 6:
            letters["added"] = "S" if number == 33 else "P"
        result = "ABORTED" if number in (8, 36) else "UNSTABLE"
        jenkins("nightly", number, report(**letters), result=result, started=NOW + number * 1000)
    run(
        "UPDATE build SET clustered = coalesce(changed, 0) WHERE failed > 0 AND result <> 'ABORTED'"
    )
    assert let_go() > 10


def test_verdicts_of_builds_that_were_let_go_are_imported(short: None) -> None:
    with fresh_store():
        record_and_let_go()
        expected, export = state(), exported()
    with fresh_store():
        take(export)
        assert state() == expected
        assert take(export).left == ()
        assert state() == expected
        rebuild()
        assert state() == expected
        assert len(run("SELECT 1 FROM build WHERE let_go = ?", NOW)) > 10


def test_of_each_job_that_gets_builds_without_bytes_that_is_noted_once() -> None:
    with fresh_store():
        for job, number in (("nightly", 1), ("nightly", 2), ("weekly", 1)):
            jenkins(job, number, report(login="P"))
        export = exported()
    with fresh_store():
        take(export)
        rows = run("SELECT subject FROM audit WHERE what = 'imported' ORDER BY subject")
        assert rows == [("nightly",), ("weekly",)]


@pytest.mark.parametrize("heard", [NOW, NOW + 36_500 * DAY])
def test_a_start_in_the_future_is_not_imported(heard: int) -> None:
    """Nor where the clock of the tracker that exported it was wrong itself."""
    with fresh_store():
        facts = jenkins_facts("nightly", 1, started=NOW + 36_500 * DAY)
        record(facts, report(login="P"), now=heard)
        export = exported()
    with fresh_store():
        take(export)
        assert run("SELECT number, started FROM build") == [(1, None)]


def test_results_that_are_here_stay_where_an_export_has_let_them_go(short: None) -> None:
    with fresh_store():
        record_and_let_go()
        export = exported()
    with fresh_store():
        jenkins("nightly", 1, report(login="P", search="P"), started=NOW + 1000)
        take(export)
        assert run("SELECT total, let_go FROM build WHERE number = 1") == [(2, None)]


def test_a_selection_by_time_has_no_builds_whose_results_were_let_go(short: None) -> None:
    """Elsewhere they would be builds without tests, and all tests would be missing in them."""
    since = Selection(since=NOW + 5000)
    with fresh_store():
        record_and_let_go()
        kept = run("SELECT number FROM build WHERE let_go IS NULL AND number >= 5 ORDER BY number")
        export = list(lines(since, now=NOW))
        assert left_out(since) == 36 - len(kept)
        assert left_out(Selection()) == 0
    with fresh_store():
        assert take(export).left == ()
        assert run("SELECT number FROM build ORDER BY number") == kept
        assert run("SELECT count(*) FROM build WHERE total = 0 AND result <> 'ABORTED'") == [(0,)]


TOLD = catalogue.Catalogue(
    releases=(catalogue.ReleaseFacts("1.4", main_job="1.4/all"),),
    tests=(catalogue.TestFacts("1.4", "login", case_ref="C1"),),
    issues=(catalogue.IssueFacts("SHOP-1", refs=("C1",)),),
)


@pytest.fixture
def said(store: Path) -> list[bytes]:
    """An export of what operators said of one job, and of what the catalogue tells."""
    add_name_rule("{release}/{module}/nightly")
    catalogue.take_catalogue(TOLD, now=NOW)
    upload("1.4/shop/nightly", 1, report(login="F"))
    run("UPDATE job SET budget = 0.5, standing = 'disabled', standing_since = 7")
    run("INSERT INTO former (name, job_id, until) VALUES ('old', 1, 5)")
    run("INSERT INTO given_parts (job_id, release, module) VALUES (1, '1.5', 'cart')")
    return exported()


def test_rules_of_names_are_imported(said: list[bytes]) -> None:
    with fresh_store():
        take(said)
        assert name_rules() == ["{release}/{module}/nightly"]


def test_what_is_set_of_a_job_is_imported(said: list[bytes]) -> None:
    with fresh_store():
        assert take(said).jobs == 1
        assert run("SELECT budget, standing, standing_since, release FROM job") == [
            (0.5, "disabled", 7, "1.4")
        ]


def test_a_retired_job_stays_so_elsewhere(said: list[bytes]) -> None:
    run("UPDATE job SET standing = 'retired'")
    export = exported()
    with fresh_store():
        take(export)
        assert run("SELECT standing, standing_since FROM job") == [("retired", 7)]
        take(export)
        assert run("SELECT standing FROM job") == [("retired",)]


def test_former_names_of_a_job_are_imported(said: list[bytes]) -> None:
    with fresh_store():
        take(said)
        assert run("SELECT name, until FROM former") == [("old", 5)]


def test_parts_that_somebody_gave_a_job_are_imported(said: list[bytes]) -> None:
    with fresh_store():
        take(said)
        assert run("SELECT release, module FROM given_parts") == [("1.5", "cart")]


def test_the_catalogue_is_imported(said: list[bytes]) -> None:
    with fresh_store():
        take(said)
        assert not catalogue.would_change(TOLD)


def test_what_operators_said_is_imported_once(said: list[bytes]) -> None:
    with fresh_store():
        assert (take(said).others, take(said).others) == (5, 0)


# Damage.


def test_a_cut_export_names_the_line_and_imports_whole_builds(store: Path) -> None:
    history("nightly", login="P F P", logout="P P P")
    export = exported()
    second = next(at for at, line in enumerate(export) if b'"number":2' in line)
    with fresh_store():
        done = take([*export[: second + 1], export[second + 1][:20]])
        assert done.trouble.startswith(f"Line {second + 2} of the export is cut off.")
        assert (done.builds, run("SELECT number FROM build")) == (1, [(1,)])
        assert take(export).builds == 2


def test_an_export_that_ends_between_two_builds_is_cut_off_too(store: Path) -> None:
    history("nightly", login="P F")
    export = exported()
    second = next(at for at, line in enumerate(export) if b'"number":2' in line)
    with fresh_store():
        done = take(export[:second])
        assert f"Line {second + 1} of the export is missing" in done.trouble
        assert done.builds == 1


@functools.cache
def small() -> bytes:
    """An export of two builds of two results."""
    with fresh_store():
        history("nightly", login="P F", logout="P P")
        return b"".join(exported())


@given(st.data())
@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    whole = small()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != whole[at]))
    damaged = whole[:at] + bytes([byte]) + whole[at + 1 :]
    with fresh_store():
        try:
            done = take(damaged.splitlines(keepends=True))
        except Unreadable:
            assert state() == []
        else:
            assert done.trouble
            numbers = [number for (number,) in run("SELECT number FROM build ORDER BY number")]
            assert numbers in ([], [1], [1, 2])
            assert all(total == 2 for (total,) in run("SELECT total FROM build"))


@pytest.mark.parametrize(
    "first", [b"job,build,started\n", b'{"kind":"end","builds":0,"results":0}\n', b"\xff\xfe\n"]
)
def test_a_file_that_is_no_export_is_refused(store: Path, first: bytes) -> None:
    with pytest.raises(Unreadable, match="is no export in JSON Lines"):
        take([first])


def test_an_export_of_another_form_is_refused(store: Path) -> None:
    first = json.loads(exported()[0])
    with pytest.raises(
        Unreadable, match="has the form 2; this version reads the form 1"
    ) as refused:
        take([json.dumps({**first, "schema": 2}).encode() + b"\n"])
    assert "Nothing was imported. Import it with the version" in refused.value.remedy


def test_an_empty_file_is_told_as_such(store: Path) -> None:
    with pytest.raises(Unreadable, match="The file is empty"):
        take([])


def test_a_line_without_end_is_not_read_into_memory(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_lines_of, "LONGEST", 1000)
    assert {len(line) for line in read_lines(io.BytesIO(bytes(5000)))} == {1000}


def test_a_build_that_has_other_reports_here_is_left_and_told(store: Path) -> None:
    history("nightly", login="P F")
    export = exported()
    with fresh_store():
        upload("nightly", 1, report(login="F", message="other"))
        before = state()
        done = take(export)
        assert done.left == ("Build 1 of 'nightly' has other reports here. It is left as it is.",)
        assert done.builds == 1
        assert [line for line in state() if '"build":1,' in line] == [
            line for line in before if '"build":1,' in line
        ]


def test_only_the_jobs_and_builds_that_are_asked_for_are_exported(store: Path) -> None:
    history("team/nightly", login="P P")
    history("other", login="P")
    jenkins("team/nightly", 3, report(login="F"), started=NOW)
    kinds = [json.loads(line) for line in exported("team/*")]
    assert [row["number"] for row in kinds if row["kind"] == "build"] == [1, 2, 3]
    late = list(lines(Selection(since=NOW + 1), now=NOW))
    assert not [line for line in late if b'"kind":"build"' in line]


def forged(*records: dict[str, object]) -> list[bytes]:
    """A section as an export would have it, behind the head of an empty one."""
    section = [json.dumps(record).encode() + b"\n" for record in records]
    crc = zlib.crc32(b"".join(section))
    return [
        *section,
        json.dumps({"kind": "sum", "lines": len(section), "crc": crc}).encode() + b"\n",
    ]


HEAD = {"kind": "export", "schema": 1, "tracker": "0", "made": ""}
BUILD = {"kind": "build", "job": "nightly", "number": 1}


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "fact", "table": "release", "values": {"name": "1.4"}},
        {"kind": "fact", "table": "token", "values": {}},
        {
            "kind": "fact",
            "table": "release",
            "values": {
                "name": None,
                "is_active": None,
                "main_job": None,
                "last_build": None,
                "branch": None,
            },
        },
        {"kind": "job", "name": "../x"},
        {**BUILD, "state": "finished", "about": "[]"},
        {"kind": "verdicts", "job": "nightly", "judged_from": [0, 1], "builds": [[0, 1, {}, None]]},
    ],
)
def test_a_section_that_means_nothing_is_told_and_leaves_nothing(
    store: Path, record: dict[str, object]
) -> None:
    in_head = record["kind"] == "fact"
    lines_of = forged(HEAD, record) if in_head else [*forged(HEAD), *forged(record)]
    done = import_lines(lines_of, now=NOW)
    assert "means nothing" in done.trouble
    assert run("SELECT count(*) FROM build") == run("SELECT count(*) FROM release") == [(0,)]
