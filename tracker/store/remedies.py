"""What a database refuses, by Peewee's names and in words.

The words are rows of a sign in its message, what it means, what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import peewee

Remedies = Sequence[tuple[str, str, str]]


@contextmanager
def named_by_peewee() -> Iterator[None]:
    """Rows are fetched while they are read, past Peewee: the driver's errors come as they are."""
    try:
        yield
    except peewee.PeeweeException:
        raise
    except Exception:
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            raise


def words_of(text: str, remedies: Remedies) -> tuple[str, str]:
    """What a message means, and what to do, by the first sign in it; empty where there is none."""
    return next(((what, remedy) for sign, what, remedy in remedies if sign in text), ("", ""))
