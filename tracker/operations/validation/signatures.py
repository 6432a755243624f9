"""Signatures of failures, made again from what the results say, against those on record."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tracker.operations.validation.checks import Look, Scene, seen
from tracker.operations.validation.naming import named
from tracker.store.sightings import SIGNATURE, UP_TO_DATE, as_recorded, signature_row, signatures_of
from tracker.store.sql import run
from tracker.verdicts.signatures import ALGORITHM

# So many failures are looked at of a sample, others each time.
SAMPLE = 20_000


def other_signatures(scene: Scene) -> Look:
    """Look for failures with another signature than their texts give, in all builds or in some.

    Builds that wait to be looked at, and signatures of another version, are about to be made anew.
    """
    builds = run(
        "SELECT id, failed + error FROM build WHERE let_go IS NULL AND failed + error > 0"
        f" AND clustered >= 0 AND clustered = {UP_TO_DATE} ORDER BY id"
    )
    if not scene.is_thorough:
        builds = _sample(builds)
    wrong = [each for build, _ in builds for each in _other(build, scene.own)]
    return seen(sum(failures for _, failures in builds), wrong)


def _other(build: int, own: Sequence[str]) -> Iterator[str]:
    """The failures of a build that have another one, in words."""
    made = signatures_of(as_recorded(build), own)
    rows = run(
        f"SELECT t.case_id, {named('sighting')}, {SIGNATURE} FROM sighting t"
        " JOIN signature s ON s.id = t.signature_id WHERE t.build_id = ? AND s.algorithm = ?",
        build,
        ALGORITHM,
    )
    for case, name, *recorded in rows:
        if case in made and list(signature_row(made[case])) != recorded:
            yield f"{name}: signature {recorded[0]}, its texts give {made[case].id}"


def _sample(builds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Builds in a random order, until enough failures are among them."""
    found, failures = [], 0
    for build in random.sample(builds, len(builds)):
        if failures >= SAMPLE:
            break
        found.append(build)
        failures += build[1]
    return found
