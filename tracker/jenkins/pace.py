"""How fast a controller is asked: so many requests a second, so many at once, over all processes.

Both are kept by files that every process of this machine shares, locked by the kernel: whoever
dies gives its turn back.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import StorageError

_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Pace:
    """The limits of one controller, kept in files of `folder` that begin with `name`."""

    folder: Path
    name: str
    per_second: float
    at_once: int

    @contextmanager
    def turn(self, until: float) -> Iterator[None]:
        """Wait until a request may be made; it counts until the block ends.

        Raises TimeoutError where that would be later than `until` (monotonic), StorageError where
        the files cannot be written.
        """
        with ExitStack() as held:
            with self._in_words():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                held.enter_context(self._slot(until))
                wait = self._wait()
            if time.monotonic() + wait > until:
                raise TimeoutError
            time.sleep(wait)
            yield

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """What the disk refuses; nothing of it is the controller's fault."""
        try:
            yield
        except TimeoutError:
            raise
        except OSError as error:
            raise StorageError(
                f"The folder {self.folder} cannot be written: {error.strerror}.",
                "Make room on its disk, and look at its owner; no Jenkins is asked until then.",
            ) from error

    @contextmanager
    def _slot(self, until: float) -> Iterator[None]:
        """One of the slots for requests at the same time."""
        with (self.folder / f"{self.name}.slots").open("ab") as slots:
            while not self._take(slots.fileno()):
                if time.monotonic() > until:
                    raise TimeoutError
                time.sleep(_LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
            yield

    def _take(self, descriptor: int) -> bool:
        """Lock one byte of the file; closing it gives the byte back."""
        for slot in range(self.at_once):
            try:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
            except OSError:
                continue
            return True
        return False

    def _wait(self) -> float:
        """How long until this request's time comes.

        The file holds the time, on the clock of this machine's boot, at which the next request
        is within the rate.
        """
        gap = 1 / self.per_second
        with (self.folder / f"{self.name}.pace").open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            now = time.monotonic()
            due = max(_time_in(file.read(64), now), now)
            file.truncate(0)
            file.write(repr(due + gap).encode())
        return due - now


def _time_in(text: bytes, now: float) -> float:
    """The time in the file; what was left by an earlier boot, or by no one, is long over."""
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if found < now + 600 else 0.0
