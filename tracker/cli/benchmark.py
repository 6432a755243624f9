"""`tracker benchmark`: how often the verdicts are right, on planted truths."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracker.cli.exits import FOUND
from tracker.cli.say import say
from tracker.cli.shared import JSON_OPTION, print_json, print_table
from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.verdicts.benchmark.figures import Figure

AREAS = (
    "alarms",
    "outages",
    "missing",
    "families",
    "windows",
    "durations",
    "facets",
    "readiness",
)


def _areas(_ctx: click.Context, _option: click.Parameter, text: str) -> Sequence[str]:
    """Names of areas, apart by commas; all where none is named."""
    names = text.split(",") if text else list(AREAS)
    if unknown := [name for name in names if name not in AREAS]:
        raise click.BadParameter(f"no area is called {unknown[0]!r}; there are {', '.join(AREAS)}")
    return names


@click.command("benchmark")
@click.option("--only", default="", callback=_areas, help="Some areas: alarms,missing,...")
@click.option(
    "--quick", is_flag=True, help="Less of everything: in a minute, too rough for targets."
)
@click.option(
    "--failures",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of labelled failures to group instead; see tracker/verdicts/README.md.",
)
@JSON_OPTION
def command(only: Sequence[str], quick: bool, failures: Path | None, as_json: bool) -> None:
    """Measure the verdicts on planted truths, seeded, each figure beside its target.

    Exit 1 where a target is missed.

    Example: tracker benchmark --only alarms,windows
    """
    found = list(_labelled(failures) if failures else _figures(only, quick))
    if as_json:
        print_json({"rows": [_row(figure) for figure in found]})
    else:
        print_table(
            ("NAME", "VALUE", "UNIT", "TARGET", "REACHED"),
            [_cells(figure) for figure in found],
            "There are no figures.",
        )
    if any(figure.reached is False for figure in found):
        sys.exit(FOUND)


def _figures(areas: Sequence[str], quick: bool) -> Iterator[Figure]:
    for area in areas:
        say(f"measuring {area} ...", err=True)
        module: Any = importlib.import_module(f"tracker.verdicts.benchmark.{area}")
        for figure in module.figures(quick):
            # Few draws tell little: they are held against no target.
            yield replace(figure, most=None, least=None) if quick else figure


def _labelled(folder: Path) -> Iterator[Figure]:
    """The figures of families over a folder: PROJECT/LABEL, each file some failures."""
    from tracker.verdicts.benchmark.families import evaluated, labelled

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    failures = labelled(
        (path.relative_to(folder).as_posix(), path.read_text("utf-8", "replace")) for path in files
    )
    if not failures:
        raise UsageError(
            f"There is no failure in {folder}.",
            "A file is PROJECT/LABEL; each failure in it begins with `--- suite::test`.",
        )
    yield from evaluated(failures)


def _row(figure: Figure) -> dict[str, object]:
    """A figure in the shape of the other measurements; `at_least` tells how its target is meant."""
    is_least = figure.most is None and figure.least is not None
    return {
        "name": figure.name,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "target": figure.least if is_least else figure.most,
        "at_least": is_least,
        "reached": figure.reached,
    }


def _cells(figure: Figure) -> tuple[object, ...]:
    limits = ((">=", figure.least), ("<=", figure.most))
    target = ", ".join(f"{sign} {limit:g}" for sign, limit in limits if limit is not None)
    reached = "" if figure.reached is None else "yes" if figure.reached else "NO"
    return figure.name, f"{_rounded(figure.value):,.10g}", figure.unit, target, reached


def _rounded(value: float) -> float:
    return value if value in (float("inf"), float("-inf")) else float(f"{value:.3g}")
