"""The parsing child: it takes off its privileges, then reads reports and writes frames of rows.

What it is told on standard input is an `Order`; what it answers on standard output is, for each
report, a `Begin`, batches of rows and a `Tail`, or a `Refusal`, each as msgpack behind its length
in four bytes. It never sees the database, a token or the network.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from tracker import resources
from tracker.errors import SettingsError, Unrecognised
from tracker.intake.contract import Parser, ReportError, ReportFile
from tracker.intake.plugins import PluginSources, load_plugins
from tracker.intake.rows import Batch, Tail, rows_of
from tracker.intake.sniff import HEAD_BYTES, choose, head_of

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


class ReportOrder(msgspec.Struct, array_like=True):
    """One report to read: where its bytes are, its name, the variant of its cases."""

    path: str
    name: str
    variant: str


class Order(msgspec.Struct):
    """All that one child is asked to do, and the limits it puts on itself."""

    reports: list[ReportOrder]
    own_plugins: str
    plugins_folder: str | None
    plugins_enabled: tuple[str, ...]
    cpu_seconds: int
    memory_bytes: int


class Ready(msgspec.Struct, array_like=True, tag="ready"):
    """The child is locked in: `network` is how it was cut off, "namespace" or "audit hook"."""

    network: str


class Begin(msgspec.Struct, array_like=True, tag="begin"):
    """The next report was recognised."""

    format: str
    parser_version: int


class Refusal(msgspec.Struct, array_like=True, tag="refusal"):
    """The report gave nothing; `unrecognised` where no parser wanted it."""

    reason: str
    unrecognised: bool


class Broken(msgspec.Struct, array_like=True, tag="broken"):
    """A plugin cannot be loaded: nothing can be read until somebody mends the settings."""

    reason: str


Frame = Ready | Broken | Begin | Batch | Tail | Refusal


def main() -> None:
    """Do what standard input says; ends by itself, or by a limit."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a plugin that prints must not end up between the frames
    sources = PluginSources(
        Path(order.own_plugins),
        Path(order.plugins_folder) if order.plugins_folder else None,
        order.plugins_enabled,
    )
    try:
        parsers = [plugin.parser for plugin in load_plugins(sources)]
    except SettingsError as error:
        _send(answers, Broken(str(error)))
        return
    _send(answers, Ready(lock_in(order, sources)))
    for report in order.reports:
        _allow_more_time(order.cpu_seconds)
        for frame in _read(report, parsers):
            _send(answers, frame)


def lock_in(order: Order, sources: PluginSources) -> str:
    """Give up network, forking, writing and reading elsewhere; how the network was cut off."""
    network = "namespace" if _leave_network() else "audit hook"
    megabyte = 1024 * 1024
    for limit, value in (
        (resource.RLIMIT_AS, max(order.memory_bytes, 64 * megabyte)),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    sys.addaudithook(_Guard(_code_folders(sources), [each.path for each in order.reports]))
    return network


def _code_folders(sources: PluginSources) -> list[str]:
    """Where Python code may still be imported from: libraries, the package, the plugins."""
    libraries = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    ours = [str(resources.PACKAGE), str(sources.own)]
    theirs = [str(sources.folder)] if sources.folder else []
    return [sys.prefix, sys.base_prefix, *libraries, *ours, *theirs]


class _Guard:
    """An audit hook: the second belt where the kernel gives no namespace."""

    FORBIDDEN = ("socket.", "subprocess.", "ctypes.", "urllib.", "ftplib.", "smtplib.")
    PROCESSES = frozenset(
        {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "os.kill"}
    )
    CHANGES = frozenset(
        {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"}
        | {"os.chmod", "os.chown", "os.chflags", "os.utime", "os.setxattr", "os.removexattr"}
    )
    FORBIDDEN_EVENTS = PROCESSES | CHANGES

    def __init__(self, folders: Iterable[str], files: Iterable[str]) -> None:
        self.folders = tuple(os.path.realpath(folder) + os.sep for folder in folders)
        self.files = frozenset(os.path.realpath(file) for file in files)

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            self.check_open(*arguments[:3])
        elif event in self.FORBIDDEN_EVENTS or event.startswith(self.FORBIDDEN):
            raise PermissionError(f"a parser may not do this: {event}")

    def check_open(self, path: object, mode: object = None, flags: object = 0) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return
        writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        where = os.path.realpath(os.fsdecode(path))
        if writing or not (where in self.files or where.startswith(self.folders)):
            raise PermissionError(f"a parser may not open {os.fsdecode(path)}")


def _leave_network() -> bool:
    """Move into a network namespace of our own that has no way out, if the kernel lets us."""
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET
    import ctypes

    return int(ctypes.CDLL(None, use_errno=True).unshare(flags)) == 0


def _allow_more_time(seconds: int) -> None:
    """Each report has its own share of processor time; the kernel ends us when it is used up."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _read(report: ReportOrder, parsers: list[Parser]) -> Iterator[Frame]:
    """The frames of one report; whatever a parser raises becomes a refusal in words."""
    parser = None
    try:
        with Path(report.path).open("rb") as stream:
            head = head_of(stream.read(HEAD_BYTES), report.name)
            parser = choose(parsers, head)
            stream.seek(0)
            yield Begin(parser.name, parser.version)
            yield from rows_of(parser.read(ReportFile(stream, report.name, head)), report.variant)
    except Unrecognised as error:
        yield Refusal(error.message, unrecognised=True)
    except ReportError as error:
        yield Refusal(str(error), unrecognised=False)
    except MemoryError:
        yield Refusal("it needs more memory than a report may use", unrecognised=False)
    except Exception as error:  # noqa: BLE001 - whatever a plugin does, it costs only this report
        name = parser.name if parser else "sniffing"
        reason = f"the parser {name} failed on it: {type(error).__name__}: {error}"
        yield Refusal(reason[:500], unrecognised=False)


_ENCODER = msgspec.msgpack.Encoder()


def _send(answers: BinaryIO, frame: Frame) -> None:
    data = _ENCODER.encode(frame)
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[answers.write(view) :]
