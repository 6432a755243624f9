"""Your password: the form by which people set it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import Params
from tracker.store.passwords import LEAST


@dataclass(frozen=True)
class PasswordPage:
    """How many characters a password has at least."""

    least: int


def show() -> PasswordPage:
    """What the form has to say."""
    return PasswordPage(LEAST)


def every(_newest: int) -> Iterator[Params]:
    """None: nothing can be sent to a static site."""
    yield from ()
