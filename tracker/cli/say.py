"""What commands tell people: names and messages are of strangers, and steer no terminal."""

from __future__ import annotations

import sys

import click

from tracker.beat import Beat
from tracker.one_line import one_line


def say(text: str = "", *, err: bool = False) -> None:
    """One line on standard output, or on standard error."""
    click.echo(one_line(text), err=err)


def telling() -> Beat:
    """What tells those who wait at a terminal what is being done, once for all its steps."""
    before = ""

    def tell(doing: str) -> None:
        nonlocal before
        if doing != before and sys.stderr.isatty():
            say(doing, err=True)
        before = doing

    return tell
