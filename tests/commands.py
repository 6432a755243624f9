"""Commands run in this process, through the one place that turns errors into words and codes."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from click.testing import CliRunner

from tracker import cli
from tracker.cli import exits


@dataclass
class Said:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run_command(*arguments: object, given: str | None = None) -> Said:
    """Run a `tracker` command for the settings of the environment; `given` is what it reads."""
    runner = CliRunner()
    argv = ["tracker", *map(str, arguments)]
    with signals_kept(), runner.isolation(given) as streams, mock.patch.object(sys, "argv", argv):
        try:
            cli.main()
            code: object = 0
        except SystemExit as ending:
            code = ending.code
        out, err = streams[0].getvalue().decode(), streams[1].getvalue().decode()
    assert "Traceback" not in err or code == exits.BUG or "The database is damaged" in err
    return Said(int(str(code or 0)), out, err)


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """Who takes signals, as a worker does, gives them back."""
    taken = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
