"""What commands share: the settings, an open store, and printing rows."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from tracker.beat import Beat
from tracker.cli.say import say
from tracker.settings import Settings

JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def line(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A callback for what the store keeps as text: a byte that is not UTF-8 is wrong usage."""
    from tracker.intake.facts import check_line

    return value if value is None else check_line(param.opts[0], value)


def lines(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """As `line`, for a parameter that is given any number of times."""
    for value in values:
        line(ctx, param, value)
    return values


def settings(ctx: click.Context, **given: Any) -> Settings:
    """The settings, with what flags say on top."""
    home = ctx.find_root().obj
    return Settings.load(home=home, **given)


def opened(ctx: click.Context, **given: Any) -> Settings:
    """The settings, with the store open; the audit log names this user for what is done."""
    from tracker.durable import make_private
    from tracker.store.audit import acting
    from tracker.store.connection import open_store

    found = settings(ctx, **given)
    make_private(found.home)
    open_store(found.store)
    acting(f"user {user()}")
    return found


def user() -> str:
    """Who runs the command, for the audit log."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container users have numbers alone
        return str(os.getuid())


@contextmanager
def held(kind: str, job: str, lease_seconds: int, key: str = "") -> Iterator[Beat]:
    """Do a worker's task for a job here, while no worker does; gives what tells how far it is.

    Raises Busy where one is reading the job now, or took the task over meanwhile.
    """
    from tracker.clock import now_ms
    from tracker.errors import Busy
    from tracker.store.work import claim, enqueue, extend, finish, release

    key, lease_ms = key or job, lease_seconds * 1000
    enqueue(kind, key, due=now_ms(), subject=job)
    task = claim((kind,), now=now_ms(), lease_ms=lease_ms, key=key)
    if task is None:
        raise Busy(f"A worker is reading {job!r} now.", "Its page tells how far that is.")

    def beat(doing: str) -> None:
        if not extend(task, now=now_ms(), lease_ms=lease_ms):
            raise Busy(
                f"A worker took over {job!r}, since this command stood still for too long.",
                "What it read is kept, and the worker goes on; the job's page tells how far.",
            )
        say(doing, err=True)

    try:
        yield beat
    except BaseException:
        release(task)
        raise
    finish(task, now=now_ms())


def judge_all(*jobs: str) -> None:
    """Judge now what waits for it in these jobs, where a worker would by and by."""
    from tracker.clock import now_ms
    from tracker.store.judging import judge_waiting

    for job in jobs:
        while judge_waiting(job, now=now_ms()):
            pass


def cluster_all(own: Sequence[str], job: str = "") -> None:
    """Put into families now what is in none, of one job or of all; `own` as `cluster_waiting`."""
    from tracker.clock import now_ms
    from tracker.store.families import cluster_waiting

    while cluster_waiting(own, job=job, now=now_ms()):
        pass


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode())


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Columns for people; `empty` says what to do where there is nothing."""
    lines = [[str(cell) for cell in row] for row in rows]
    if not lines:
        say(empty, err=True)
        return
    widths = [max(len(line[place]) for line in [list(head), *lines]) for place in range(len(head))]
    for line in [list(head), *lines]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())
