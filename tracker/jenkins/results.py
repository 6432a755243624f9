"""What a finished build reported, fetched into the spool in as few requests as can be."""

from __future__ import annotations

import mmap
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from tracker.errors import UNDECODABLE
from tracker.intake import spool
from tracker.intake.archives import ArchiveDamage
from tracker.intake.ingest import Intake
from tracker.intake.mended_json import CutShort, mended_json
from tracker.intake.plugins import endings
from tracker.intake.sniff import CONSOLE
from tracker.intake.spool import Spooled, SpooledReport
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


@dataclass(frozen=True)
class Results:
    """The reports of a build: those that are in the spool, and those that could not be had."""

    fetched: tuple[SpooledReport, ...] = ()
    lost: tuple[ReadReport, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where artifacts lie: a build, or a cell of a matrix build, with what it archived.

    `build` is the path of the whole build.
    """

    build: str
    path: str
    variant: str
    artifacts: tuple[str, ...]

    def name_of(self, artifact: str) -> str:
        """What a report is called."""
        return f"{self.variant}/{artifact}" if self.variant else artifact


def artifacts(
    source: Source, intake: Intake, path: str, build: dict[str, Any], rule: ResultsRule
) -> Results:
    """The artifacts of a build that may be reports, and those of the cells of a matrix."""
    if rule.sources and "artifacts" not in rule.sources:
        return Results()
    fetched: list[SpooledReport] = []
    lost: list[ReadReport] = []
    for place in _places(source, path, build):
        wanted = _wanted(place, rule, endings(intake.sources))
        zipped = _as_zip(source, intake, place, wanted)
        fetched += zipped.values()
        for artifact in wanted:
            if artifact not in zipped:
                _fetch(source, intake, place, artifact, fetched, lost)
    if fetched:
        spool.make_durable(intake.spool)
    decides = len(rule.sources) > 1 and rule.truth == "artifacts"
    return Results(tuple(replace(each, decides=decides) for each in fetched), tuple(lost))


def test_report(
    source: Source, intake: Intake, path: str, build: dict[str, Any], rule: ResultsRule
) -> Results:
    """Jenkins' own reading of the reports.

    That of a matrix or of Maven is one report for each child, that of a pipeline one for each of
    its stages: the same test in two of them is two. The report of a child that did not run in
    this build (Jenkins repeats older ones) is left out: it is the other build's.
    """
    if not has_test_report(build) or rule.sources == ("artifacts",):
        return Results()
    stands_in, decides = not rule.sources, len(rule.sources) > 1 and rule.truth == "test_report"
    lost: list[ReadReport] = []
    parts: list[tuple[str, Spooled]] | None = []
    with (
        _lost_at_worst(source, path, ReadReport("testReport", "", 0, stand_in=stands_in), lost),
        spool.writer(intake.spool) as out,
    ):
        if not source.client.test_report(path, TEST_REPORT, out.write):
            return Results()
        out.flush()
        if is_whole_json(out.path):
            parts = _in_parts(source, intake.spool, out.path, path)
        else:
            parts = _store_parts(source, intake.spool, _mended(out.path, path), path)
        if parts is None:
            parts = [("", out.keep(durable=False))]
    if parts:
        spool.make_durable(intake.spool)
    names = _names([variant for variant, _ in parts])
    return Results(
        tuple(
            SpooledReport(each.path, name, each.sha256, each.size, variant, stands_in, decides)
            for name, (variant, each) in zip(names, parts, strict=True)
        ),
        tuple(lost),
    )


def _mended(report: Path, path: str) -> memoryview:
    """A testReport that only lenient readers take, as others do, too.

    One that was cut is Unreachable; one that stays as it is when it is asked for again, Unusable.
    """
    try:
        return memoryview(mended_json(report.read_bytes()))
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


def console(source: Source, intake: Intake, path: str, rule: ResultsRule) -> Results:
    """The console log of a build that has no report, where a rule says so."""
    if not rule.console:
        return Results()
    name = f"{CONSOLE}{rule.console}"
    fetched: list[SpooledReport] = []
    lost: list[ReadReport] = []
    with (
        _lost_at_worst(source, path, ReadReport(name, "", 0), lost),
        spool.writer(intake.spool) as out,
    ):
        source.client.fetch(f"{path}consoleText", out.write, needs_length=False)
        kept = out.keep()
        fetched.append(SpooledReport(kept.path, name, kept.sha256, kept.size))
    return Results(tuple(fetched), tuple(lost))


@contextmanager
def _lost_at_worst(
    source: Source, path: str, report: ReadReport, lost: list[ReadReport]
) -> Iterator[None]:
    """A report of the build at `path` that cannot be had is `lost`, and keeps no other waiting.

    Where Jenkins does not know us any more (401, from the job too) nothing is lost: it is to be
    asked again, and at once no more, since accounts are locked for that.
    """
    try:
        yield
    except (Missing, Refused, Unusable) as error:
        if error.answered == 401:
            with suppress(Missing, Unusable):  # told when the job is asked about all that is lost
                source.client.json(f"{posixpath.dirname(path.rstrip('/'))}/", "name")
        lost.append(replace(report, failure=str(error)))


def _places(source: Source, path: str, build: dict[str, Any]) -> Iterator[_Place]:
    yield _Place(path, path, "", tuple(artifacts_of(build)))
    for cell in cells_of(build):
        cell_path = source.client.path_of(cell.url)
        if cell_path:
            yield _Place(path, cell_path, cell.variant, cell.artifacts)


def _wanted(place: _Place, rule: ResultsRule, ends: tuple[str, ...]) -> list[str]:
    """The artifacts that may be reports: by the rule's patterns, or by how they end."""
    if rule.artifacts:
        patterns = [path_pattern(glob) for glob in rule.artifacts]
        return [path for path in place.artifacts if any(p.fullmatch(path) for p in patterns)]
    return [path for path in place.artifacts if path.lower().endswith(ends)]


def _as_zip(
    source: Source, intake: Intake, place: _Place, wanted: Sequence[str]
) -> dict[str, SpooledReport]:
    """Wanted artifacts by their paths, from one zip of their folder; none where it does not pay.

    A zip that cannot be had, or is too slow or too large, is no trouble: the files are fetched
    one by one, as long as there is time.
    """
    folder = _folder_of(wanted)
    inside = [path for path in place.artifacts if path.startswith(folder)]
    if len(wanted) < ZIP_FROM or len(wanted) < ZIP_SHARE * len(inside):
        return {}
    # Jenkins calls the whole folder of artifacts `archive`, and any other one by its own name.
    base = posixpath.basename(folder.rstrip("/")) or "archive"
    address = f"{place.path}artifact/{quote(folder, safe='/')}*zip*/{quote(base, safe='')}.zip"
    names = {f"{base}/{path[len(folder) :]}": path for path in wanted}
    try:
        with spool.writer(intake.spool) as out:
            source.client.fetch(address, out.write, needs_length=False)  # a cut zip is none
            out.flush()
            found = unzip(intake.spool, out.path, names, source.client.address.max_bytes)
    except (Missing, Refused, Unreachable, Unusable, ArchiveDamage) as error:
        if source.client.is_out_of_time:
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


def _fetch(
    source: Source,
    intake: Intake,
    place: _Place,
    artifact: str,
    fetched: list[SpooledReport],
    lost: list[ReadReport],
) -> None:
    """One artifact; a file that cannot be had is a report that could not be read."""
    name = place.name_of(artifact)
    with (
        _lost_at_worst(source, place.build, ReadReport(name, "", 0, place.variant), lost),
        spool.writer(intake.spool) as out,
    ):
        source.client.fetch(artifact_path(place.path, artifact), out.write)
        kept = out.keep(durable=False)
        fetched.append(SpooledReport(kept.path, name, kept.sha256, kept.size, place.variant))


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


def _in_parts(
    source: Source, folder: Path, path: Path, build_path: str
) -> list[tuple[str, Spooled]] | None:
    """The parts of a testReport that ran in the build, with their variants; None where it is one.

    The file may be large: it is read where it lies, and its parts are copied one by one.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _store_parts(source, folder, memoryview(data), build_path)


def _store_parts(
    source: Source, folder: Path, data: memoryview, build_path: str
) -> list[tuple[str, Spooled]] | None:
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
            if (variant := _variant_of_child(source, each, build_path))
        ]
    if not any(stages):
        return None
    return [
        (variant, spool.store(folder, _report_of(suites), durable=False))
        for variant, suites in stages.items()
    ]


def _variant_of_child(source: Source, report: _ChildReport, build_path: str) -> str:
    """The variant of a child that ran in this very build; "" for one of another build.

    A cell or a module is below the job; what else Jenkins adds up (downstream builds) is a build
    of a job of its own, and counts there.
    """
    job_path, number = unquote(build_path).rstrip("/").rsplit("/", 1)
    path = unquote(source.client.path_of(report.child.url))
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
