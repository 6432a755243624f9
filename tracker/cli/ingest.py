"""`tracker ingest`: record report files from disk."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tracker.cli.exits import PARTLY
from tracker.cli.shared import JSON_OPTION, cluster_all, judge_all, line, opened, print_json
from tracker.clock import now_ms
from tracker.errors import TooLarge, UsageError
from tracker.intake.spool import Spooled
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.intake.spool import SpooledReport
    from tracker.store.records import BuildFacts

CHUNK = 1024 * 1024


@click.command("ingest")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--job", required=True, help="Full name of the job.")
@click.option("--build", required=True, type=click.IntRange(1, 2**63 - 1), help="Its number.")
@click.option("--branch", default="", callback=line, help="Branch that was built.")
@click.option("--commit", default="", callback=line, help="Revision that was built.")
@click.option("--url", default="", callback=line, help="Address of the build.")
@click.option("--facet", "facets", multiple=True, help="Such as platform:linux; may be repeated.")
@click.option("--complete", is_flag=True, help="No more reports of this build will come.")
@click.option("--replace", is_flag=True, help="Put reports in the place of older ones.")
@JSON_OPTION
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    job: str,
    build: int,
    branch: str,
    commit: str,
    url: str,
    facets: tuple[str, ...],
    complete: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Record FILES (or all files of folders) as reports of one build.

    Exit 4 when some could be read and some not.

    Example: tracker ingest --job nightly --build 12 results/*.xml
    """
    from tracker.intake.ingest import Intake, ingest
    from tracker.queries.answers import answer, as_text
    from tracker.store.jobs import check_job_name
    from tracker.store.records import BuildFacts

    settings = opened(ctx)
    facts = BuildFacts(
        job=check_job_name(job),
        number=build,
        complete=complete,
        branch=branch,
        commit=commit,
        url=url,
    )
    _check_turn(facts, replace)
    reports = _reports(settings, files, facets)
    done = ingest(Intake.of(settings), facts, reports, now=now_ms(), replace=replace)
    judge_all(done.recorded.job)
    cluster_all(settings.own_prefixes, done.recorded.job)
    said = answer(done.recorded, done.refused, done.warnings)
    if as_json:
        print_json(said)
    else:
        click.echo(as_text(said), nl=False)
    if said.refused:
        sys.exit(PARTLY)


def _check_turn(facts: BuildFacts, replace: bool) -> None:
    """Busy where reports have to come after an upload that waits to be read."""
    from tracker.errors import Busy
    from tracker.intake.queued import must_wait
    from tracker.queries.jobs import recorded_as

    if must_wait(recorded_as(facts.job), facts.number, replace=replace):
        raise Busy(
            f"Uploads for build {facts.number} of {facts.job!r} came before and wait to be read by"
            " the worker.",
            "Try again when it has; `tracker worker --until-idle` does it where none runs.",
        )


def _reports(
    settings: Settings, files: Sequence[str], facets: Sequence[str]
) -> list[SpooledReport]:
    """The files in the spool, under their paths as names."""
    from tracker.intake import spool
    from tracker.intake.facts import check_facets
    from tracker.intake.ingest import report_name
    from tracker.intake.spool import SpooledReport

    variant = check_facets(facets)
    found = [path for name in files for path in _files(Path(name))]
    if len(found) > settings.max_files:
        raise TooLarge(f"These are more than {settings.max_files} files.", "Give fewer at once.")
    names = _names(found)
    reports = [
        SpooledReport(kept.path, report_name(name), kept.sha256, kept.size, variant)
        for path, name in zip(found, names, strict=True)
        for kept in [_spool(settings, path)]
    ]
    spool.make_durable(settings.spool)
    return reports


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.is_file())
    return [path]


def _names(paths: list[Path]) -> list[str]:
    """File names, or whole paths where two files have the same name."""
    times = Counter(path.name for path in paths)
    return [path.name if times[path.name] == 1 else path.as_posix() for path in paths]


def _spool(settings: Settings, path: Path) -> Spooled:
    from tracker.intake import spool

    try:
        size = path.stat().st_size
        if size > settings.max_upload_mb * CHUNK:
            raise TooLarge(
                f"{path} is larger than {settings.max_upload_mb} MB.",
                "Raise TRACKER_MAX_UPLOAD_MB if it may be.",
            )
        with path.open("rb") as stream:
            return spool.store(settings.spool, _chunks(stream), durable=False)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk
