"""The migrations that this program has: what a database may be at."""

from __future__ import annotations

from tracker import resources

FOLDER = resources.PACKAGE / "store" / "migrations"


def migrations() -> tuple[str, ...]:
    """Their names, in their order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[0-9]*.py")))
