"""Signatures of failures, made again from what the results say, against those on record."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import msgspec

from tracker.operations.validation.checks import Look, Scene, seen
from tracker.operations.validation.naming import named
from tracker.store.sightings import UP_TO_DATE, as_recorded, signatures_of
from tracker.store.sql import run
from tracker.verdicts.signatures import ALGORITHM, Signature

# So many failures are looked at of a sample, others each time.
SAMPLE = 20_000
_COLUMNS = "s.id, s.type, s.message, s.frames, s.helpers, s.place, s.words"


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
        f"SELECT t.case_id, {named('sighting')}, {_COLUMNS} FROM sighting t"
        " JOIN signature s ON s.id = t.signature_id WHERE t.build_id = ? AND s.algorithm = ?",
        build,
        ALGORITHM,
    )
    for case, name, *recorded in rows:
        if case in made and _written(made[case]) != recorded:
            yield f"{name}: signature {recorded[0]}, its texts give {made[case].id}"


def _written(signature: Signature) -> list[object]:
    """A signature as it stands in the table."""
    its = signature
    texts = (msgspec.json.encode(part).decode() for part in (its.frames, its.helpers, its.words))
    frames, helpers, words = texts
    return [its.id, its.type, its.message, frames, helpers, its.place, words]


def _sample(builds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Builds in a random order, until enough failures are among them."""
    found, failures = [], 0
    for build in random.sample(builds, len(builds)):
        if failures >= SAMPLE:
            break
        found.append(build)
        failures += build[1]
    return found
