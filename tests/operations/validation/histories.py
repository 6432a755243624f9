"""Histories as intake makes them: rows with true ids, and the bytes of each report in the spool."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.factories import DAY, NOW, STATUS, cluster_all, jenkins_facts, judge_all
from tracker.intake import spool
from tracker.intake.contract import Attempt, Result, Suite
from tracker.intake.rows import Batch, apply_retries, rows_of
from tracker.operations.validation.findings import Report
from tracker.operations.validation.validate import validate
from tracker.published import MANIFEST, Manifest, generation_name
from tracker.settings import Settings
from tracker.store import connection, decisions
from tracker.store.backfills import ask_backfill, plan_backfill
from tracker.store.jobs import add_server, note_job_trouble, track_job
from tracker.store.record import NeedsAllReports, record_build
from tracker.store.records import About, BuildFacts, Contents, ReadReport
from tracker.store.rules import ResultsRule, add_name_rule, add_results_rule
from tracker.store.seen import SeenJob, note_look
from tracker.store.tokens import create_token
from tracker.store.work import claim, enqueue

NIGHTLY = "1.4/shop/nightly"
CHILD = "1.4/shop/smoke"
WEST = "west"
RENAMED = "1.4/shop/renamed"
FIRST = NOW - 60 * DAY
BUILDS = 30


class Uploads:
    """What can be sent to a tracker: reports whose bytes are in its spool, to be read again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: dict[str, ReadReport] = {}

    def report(
        self, name: str, results: Sequence[Result], *, suite: str = "shop", variant: str = ""
    ) -> ReadReport:
        """A report of one suite, as the parsing child hands it over."""
        records = [Suite((suite,), properties=(("host", "a"),), stdout="began"), *results]
        *batches, tail = rows_of(records, variant)
        rows = Batch()
        for batch in batches:
            assert isinstance(batch, Batch)
            for field in ("suites", "cases", "failures", "outputs", "details", "suite_runs"):
                getattr(rows, field).update(getattr(batch, field))
            rows.results.extend(batch.results)
            rows.attempts.extend(batch.attempts)
        told, attempts = apply_retries(rows.results, rows.attempts, ())
        values = msgspec.structs.asdict(rows) | {"results": told, "attempts": attempts}
        kept = spool.store(self.folder, [repr((records, variant)).encode()], durable=False)
        made = ReadReport(
            name,
            kept.sha256,
            kept.size,
            variant=variant,
            format="junit",
            parser_version=1,
            contents=Contents(**values, variant=variant),
        )
        assert tail is not None
        self.read[kept.sha256] = made
        return made

    def send(self, facts: BuildFacts, *reports: ReadReport, replace: bool = False) -> None:
        """Record what a source says of a build, reading its older reports again where asked."""
        reread: list[ReadReport] | None = None
        while True:
            try:
                record_build(facts, reports, now=NOW, replace_reports=replace, reread=reread)
                return
            except NeedsAllReports as need:
                reread = [
                    dataclasses.replace(self.read[each.sha256], name=each.name)
                    for each in need.stored
                ]


def result(name: str, letter: str, seconds: float = 0.5, **told: object) -> Result:
    """A result by its letter; one that failed says why, and prints something."""
    if letter in "FE":
        told = {
            "message": f"{name} went wrong",
            "trace": f"at shop.{name}(Shop.java:7)",
            "type": "java.io.IOException",
            "stdout": f"output of {name}",
            **told,
        }
    return Result(name, STATUS[letter], seconds, **told)  # type: ignore[arg-type]


def finished(job: str, number: int, **facts: object) -> BuildFacts:
    """A build that Jenkins calls finished, a day after the one before it."""
    told = {"started": FIRST + number * DAY, "duration": 60_000, **facts}
    return jenkins_facts(job, number, result="UNSTABLE", **told)


def fill(settings: Settings) -> None:
    """Make a tracker that has rows in every table that checks look at, and nothing wrong."""
    connection.open_store(settings.store)
    uploads = Uploads(settings.spool)
    _servers_and_rules()
    for number in range(1, BUILDS + 1):
        if number != 7:  # it arrives late
            uploads.send(finished(NIGHTLY, number, **_about(number)), *_night(uploads, number))
    uploads.send(finished(NIGHTLY, 7), *_night(uploads, 7))
    judge_all()
    for number in (1, 2, 3):
        upstream = {"upstream_job": NIGHTLY, "upstream_number": number}
        started = FIRST + number * DAY + 60_000
        report = uploads.report("c.xml", [result("opens", "P"), result("pays", "FPF"[number - 1])])
        uploads.send(finished(CHILD, number, started=started, **upstream), report)
    _rebuilt_controller(uploads)
    cluster_all()
    _decisions()
    _renamed_and_filled(uploads)
    create_token("ci", now=NOW)
    note_job_trouble(CHILD, "Jenkins did not answer.", now=NOW)
    _queued(uploads)
    connection.close_store()
    _publish(settings)


