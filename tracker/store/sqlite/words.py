"""What SQLite refuses, in words people can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import peewee

from tracker.errors import StorageError
from tracker.store.remedies import words_of

REMEDIES = (
    ("locked", "The database is locked by another program.", "Try again shortly."),
    (
        "full",
        "The disk is full: nothing was recorded.",
        "Make room; the tracker goes on by itself.",
    ),
    ("no such index", "The database lacks an index.", "`tracker doctor` says how to make it."),
    ("readonly", "The database cannot be written.", "Check the file's owner and the disk."),
    ("unable to open", "The database cannot be opened.", "Check the folder's owner and the disk."),
    ("disk I/O", "The disk failed.", "Look for its errors in the kernel's log, then try again."),
    ("malformed", "The database is damaged.", "Restore the newest backup."),
    ("decode to UTF-8", "The database is damaged.", "Restore the newest backup."),
    ("not a database", "The file is not a database.", "Restore the newest backup."),
)


def in_words(error: peewee.PeeweeException) -> StorageError | None:
    """The fault of the machine or the file; None where it is one of the program."""
    text = str(error)
    if not isinstance(error, peewee.OperationalError) and not is_damage(text):
        return None
    what, remedy = words_of(text, REMEDIES)
    if what:
        return StorageError(f"{what} (SQLite: {text})", remedy)
    return StorageError(f"The database refuses: {text}.")


def is_damage(text: str) -> bool:
    """Whether SQLite speaks of the file itself."""
    return any(sign in text for sign in ("malformed", "decode to UTF-8", "not a database"))


@contextmanager
def names_in_words() -> Iterator[None]:
    """Where the schema is read: SQLite quotes a name of it that is damaged, which is no text."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise peewee.DatabaseError("malformed database schema") from error
