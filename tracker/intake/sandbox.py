"""Reading reports in a child process with limits, seen from the parent: orders in, reports out.

One child reads the reports of one build one after another. What kills it (time, memory, a bug in
a library) costs only the report it was on: a new child reads the rest.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from tracker import resources
from tracker.errors import Busy, SettingsError
from tracker.intake.child import Begin, Broken, Frame, Order, Ready, Refusal, ReportOrder
from tracker.intake.plugins import PluginSources
from tracker.intake.rows import Batch, Tail, apply_retries
from tracker.store.records import Contents, ReadReport

_START = (
    "import sys; sys.path[:] = sys.argv[1].split('|');"
    " from tracker.intake.child import main; main()"
)
_DECODER = msgspec.msgpack.Decoder(Frame)

# Two children at once for each process: more would only wait for the processors.
_SLOTS = threading.BoundedSemaphore(2)
_SLOT_SECONDS = 60.0


@dataclass(frozen=True)
class Limits:
    """What one report may cost, and the longest it may take by the clock."""

    cpu_seconds: int = 10
    memory_mb: int = 512

    @property
    def wall_seconds(self) -> float:
        """A child that waits instead of working is ended too."""
        return 3.0 * self.cpu_seconds + 5.0


@dataclass(frozen=True)
class SpooledReport:
    """The bytes of one report, safe on disk, and what it is called."""

    path: Path
    name: str
    sha256: str
    size: int
    variant: str = ""
    stand_in: bool = False


def read_reports(
    reports: Sequence[SpooledReport], limits: Limits, sources: PluginSources
) -> Iterator[ReadReport]:
    """Read each report, in order; what cannot be read says why in `failure`.

    Raises Busy when other reports keep the parsers busy for a minute.
    """
    if not _SLOTS.acquire(timeout=_SLOT_SECONDS):
        raise Busy("All parsers are busy.", "Send the report again in a minute.")
    try:
        rest = list(reports)
        while rest:
            before = len(rest)
            for report in _one_child(tuple(rest), limits, sources):
                yield report
                rest.pop(0)
            if rest and len(rest) == before:  # pragma: no cover - a child always answers for one
                raise Busy("The parsing child does not start.", "See the log of the tracker.")
    finally:
        _SLOTS.release()


def network_barrier(sources: PluginSources) -> str:
    """How a child is kept off the network here: "namespace", or "audit hook" alone."""
    order = _order([], Limits(), sources)
    with _child(order) as (process, frames):
        first = next(frames, None)
        process.wait()
    return first.network if isinstance(first, Ready) else "unknown"


def _one_child(
    reports: Sequence[SpooledReport], limits: Limits, sources: PluginSources
) -> Iterator[ReadReport]:
    """The reports that one child answers for, the one that it died on included."""
    with _child(_order(reports, limits, sources), limits.wall_seconds) as (process, frames):
        for report in reports:
            read = _Reading(report)
            try:
                finished = read.take(frames)
            except TimeoutError:
                process.kill()
                yield read.refused("it took too long", unrecognised=False)
                return
            except msgspec.DecodeError:
                process.kill()
                yield read.refused("the parser wrote between its answers", unrecognised=False)
                return
            if not finished:
                yield read.refused(_cause(process, limits), unrecognised=False)
                return
            yield read.report()


def _order(reports: Sequence[SpooledReport], limits: Limits, sources: PluginSources) -> Order:
    return Order(
        reports=[ReportOrder(str(each.path), each.name, each.variant) for each in reports],
        own_plugins=str(sources.own),
        plugins_folder=str(sources.folder) if sources.folder else None,
        plugins_enabled=sources.enabled,
        cpu_seconds=limits.cpu_seconds,
        memory_bytes=limits.memory_mb * 1024 * 1024,
    )


@contextmanager
def _child(
    order: Order, patience: float = 30.0
) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[Frame]]]:
    # An editable install is found by a hook that a child without `site` does not have.
    entries = [str(resources.PACKAGE.parent), *sys.path]
    path = "|".join(str(Path(entry or ".").resolve()) for entry in entries)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _START, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin as orders:
            orders.write(msgspec.json.encode(order))
        yield process, _frames(process.stdout.fileno(), patience)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever a plugin left behind goes with it
        process.stdout.close()
        process.wait()


def _frames(descriptor: int, patience: float) -> Iterator[Frame]:
    """What the child sends, until it ends; TimeoutError when it is silent for too long."""
    buffer = bytearray()
    deadline = time.monotonic() + patience
    answers = select.poll()  # `select` knows no descriptor above 1023
    answers.register(descriptor, select.POLLIN)
    while True:
        while len(buffer) >= 4 and len(buffer) >= 4 + (size := _size(buffer)):
            frame = _DECODER.decode(memoryview(buffer)[4 : 4 + size])
            del buffer[: 4 + size]
            if isinstance(frame, Tail | Refusal):
                deadline = time.monotonic() + patience
            yield frame
        if not answers.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        data = os.read(descriptor, 1 << 20)
        if not data:
            return
        buffer += data


def _size(buffer: bytearray) -> int:
    return int(struct.unpack_from(">I", buffer)[0])


@dataclass
class _Reading:
    """One report while its frames come in."""

    source: SpooledReport
    format: str = ""
    version: int = 0
    refusal: Refusal | None = None
    tail: Tail = field(default_factory=Tail)
    rows: Batch = field(default_factory=Batch)

    def take(self, frames: Iterator[Frame]) -> bool:
        """Take frames up to the end of this report; False when the child ended before it."""
        for frame in frames:
            match frame:
                case Batch():
                    self.add(frame)
                case Begin():
                    self.format, self.version = frame.format, frame.parser_version
                case Tail():
                    self.tail = frame
                    return True
                case Refusal():
                    self.refusal = frame
                    return True
                case Broken():
                    raise SettingsError(frame.reason)
                case Ready():
                    pass
        return False

    def add(self, batch: Batch) -> None:
        rows = self.rows
        rows.suites.update(batch.suites)
        rows.cases.update(batch.cases)
        rows.results.extend(batch.results)
        rows.failures.update(batch.failures)
        rows.attempts.extend(batch.attempts)
        rows.outputs.update(batch.outputs)

    def report(self) -> ReadReport:
        if self.refusal is not None:
            return self.refused(self.refusal.reason, self.refusal.unrecognised)
        rows, tail = self.rows, self.tail
        results, attempts = rows.results, rows.attempts
        if tail.retries:
            results, attempts = apply_retries(results, attempts, tail.retries)
        notes = tuple(tail.notes)
        if tail.damage:
            notes = (f"Damaged: {tail.damage}; what came before was kept.", *notes)
        if not results:
            notes = ("It holds no tests.", *notes)
        return replace(
            self.bare(),
            recovered=bool(tail.damage),
            warnings=notes,
            contents=Contents(
                suites=rows.suites,
                cases=rows.cases,
                results=results,
                failures=rows.failures,
                attempts=attempts,
                outputs=rows.outputs,
                variant=self.source.variant,
            ),
        )

    def refused(self, reason: str, unrecognised: bool) -> ReadReport:
        return replace(self.bare(), failure=reason, unrecognised=unrecognised)

    def bare(self) -> ReadReport:
        """What is known of the report apart from what is in it."""
        return ReadReport(
            name=self.source.name,
            sha256=self.source.sha256,
            size=self.source.size,
            variant=self.source.variant,
            format=self.format,
            parser_version=self.version,
            stand_in=self.source.stand_in,
        )


def _cause(process: subprocess.Popen[bytes], limits: Limits) -> str:
    """Why the child ended in the middle of a report, in words."""
    try:
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "the parser closed its answers while reading it"
    if status == -signal.SIGXCPU:
        return f"it takes more than {limits.cpu_seconds} s of processor time to read"
    if status < 0:
        return f"the parser was ended by {signal.Signals(-status).name} while reading it"
    return f"the parser ended by itself (exit status {status}) while reading it"
