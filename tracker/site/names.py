"""The names that the static site's page of search looks through: its jobs, and tests with pages.

    const TRACKER_NAMES = [["team/nightly", "../jobs/team/nightly/", [[KEY, NAME, SUITES, FACETS]]]]

It is a script, since pages that are opened from a disk may load nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from tracker.pages import BY_NAME
from tracker.pages.page import Page, Params
from tracker.queries import cases
from tracker.queries.case_rows import CaseName
from tracker.site.links import Linker

PATH = "search/names.js"
_ENCODER = msgspec.json.Encoder()


def names(pages: Iterable[tuple[Page, Params]], linker: Linker) -> bytes:
    """The file, for these pages of the site; the same bytes for the same pages."""
    keys: dict[str, set[str]] = defaultdict(set)
    for page, params in pages:
        if page.name == "job":
            keys[params["job"]] |= set()
        elif page.name == "case":
            keys[params["job"]].add(params["case"])
    named = cases.names(set().union(*keys.values()))
    rows = [[job, _folder(job, linker), _tests(keys[job], named)] for job in sorted(keys)]
    return b"const TRACKER_NAMES = " + _ENCODER.encode(rows) + b";\n"


def _folder(job: str, linker: Linker) -> str:
    """The folder of a job's pages, seen from the page of search."""
    there = linker.segments(BY_NAME["job"], {"job": job})
    return linker.relative(("search",), there).removesuffix(linker.ending)


def _tests(keys: Collection[str], named: Mapping[str, CaseName]) -> list[list[Any]]:
    found = sorted((named[key] for key in keys if key in named), key=lambda row: row.place)
    return [[row.key, row.name, row.suite, row.variant] for row in found]
