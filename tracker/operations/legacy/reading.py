"""Reports of a take-over, as the parsing child would read them from the spool, and put there.

The rows are known already, so that no child has to read the file to make them: reading it again
later gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from tracker.intake import spool
from tracker.intake.assembly import Assembly
from tracker.intake.contract import Record, Suite
from tracker.intake.frames import Begin, End, Frame, Seal
from tracker.intake.ingest import Intake
from tracker.intake.plugins import PluginSources, load_plugins
from tracker.intake.rows import rows_of
from tracker.intake.spool import SpooledReport
from tracker.operations.legacy.mapping import TopologyReport
from tracker.operations.legacy.report import SUITE
from tracker.store.records import ReadReport

FORMAT = "junit"


def read(intake: Intake, reports: Iterable[TopologyReport]) -> list[ReadReport]:
    """The reports with their rows; their bytes are in the spool, safe after `make_durable`."""
    return [_read(intake, report, _version(intake.sources)) for report in reports]


@lru_cache(maxsize=1)
def _version(sources: PluginSources) -> int:
    parsers = (plugin.parser for plugin in load_plugins(sources))
    return next(parser.version for parser in parsers if parser.name == FORMAT)


def _read(intake: Intake, report: TopologyReport, version: int) -> ReadReport:
    kept = spool.store(intake.spool, [report.data], durable=False)
    source = SpooledReport(
        kept.path, report.name, kept.sha256, kept.size, report.variant, stand_in=True
    )
    assembly = Assembly(source)
    end = assembly.take(_frames(report, version))
    [read] = assembly.done(end or End())
    return read


def _frames(report: TopologyReport, version: int) -> Iterator[Frame]:
    yield Begin(FORMAT, version)
    yield from rows_of(_records(report), report.variant)
    yield Seal()
    yield End()


def _records(report: TopologyReport) -> Iterator[Record]:
    yield Suite((SUITE,))
    yield from report.results
