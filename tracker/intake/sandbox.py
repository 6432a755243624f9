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
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from tracker import resources
from tracker.decoding import UNDECODABLE
from tracker.errors import Busy
from tracker.intake.assembly import Assembly
from tracker.intake.frames import End, Frame, Order, Ready, ReportOrder, Seal
from tracker.intake.plugins import PluginSources
from tracker.intake.slots import slot
from tracker.intake.spool import SpooledReport
from tracker.store.records import ReadReport

_START = (
    "import os, sys; os.nice(int(sys.argv[2])); sys.path[:] = sys.argv[1].split('|');"
    " from tracker.intake.child import main; main()"
)
_DECODER = msgspec.msgpack.Decoder(Frame)


@dataclass(frozen=True)
class Limits:
    """What one file may cost, and the longest that one report in it may take by the clock."""

    cpu_seconds: int = 10
    memory_mb: int = 512

    @property
    def wall_seconds(self) -> float:
        """A child that waits instead of working is ended too. Each report of an archive begins
        anew: what they share is the processor time.
        """
        return 3.0 * self.cpu_seconds + 5.0

    @property
    def answer_bytes(self) -> int:
        """How much children may send of the files of one build, held until it is recorded."""
        return self.memory_mb * 1024 * 1024 // 2


class _TooMuch(Exception):
    """The child sends more than is held."""


@dataclass
class _Room:
    """How many more bytes are held of what the children of one call send."""

    left: int


def read_reports(
    reports: Sequence[SpooledReport], limits: Limits, sources: PluginSources
) -> Iterator[ReadReport]:
    """Read each file, in order; what cannot be read says why in `failure`.

    An archive gives a report without results that stands for itself, then those of its entries,
    named below its own name; one with a single report in it is that report. What is told of all of
    them together is bounded by `answer_bytes`: a file that goes beyond is broken off.

    Raises Busy when other reports keep the parsers busy for a minute, or no child can be started.
    """
    with slot(reports) as nice:
        rest, room = list(reports), _Room(limits.answer_bytes)
        while rest:
            before = len(rest)
            for found in _one_child(tuple(rest), limits, sources, nice, room):
                yield from found
                rest.pop(0)
            if rest and len(rest) == before:  # pragma: no cover - a child always answers for one
                raise Busy("The parsing child does not start.", "See the log of the tracker.")


def child_state(sources: PluginSources) -> Ready:
    """How a child is kept off the network here, or "unknown", and which parsers it has."""
    order = _order([], Limits(), sources)
    with _child(order) as (process, frames):
        first = next(frames, None)
        process.wait()
    return first if isinstance(first, Ready) else Ready("unknown")


def _one_child(
    files: Sequence[SpooledReport], limits: Limits, sources: PluginSources, nice: int, room: _Room
) -> Iterator[list[ReadReport]]:
    """The reports of each file that one child answers for, the one that it died on included."""
    order = _order(files, limits, sources)
    with _child(order, limits.wall_seconds, nice, room) as (process, frames):
        for file in files:
            reading = Assembly(file)
            try:
                end = reading.take(frames)
            except TimeoutError:
                process.kill()
                yield reading.broken_off("it took too long")
                return
            except _TooMuch:
                process.kill()
                cause = (
                    "its results and texts, with those of the files before it, exceed"
                    f" {limits.answer_bytes // 1024**2:,} MB, half of TRACKER_PARSE_MEMORY_MB"
                )
                broken, *whole = reading.broken_off(cause)
                yield [replace(broken, is_beyond=True), *whole]
                return
            except UNDECODABLE:
                process.kill()
                yield reading.broken_off("the parser wrote between its answers")
                return
            if end is None:
                yield reading.broken_off(_cause(process, limits))
                return
            yield reading.done(end)


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
    order: Order, patience: float = 30.0, nice: int = 0, room: _Room | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[Frame]]]:
    # An editable install is found by a hook that a child without `site` does not have.
    entries = [str(resources.PACKAGE.parent), *sys.path]
    path = "|".join(str(Path(entry or ".").resolve()) for entry in entries)
    process = _begun([sys.executable, "-I", "-S", "-c", _START, path, str(nice)])
    _step_back(process.pid, nice)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError), process.stdin as orders:
            orders.write(msgspec.json.encode(order))
        yield process, _frames(process.stdout.fileno(), patience, room or _Room(1024**2))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever a plugin left behind goes with it
        process.stdout.close()
        process.wait()


def _begun(command: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:  # no memory, too many processes or open files
        raise Busy(
            f"The parsing child does not start: {error.strerror}.",
            "The machine has too little left; send the report again in a minute.",
        ) from error


def _step_back(child: int, nice: int) -> None:
    """Linux may share the processors out by sessions first: there being nice is said of these.

    Whoever is not root may say so ten times a second; a child that it is not said of has a share
    like any other.
    """
    with contextlib.suppress(OSError):
        if nice:
            Path(f"/proc/{child}/autogroup").write_text(str(nice))


def _frames(descriptor: int, patience: float, room: _Room) -> Iterator[Frame]:
    """What the child sends, until it ends; TimeoutError when it takes too long for one report,
    _TooMuch when it sends more than there is room for. A report that is whole stays held.
    """
    buffer = bytearray()
    sent = 0
    deadline = time.monotonic() + patience
    answers = select.poll()  # `select` knows no descriptor above 1023
    answers.register(descriptor, select.POLLIN)
    while True:
        while len(buffer) >= 4 and len(buffer) >= 4 + (size := _size(buffer)):
            frame = _DECODER.decode(memoryview(buffer)[4 : 4 + size])
            del buffer[: 4 + size]
            sent += size
            if isinstance(frame, Seal | End):
                room.left -= sent
                sent = 0
                deadline = time.monotonic() + patience
            yield frame
        if sent + len(buffer) > room.left:
            raise _TooMuch
        if not answers.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
        data = os.read(descriptor, 1 << 20)
        if not data:
            return
        buffer += data


def _size(buffer: bytearray) -> int:
    return int(struct.unpack_from(">I", buffer)[0])


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
