"""The parsing child: it takes off its privileges, then reads reports and writes frames of rows.

What it is told on standard input is an `Order`; what it answers on standard output is, for each
file, an `End` behind the frames of each report in it: a `Begin`, batches of rows and a `Tail`, or
a `Refusal`, and a `Seal`. Each is msgpack behind its length in four bytes. The child never sees
the database, a token or the network.
"""

from __future__ import annotations

import gc
import os
import resource
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from tracker import resources
from tracker.errors import SettingsError
from tracker.intake.frames import Broken, Frame, Loaded, Order, Ready
from tracker.intake.plugins import Plugin, PluginSources, load_plugins
from tracker.intake.reading import frames_of

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
_ORDERS = msgspec.json.Decoder(Order)


def main() -> None:
    """Do what standard input says; ends by itself, or by a limit."""
    order = _ORDERS.decode(sys.stdin.buffer.read())
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a plugin that prints must not end up between the frames
    sources = PluginSources(
        Path(order.own_plugins),
        Path(order.plugins_folder) if order.plugins_folder else None,
        order.plugins_enabled,
    )
    try:
        plugins = load_plugins(sources)
    except SettingsError as error:
        _send(answers, Broken(str(error)))
        return
    # Rows are many and hold no cycles: looking for some after every 700 took a tenth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    parsers = [plugin.parser for plugin in plugins]
    told = [] if order.reports else [_loaded(each) for each in plugins]
    _send(answers, Ready(lock_in(order, sources), told))
    for report in order.reports:
        _allow_more_time(order.cpu_seconds)
        for frame in frames_of(report, parsers):
            _send(answers, frame)


def _loaded(plugin: Plugin) -> Loaded:
    return Loaded(plugin.parser.name, plugin.parser.version, plugin.origin, plugin.sha256)


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
    """Each file has its own share of processor time, however many reports are in it; the kernel
    ends us when it is used up.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


_ENCODER = msgspec.msgpack.Encoder()


def _send(answers: BinaryIO, frame: Frame) -> None:
    data = _ENCODER.encode(frame)
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        view = view[answers.write(view) :]
