"""Damage that is planted, and the check that must find it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import DAY, NOW
from tests.operations.validation.histories import CHILD, NIGHTLY, WEST, found_by
from tracker.intake.spool import path_of
from tracker.operations.validation.calculation import count_results
from tracker.operations.validation.checks import Scene
from tracker.operations.validation.findings import Report
from tracker.operations.validation.site import read_site
from tracker.operations.validation.validate import CHECKS
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.judging import rebuild
from tracker.store.models import TABLES
from tracker.store.sql import run

Action = Callable[[Settings], None]
BY_ID = {check.id: check for check in CHECKS}
NONE = 987654321
BUILD = f"(SELECT b.id FROM build b JOIN job j ON j.id = b.job_id WHERE j.name = '{NIGHTLY}'"
TENTH, LAST = f"{BUILD} AND b.number = 10)", f"{BUILD} AND b.number = 30)"
SEEN = "(SELECT signature_id FROM appearance ORDER BY signature_id LIMIT 1)"
A_CASE = f"(SELECT case_id FROM result WHERE build_id = {TENTH} ORDER BY case_id LIMIT 1)"


def first(table: str, column: str = "id") -> str:
    return f"(SELECT min({column}) FROM {table})"


# Name of the damage -> what plants it, and the check that must find it.
DAMAGE: dict[str, tuple[str, str]] = {
    # Orphans.
    "a result of no build": (
        f"UPDATE result SET build_id = {NONE} WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.orphans.result.build_id",
    ),
    "a result of no case": (
        f"UPDATE result SET case_id = {NONE} WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.orphans.result.case_id",
    ),
    "a failure text that is gone": (
        "DELETE FROM failure WHERE id = (SELECT max(failure_id) FROM result)",
        "integrity.orphans.result.failure_id",
    ),
    "a detail that is gone": (
        "DELETE FROM detail WHERE id = (SELECT max(detail_id) FROM result)",
        "integrity.orphans.result.detail_id",
    ),
    "a detail of a suite that is gone": (
        "DELETE FROM detail WHERE id = (SELECT max(detail_id) FROM suite_run)",
        "integrity.orphans.suite_run.detail_id",
    ),
    "results of no report": (
        f"UPDATE result SET report = 77 WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.orphans.result.report",
    ),
    "an attempt without a result": (
        f"UPDATE attempt SET case_id = {A_CASE} + 1 WHERE build_id = {TENTH}",
        "integrity.orphans.attempt",
    ),
    "an output without a result": (
        "DELETE FROM result WHERE (build_id, case_id) IN"
        " (SELECT build_id, case_id FROM output LIMIT 1)",
        "integrity.orphans.output",
    ),
    "a case of no suite": (
        f"UPDATE test_case SET suite_id = {NONE} WHERE id = {first('test_case')}",
        "integrity.orphans.test_case.suite_id",
    ),
    "a broken foreign key": (
        f"UPDATE report SET build_id = {NONE} WHERE id = {first('report')}",
        "integrity.foreign_keys",
    ),
    "a build of no job": (
        f"UPDATE build SET job_id = {NONE} WHERE id = {first('build')}",
        "integrity.orphans.build.job_id",
    ),
    "a job of no server": (
        f"UPDATE job SET server_id = {NONE} WHERE name = '{CHILD}'",
        "integrity.orphans.job.server_id",
    ),
    "a state that began in no build": (
        f"UPDATE episode SET from_build = {NONE}"
        f" WHERE from_build = {first('episode', 'from_build')}",
        "integrity.orphans.episode.from_build",
    ),
    "a state that ended in no build": (
        f"UPDATE episode SET until_build = {NONE} WHERE until_build IS NOT NULL",
        "integrity.orphans.episode.until_build",
    ),
    "a break in no build": (
        f"UPDATE episode SET since_build = {NONE} WHERE since_build IS NOT NULL",
        "integrity.orphans.episode.since_build",
    ),
    "a pace in no build": (
        f"UPDATE pace SET from_build = {NONE}",
        "integrity.orphans.pace.from_build",
    ),
    "a break window of no build": (
        f"UPDATE break_window SET since_build = {NONE}",
        "integrity.orphans.break_window.since_build",
    ),
    "an absence of no loss": ("UPDATE absence SET n = 50", "integrity.orphans.absence"),
    "an absence of no case": (
        f"UPDATE absence SET case_id = {NONE} WHERE case_id = {first('absence', 'case_id')}",
        "integrity.orphans.absence.case_id",
    ),
    "a sighting of what passed": (
        f"UPDATE sighting SET case_id = (SELECT case_id FROM result WHERE build_id = {TENTH}"
        f" AND status = 0 LIMIT 1) WHERE build_id = {TENTH}"
        f" AND case_id = (SELECT min(case_id) FROM sighting WHERE build_id = {TENTH})",
        "integrity.orphans.sighting",
    ),
    "a signature that is gone": (
        f"DELETE FROM signature WHERE id = {first('signature')}",
        "integrity.orphans.sighting.signature_id",
    ),
    "a signature of no family": (
        f"UPDATE signature SET family_id = {NONE} WHERE id = {first('signature')}",
        "integrity.orphans.signature.family_id",
    ),
    "a family merged into none": (
        f"UPDATE family SET merged_into = {NONE} WHERE merged_into IS NOT NULL",
        "integrity.orphans.family.merged_into",
    ),
    # Duplicates.
    "a report twice": (
        "INSERT INTO report (build_id, name, sha256, bytes, variant, format, parser_version, cases,"
        " recovered, failure, stand_in, decides, archive, warnings, n)"
        " SELECT build_id, 'twice.xml', sha256, bytes, variant, format, parser_version, cases,"
        " recovered, failure, stand_in,"
        f" decides, archive, warnings, 9 FROM report WHERE id = {first('report')}",
        "integrity.duplicates.report.bytes",
    ),
    "two reports of one number": (
        f"UPDATE report SET n = 0 WHERE build_id = {TENTH}",
        "integrity.duplicates.report.n",
    ),
    "a suite twice": (
        f"INSERT INTO suite (id, path) SELECT {NONE}, path FROM suite LIMIT 1",
        "integrity.duplicates.suite",
    ),
    "a case twice": (
        f"INSERT INTO test_case (id, suite_id, name, variant, twin) SELECT {NONE}, suite_id, name,"
        " variant, twin FROM test_case LIMIT 1",
        "integrity.duplicates.test_case",
    ),
    "two states at once": (
        "UPDATE episode SET until_build = NULL",
        "integrity.duplicates.episode",
    ),
    "a former name that a job has": (
        f"UPDATE former SET name = '{NIGHTLY}'",
        "integrity.duplicates.former",
    ),
    # Values.
    "a build in no state": (
        f"UPDATE build SET state = 'walking' WHERE id = {TENTH}",
        "integrity.values.build.state",
    ),
    "a job of an unknown standing": (
        f"UPDATE job SET standing = 'asleep', standing_since = 1 WHERE name = '{CHILD}'",
        "integrity.values.job.standing",
    ),
    "a case in no state": (
        f"UPDATE episode SET state = 'unwell' WHERE from_build = {first('episode', 'from_build')}",
        "integrity.values.episode.state",
    ),
    "a loss for no cause": ("UPDATE loss SET cause = 'moon'", "integrity.values.loss.cause"),
    "a status that is none": (
        f"UPDATE result SET status = 9 WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.values.result.status",
    ),
    "a result that took less than nothing": (
        f"UPDATE result SET duration = -5 WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.values.result.duration",
    ),
    "a result with a word for a duration": (
        f"UPDATE result SET duration = 'long' WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "integrity.values.result.duration",
    ),
    "an attempt with a status that is none": (
        f"UPDATE attempt SET status = 7 WHERE build_id = {TENTH}",
        "integrity.values.attempt.status",
    ),
    "an attempt that comes after none": (
        f"UPDATE attempt SET n = 3 WHERE build_id = {TENTH}",
        "integrity.values.attempt.n",
    ),
    "a build without a number": (
        f"UPDATE build SET number = 0 WHERE id = {TENTH}",
        "integrity.values.build.number",
    ),
    "an epoch that cannot be": (
        f"UPDATE build SET epoch = -1 WHERE id = {TENTH}",
        "integrity.values.build.epoch",
    ),
    "a count below nothing": (
        f"UPDATE build SET fixed = -1 WHERE id = {TENTH}",
        "integrity.values.build.counts",
    ),
    "a flag that says neither": (
        f"UPDATE build SET complete = 2 WHERE id = {TENTH}",
        "integrity.values.build.flags",
    ),
    "a build that took less than nothing": (
        f"UPDATE build SET duration = -1 WHERE id = {TENTH}",
        "integrity.values.build.duration",
    ),
    "a start in seconds": (
        f"UPDATE build SET started = started / 1000 WHERE id = {TENTH}",
        "integrity.values.build.started",
    ),
    "a budget of nothing": (
        f"UPDATE job SET budget = 0 WHERE name = '{CHILD}'",
        "integrity.values.job.budget",
    ),
    "a digest that is none": (
        f"UPDATE report SET sha256 = 'abc' WHERE id = {first('report')}",
        "integrity.values.report.sha256",
    ),
    "a token that opens nothing known": (
        "UPDATE token SET scope = 'everything'",
        "integrity.values.token.scope",
    ),
    "a task that was never asked for": (
        f"UPDATE work SET asked = 0 WHERE id = {first('work')}",
        "integrity.values.work",
    ),
    # JSON.
    "a build's story that ends early": (
        f"UPDATE build SET about = '{{\"node\": ' WHERE id = {TENTH}",
        "integrity.json.build.about",
    ),
    "limits that are none": (
        f"UPDATE build SET judging = '{{}} ' WHERE id = {TENTH}",
        "integrity.json.build.judging",
    ),
    "evidence without its numbers": (
        'UPDATE episode SET evidence = \'{"state": "flaky"}\'',
        "integrity.json.episode.evidence",
    ),
    "a break window that is none": (
        "UPDATE break_window SET found = '[]'",
        "integrity.json.break_window.found",
    ),
    "a pace without its numbers": (
        "UPDATE pace SET evidence = 'slower'",
        "integrity.json.pace.evidence",
    ),
    "details that are none": ("UPDATE detail SET data = 'x'", "integrity.json.detail.data"),
    "warnings that are no list": (
        f"UPDATE report SET warnings = 'none' WHERE id = {first('report')}",
        "integrity.json.report.warnings",
    ),
    "words of a signature that are no list": (
        f"UPDATE signature SET words = '{{}}' WHERE id = {first('signature')}",
        "integrity.json.signature.words",
    ),
    "a decision on nothing that can be read": (
        "UPDATE decision SET these = '[1, \"a\"]' WHERE kind = 'merge'",
        "integrity.json.decision.these",
    ),
    "an order to a worker that cannot be read": (
        f"UPDATE work SET payload = '' WHERE id = {first('work')}",
        "integrity.json.work.payload",
    ),
    # Ids.
    "a suite of another path": (
        f"UPDATE suite SET path = path || 's' WHERE id = {first('suite')}",
        "integrity.identity.suite",
    ),
    "a case of another name": (
        f"UPDATE test_case SET name = name || 's' WHERE id = {first('test_case')}",
        "integrity.identity.test_case",
    ),
    "a failure that says something else": (
        f"UPDATE failure SET message = message || '!' WHERE id = {first('failure')}",
        "integrity.identity.failure",
    ),
    "a detail that says something else": (
        f'UPDATE detail SET data = \'{{"file": "other.py"}}\' WHERE id = {first("detail")}',
        "integrity.identity.detail",
    ),
    "a twin of no name": (
        f"UPDATE test_case SET twin = twin + 1 WHERE id = {first('test_case')}",
        "integrity.identity.twin",
    ),
    # Counts.
    "a total too high": (
        f"UPDATE build SET total = total + 1, passed = passed + 1 WHERE id = {TENTH}",
        "calculation.totals",
    ),
    "a result that is gone": (
        f"DELETE FROM result WHERE build_id = {TENTH} AND case_id = {A_CASE}",
        "calculation.totals",
    ),
    "totals that do not add up": (
        f"UPDATE build SET skipped = skipped + 1 WHERE id = {TENTH}",
        "calculation.rates",
    ),
    "a damaged report that is none": (
        f"UPDATE build SET damaged = 1 WHERE id = {TENTH}",
        "calculation.damaged",
    ),
    "a report of fewer cases": (
        f"UPDATE report SET cases = 1 WHERE build_id = {TENTH}",
        "calculation.report.cases",
    ),
    "a loss of more cases": ("UPDATE loss SET cases = cases + 1", "calculation.loss.cases"),
    "an appearance of more failures": (
        f"UPDATE appearance SET cases = cases + 1 WHERE build_id = {TENTH}",
        "calculation.appearance",
    ),
    "a failure in no family": (
        f"DELETE FROM sighting WHERE build_id = {TENTH}",
        "calculation.sightings",
    ),
    "a signature in other words": (
        f"UPDATE signature SET message = message || '!' WHERE id = {SEEN}",
        "calculation.signature",
    ),
    "a failure with the signature of another": (
        "UPDATE sighting SET signature_id = (SELECT max(signature_id) FROM sighting)"
        " WHERE signature_id = (SELECT min(signature_id) FROM sighting)",
        "calculation.signature",
    ),
    "frames that are no list": (
        f"UPDATE signature SET frames = 'none' WHERE id = {SEEN}",
        "calculation.signature",
    ),
    "a signature seen in no build": (
        f"DELETE FROM appearance WHERE signature_id = {first('appearance', 'signature_id')}",
        "calculation.signature.seen",
    ),
    "a family that people split, in one again": (
        "UPDATE signature SET family_id = (SELECT family_id FROM decision WHERE kind = 'split')"
        " WHERE family_id = (SELECT other_id FROM decision WHERE kind = 'split')",
        "calculation.families.decided",
    ),
    "a family that people merged, in two": (
        "UPDATE signature SET family_id = (SELECT max(id) FROM family) WHERE id ="
        " (SELECT max(value) FROM json_each((SELECT these FROM decision WHERE kind = 'split')))",
        "calculation.families.decided",
    ),
    "a failure of a family that was merged": (
        "UPDATE signature SET family_id = (SELECT id FROM family WHERE merged_into IS NOT NULL)"
        " WHERE id = (SELECT max(id) FROM signature)",
        "calculation.families.merged",
    ),
    "a job ahead of the database": (
        "UPDATE job SET revision = 1000000",
        "calculation.revision.job.revision",
    ),
    "a counter that began again": (
        "UPDATE counter SET value = 1 WHERE name = 'revision'",
        "calculation.revision.build.said",
    ),
    # Contradictions.
    "an upstream build without a number": (
        f"UPDATE build SET upstream_job = '{NIGHTLY}' WHERE id = {TENTH}",
        "consistency.upstream.half",
    ),
    "a build that started itself": (
        f"UPDATE build SET upstream_job = '{NIGHTLY}', upstream_number = 10 WHERE id = {TENTH}",
        "consistency.upstream.cycle",
    ),
    "two builds that started each other": (
        f"UPDATE build SET upstream_job = '{CHILD}', upstream_number = 2"
        f" WHERE id = {BUILD} AND b.number = 2)",
        "consistency.upstream.cycle",
    ),
    "a child that began before its parent": (
        f"UPDATE build SET upstream_number = 20 WHERE upstream_job = '{NIGHTLY}'"
        " AND upstream_number = 1",
        "consistency.upstream.order",
    ),
    "a build of next year": (
        f"UPDATE build SET started = {NOW + 400 * DAY} WHERE id = {LAST}",
        "consistency.times.future",
    ),
    "an epoch that the times do not give": (
        f"UPDATE build SET epoch = 1 WHERE number = 3"
        f" AND job_id = (SELECT id FROM job WHERE name = '{WEST}')",
        "consistency.epochs",
    ),
    "a release that the name does not say": (
        f"UPDATE job SET release = '9.9' WHERE name = '{NIGHTLY}'",
        "consistency.names",
    ),
    "a standing since no time": (
        f"UPDATE job SET standing = 'disabled' WHERE name = '{NIGHTLY}'",
        "consistency.standing",
    ),
    "trouble since no time": (
        "UPDATE job SET error_since = NULL WHERE error <> ''",
        "consistency.trouble.job",
    ),
    "a back-fill beyond its end": ("UPDATE backfill SET done = 7", "consistency.backfill"),
    "a task that is held for ever": (
        f"UPDATE work SET lease_until = {NOW + 4000 * DAY} WHERE kind = 'backfill'",
        "consistency.work.lease",
    ),
    "a task that is over and held": (
        "UPDATE work SET state = 'done' WHERE kind = 'backfill'",
        "consistency.work.lease",
    ),
    "a job that two tasks hold": (
        f"UPDATE work SET subject = '{NIGHTLY}', lease_until = {NOW + 100 * DAY + 60_000}",
        "consistency.work.subject",
    ),
    "a job that waits for no task": (
        "INSERT INTO rejudging (job_id, epoch, number)"
        f" SELECT id, 0, 1 FROM job WHERE name = '{CHILD}'",
        "consistency.rejudging",
    ),
}
# Name of the damage -> what plants it, and the derived check that must find it.
DERIVED: dict[str, tuple[str, str]] = {
    "a state that is gone": (
        f"DELETE FROM episode WHERE from_build = {first('episode', 'from_build')}",
        "calculation.episode",
    ),
    "a break window of another build": (
        "UPDATE break_window SET since_build = (SELECT max(id) FROM build)",
        "calculation.break_window",
    ),
    "a pace by another factor": ("UPDATE pace SET factor = factor + 1", "calculation.pace"),
    "a loss in other words": ("UPDATE loss SET sentence = 'All is well.'", "calculation.loss"),
    "an absence that is sure": ("UPDATE absence SET is_certain = 1", "calculation.absence"),
    **{
        f"another count of {column}": (
            f"UPDATE build SET {column} = {column} + 1 WHERE id = {TENTH}",
            f"calculation.build.{column}",
        )
        for column in (
            *("regressions", "new_failures", "fixed", "suspects", "flaky", "recovering"),
            *("in_incident", "expected", "missing", "newly_skipped", "added"),
        )
    },
    "a sentence on what is not missing": (
        f"UPDATE build SET shortfall = 'All is gone.' WHERE id = {TENTH}",
        "calculation.build.shortfall",
    ),
    "limits of another build": (
        "UPDATE build SET judging = (SELECT judging FROM build ORDER BY id LIMIT 1)"
        f" WHERE id = {LAST}",
        "calculation.build.judging",
    ),
    "an incident that was lifted": (
        f"UPDATE build SET lifted = 1 WHERE id = {TENTH}",
        "calculation.build.lifted",
    ),
}


def plant(settings: Settings, *statements: str) -> None:
    open_store(settings.store)
    run("PRAGMA foreign_keys = 0")
    for statement in statements:
        before = run("SELECT total_changes()")
        run(statement)
        assert run("SELECT total_changes()") != before, "nothing was damaged"


def a_report(settings: Settings) -> Path:
    [(sha256,)] = run("SELECT sha256 FROM report ORDER BY id LIMIT 1")
    return path_of(settings.spool, str(sha256))


def look(settings: Settings, check: str) -> int:
    """How much one check finds in the open store."""
    counts = {
        name: run(f"SELECT count(*) FROM {name}")[0][0]
        for name in (model._meta.table_name for model in TABLES)
    }
    site = read_site(settings.output)
    count_results()
    scene = Scene(NOW + 100 * DAY, settings.spool, site, counts, is_thorough=True)
    return BY_ID[check].look(scene).found


@pytest.mark.parametrize(("statement", "check"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_found(world: Settings, statement: str, check: str) -> None:
    plant(world, statement)
    assert look(world, check)


def test_rebuild_mends_what_is_derived(world: Settings) -> None:
    plant(world, *(statement for statement, _ in DERIVED.values()))
    rebuild()
    close_store()
    assert found_by(world).findings == []


@pytest.mark.parametrize(
    "what", ["a total too high", "totals that do not add up", "a damaged report that is none"]
)
def test_rebuild_counts_anew_what_the_totals_are(world: Settings, what: str) -> None:
    statement, check = DAMAGE[what]
    plant(world, statement)
    assert "tracker rebuild" in BY_ID[check].remedy
    rebuild()
    close_store()
    assert found_by(world).findings == []


@pytest.fixture(scope="module")
def judged_again(whole: Settings, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What is found where all that is derived was damaged at once, which costs one judging."""
    home = tmp_path_factory.mktemp("derived") / "home"
    shutil.copytree(whole.home, home)
    settings = Settings.load({}, home=home)
    plant(settings, *(statement for statement, _ in DERIVED.values()))
    close_store()
    return found_by(settings)


@pytest.mark.parametrize("check", [check for _, check in DERIVED.values()], ids=DERIVED.keys())
def test_derived_damage_is_found(judged_again: Report, check: str) -> None:
    assert check in {each.check for each in judged_again.findings}


def _remove(settings: Settings) -> None:
    a_report(settings).unlink()


def _lengthen(settings: Settings) -> None:
    with a_report(settings).open("ab") as stream:
        stream.write(b"more")


def _change(settings: Settings) -> None:
    content = a_report(settings).read_bytes()
    a_report(settings).write_bytes(content[:-1] + b"?")


def _lose_queued(settings: Settings) -> None:
    [(sha256,)] = run(
        "SELECT json_extract(payload, '$.reports[0].sha256') FROM work WHERE kind = 'ingest'"
    )
    path_of(settings.spool, str(sha256)).unlink()


def _cut_manifest(settings: Settings) -> None:
    manifest = settings.output / "site" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-9])


def _spoil_manifest(settings: Settings) -> None:
    manifest = settings.output / "site" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"histories", b"histor\xffes"))


def _future_manifest(settings: Settings) -> None:
    manifest = settings.output / "site" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"revision":1', '"revision":1000000'))


def _lose_page(settings: Settings) -> None:
    (settings.output / "site" / "index.html").unlink()


