"""A validation finds nothing where nothing is wrong, whatever happened, and changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from tests.factories import DAY, NOW, cluster_all, jenkins_facts, judge_all
from tests.operations.validation.histories import FIRST, NIGHTLY, Uploads, found_by, result
from tracker.errors import Conflict, StorageError
from tracker.operations.validation.findings import Kind
from tracker.operations.validation.references import NO_REFERENCES, TARGETS
from tracker.operations.validation.validate import CHECKS
from tracker.operations.validation.values import JSON
from tracker.settings import Settings
from tracker.store import decisions
from tracker.store.connection import close_store, open_store, writing
from tracker.store.judging import set_budget
from tracker.store.models import TABLES, Job
from tracker.store.record import complete_quiet_builds
from tracker.store.records import BuildFacts, ReadReport
from tracker.store.sql import run

MEMORY = Path("/dev/shm")


def said(settings: Settings) -> list[str]:
    """What is found, in words."""
    return [f"{each.sentence} {each.examples}" for each in found_by(settings).findings]


def test_nothing_is_found_in_a_history_of_everything(world: Settings) -> None:
    assert said(world) == []


def test_every_check_is_made_there(world: Settings) -> None:
    report = found_by(world)
    assert [each.check for each in report.checks] == [
        *(check.id for check in CHECKS if not check.is_derived),
        *(check.id for check in CHECKS if check.is_derived),
    ]
    assert not any(each.skipped for each in report.checks)


def test_nothing_is_written(world: Settings) -> None:
    def state() -> dict[Path, str]:
        return {
            path: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(world.home.rglob("*"))
            if path.is_file() and path.suffix not in (".db-wal", ".db-shm")
        }

    before = state()
    found_by(world)
    assert state() == before


def test_no_copy_stays(world: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    found_by(world)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_copy_needs_room(world: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(world.home)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match="TMPDIR="):
        found_by(world)


def test_a_job_that_waits_to_be_judged_again_is_not_compared_yet(world: Settings) -> None:
    open_store(world.database)
    set_budget(NIGHTLY, 0.5, now=NOW)
    close_store()
    report = found_by(world)
    assert report.is_clean
    assert NIGHTLY in report.notes[0]
    open_store(world.database)
    judge_all()
    close_store()
    assert said(world) == []


def test_nothing_is_judged_again_on_results_that_cannot_be_judged(world: Settings) -> None:
    open_store(world.database)
    run("UPDATE result SET status = 9 WHERE case_id = (SELECT min(case_id) FROM result)")
    close_store()
    report = found_by(world)
    skipped = {each.check for each in report.checks if each.skipped}
    assert skipped == {check.id for check in CHECKS if check.is_derived}
    assert "integrity.values.result.status" in report.notes[0]


def test_a_database_of_another_program_is_refused(world: Settings) -> None:
    world.database.unlink()
    with contextlib.closing(sqlite3.connect(world.database)) as connection:
        connection.execute("CREATE TABLE other (id)")
    with pytest.raises(StorageError, match="no database of the tracker"):
        found_by(world)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '')", "newer version"),
        ("DELETE FROM schema_migration WHERE name = '0004_verdicts'", "refuses|older version"),
    ],
)
def test_a_database_of_another_version_is_refused(
    world: Settings, statement: str, words: str
) -> None:
    open_store(world.database)
    run(statement)
    close_store()
    with pytest.raises(StorageError, match=words):
        found_by(world)


def test_every_column_that_is_called_like_a_reference_is_looked_at() -> None:
    ends = ("_id", "_build", "_case", "_into", "_from")
    for model in TABLES:
        for field in model._meta.sorted_fields:
            place = (model._meta.table_name, field.column_name)
            if field.column_name.endswith(ends) and place not in NO_REFERENCES:
                assert field.column_name in TARGETS, place


def test_every_column_that_begins_as_json_is_read() -> None:
    for model in TABLES:
        for field in model._meta.sorted_fields:
            if field.default in ("{}", "[]"):
                assert (model._meta.table_name, field.column_name) in JSON


def test_an_id_names_one_check_and_its_kind() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert {check.kind for check in CHECKS} == {*Kind} - {Kind.COMPARISON}


# Whatever happens, in any order.

CASES = ("login", "logout", "search", "pays", "ships")
ACTS = (
    *("night", "again", "other", "part", "facts", "runs"),
    *("stops", "quiet", "judge", "cluster", "merge", "budget"),
)
Step = tuple[str, int, str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.integers(1, 14),
        st.text("PFESU.", min_size=len(CASES), max_size=len(CASES)),
        st.integers(0, 40),
    ),
    min_size=5,
    max_size=45,
)


@contextlib.contextmanager
def tracker() -> Iterator[Settings]:
    """A tracker of its own within a test that needs several."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        settings = Settings.load({}, home=folder / "home", output=folder / "output")
        open_store(settings.store)
        yield settings
    finally:
        close_store()
        shutil.rmtree(folder)


