"""Parsing children, forked from a process that has imported what they import and our own parsers.

Thousands of them read a report each in these tests, and a start of Python takes ten times as long
as the reading. What a child is told, what it gives up, and what it answers are as ever: it is the
product's own `main`, in a process of its own. Whoever tests the start itself asks for the fixture
`own_children`. The processes of `tests/forked.py` have a nursery of theirs; any others start their
children themselves.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tracker.intake import sandbox

# Between the nursery and a child stands one who waits for it and tells how it ended.
_NURSERY = """
import ctypes, os, socket, sys
sys.path[:] = sys.argv[2].split("|")
from tracker import resources
from tracker.intake import plugins
from tracker.intake.child import main
# Our own parsers are loaded here, which takes longer than to read a report; a child loads others.
own = resources.folder("plugins")
ours, load = list(plugins._folder(own)), plugins._folder
plugins._folder = lambda folder: ours if folder == own else load(folder)
asked = socket.socket(fileno=int(sys.argv[1]))
nothing = os.open(os.devnull, os.O_WRONLY)

def be_the_child(nice, orders, answers, said):
    asked.close()
    os.setsid()
    os.nice(nice)
    for place, descriptor in enumerate((orders, answers, nothing)):
        os.dup2(descriptor, place)
    os.write(said, os.getpid().to_bytes(4, "big"))
    os.closerange(3, said + 1)
    code = 1
    try:
        main()
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    finally:
        os._exit(code)

def watch(nice, orders, answers, said):
    child = os.fork()
    if not child:
        be_the_child(nice, orders, answers, said)
    asked.close()
    os.close(orders)
    os.close(answers)
    _, status = os.waitpid(child, 0)
    os.write(said, status.to_bytes(4, "big"))
    os._exit(0)

watchers = set()
while True:
    nice, descriptors, _, _ = socket.recv_fds(asked, 1, 3)
    if not descriptors:
        break
    watcher = os.fork()
    if not watcher:
        watch(nice[0], *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    watchers.add(watcher)
    watchers -= {each for each in watchers if os.waitpid(each, os.WNOHANG)[0]}
for each in watchers:
    os.waitpid(each, 0)
"""


class Nursery:
    """The process that children are forked from; started when the first one is wanted.

    There is one for each path of modules that is asked for, or one for all that has `path`.
    """

    def __init__(self, path: str = "") -> None:
        self.lock = threading.Lock()
        self.path = path
        self.asking: dict[str, tuple[socket.socket, subprocess.Popen[bytes]]] = {}

    def ask(self, path: str, nice: int, descriptors: list[int]) -> None:
        """Have a child that imports from `path` use these: orders, answers, what is said of it."""
        path = self.path or path
        with self.lock:
            self.begin(path)
            socket.send_fds(self.asking[path][0], [bytes([nice])], descriptors)

    def begin(self, path: str) -> None:
        """Start the process, unless it was."""
        if path not in self.asking:
            self.asking[path] = self._started(path)

    def _started(self, path: str) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _NURSERY, str(theirs.fileno()), path],
                pass_fds=[theirs.fileno()],
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
                start_new_session=True,
            )
        return ours, process

    def close(self) -> None:
        """End, when no child is wanted any more."""
        for ours, process in self.asking.values():
            ours.close()
            process.wait()
        self.asking.clear()


class Child:
    """What `subprocess.Popen` is to a child that was started, of one that was forked."""

    def __init__(self, nursery: Nursery, command: list[str]) -> None:
        orders, self_orders = os.pipe()
        self_answers, answers = os.pipe()
        self.said, said = os.pipe()
        path, nice = command[-2:]
        nursery.ask(path, int(nice), [orders, answers, said])
        for descriptor in (orders, answers, said):
            os.close(descriptor)
        self.stdin, self.stdout = os.fdopen(self_orders, "wb"), os.fdopen(self_answers, "rb")
        self.pid = int.from_bytes(os.read(self.said, 4), "big")
        if not self.pid:  # else whoever ends the group of this child ends our own
            raise RuntimeError("the nursery ended before the child began")
        self.returncode: int | None = None

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, as a process of one's own tells it."""
        if self.returncode is None:
            ending = select.poll()  # `select` knows no descriptor above 1023
            ending.register(self.said, select.POLLIN)
            if not ending.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("a parsing child", timeout or 0)
            self.returncode = os.waitstatus_to_exitcode(
                int.from_bytes(os.read(self.said, 4), "big")
            )
            os.close(self.said)
        return self.returncode


class _Forking:
    """The module `subprocess`, as far as the sandbox uses it."""

    PIPE, DEVNULL = subprocess.PIPE, subprocess.DEVNULL
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, nursery: Nursery) -> None:
        self.nursery = nursery

    def Popen(self, command: list[str], **_: Any) -> Child:  # noqa: N802 - its name there
        """A child for a command that would start one."""
        return Child(self.nursery, command)


def share_forked_children() -> None:
    """Have this process, and all that will be forked from it, ask one nursery."""
    nursery = Nursery("|".join(str(Path(entry or ".").resolve()) for entry in sys.path))
    nursery.begin(nursery.path)
    sandbox.subprocess = _Forking(nursery)  # type: ignore[assignment]


@pytest.fixture(autouse=True, scope="session")
def _forked_children() -> Iterator[None]:
    nursery = Nursery()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "subprocess", _Forking(nursery))
        yield
    nursery.close()


@pytest.fixture
def own_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each parsing child is started, as the product does."""
    monkeypatch.setattr(sandbox, "subprocess", subprocess)
