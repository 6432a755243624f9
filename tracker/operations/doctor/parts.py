"""The versions of what the tracker stands on."""

from __future__ import annotations

from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.versions import versions


def look(_scene: Scene) -> Findings:
    """One finding for each part; a version with a fault that may reach the tracker is a warning."""
    for each in versions():
        if each.verdict == "good":
            yield Finding("versions", "pass", f"{each.name} {each.found}.")
        elif each.verdict == "guarded":
            words = f"{each.name} {each.found} has a fault that does no harm here: {each.reason}"
            yield Finding("versions", "pass", words)
        elif each.verdict == "bad":
            words = f"{each.name} {each.found} is older than {each.least}: {each.reason}"
            yield Finding("versions", "warn", words, each.remedy)
        else:
            words = f"The version of {each.name} cannot be told; {each.least} is the least."
            yield Finding("versions", "warn", words, each.remedy)