def found_by(settings: Settings, *, is_thorough: bool = True) -> Report:
    """What a validation says, with the store as closed as a command finds it."""
    return validate(settings, now=NOW + 100 * DAY, is_thorough=is_thorough)


def _servers_and_rules() -> None:
    add_server("main", "https://jenkins.example/")
    add_name_rule("{release}/{module}/*")
    add_results_rule("*", ResultsRule())
    for job in (NIGHTLY, CHILD):
        track_job(job, server="main", jenkins_name=job)


def _about(number: int) -> dict[str, object]:
    return {"about": About(display_name=f"#{number}", causes=("timer",))}


def _night(uploads: Uploads, number: int) -> Iterable[ReadReport]:
    """Stable, flaky, broken and slower cases; some that are gone in the last builds."""
    row = [
        result("login", "P", file="login.py", line=3),
        result("breaks", "F" if number >= 12 else "P"),
        result("mended", "F" if 5 <= number < 14 else "P"),
        result("retried", "P", attempts=(Attempt(STATUS["F"], 0.2, "flickers"),)),
        result("flickers", "F" if number % 6 == 0 else "P"),
        result("slow", "P", 5.0 + number % 3 * 0.01 if number >= 18 else 1.0 + number % 3 * 0.01),
        *(result(f"steady {n}", "P", 1.0 + (n + number) % 3 * 0.01) for n in range(40)),
    ]
    if number < BUILDS:
        row += [result("gone", "P"), result("also gone", "P")]
    yield uploads.report("a.xml", row)
    yield uploads.report("b.xml", [result("skips", "S"), result("errs", "E")], suite="other")
    if number % 10 == 0:  # tells of the same tests again
        yield uploads.report("more.xml", [result("login", "P"), result("more", "U")])


def _rebuilt_controller(uploads: Uploads) -> None:
    for number, day in ((1, 0), (2, 1), (3, 2), (1, 20), (2, 21)):
        report = uploads.report("w.xml", [result("all", "P"), result(f"day {day}", "F")])
        uploads.send(finished(WEST, number, started=FIRST + day * DAY), report)


def _decisions() -> None:
    from tracker.store.sql import run

    first, second, third = [row[0] for row in run("SELECT id FROM family ORDER BY id LIMIT 3")]
    decisions.merge(first, [second], by="ci", now=NOW)
    decisions.name(third, "broken pay desk", by="ci", now=NOW)
    [signature] = run("SELECT min(id) FROM signature WHERE family_id = ?", first)
    decisions.split(first, [signature[0]], by="ci", now=NOW)


def _renamed_and_filled(uploads: Uploads) -> None:
    """A job that has another name now, and a back-fill that is not finished."""
    old = "1.4/shop/old"
    track_job(old, server="main", jenkins_name=old)
    uploads.send(finished(old, 1), uploads.report("o.xml", [result("old", "P")]))
    seen = [
        SeenJob(name, name, "", "pipeline", last=(1, FIRST + DAY) if name == RENAMED else None)
        for name in (NIGHTLY, CHILD, RENAMED)
    ]
    note_look("main", seen, listed={each.jenkins_name for each in seen}, now=NOW)
    ask_backfill(NIGHTLY, builds=5, now=NOW)
    plan_backfill(NIGHTLY, [0, -1], [], now=NOW)


def _queued(uploads: Uploads) -> None:
    """An upload that waits for the worker, and a task that one holds."""
    kept = spool.store(uploads.folder, [b"waits"], durable=False)
    each = {"name": "q.xml", "sha256": kept.sha256, "size": kept.size, "variant": ""}
    payload = {"facts": {"job": NIGHTLY, "number": 99}, "reports": [each], "replace": False}
    enqueue("ingest", "q", due=NOW, payload=payload)
    claim(["backfill"], now=NOW, lease_ms=60_000)


def _publish(settings: Settings) -> None:
    """A generation of the site, such as publishing leaves it."""
    import hashlib

    folder = settings.output / "generations" / generation_name(1)
    folder.mkdir(parents=True)
    files = {"index.html": b"<p>home", "index.json": b"{}"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = Manifest(1, NOW, 1, "histories", {}, digests, {})
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    (settings.output / "site").symlink_to(folder.relative_to(settings.output))
