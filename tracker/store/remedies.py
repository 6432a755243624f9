"""Words for what a database refuses: rows of a sign in its message, what it means, what to do."""

from __future__ import annotations

from collections.abc import Sequence

Remedies = Sequence[tuple[str, str, str]]


def words_of(text: str, remedies: Remedies) -> tuple[str, str]:
    """What a message means, and what to do, by the first sign in it; empty where there is none."""
    return next(((what, remedy) for sign, what, remedy in remedies if sign in text), ("", ""))
