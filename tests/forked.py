"""Servers, workers and other processes, forked from one that has imported what they import.

Starting Python and importing the tracker is a second of processor time, more than most of these
processes then work. Whoever tests the start itself runs `python -m` as people do. Their parsing
children come from a nursery that all of them share.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.forked_imports"])


class Forked:
    """What `subprocess.Popen` is to `python -m MODULE …`, of a process that was forked."""

    def __init__(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
    ) -> None:
        self._process = CONTEXT.Process(target=_be, args=(words, str(cwd), dict(env), str(log)))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self.args = list(words)

    @property
    def returncode(self) -> int | None:
        """How it ended, if it did."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """How it ended, if it did."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """How it ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


Process = Forked | subprocess.Popen[bytes]


def started(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """The same as people start it."""
    with log.open("ab") as said:
        command = [sys.executable, "-m", *words]
        return subprocess.Popen(command, cwd=cwd, env=env, stdout=said, stderr=said)


def _be(words: Sequence[str], cwd: str, env: Mapping[str, str], log: str) -> None:
    """Be `python -m` with these words; all that it says is added to the log."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for place in (1, 2):
        os.dup2(said, place)
    os.close(said)
    sys.argv = list(words)
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
