"""Reading with one plugin and nothing around it, as the tests of all formats do."""

from __future__ import annotations

import importlib.util
import io
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from tests.examples import examples
from tracker.intake.contract import (
    Damage,
    Note,
    Parser,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
)
from tracker.intake.sniff import head_of

PLUGINS = Path(__file__).parents[2] / "plugins"
SAMPLES = Path(__file__).parents[1] / "samples"

# What `str.isprintable` admits, made so and not sifted out of everything.
PRINTABLE = st.characters(exclude_categories=["C", "Z"], include_characters=" ")

# Where a report is cut, beyond which not at each byte: a few hundred places in every run.
CUTS = examples(300, 1_000_000)

# What is better than what it stands for is a lie; unknown claims nothing.
_GOODNESS = {Status.PASSED: 2, Status.SKIPPED: 1, Status.FAILED: 0, Status.ERROR: 0}


@cache
def parser_of(name: str) -> Parser:
    """The parser of `plugins/<name>.py`."""
    path = PLUGINS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"plugin_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    [parser] = [value for value in vars(module).values() if isinstance(value, Parser)]
    return parser


def file_of(data: bytes, name: str = "report") -> ReportFile:
    """Bytes as a plugin gets them."""
    return ReportFile(io.BufferedReader(io.BytesIO(data)), name, head_of(data, name))


def read(parser: Parser, data: bytes, name: str = "report") -> list[Record]:
    """All records of one file."""
    return list(parser.read(file_of(data, name)))


def read_folder(parser: Parser, files: Mapping[str, bytes]) -> list[Record]:
    """All records of a folder that is one report."""
    members = [file_of(files[name], name) for name in sorted(files)]
    return list(parser.read(replace(file_of(b"", "folder"), parts=members)))


@dataclass(frozen=True)
class Placed:
    """A deciding result, the suite it stands in, and the tries before it."""

    path: tuple[str, ...]
    result: Result
    tries: int

    @property
    def key(self) -> tuple[tuple[str, ...], str, str]:
        """What tells it from others, but for repeats."""
        return self.path, self.result.classname, self.result.name


def placed(records: Iterable[Record]) -> list[Placed]:
    """The results as intake keeps them: a retry takes the place of the try before it."""
    path: tuple[str, ...] = ()
    kept: list[Placed] = []
    places: dict[object, int] = {}
    for each in records:
        if isinstance(each, Suite):
            path = each.path
        if not isinstance(each, Result):
            continue
        here = Placed(path, each, len(each.attempts))
        if each.retry and here.key in places:
            before = kept[places[here.key]]
            kept[places[here.key]] = replace(here, tries=before.tries + 1 + here.tries)
            continue
        places.setdefault(here.key, len(kept))
        kept.append(here)
    return kept


def results(records: Iterable[Record]) -> list[Result]:
    """The deciding results alone."""
    return [each.result for each in placed(records)]


def totals(records: Iterable[Record]) -> dict[str, int]:
    """Counts by status as the API gives them, `total`, and `flaky`: passed after another try."""
    kept = placed(records)
    counts = Counter(each.result.status for each in kept)
    return {
        "total": len(kept),
        **{status.word: counts[status] for status in Status},
        "flaky": sum(each.result.status is Status.PASSED and each.tries > 0 for each in kept),
    }


def seconds(records: Iterable[Record]) -> float:
    """The durations of the deciding results, added up."""
    return sum(each.duration or 0.0 for each in results(records))


def notes(records: Iterable[Record]) -> list[str]:
    """What people are warned of."""
    return [each.text for each in records if isinstance(each, Note)]


def troubles(records: Iterable[Record]) -> list[str]:
    """What went wrong outside any result."""
    return [each.text for each in records if isinstance(each, Trouble)]


def is_marked(records: Iterable[Record]) -> bool:
    """Whether people are told that the report is damaged or its run went wrong."""
    return any(isinstance(each, Damage | Trouble) for each in records)


def lies_of_a_cut(parser: Parser, data: bytes, *, step: int = 1, name: str = "report") -> list[str]:
    """What is wrong with the readings of `data` cut off at every `step` bytes; [] is right.

    What is long is cut in about CUTS places, since each reading of it takes long, too.

    A cut report may hold fewer results and worse ones, never more, never better ones, and never
    fewer without a mark that something is missing.
    """
    whole = _worst(placed(read(parser, data, name)))
    return [
        f"cut after {end} bytes: {lie}"
        for end in range(0, len(data), max(step, len(data) // CUTS))
        for lie in _lies(parser, data[:end], name, whole)
    ]


def _lies(
    parser: Parser, data: bytes, name: str, whole: Mapping[object, list[Status]]
) -> Iterable[str]:
    try:
        records = read(parser, data, name)
    except ReportError:
        return
    cut = _worst(placed(records))
    for key, statuses in cut.items():
        known = whole.get(key, [])
        if len(statuses) > len(known):
            yield f"{key} was made up"
        for here, there in zip(statuses, known, strict=False):
            if _GOODNESS.get(here, -1) > _GOODNESS.get(there, 3):
                yield f"{key} is {here.word}, in the whole report {there.word}"
    missing = sum(map(len, whole.values())) - sum(map(len, cut.values()))
    if missing and not is_marked(records):
        yield f"{missing} results are missing, and nothing says so"


def _worst(kept: Iterable[Placed]) -> dict[object, list[Status]]:
    found: dict[object, list[Status]] = {}
    for each in kept:
        found.setdefault(each.key, []).append(each.result.status)
    return found
