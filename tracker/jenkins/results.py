"""What a finished build reported, fetched into the spool in as few requests as can be."""

from __future__ import annotations

import mmap
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from tracker.decoding import UNDECODABLE
from tracker.errors import JenkinsError
from tracker.intake import spool
from tracker.intake.ingest import Intake
from tracker.intake.plugins import endings
from tracker.intake.sniff import CONSOLE
from tracker.intake.spool import Spooled, SpooledReport
from tracker.intake.strict_json import CutShort, strict_text
from tracker.intake.unpacking import ArchiveDamage
from tracker.intake.unzip import unzip
from tracker.jenkins.builds import artifacts_of, cells_of, has_test_report, variant_at
from tracker.jenkins.client import (
    Missing,
    Refused,
    TooSlow,
    Unreachable,
    Unusable,
    artifact_path,
    is_whole_json,
)
from tracker.jenkins.listing import Answer
from tracker.jenkins.source import Source
from tracker.store.identity import with_facets
from tracker.store.naming import path_pattern
from tracker.store.records import ReadReport
from tracker.store.rules import ResultsRule

_SUITES = (
    "suites[name,timestamp,nodeId,enclosingBlockNames,cases[className,name,status,duration,"
    "errorDetails,errorStackTrace,skipped,skippedMessage,flakyFailures[message,stackTrace,type],"
    "rerunFailures[message,stackTrace,type]]]"
)
TEST_REPORT = (
    f"failCount,passCount,skipCount,{_SUITES},childReports[child[number,url],result[{_SUITES}]]"
)
# A zip is worth it where it saves requests and most of what is in it is wanted.
ZIP_FROM = 2
ZIP_SHARE = 0.5


# What keeps one report from being had, and no other.
_NOT_HAD = (Missing, Refused, Unusable)


@dataclass(frozen=True)
class FinishedBuild:
    """A build of a Jenkins at a `path`: what that tells of it, and what counts as its results."""

    source: Source
    intake: Intake
    path: str
    answer: Answer
    rule: ResultsRule


