"""Servers and jobs as the operator names them, and what went wrong with them last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tracker.errors import Conflict, NotFound, UsageError
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.models import Job, Server
from tracker.store.naming import admits
from tracker.store.revisions import raise_revision
from tracker.store.rules import new_job

# Lone surrogates too: bytes of a command line that are not UTF-8 come as these.
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def check_job_name(name: str) -> str:
    """The full name of a job, without outer slashes; UsageError for what no job can be called."""
    clean = name.strip("/")
    segments = clean.split("/")
    if not clean or len(clean) > 1000 or _NOT_PLAIN.search(clean):
        raise UsageError(
            f"A job cannot be called {name[:80]!r}.", "Give its full name: team/nightly."
        )
    if any(segment.strip() in {"", ".", ".."} for segment in segments):
        raise UsageError(
            f"The job name {name[:80]!r} has an empty or dotted folder in it.",
            "Give its full name: team/nightly.",
        )
    return clean


def is_job_name(name: str) -> bool:
    """Whether a job can be called so, to the letter."""
    try:
        return check_job_name(name) == name
    except UsageError:
        return False


def add_server(
    name: str,
    url: str,
    *,
    prefix: str | None = None,
    username: str | None = None,
    token_file: str | None = None,
    patterns: Sequence[str] | None = None,
    view: str | None = None,
    ca_file: str | None = None,
    rate: float | None = None,
    at_once: int | None = None,
    seconds: int | None = None,
) -> None:
    """Add a Jenkins, or change the one of this name: what is None stays as it is.

    `patterns` admit full names of jobs; those that begin with `!` exclude some of them again.

    Raises Conflict for a prefix that another server or its jobs have, and for another prefix than
    the one under which this server's jobs are recorded already.
    """
    _check_server(name, url)
    given = {
        "url": url.rstrip("/") + "/",
        "prefix": prefix and check_job_name(prefix),
        "username": username,
        "token_file": token_file,
        "patterns": None if patterns is None else ("\n".join(patterns) or "*"),
        "view": view,
        "ca_file": ca_file,
        "rate": rate,
        "at_once": at_once,
        "seconds": seconds,
    }
    values = {field: value for field, value in given.items() if value is not None}
    texts = (url, username, token_file, view, ca_file, *(patterns or ()))
    _refuse_unplain(*(text for text in texts if text))
    _check_rate(rate)
    with writing():
        _write_server(name, values)


def _check_server(name: str, url: str) -> None:
    if not re.fullmatch(r"[\w.-]{1,100}", name):
        raise UsageError(f"A server cannot be called {name[:80]!r}.", "Use letters, digits, . _ -")
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url):
        raise UsageError(
            f"{url!r} is not the address of a Jenkins.", "It looks like https://jenkins.example/."
        )


def _check_rate(rate: float | None) -> None:
    if rate is not None and not 0.1 <= rate <= 1000:
        raise UsageError(f"{rate} requests a second cannot be kept.", "Give 0.1 to 1000.")


def _write_server(name: str, values: dict[str, Any]) -> None:
    """Make the row, or change it; trouble noted with other values says nothing about these."""
    known = Server.get_or_none(Server.name == name)
    if known is not None and all(getattr(known, key) == value for key, value in values.items()):
        return
    prefix = values.get("prefix", known.prefix if known else "")
    if known is None or prefix != known.prefix:
        _refuse_other_prefix(known, prefix)
        _refuse_taken(name, prefix)
        _refuse_prefix(name, prefix)
    if known is None:
        Server.create(name=name, **{"prefix": prefix, **values})
    else:
        Server.update(**values, error="", error_since=None).where(Server.name == name).execute()
    _raise_jobs(Server.get(Server.name == name))
    audit.note("server set", name, ", ".join(f"{key} {value}" for key, value in values.items()))


def admit_job(name: str) -> None:
    """Have a job that somebody named looked at, also where no pattern of its server admits it."""
    with writing():
        job = Job.get(Job.name == name)
        server = job.server
        patterns = server.patterns.split("\n") if server else []
        if server and not admits(patterns, job.jenkins_name):
            server.patterns = "\n".join([*patterns, job.jenkins_name])
            server.save()
            raise_revision()


def remove_server(name: str) -> None:
    """Forget a Jenkins: its jobs keep their history, and belong to no server from now on."""
    with writing():
        server = Server.get_or_none(Server.name == name)
        if server is None:
            raise NotFound(f"No server named {name!r} is known.", "`tracker server list` has them.")
        _raise_jobs(server)
        Job.update(server=None, error="", error_since=None).where(Job.server == server).execute()
        server.delete_instance()
        raise_revision()
        audit.note("server removed", name)


def track_job(name: str, *, server: str | None = None, jenkins_name: str = "") -> bool:
    """Know a job of Jenkins from now on; True when that is news.

    `jenkins_name` is its full name there; "" leaves the one that is known, else it is `name`.
    """
    with writing():
        job = Job.get_or_none(Job.name == name)
        owner = Server.get_or_none(Server.name == server) if server else None
        if server and owner is None:
            raise NotFound(
                f"No server named {server!r} is known.", "`tracker server list` has them."
            )
        refuse_folder(name, owner)
        if job is None:
            new_job(name, server=owner, jenkins_name=jenkins_name or name)
            raise_revision()
            return True
        return owner is not None and _read_from(job, owner, jenkins_name)


def _read_from(job: Job, owner: Server, jenkins_name: str) -> bool:
    """Have a known job read from a server, under its name there; whether that is news."""
    if job.server not in (None, owner):
        raise Conflict(
            f"The job {job.name!r} belongs to another server.",
            "Give the second server a --prefix that is no folder of the first.",
        )
    there = jenkins_name or job.jenkins_name or job.name
    if (job.server, job.jenkins_name) == (owner, there):
        return False
    job.server, job.jenkins_name, job.url = owner, there, ""  # the next look tells the address
    job.save()
    raise_revision(job.id)
    return True


def _refuse_unplain(*texts: str) -> None:
    for text in texts:
        if _NOT_PLAIN.search(text):
            raise UsageError(f"{text[:80]!r} is not one line of UTF-8.", "Write it anew.")


def _refuse_other_prefix(server: Server | None, prefix: str) -> None:
    """The names of recorded jobs begin with the prefix: it stays as long as there are any."""
    if server is not None and Job.select().where(Job.server == server).exists():
        raise Conflict(
            f"The server {server.name!r} has jobs under "
            + (f"the prefix {server.prefix!r}," if server.prefix else "no prefix,")
            + f" so that {prefix!r} cannot take its place.",
            f"Leave out --prefix, or `tracker server remove {server.name}` first.",
        )


def _refuse_taken(name: str, prefix: str) -> None:
    taken = Server.get_or_none((Server.prefix == prefix) & (Server.name != name))
    if taken is not None:
        raise Conflict(
            f"The server {taken.name!r} has "
            + (f"the prefix {prefix!r}." if prefix else "no prefix, and only one may."),
            "Give this one a --prefix of its own.",
        )


def _refuse_prefix(server: str, prefix: str) -> None:
    """A prefix must be no folder of another server, or two jobs would have one name."""
    if not prefix:
        return
    for job in Job.select().where(Job.name.startswith(f"{prefix}/")):
        if job.server is None and job.name == f"{prefix}/{job.jenkins_name}":
            continue  # of a server with this prefix that was removed, and may come back
        if job.server is None or job.server.name != server:
            raise Conflict(
                f"The prefix {prefix!r} is a folder already: the job {job.name!r} is in it.",
                "Choose another --prefix.",
            )


def refuse_folder(name: str, owner: Server | None) -> None:
    """Conflict: a folder that appears on a server must not be the prefix of another one."""
    for server in Server.select().where(Server.prefix != ""):
        if server != owner and name.startswith(f"{server.prefix}/"):
            raise Conflict(
                f"The job {name!r} cannot be told from those of the server {server.name!r},"
                f" whose prefix is {server.prefix!r}.",
                "Give that server another prefix.",
            )


def note_job_trouble(name: str, error: str, *, now: int) -> None:
    """Write down why the job could not be read, and since when; "" when it could."""
    with writing():
        job = Job.get_or_none(Job.name == name)
        if job is None or job.error == error:
            return
        job.error_since = None if not error else (job.error_since or now)
        job.error = error
        job.save()
        raise_revision(job.id)


def note_server_trouble(name: str, error: str, *, now: int) -> None:
    """Write down why the server could not be read, and since when; "" when it could."""
    with writing():
        server = Server.get_or_none(Server.name == name)
        if server is None or server.error == error:
            return
        server.error_since = None if not error else (server.error_since or now)
        server.error = error
        server.save()
        _raise_jobs(server)


def note_server(name: str, *, version: str, notice: str) -> None:
    """Write down what a look at the server told: its version, and trouble that stopped nothing."""
    with reading():
        known = Server.get_or_none(Server.name == name)
    if known is None or (known.version, known.notice) == (version, notice):
        return
    with writing():
        Server.update(version=version, notice=notice).where(Server.name == name).execute()
        raise_revision()


def _raise_jobs(server: Server) -> None:
    """The pages of its jobs tell what is wrong with a server."""
    revision = raise_revision()
    Job.update(revision=revision).where(Job.server == server).execute()
