"""Remove a job: its rows, the texts that nothing else refers to, and its raw reports.

It may be stopped anywhere and begun again.
"""

from __future__ import annotations

from tracker.beat import Beat, unheard
from tracker.errors import Busy
from tracker.intake.queued import waiting_uploads
from tracker.intake.spool import path_of
from tracker.operations.retention.raw_reports import remove_older
from tracker.settings import Settings
from tracker.store import removal, retention, space, unreferenced
from tracker.store.removal import Removal

_ROUNDS = 5


def remove_job(settings: Settings, name: str, *, now: int, beat: Beat = unheard) -> Removal:
    """Remove a job at a time (ms); what went. `beat` is told what is being done before each step.

    Busy where builds of it keep being recorded; and see `removal.look`.
    """
    found = removal.look(name, now=now)
    for _ in range(_ROUNDS):
        removal.begin(found, now=now)
        _remove_raw(settings, found, now, beat)
        _forget(found, beat)
        removal.forget_signatures(now=now)
        for each in unreferenced.find():
            beat(f"removing {len(each.ids)} texts of {each.table}")
            unreferenced.forget(each)
        if removal.finish(found, now=now):
            break
    else:
        raise Busy(f"Builds of {name!r} keep being recorded.", "Stop what sends them first.")
    while space.give_back():
        beat("giving space back")
    space.checkpoint()
    return found


def _remove_raw(settings: Settings, found: Removal, now: int, beat: Beat) -> None:
    """Those that nobody else refers to; one that comes again meanwhile stays, with its new age."""
    digests = removal.own_digests(found) - {""}
    waiting = {digest for upload in waiting_uploads() for digest in upload.digests}
    for digest in sorted(digests - waiting):
        beat("removing raw reports")
        remove_older(path_of(settings.spool, digest), than=now)


def _forget(found: Removal, beat: Beat) -> None:
    """Whatever refers to a build goes before it, so that nothing is wrong in between."""
    builds = removal.builds_of(found)
    for place, build in enumerate(builds, 1):
        beat(f"removing results of build {place} of {len(builds)}")
        while retention.clear(build):
            beat(f"removing results of build {place} of {len(builds)}")
    while removal.forget_cases(found):
        beat("removing what is told of cases")
    while removal.forget_appearances(found):
        beat("removing what is told of families")
    for place, build in enumerate(builds, 1):
        beat(f"removing build {place} of {len(builds)}")
        removal.forget_build(build)