def _change_page(settings: Settings) -> None:
    (settings.output / "site" / "index.html").write_text("<p>other")


ACTIONS: dict[str, tuple[Action, str]] = {
    "a report that is gone": (_remove, "consistency.spool.missing"),
    "a report that grew": (_lengthen, "consistency.spool.size"),
    "a report that changed": (_change, "consistency.spool.bytes"),
    "an upload that is gone": (_lose_queued, "consistency.spool.queued"),
    "a manifest that is cut": (_cut_manifest, "consistency.site.manifest"),
    "a manifest with a byte that is no text": (_spoil_manifest, "consistency.site.manifest"),
    "a site of the future": (_future_manifest, "consistency.site.manifest"),
    "a page that is gone": (_lose_page, "consistency.site.files"),
    "a page that changed": (_change_page, "consistency.site.files"),
}


@pytest.mark.parametrize(("action", "check"), ACTIONS.values(), ids=ACTIONS.keys())
def test_damage_of_files_is_found(world: Settings, action: Action, check: str) -> None:
    open_store(world.database)
    action(world)
    assert look(world, check)


def test_a_database_file_with_a_page_of_zeros_is_found_and_nothing_else_looked_at(
    world: Settings,
) -> None:
    open_store(world.database)
    [(page,)] = run("SELECT rootpage FROM sqlite_schema WHERE name = 'result'")
    [(size,)] = run("PRAGMA page_size")
    close_store()
    with world.database.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(bytes(size))
    report = found_by(world)
    assert [each.check for each in report.findings] == ["integrity.file"]
    assert all(each.skipped for each in report.checks[1:])
