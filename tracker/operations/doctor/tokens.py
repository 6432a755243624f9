"""The tokens: old ones, unused ones, and how many open everything."""

from __future__ import annotations

from tracker.clock import DAY
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.queries.system import TokenRow, tokens

OLD_MS = 365 * DAY
UNUSED_MS = 60 * DAY
MOST_ADMINS = 3


def look(scene: Scene) -> Findings:
    """A warning for each token that is worth a thought, and a count of all."""
    rows = [row for row in tokens() if row.is_in_use(scene.now)]
    wrong = [*_old(rows, scene.now), *_unused(rows, scene.now), *_admins(rows)]
    yield from wrong
    if not rows:
        yield Finding("tokens", "pass", "None is in use, so nothing can be sent.")
        return
    unlimited = sum(row.scope in ("ingest", "hook") and not row.jobs for row in rows)
    if not wrong:
        yield Finding(
            "tokens",
            "pass",
            f"{len(rows)} are in use; {unlimited} of them may send to every job.",
        )


def _old(rows: list[TokenRow], now: int) -> Findings:
    for row in rows:
        if now - row.created > OLD_MS and row.expires is None:
            yield Finding(
                "tokens",
                "warn",
                f"{row.name!r} is {(now - row.created) // DAY} days old, and never expires.",
                f"tracker token rotate {row.name}",
            )


def _unused(rows: list[TokenRow], now: int) -> Findings:
    for row in rows:
        if now - max(row.created, row.used or 0) > UNUSED_MS:
            since = f"for {(now - row.used) // DAY} days" if row.used else "ever"
            yield Finding(
                "tokens",
                "warn",
                f"{row.name!r} was not used {since}.",
                f"tracker token revoke {row.name}",
            )


def _admins(rows: list[TokenRow]) -> Findings:
    admins = [row.name for row in rows if row.scope == "admin"]
    if len(admins) > MOST_ADMINS:
        yield Finding(
            "tokens",
            "warn",
            f"{len(admins)} tokens open everything: {', '.join(admins)}.",
            "Make tokens of the scope that each use needs, and revoke these.",
        )
