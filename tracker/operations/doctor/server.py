"""The database in PostgreSQL: is it there, of our schema, safe, and can it be backed up."""

from __future__ import annotations

import time

from tracker.clock import SLACK_MS
from tracker.errors import StorageError
from tracker.operations.backup.manifest import last_backup
from tracker.operations.backup.programs import check_version
from tracker.operations.doctor.clock import BY_NTP, spelt
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.versions import server_version
from tracker.store.connection import reading
from tracker.store.engine import engine, engine_of
from tracker.store.sql import run
from tracker.web_processes import THREADS, web_processes

# What a power cut must not take back, and what keeps space in use: as the server tells it.
SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on"}
# Commits that wait for a standby, too, are safer still.
SAFER = {"synchronous_commit": ("remote_write", "remote_apply")}
PROGRAMS = ("pg_dump", "pg_restore", "psql")
CONNECTIONS = (
    "SELECT (SELECT setting FROM pg_settings WHERE name = 'max_connections'),"
    " (SELECT setting FROM pg_settings WHERE name = 'superuser_reserved_connections'),"
    " count(*), count(*) FILTER (WHERE application_name LIKE 'regression-tracker%')"
    " FROM pg_stat_activity WHERE backend_type = 'client backend'"
)


def look(scene: Scene) -> Findings:
    """What the probe met, and what to type; a finding for each thing that is wrong."""
    found = scene.probe
    if found.unreadable:
        yield Finding("database", "fail", found.unreadable, "Check database_url, and the server.")
    elif found.newer:
        yield Finding(
            "database",
            "fail",
            f"It was made by a newer version: it has {', '.join(found.newer)}.",
            f"Install that version, or: {_restore(scene)}",
        )
    else:
        yield from _usable(scene)


def _usable(scene: Scene) -> Findings:
    found, its = scene.probe, engine_of(scene.settings.store)
    if found.unwritable:
        yield Finding(
            "database",
            "fail",
            f"{its.place} cannot be written: {found.unwritable}",
            "Name the primary server; pg_stat_activity shows who writes for long.",
        )
    if found.pending:
        yield Finding(
            "database", "warn", f"Migrations wait: {', '.join(found.pending)}.", "tracker init"
        )
    if not (found.unwritable or found.pending):
        size = its.sizes().database / 1e6
        words = f"{its.place} is of this version, and has {size:,.1f} MB."
        yield Finding("database", "pass", words)


def look_at_version(_scene: Scene) -> Findings:
    """Whether that of the server is mended."""
    for each in server_version(engine().version()):
        if each.verdict == "good":
            yield Finding("versions", "pass", f"{each.name} {each.found}.")
        else:
            words = f"{each.name} {each.found} is older than {each.least}: {each.reason}"
            yield Finding("versions", "warn", words, each.remedy)


def look_at_safety(_scene: Scene) -> Findings:
    """Whether a commit that was told is on the disk, as our sessions have it."""
    with reading():
        found = {name: str(run(f"SHOW {name}")[0][0]) for name in SAFE}
    wrong = {name: value for name, value in found.items() if not _is_safe(name, value)}
    if wrong:
        words = ", ".join(f"{name} is {value}" for name, value in wrong.items())
        yield Finding(
            "safety",
            "fail",
            f"{words}: what was acknowledged may be lost, or space is never free again.",
            "; ".join(f"ALTER SYSTEM SET {name} = on" for name in wrong)
            + "; then SELECT pg_reload_conf();",
        )
    else:
        words = ", ".join(f"{name} {value}" for name, value in found.items())
        yield Finding("safety", "pass", f"In effect: {words}.")


def _is_safe(name: str, value: str) -> bool:
    return value == SAFE[name] or value in SAFER.get(name, ())


def look_at_connections(_scene: Scene) -> Findings:
    """Whether the web processes and workers of this machine get as many as they have threads."""
    with reading():
        [(most, reserved, used, ours)] = run(CONNECTIONS)
    left = int(most) - int(reserved) - used
    wanted = web_processes() * THREADS + 2  # a worker has two
    words = (
        f"{used} of {most} connections are in use, {ours} by trackers; web processes and a worker"
        f" of this machine take up to {wanted}."
    )
    if left + ours < wanted:
        yield Finding(
            "connections",
            "warn",
            f"{words} There are not enough.",
            "Raise max_connections there, or lower TRACKER_WEB_WORKERS.",
        )
    else:
        yield Finding("connections", "pass", words)


def look_at_locking(scene: Scene) -> Findings:
    """Whether sessions are ours alone: not so where a pooler lends one to several in turn."""
    from tracker.store.postgresql.sessions import keeps_sessions

    if keeps_sessions(scene.settings.database_url):
        yield Finding("locking", "pass", "Each connection there has a session of its own.")
    else:
        yield Finding(
            "locking",
            "fail",
            "Connections there share sessions: a pooler lends them out in turn.",
            "Give the address of the server itself, or have the pooler keep whole sessions.",
        )


def look_at_clock(_scene: Scene) -> Findings:
    """Whether the server's clock is ours: for leases ours counts, for its log its own."""
    began = time.time()
    with reading():
        [(there,)] = run("SELECT extract(epoch FROM clock_timestamp())")
    ahead = float(there) - (began + time.time()) / 2
    if abs(ahead) * 1000 > SLACK_MS:
        where = "ahead of" if ahead > 0 else "behind"
        words = f"The clock of the database is {spelt(abs(ahead))} {where} ours."
        yield Finding("clock", "warn", words, f"{BY_NTP}; there, too.")
    else:
        words = f"The clock of the database and ours differ by {abs(ahead):.0f} s."
        yield Finding("clock", "pass", words)


def look_at_programs(_scene: Scene) -> Findings:
    """Whether what backups and restores need is there, and as new as the server."""
    version = engine().version()
    for name in PROGRAMS:
        try:
            check_version(name, version)
        except StorageError as error:
            yield Finding("programs", "warn", f"No backup: {error.message}", error.remedy)
            return
    yield Finding("programs", "pass", f"{', '.join(PROGRAMS)} are as new as the server.")


def _restore(scene: Scene) -> str:
    newest = last_backup(scene.settings.home, scene.now)
    return f"tracker restore {newest.path}" if newest else "tracker restore FILE"