@dataclass(frozen=True)
class Results:
    """The reports of a build: those that are in the spool, and those that could not be had."""

    fetched: tuple[SpooledReport, ...] = ()
    lost: tuple[ReadReport, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where artifacts lie: a build, or a cell of a matrix build, with what it archived."""

    path: str
    variant: str
    artifacts: tuple[str, ...]

    def name_of(self, artifact: str) -> str:
        """What a report is called."""
        return f"{self.variant}/{artifact}" if self.variant else artifact


def artifacts(build: FinishedBuild) -> Results:
    """The artifacts of a build that may be reports, and those of the cells of a matrix."""
    rule = build.rule
    if rule.sources and "artifacts" not in rule.sources:
        return Results()
    found: list[SpooledReport | ReadReport] = []
    for place in _places(build):
        wanted = _wanted(place, rule, endings(build.intake.sources))
        zipped = _as_zip(build, place, wanted)
        found += zipped.values()
        found += [_fetch(build, place, each) for each in wanted if each not in zipped]
    fetched = [each for each in found if isinstance(each, SpooledReport)]
    if fetched:
        spool.make_durable(build.intake.spool)
    decides = len(rule.sources) > 1 and rule.truth == "artifacts"
    return Results(
        tuple(replace(each, decides=decides) for each in fetched),
        tuple(each for each in found if isinstance(each, ReadReport)),
    )


def test_report(build: FinishedBuild) -> Results:
    """Jenkins' own reading of the reports.

    That of a matrix or of Maven is one report for each child, that of a pipeline one for each of
    its stages: the same test in two of them is two. The report of a child that did not run in
    this build (Jenkins repeats older ones) is left out: it is the other build's.
    """
    rule = build.rule
    if not has_test_report(build.answer) or rule.sources == ("artifacts",):
        return Results()
    stands_in, decides = not rule.sources, len(rule.sources) > 1 and rule.truth == "test_report"
    try:
        parts = _parts(build)
    except _NOT_HAD as error:
        return Results(
            lost=(_lost(build, ReadReport("testReport", "", 0, stand_in=stands_in), error),)
        )
    if parts:
        spool.make_durable(build.intake.spool)
    names = _names([variant for variant, _ in parts])
    return Results(
        tuple(
            SpooledReport(each.path, name, each.sha256, each.size, variant, stands_in, decides)
            for name, (variant, each) in zip(names, parts, strict=True)
        )
    )


def _parts(build: FinishedBuild) -> list[tuple[str, Spooled]]:
    """A testReport in the spool by its parts, with their variants; none where there is no such."""
    with spool.writer(build.intake.spool) as out:
        if not build.source.client.test_report(build.path, TEST_REPORT, out.write):
            return []
        out.flush()
        if is_whole_json(out.path):
            parts = _in_parts(build, out.path)
        else:
            parts = _store_parts(build, _mended(out.path, build.path))
        return [("", out.keep(durable=False))] if parts is None else parts


def _mended(report: Path, path: str) -> memoryview:
    """A testReport that only lenient readers take, as others do, too.

    One that was cut is Unreachable; one that stays as it is when it is asked for again, Unusable.
    """
    try:
        return memoryview(strict_text(report.read_bytes()))
    except CutShort as error:
        raise Unreachable(f"The testReport of {path} was cut.") from error
    except ValueError as error:
        raise Unusable(f"The testReport of {path} cannot be read: {error}.") from error


def _names(variants: Sequence[str]) -> list[str]:
    """What the parts of a testReport are called; two of one variant are told apart."""
    count: Counter[str] = Counter()
    names = []
    for variant in variants:
        count[variant] += 1
        again = f" {count[variant]}" if count[variant] > 1 else ""
        names.append(f"testReport {variant}".rstrip() + again)
    return names


def console(build: FinishedBuild) -> Results:
    """The console log of a build that has no report, where a rule says so."""
    if not build.rule.console:
        return Results()
    name = f"{CONSOLE}{build.rule.console}"
    try:
        with spool.writer(build.intake.spool) as out:
            build.source.client.fetch(f"{build.path}consoleText", out.write, needs_length=False)
            kept = out.keep()
    except _NOT_HAD as error:
        return Results(lost=(_lost(build, ReadReport(name, "", 0), error),))
    return Results((SpooledReport(kept.path, name, kept.sha256, kept.size),))


def _lost(build: FinishedBuild, report: ReadReport, error: JenkinsError) -> ReadReport:
    """A report of the build that cannot be had, which keeps no other waiting.

    Where Jenkins does not know us any more (401, from the job too) nothing is lost: it is to be
    asked again, and at once no more, since accounts are locked for that.
    """
    if error.answered == 401:
        with suppress(Missing, Unusable):  # told when the job is asked about all that is lost
            build.source.client.json(f"{posixpath.dirname(build.path.rstrip('/'))}/", "name")
    return replace(report, failure=str(error))


def _places(build: FinishedBuild) -> Iterator[_Place]:
    yield _Place(build.path, "", tuple(artifacts_of(build.answer)))
    for cell in cells_of(build.answer):
        cell_path = build.source.client.path_of(cell.url)
        if cell_path:
            yield _Place(cell_path, cell.variant, cell.artifacts)


def _wanted(place: _Place, rule: ResultsRule, ends: tuple[str, ...]) -> list[str]:
    """The artifacts that may be reports: by the rule's patterns, or by how they end."""
    if rule.artifacts:
        patterns = [path_pattern(glob) for glob in rule.artifacts]
        return [path for path in place.artifacts if any(p.fullmatch(path) for p in patterns)]
    return [path for path in place.artifacts if path.lower().endswith(ends)]


def _as_zip(build: FinishedBuild, place: _Place, wanted: Sequence[str]) -> dict[str, SpooledReport]:
    """Wanted artifacts by their paths, from one zip of their folder; none where it does not pay.

    A zip that cannot be had, or is too slow or too large, is no trouble: the files are fetched
    one by one, as long as there is time.
    """
    client, folder = build.source.client, _folder_of(wanted)
    inside = [path for path in place.artifacts if path.startswith(folder)]
    if len(wanted) < ZIP_FROM or len(wanted) < ZIP_SHARE * len(inside):
        return {}
    # Jenkins calls the whole folder of artifacts `archive`, and any other one by its own name.
    base = posixpath.basename(folder.rstrip("/")) or "archive"
    address = f"{place.path}artifact/{quote(folder, safe='/')}*zip*/{quote(base, safe='')}.zip"
    names = {f"{base}/{path[len(folder) :]}": path for path in wanted}
    try:
        with spool.writer(build.intake.spool) as out:
            client.fetch(address, out.write, needs_length=False)  # a cut zip is none
            out.flush()
            found = unzip(build.intake.spool, out.path, names, client.address.max_bytes)
    except (Missing, Refused, Unreachable, Unusable, ArchiveDamage) as error:
        if client.is_out_of_time:
            raise TooSlow(f"The time was up with the zip of {place.path}: {error}.") from error
        return {}
    return {
        path: SpooledReport(kept.path, place.name_of(path), kept.sha256, kept.size, place.variant)
        for path, kept in found.items()
    }


def _folder_of(paths: Sequence[str]) -> str:
    """The folder that all paths are in, with a slash behind it; "" for the top."""
    folders = [path.split("/")[:-1] for path in paths]
    common = posixpath.commonprefix(folders) if folders else []
    return "".join(f"{name}/" for name in common)


def _fetch(build: FinishedBuild, place: _Place, artifact: str) -> SpooledReport | ReadReport:
    """One artifact; a file that cannot be had is a report that could not be read."""
    name = place.name_of(artifact)
    try:
        with spool.writer(build.intake.spool) as out:
            build.source.client.fetch(artifact_path(place.path, artifact), out.write)
            kept = out.keep(durable=False)
    except _NOT_HAD as error:
        return _lost(build, ReadReport(name, "", 0, place.variant), error)
    return SpooledReport(kept.path, name, kept.sha256, kept.size, place.variant)


class _Child(msgspec.Struct):
    number: int = 0
    url: str = ""


class _ChildReport(msgspec.Struct):
    child: _Child
    result: msgspec.Raw = msgspec.Raw(b"null")


class _TestReport(msgspec.Struct):
    """A testReport whose parts stay as they are, as bytes."""

    childReports: list[_ChildReport] | None = None  # noqa: N815 - Jenkins' spelling
    suites: list[msgspec.Raw] | None = None


class _Blocks(msgspec.Struct):
    """The pipeline stages around a suite, innermost first."""

    enclosingBlockNames: list[str] | None = None  # noqa: N815 - Jenkins' spelling


def _in_parts(build: FinishedBuild, path: Path) -> list[tuple[str, Spooled]] | None:
    """The parts of a testReport that ran in the build, with their variants; None where it is one.

    The file may be large: it is read where it lies, and its parts are copied one by one.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _store_parts(build, memoryview(data))


def _store_parts(build: FinishedBuild, data: memoryview) -> list[tuple[str, Spooled]] | None:
    folder = build.intake.spool
    # What was decoded looks into the map, and goes with this function.
    try:
        report = msgspec.json.decode(data, type=_TestReport)
        stages = _by_stage(report.suites or ())
    except UNDECODABLE:
        return None  # of another shape: the parser says what it makes of it
    if report.childReports is not None:
        return [
            (variant, spool.store(folder, [bytes(each.result)], durable=False))
            for each in report.childReports
            if (variant := _variant_of_child(build, each))
        ]
    if not any(stages):
        return None
    return [
        (variant, spool.store(folder, _report_of(suites), durable=False))
        for variant, suites in stages.items()
    ]


def _variant_of_child(build: FinishedBuild, report: _ChildReport) -> str:
    """The variant of a child that ran in this very build; "" for one of another build.

    A cell or a module is below the job; what else Jenkins adds up (downstream builds) is a build
    of a job of its own, and counts there.
    """
    job_path, number = unquote(build.path).rstrip("/").rsplit("/", 1)
    path = unquote(build.source.client.path_of(report.child.url))
    is_ours = path.startswith(f"{job_path}/") and report.child.number == int(number)
    if not is_ours or bytes(report.result) == b"null":
        return ""
    return variant_at(report.child.url) or with_facets("", [("child", _last_name(path))])


def _by_stage(suites: Sequence[msgspec.Raw]) -> dict[str, list[msgspec.Raw]]:
    """The suites of each pipeline stage, by variant."""
    stages: dict[str, list[msgspec.Raw]] = defaultdict(list)
    for suite in suites:
        blocks = msgspec.json.decode(suite, type=_Blocks).enclosingBlockNames or []
        stage = " / ".join(reversed(blocks))
        stages[with_facets("", [("stage", stage)]) if stage else ""].append(suite)
    return stages


def _report_of(suites: Sequence[msgspec.Raw]) -> Iterator[bytes]:
    """A testReport of these suites alone."""
    yield b'{"suites":['
    for place, suite in enumerate(suites):
        yield (b"," if place else b"") + bytes(suite)
    yield b"]}"


def _last_name(url: str) -> str:
    return posixpath.basename(posixpath.dirname(url.rstrip("/"))) or "child"


def beside_uploads(
    reports: Sequence[SpooledReport], on_record: Mapping[str, str]
) -> list[SpooledReport]:
    """The artifacts, those under another name that an upload used for other bytes.

    Both stay: the same test read twice counts once, and the build's page says so.
    """
    return [
        report
        if on_record.get(report.name, report.sha256) in (report.sha256, "")
        else replace(report, name=f"{report.name} (archived by Jenkins)")
        for report in reports
    ]
