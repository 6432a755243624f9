"""Each plugin beside the best other reader of its format: processor time, and memory.

Where nobody reads a format in Python, the standard library's tree of it is the floor. It knows
nothing of retries, suites or damage, so only the memory has a target there.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from scripts.bench_figures import written
from scripts.bench_figures.readers import Taken
from scripts.bench_figures.report import FORMATS, Row, ratio, row, say
from scripts.bench_figures.servers import ROOT
from scripts.bench_figures.sizes import Sizes

PER = 100_000
# Code and buffers that are touched for the first time: who needs no more needs nothing.
LITTLE = 2_000_000


def figures(sizes: Sizes) -> Iterator[Row]:
    """Seconds of 100,000 cases and megabytes of the file that was read, for every format."""
    if missing := sorted(_plugins() - written.WRITERS.keys()):
        raise RuntimeError(f"no writer makes a file for {', '.join(missing)}")
    for name, other in FORMATS.items():
        ours, theirs = _compared(name, sizes)
        per = PER / ours.cases
        yield row(f"formats, {name}, seconds", ours.seconds * per)
        yield ratio(f"formats, {name} / {other}", ours.seconds, theirs.seconds)
        yield row(f"formats, {name}, memory", ours.memory / 1e6)
        memory = (max(each.memory, LITTLE) for each in (ours, theirs))
        yield ratio(f"formats, {name}, memory / {other}", *memory)


def _plugins() -> set[str]:
    return {path.stem for path in (ROOT / "plugins").glob("*.py")}


def _compared(name: str, sizes: Sizes) -> tuple[Taken, Taken]:
    """Ours and the other one, each the best of some rounds taken in turn."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        path = written.write(name, sizes.of_a_format, Path(folder))
        say(f"formats: {sizes.of_a_format:,} cases of {name}, {sizes.format_rounds} rounds")
        rounds = [
            (_taken("ours", name, path), _taken("best", name, path))
            for _ in range(sizes.format_rounds)
        ]
    ours, theirs = (_best(each) for each in zip(*rounds, strict=True))
    for each in (ours, theirs):
        if each.cases != sizes.of_a_format or each.failed != ours.failed:
            raise RuntimeError(f"{name}: ours found {ours}, the other reader {theirs}")
    return ours, theirs


def _taken(which: str, name: str, path: Path) -> Taken:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench_figures.readers", which, name, path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    last = done.stdout.splitlines()[-1]  # tap.py prints a warning before it
    return msgspec.json.decode(last, type=Taken)


def _best(rounds: tuple[Taken, ...]) -> Taken:
    seconds = min(each.seconds for each in rounds)
    memory = min(each.memory for each in rounds)
    return Taken(seconds, memory, rounds[0].cases, rounds[0].failed)
