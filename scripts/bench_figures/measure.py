"""Measuring: ways of doing the same, taken in turn, so that a busy moment hits them all."""

from __future__ import annotations

import gc
import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median

Way = Callable[[], Mapping[str, float]]


def seconds(action: Callable[[], object]) -> float:
    """How long `action` takes; what lies around from before does not count."""
    gc.collect()
    start = time.perf_counter()
    kept = action()
    taken = time.perf_counter() - start
    del kept  # freeing what it made is not part of it
    return taken


def in_turn(rounds: int, *ways: Way) -> dict[str, float]:
    """The median of each time that the ways measure, over several rounds."""
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for way in ways:
            for name, value in way().items():
                taken[name].append(value)
    return {name: median(values) for name, values in taken.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
