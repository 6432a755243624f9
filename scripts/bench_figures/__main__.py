"""The whole run, or some of its figures; progress goes to stderr, the figures to stdout."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from scripts.bench_figures import (
    bombs,
    formats,
    health,
    jenkins,
    judge,
    legacy,
    pages,
    parse,
    publish,
    record,
    uploads,
    validate,
    years,
)
from scripts.bench_figures.report import Row, as_json, as_table, machine, say
from scripts.bench_figures.sizes import QUICK, WHOLE, Sizes

FIGURES: dict[str, Callable[[Sizes], Iterator[Row]]] = {
    "parse": parse.figures,
    "formats": formats.figures,
    "record": record.figures,
    "years": years.figures,
    "judge": judge.figures,
    "uploads": uploads.figures,
    "bombs": bombs.figures,
    "pages": pages.figures,
    "publish": publish.figures,
    "jenkins": jenkins.figures,
    "validate": validate.figures,
    "health": health.figures,
    "legacy": legacy.figures,
}


def run(names: Sequence[str], sizes: Sizes) -> list[Row]:
    """The rows of these figures, in the order of the names."""
    return [row for name in names for row in FIGURES[name](sizes)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 where every target is reached, 1 where one is not."""
    options = _options(arguments)
    start = time.perf_counter()
    say(machine())
    rows = run(options.only, QUICK if options.quick else WHOLE)
    say(f"measured in {time.perf_counter() - start:.0f} s")
    if options.json:
        print(as_json(rows))
    else:
        print(f"{machine()}\n\n{as_table(rows)}")
    return int(any(row.reached is False for row in rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: under a minute")
    parser.add_argument("--json", action="store_true", help="rows for programs instead of a table")
    parser.add_argument(
        "--only", type=_names, default=list(FIGURES), help=f"some of {','.join(FIGURES)}"
    )
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in FIGURES]:
        raise argparse.ArgumentTypeError(f"no figure is called {unknown[0]!r}")
    return names


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and homes go too
    sys.exit(main())