def _report(uploads: Uploads, name: str, letters: str, day: int) -> ReadReport:
    row = [
        result(case, letter, 0.1 * day, message=f"{letter} in {case} of {day % 3}")
        if letter in "FE"
        else result(case, letter, 0.1 * day)
        for case, letter in zip(CASES, letters, strict=True)
        if letter != "."
    ]
    return uploads.report(name, row, suite="shop" if day % 5 else "desk")


def _do(uploads: Uploads, step: Step) -> None:
    what, number, letters, day = step
    job = f"team/job-{day % 2}"
    started = FIRST + (number + 60 * (day > 37)) * DAY
    report = _report(uploads, f"{what}.xml", letters, day)
    upload = BuildFacts(job, number)
    acts: dict[str, Callable[[], object]] = {
        "night": lambda: uploads.send(BuildFacts(job, number, complete=True), report),
        "again": lambda: uploads.send(upload, report, replace=True),
        "other": lambda: uploads.send(upload, _report(uploads, "night.xml", letters, day)),
        "part": lambda: uploads.send(upload, _report(uploads, f"{day}.xml", letters, day)),
        "facts": lambda: uploads.send(jenkins_facts(job, number, started=started)),
        "runs": lambda: uploads.send(jenkins_facts(job, number, result=None), report),
        "stops": lambda: uploads.send(jenkins_facts(job, number, result="ABORTED"), report),
        "quiet": lambda: complete_quiet_builds(NOW + 1),
        "judge": judge_all,
        "cluster": cluster_all,
        "merge": _merge,
        "budget": lambda: _set_budget(job, day),
    }
    with contextlib.suppress(Conflict):  # of one name and other bytes: nothing happened
        acts[what]()


def _merge() -> None:
    found = [row[0] for row in run("SELECT DISTINCT family_id FROM signature ORDER BY 1 LIMIT 2")]
    if len(found) == 2:
        decisions.merge(found[0], found[1:], by="ci", now=NOW)


def _set_budget(job: str, day: int) -> None:
    if Job.get_or_none(Job.name == job):
        set_budget(job, 0.1 + day, now=NOW)


def _holds_together(steps: list[Step]) -> None:
    with tracker() as settings:
        uploads = Uploads(settings.spool)
        for step in steps:
            _do(uploads, step)
        close_store()
        assert said(settings) == []


PROPERTY = trying(
    deadline=None,
    database=None,
    phases=[Phase.generate],  # making a failing history small would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@trying(PROPERTY, max_examples=6)
@given(STEPS)
def test_nothing_is_found_whatever_happened(steps: list[Step]) -> None:
    _holds_together(steps)


@pytest.mark.nightly
@trying(PROPERTY, max_examples=300)
@given(STEPS)
def test_nothing_is_found_whatever_happened_in_300_histories(steps: list[Step]) -> None:
    _holds_together(steps)


def test_a_verdict_of_before_is_found(world: Settings) -> None:
    """What judging again by other code would say is found: results that were changed in place."""
    open_store(world.database)
    with writing():
        run("UPDATE result SET status = 0 WHERE status = 1")
    close_store()
    found = {each.check for each in found_by(world).findings}
    assert {"calculation.totals", "calculation.episode"} <= found
