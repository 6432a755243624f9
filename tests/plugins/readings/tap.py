"""TAP: the manifest counts the top level, and beside it the leaves; ours are the leaves."""

from __future__ import annotations

import json

from tests.plugins.corpus import MANIFEST, Figures

LEAVES = (
    "ambiguity: with subtests `expected` counts the top level and `leaf_tests` the leaves. Ours "
    "are the leaves, and a test that has none, or that fails though none of its leaves does"
)
BROKEN_REFERENCE = "the reference has no figures: it crashes on an empty YAML block"

# By the name of the file. Tests that are results beside the leaves, as (passed, failed, skipped):
# those without leaves, and those that fail alone.
BESIDE = {
    "buffered-nested-ok-top-failure-diag.tap": (0, 1, 0),
    "buffered-nested-ok-top-failure.tap": (0, 1, 0),
    "buffered-with-diag-not-ok.tap": (0, 1, 0),
    "empty-buffered-child.tap": (1, 0, 0),
    "indented-stdout-noise.tap": (1, 1, 0),
    "perl-test2-buffered.tap": (0, 1, 0),
    "example-tap.tap": (2, 2, 1),
}
# Leaves that are skipped or to do, which the manifest does not count.
SKIPPED_LEAVES = {
    "todo.tap": 7,
    "indent.tap": 2,
    "example-tap.tap": 12,
}


def _readings() -> dict[str, tuple[Figures | None, str]]:
    files = json.loads(MANIFEST.read_text())["files"] if MANIFEST.exists() else []
    found: dict[str, tuple[Figures | None, str]] = {}
    for each in files:
        if each["format"] != "tap":
            continue
        if each["expected"] is None:
            found[each["file"]] = ({"total": 2, "passed": 2}, BROKEN_REFERENCE)
        elif each["expected"]["subtests"]:
            found[each["file"]] = (_leaves(each["file"], each["expected"]), LEAVES)
    return found


def _leaves(file: str, expected: dict[str, int]) -> Figures:
    name = file.rpartition("/")[2]
    passed, failed, skipped = BESIDE.get(name, (0, 0, 0))
    skipped_leaves = SKIPPED_LEAVES.get(name, 0)
    total, broken = expected["leaf_tests"], expected["leaf_failed"]
    return {
        "total": total + passed + failed + skipped,
        "passed": total - broken - skipped_leaves + passed,
        "failed": broken + failed,
        "skipped": skipped_leaves + skipped,
    }


READINGS = _readings()
