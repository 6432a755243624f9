"""Reports read again after a parser got better: only what differs is recorded."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tests.factories import NOW
from tracker.errors import Unrecognised
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.plugins import PluginSources
from tracker.intake.reparse import Reparsed, reparse
from tracker.intake.sandbox import Limits
from tracker.intake.spool import SpooledReport
from tracker.queries.dump import lines
from tracker.queries.jobs import job as job_row
from tracker.store.connection import writing
from tracker.store.records import BuildFacts
from tracker.store.sql import run

# Version 1 takes every word for passed; version 2 knows FAIL; version 3 reads nothing.
PLUGIN = """
from tracker.intake.contract import *

def looks_like(head):
    return float(head.text[:4] == "MINE")

@parser("mine", recognises="MINE", version={version}, sniff=looks_like)
def read(report):
    if {version} == 3:
        raise ReportError("no longer")
    for line in report.stream.read().decode().splitlines()[1:]:
        name, word = line.split()
        failed = word == "FAIL" and {version} > 1
        yield Result(name, Status.FAILED if failed else Status.PASSED)
"""


@pytest.fixture
def intake(store: Path, tmp_path: Path) -> Intake:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    return Intake(tmp_path / "spool", Limits(), PluginSources(plugins))


def install(intake: Intake, version: int) -> None:
    # Compiled files are told apart by size and second.
    text = PLUGIN.format(version=version) + "#" * version
    (intake.sources.own / "mine.py").write_text(text)


def send(intake: Intake, number: int, **reports: bytes) -> None:
    spooled = [
        SpooledReport(kept.path, name, kept.sha256, kept.size)
        for name, data in reports.items()
        for kept in [spool.store(intake.spool, [data])]
    ]
    ingest(intake, BuildFacts("nightly", number), spooled, now=NOW)


def again(intake: Intake, **options: object) -> list[Reparsed]:
    return list(reparse(intake, now=NOW + 1, **options))  # type: ignore[arg-type]


def statuses() -> list[tuple[int, str, int]]:
    return [
        (number, name, status)
        for number, name, status in run(
            "SELECT b.number, c.name, r.status FROM result r JOIN build b ON b.id = r.build_id"
            " JOIN test_case c ON c.id = r.case_id ORDER BY b.number, c.name"
        )
    ]


def recorded_by(version: int) -> list[str]:
    """The state that a store would have whose reports that version had read at once."""
    return [line.replace('"parser_version":1', f'"parser_version":{version}') for line in lines()]


def test_a_better_parser_changes_what_it_reads_otherwise(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx PASS\ny PASS\n")
    send(intake, 2, a=b"MINE\nx PASS\ny FAIL\n")
    install(intake, 2)
    done = again(intake)
    assert [(each.number, each.revised.results) for each in done] == [(1, 0), (2, 1)]
    assert statuses() == [(1, "x", 0), (1, "y", 0), (2, "x", 0), (2, "y", 1)]


def test_the_state_is_that_of_a_fresh_recording(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx PASS\n")
    send(intake, 2, a=b"MINE\nx FAIL\n")
    send(intake, 3, a=b"MINE\nx PASS\n")
    install(intake, 2)
    again(intake)
    regression, recovering = [line for line in lines() if '"kind":"episode"' in line]
    assert '"from":[0,2]' in regression
    assert '"state":"regression"' in regression
    assert '"until":[0,3]' in regression
    assert '"since":[0,2]' in recovering
    assert '"state":"recovering"' in recovering


def test_nothing_differs_nothing_changes_but_the_version(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx PASS\n")
    before, revision = recorded_by(2), run("SELECT value FROM counter")
    install(intake, 2)
    [done] = again(intake)
    assert (done.revised.results, done.revised.reports) == (0, 0)
    assert list(lines()) == before
    assert run("SELECT value FROM counter") == revision


def places() -> list[tuple[str, str, int]]:
    return run(
        "SELECT c.name, p.name, r.place FROM result r JOIN test_case c ON c.id = r.case_id"
        " JOIN report p ON p.build_id = r.build_id AND p.n = r.report ORDER BY p.name, r.place"
    )


def test_results_recorded_before_places_were_kept_get_them(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx PASS\ny PASS\nz PASS\n", b=b"MINE\nv PASS\n")
    before, known = list(lines()), places()
    assert known == [("x", "a", 0), ("y", "a", 1), ("z", "a", 2), ("v", "b", 0)]
    with writing():
        run("UPDATE result SET report = NULL, place = NULL")
    [dry] = again(intake, dry_run=True)
    [done] = again(intake)
    assert dry.revised == done.revised
    assert (done.revised.results, done.revised.reports) == (0, 2)
    assert list(lines()) == before
    assert again(intake) == []


def test_a_second_time_nothing_is_read(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx FAIL\n")
    install(intake, 2)
    again(intake)
    assert again(intake) == []
    assert len(again(intake, everything=True)) == 1


def test_a_dry_run_says_what_would_change_and_changes_nothing(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx FAIL\n")
    before = list(lines())
    install(intake, 2)
    [done] = again(intake, dry_run=True)
    assert done.revised.results == 1
    assert list(lines()) == before


def test_only_the_builds_that_are_asked_for_are_read(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx FAIL\n")
    send(intake, 2, a=b"MINE\nx FAIL\n")
    install(intake, 2)
    assert [each.number for each in again(intake, job="nightly", number=2)] == [2]
    assert again(intake, job="other") == []


def test_a_report_that_none_could_read_is_read_by_a_new_parser(intake: Intake) -> None:
    install(intake, 2)
    send(intake, 1, a=b"MINE\nx PASS\n", b=b"YOURS\ny FAIL\n")
    assert job_row("nightly").name == "nightly"
    yours = PLUGIN.format(version=2).replace("MINE", "YOURS").replace("mine", "yours")
    yours = yours.replace("[:4]", "[:5]")
    (intake.sources.own / "yours.py").write_text(yours)
    [done] = again(intake)
    assert (done.revised.results, done.revised.reports) == (1, 1)
    assert statuses() == [(1, "x", 0), (1, "y", 1)]


def test_a_report_that_can_no_longer_be_read_leaves_its_build_as_it_is(intake: Intake) -> None:
    install(intake, 2)
    send(intake, 1, a=b"MINE\nx PASS\n")
    before = list(lines())
    install(intake, 3)
    [done] = again(intake)
    assert "cannot be read again (no longer); nothing is changed" in done.trouble
    assert list(lines()) == before


def test_bytes_that_are_gone_leave_their_build_as_it_is(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, a=b"MINE\nx PASS\n")
    for path in intake.spool.glob("??/*"):
        path.unlink()
    install(intake, 2)
    [done] = again(intake)
    assert "'a' cannot be read again" in done.trouble


def zipped(**entries: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return data.getvalue()


def test_the_reports_of_an_archive_are_read_again(intake: Intake) -> None:
    install(intake, 1)
    send(intake, 1, z=zipped(a=b"MINE\nx PASS\n", b=b"MINE\ny FAIL\n"))
    install(intake, 2)
    [done] = again(intake)
    assert (done.revised.results, done.trouble) == (1, "")
    assert statuses() == [(1, "x", 0), (1, "y", 1)]


def test_an_archive_in_which_a_new_parser_finds_more_has_more(intake: Intake) -> None:
    install(intake, 2)
    send(intake, 1, z=zipped(a=b"MINE\nx PASS\n", b=b"YOURS\ny FAIL\n", c=b"MINE\nz PASS\n"))
    yours = PLUGIN.format(version=2).replace("MINE", "YOURS").replace("mine", "yours")
    (intake.sources.own / "yours.py").write_text(yours.replace("[:4]", "[:5]"))
    again(intake, everything=True)
    assert statuses() == [(1, "x", 0), (1, "y", 1), (1, "z", 0)]


def test_an_upload_that_none_could_read_was_never_recorded(intake: Intake) -> None:
    install(intake, 2)
    with pytest.raises(Unrecognised):
        send(intake, 1, a=b"YOURS\n")
    assert again(intake, everything=True) == []
