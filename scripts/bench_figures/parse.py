"""Reading one big JUnit report: our plugin, and the child around it, beside a bare lxml loop."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from scripts.bench_figures import data
from scripts.bench_figures.measure import in_turn, seconds
from scripts.bench_figures.report import Row, ratio, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Sizes
from tracker.intake import spool
from tracker.intake.contract import Parser, Record, ReportFile
from tracker.intake.plugins import PluginSources, load_plugins
from tracker.intake.sandbox import Limits, read_reports
from tracker.intake.sniff import head_of
from tracker.intake.spool import SpooledReport
from tracker.store.records import ReadReport

Case = tuple[str | None, str | None, str | None, str]


def figures(sizes: Sizes) -> Iterator[Row]:
    """Times beside the floor, and how much memory the child needs."""
    with temporary_home() as settings:
        report = spooled(settings.spool, data.junit_file(sizes.cases, seed=1))
        say(f"parse: {sizes.cases:,} cases in {report.size / 1e6:.1f} MB, {sizes.rounds} rounds")
        parser = junit_parser()
        taken = in_turn(
            sizes.rounds,
            lambda: {"floor": seconds(lambda: bare_loop(report.path))},
            lambda: {"plugin": seconds(lambda: plugin_alone(parser, report.path))},
            lambda: {"child": seconds(lambda: read(report))},
        )
        yield row("parse, floor", taken["floor"])
        yield row("parse, plugin alone", taken["plugin"])
        yield ratio("parse, plugin alone / floor", taken["plugin"], taken["floor"])
        yield row("parse, spool to records", taken["child"])
        yield ratio("parse, spool to records / floor", taken["child"], taken["floor"])
        with _peak_of_children() as peak:
            read(report)
        yield row("parse, peak memory of the child", max(peak) / 1e6)


def bare_loop(path: Path) -> list[Case]:
    """The floor: a hardened lxml.iterparse that makes a tuple of each case and frees it."""
    cases: list[Case] = []
    events = etree.iterparse(
        str(path),
        events=("end",),
        tag="testcase",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, case in events:
        status = str(case[0].tag) if len(case) else "passed"
        cases.append((case.get("classname"), case.get("name"), case.get("time"), status))
        case.clear()
        parent = case.getparent()
        while case.getprevious() is not None:
            del parent[0]
    return cases


def plugin_alone(parser: Parser, path: Path) -> list[Record]:
    """All records of the plugin, in this process."""
    with path.open("rb") as stream:
        head = head_of(stream.read(65_536), path.name)
        stream.seek(0)
        return list(parser.read(ReportFile(stream, path.name, head)))


def junit_parser() -> Parser:
    """Our plugin, found as the product finds it."""
    plugins = load_plugins(PluginSources.of("", ""))
    return next(each.parser for each in plugins if each.parser.name == "junit")


def read(report: SpooledReport) -> ReadReport:
    """From the spool to records in this process, by way of the child and its limits."""
    [found] = read_reports([report], Limits(), PluginSources.of("", ""))
    if found.failure:
        raise RuntimeError(f"the report was not read: {found.failure}")
    return found


def spooled(folder: Path, content: bytes) -> SpooledReport:
    """A report in the spool."""
    kept = spool.store(folder, [content])
    return SpooledReport(kept.path, "report.xml", hashlib.sha256(content).hexdigest(), kept.size)


@contextlib.contextmanager
def _peak_of_children() -> Iterator[list[int]]:
    """The peak memory (bytes) that children of this process have, looked at while they live.

    The kernel's sum for ended children would not do: it begins with the memory of the process
    they were forked from.
    """
    peak = [0]
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            for child in _children():
                peak.append(_peak(child))
            time.sleep(0.005)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        ended.set()
        looking.join()


def _children() -> list[str]:
    tasks = Path("/proc/self/task").iterdir()
    return [child for task in tasks for child in (task / "children").read_text().split()]


def _peak(process: str) -> int:
    """Its peak resident memory in bytes; 0 where it has ended, or is not yet what it will be."""
    with contextlib.suppress(OSError):
        folder = Path("/proc", process)
        if "tracker.intake.child" not in (folder / "cmdline").read_text():
            return 0  # between vfork and exec it shows this process's memory as its own
        for line in (folder / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
