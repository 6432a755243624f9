"""What tests of the doctor share: all it finds, and a scene for a single check."""

from __future__ import annotations

from tracker.clock import now_ms
from tracker.operations.doctor import examine
from tracker.operations.doctor.findings import Ask, Finding, Findings, Scene
from tracker.settings import Settings
from tracker.store.probe import Probe

NOW = 1_795_000_000_000


def never_asked(server: str) -> float | None:
    """For a tracker without a Jenkins."""
    raise AssertionError(f"{server} was asked")


def found(settings: Settings) -> list[Finding]:
    """All that the doctor says of a tracker, by the clock."""
    return list(examine(settings, ask=never_asked, now=now_ms()))


def failed(settings: Settings) -> dict[str, Finding]:
    """What fails, by the name of its check."""
    return {each.check: each for each in found(settings) if each.verdict == "fail"}


def scene(settings: Settings, *, ask: Ask = never_asked, now: int = NOW) -> Scene:
    """A scene at a time of these tests."""
    return Scene(settings, Probe(), ask, now, is_open=True)


def said(findings: Findings) -> list[tuple[str, str]]:
    """The verdicts with their words."""
    return [(each.verdict, each.words) for each in findings]


def only(findings: Findings) -> Finding:
    """The one finding."""
    [found] = list(findings)
    return found
