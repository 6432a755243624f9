"""Builds that fail of a few causes, and the families that their failures are put into."""

from __future__ import annotations

from tests.factories import DAY, NOW, cluster_all, jenkins, record, report
from tracker.store.records import BuildFacts
from tracker.store.sql import run

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"
QUOTA = "quota of the tenant exceeded by uploads"


def night(number: int, *told: tuple[str, str, str], job: str = "nightly") -> None:
    """A build in which, by (suite, case, message), tests failed; put into families."""
    reports = [
        report(f"{suite}.{case}.xml", suite=suite, message=message, **{case: "F"})
        for suite, case, message in told
    ]
    jenkins(job, number, *reports, result="UNSTABLE", started=NOW + number * DAY)
    cluster_all()


def groups() -> dict[int, set[str]]:
    """The messages of each family."""
    found: dict[int, set[str]] = {}
    for family, message in run("SELECT family_id, message FROM signature WHERE last > 0"):
        found.setdefault(family, set()).add(message)
    return found


def family_of(message: str) -> int:
    """The family that failures with this message are in."""
    [(family,)] = run("SELECT DISTINCT family_id FROM signature WHERE message = ?", message)
    return int(family)


def signature_of(message: str) -> int:
    """The one signature that failures with this message have."""
    [(number,)] = run("SELECT id FROM signature WHERE message = ?", message)
    return int(number)


def two_causes() -> None:
    """A build that fails of two of them."""
    night(1, ("Disk", "a", DISK), ("Disk", "b", DISK), ("Login", "c", LOGIN))


def replace(number: int, *reports: object) -> None:
    """The build recorded anew, and its failures put into families again."""
    record(BuildFacts("nightly", number), *reports, replace=True)  # type: ignore[arg-type]
    cluster_all()
