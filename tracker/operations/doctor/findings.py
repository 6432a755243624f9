"""What a check of the doctor is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tracker.operations.health import Word
from tracker.settings import Settings
from tracker.store.probe import Probe

# Asks the Jenkins of this name for its time: how many seconds its clock is ahead of ours, None
# where it does not tell. Raises a TrackerError where it does not answer.
Ask = Callable[[str], float | None]


@dataclass(frozen=True)
class Finding:
    """What was found of one thing: a verdict, a sentence, and what to do where it is not well."""

    check: str
    verdict: Word
    words: str
    remedy: str = ""


@dataclass(frozen=True)
class Scene:
    """What is looked at: the settings, the database as met from outside, and now (ms).

    `is_open` tells that the store is open in this process, so that checks may read it.
    """

    settings: Settings
    probe: Probe
    ask: Ask
    now: int
    is_open: bool = False


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Check:
    """One check: its name, how to look, whether it reads the store, and of which database it is.

    `only` is empty where it is made of any.
    """

    name: str
    look: Callable[[Scene], Findings]
    reads_store: bool = False
    only: str = ""
