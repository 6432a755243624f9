"""Charts as geometry: the template draws the shapes, a style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tracker.queries.build_rows import BuildRow
from tracker.queries.cases import HistoryRow
from tracker.site.text import placed


@dataclass(frozen=True)
class Piece:
    """A rectangle of a chart; `kind` is its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float

    @property
    def place(self) -> Markup:
        """Where it is, as attributes: a page has a thousand, and numbers need no escaping."""
        return placed(self.x, self.y, self.width, self.height)


@dataclass(frozen=True)
class Bar:
    """One build in a chart: its pieces, and where to point and what to say there."""

    build: BuildRow
    x: float
    width: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Chart:
    """Bars side by side; `top` is the number the full height stands for."""

    width: float
    height: float
    top: int
    bars: tuple[Bar, ...]


STEP = 12.0
GAP = 2.0
HEIGHT = 96.0
LEAST = 3.0
WIDTH = 120.0
STRIP_HEIGHT = 30.0
STRIP_MARKS = {"failed": 30.0, "error": 30.0, "passed": 12.0, "skipped": 6.0, "unknown": 6.0}


def trend(builds: Sequence[BuildRow]) -> Chart:
    """The totals of builds, oldest first: passed below, then skipped, then failed on top.

    What failed is at least three units high, so that one failure of 100,000 is seen.
    """
    top = max((build.totals.total for build in builds), default=0)
    bars = tuple(_bar(build, place * STEP, top) for place, build in enumerate(builds))
    return Chart(max(len(builds), 1) * STEP - GAP, HEIGHT, top, bars)


def failures(builds: Sequence[BuildRow]) -> Chart:
    """What failed in builds, oldest first: below what did before, newly broken on top of it all."""
    top = max((build.totals.failures for build in builds), default=0)
    bars = tuple(_failures(build, place * STEP, top) for place, build in enumerate(builds))
    return Chart(max(len(builds), 1) * STEP - GAP, HEIGHT, top, bars)


def strip(history: Sequence[HistoryRow]) -> Chart:
    """One case over builds, oldest first; how high a bar is says the status without its colour."""
    bars = tuple(_mark(row, place * STEP) for place, row in enumerate(history))
    return Chart(max(len(history), 1) * STEP - GAP, STRIP_HEIGHT, 1, bars)


def totals_bar(build: BuildRow) -> Chart:
    """The totals of one build lying down: failed first, then skipped, then passed.

    What there is is at least three units wide; wider parts before it make room.
    """
    totals = build.totals
    parts = (
        ("failed", totals.failures),
        ("skipped", totals.skipped + totals.unknown),
        ("passed", totals.passed),
    )
    shown = [(kind, value) for kind, value in parts if value]
    pieces: list[Piece] = []
    x = 0.0
    for behind, (kind, value) in zip(reversed(range(len(shown))), shown, strict=True):
        room = WIDTH - x - LEAST * behind
        width = min(max(WIDTH * value / totals.total, LEAST), room)
        pieces.append(Piece(_kind(kind, build), round(x, 2), 0.0, round(width, 2), STEP))
        x += width
    return Chart(WIDTH, STEP, totals.total, (Bar(build, 0.0, WIDTH, tuple(pieces)),))


def _mark(row: HistoryRow, x: float) -> Bar:
    width = STEP - GAP
    kind = row.status or "absent"
    height = STRIP_MARKS.get(kind, 2.0)
    piece = Piece(_kind(kind, row.build), x, STRIP_HEIGHT - height, width, height)
    return Bar(row.build, x, width, (piece,))


def _failures(build: BuildRow, x: float, top: int) -> Bar:
    width = STEP - GAP
    if build.has_verdicts:
        parts = [
            ("still", build.still_failing),
            ("not-alarming", build.not_alarming),
            ("newly", build.newly_broken),
            ("failed unjudged", build.not_judged),
        ]
    else:
        parts = [("failed unjudged", build.totals.failures)]
    pieces: list[Piece] = []
    y = HEIGHT
    for kind, value in parts:
        if value:
            height = HEIGHT * value / top
            y -= height
            pieces.append(Piece(kind, x, round(y, 2), width, round(height, 2)))
    return Bar(build, x, width, tuple(pieces))


def _kind(kind: str, build: BuildRow) -> str:
    return kind if build.judged else f"{kind} unjudged"


def _bar(build: BuildRow, x: float, top: int) -> Bar:
    width = STEP - GAP
    totals = build.totals
    parts = (
        ("passed", totals.passed),
        ("skipped", totals.skipped + totals.unknown),
        ("failed", totals.failures),
    )
    if not totals.total:
        return Bar(build, x, width, (Piece("absent", x, HEIGHT - LEAST, width, LEAST),))
    pieces: list[Piece] = []
    y = HEIGHT
    for kind, value in parts:
        if not value:
            continue
        height = HEIGHT * value / top
        if kind == "failed":
            height = max(height, LEAST)
            y = max(y, height)
        y -= height
        pieces.append(Piece(_kind(kind, build), x, round(y, 2), width, round(height, 2)))
    return Bar(build, x, width, tuple(pieces))
