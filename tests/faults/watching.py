"""What processes and their database use, sampled over time, and whether it grows."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """At `at` (s): memory of each process (bytes), their open files, size of the log (bytes)."""

    at: float
    memory: Mapping[int, int]
    files: int
    log: int


def sample(at: float, processes: Iterable[int], database: Path) -> Sample:
    """What is used now; a process that has just ended is left out."""
    memory, files = dict[int, int](), 0
    for process in processes:
        with contextlib.suppress(OSError):
            memory[process] = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
            files += len(list(Path(f"/proc/{process}/fd").iterdir()))
    log = Path(f"{database}-wal")
    return Sample(at, memory, files, log.stat().st_size if log.exists() else 0)


def memory_slope(samples: Sequence[Sample]) -> float:
    """Megabytes an hour, of all processes that were there all the time.

    For each the median of the slopes of all pairs (H. Theil, 1950; P. K. Sen, 1968), which a few
    steps and peaks do not move.
    """
    lasting = set.intersection(*(set(each.memory) for each in samples))
    return sum(_slope(samples, process) for process in lasting) * 3600 / MEGABYTE


def _slope(samples: Sequence[Sample], process: int) -> float:
    return median(
        (later.memory[process] - earlier.memory[process]) / (later.at - earlier.at)
        for earlier, later in itertools.combinations(samples, 2)
        if later.at > earlier.at
    )


def more_files(samples: Sequence[Sample]) -> float:
    """How many more files are open in the second half than in the first one."""
    half = len(samples) // 2
    first, second = samples[:half], samples[half:]
    return median(each.files for each in second) - median(each.files for each in first)
