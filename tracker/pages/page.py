"""What a page is: a name, a route, a template, what it shows, and which of it there are."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracker.errors import NotFound
from tracker.store.identity import KEY

ROWS = 500

Params = Mapping[str, str]

# The last `builds/<label>` or `cases/<key>` of a path decides, since names of jobs hold slashes.
PARTS = {
    "job": r".+",
    "build": r"[0-9]{1,19}(?:~[0-9]{1,9})?",
    "case": KEY,
    "family": r"[0-9]{1,18}",
    "list": r"[a-z]+",
    "page": r"[0-9]{1,9}",
}
_PAGE_SUFFIX = "pages/{page}/"


class Scope(enum.Enum):
    """Whose revision a page depends on: that of its job, or that of the whole database."""

    JOB = "job"
    SITE = "site"


@dataclass(frozen=True)
class Page:
    """One row of PAGES.

    route   such as `/jobs/{job}/builds/{build}/`; a paged page has `pages/{page}/` behind it
    show    from the route's parameters to a frozen view-model, or NotFound
    every   the parameters of each page that the static site has, for its newest builds of a job
    query   what a live page may be asked besides, behind the `?`; the static one is not
    moving  what a live page shows that moves without that revision, if anything does: without it
            a browser would be told that its copy is still good
    """

    name: str
    route: str
    template: str
    show: Callable[..., Any]
    every: Callable[[int], Iterator[Params]]
    scope: Scope
    title: str
    query: tuple[str, ...] = ()
    moving: Callable[[Params], object] | None = None

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Which paths are this page's: those with a page's number first, where it has pages."""
        is_paged = "page" in inspect.signature(self.show).parameters
        routes = (self.route + _PAGE_SUFFIX, self.route) if is_paged else (self.route,)
        return tuple(map(pattern_of, routes))

    def readings(self, path: str) -> Iterator[dict[str, str]]:
        """The parameters that a path may mean: none, one, or two where a job ends in `pages/2`."""
        for pattern in self.patterns:
            found = pattern.fullmatch(path)
            if found is not None:
                yield found.groupdict()

    @cached_property
    def params(self) -> tuple[str, ...]:
        """The names of the route's parameters."""
        return tuple(re.findall(r"{(\w+)}", self.route))

    def segments(
        self, params: Params, spell: Callable[[str], str] = lambda name: name
    ) -> tuple[str, ...]:
        """The parts of a path between its slashes; `spell` is put on each folder of the job.

        The first page of a list has no number there, and the others have no zeros before theirs.
        """
        found: list[str] = []
        for part in self.parts:
            if part == "{job}":
                found.extend(map(spell, params["job"].split("/")))
            else:
                found.append(params[part[1:-1]] if part.startswith("{") else part)
        number = int(params.get("page", "1"))
        if number != 1:
            found += ["pages", str(number)]
        return tuple(found)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """What stands between the slashes of the route."""
        return tuple(filter(None, self.route.split("/")))


def pattern_of(route: str) -> re.Pattern[str]:
    """What finds the parts of a path: a route of pages, or a path of the API."""
    return re.compile(
        "".join(
            f"(?P<{part[1:-1]}>{PARTS[part[1:-1]]})" if part.startswith("{") else re.escape(part)
            for part in re.split(r"({\w+})", route)
        )
    )


@dataclass(frozen=True)
class Paging:
    """Which page of a long list this is; pages count from 1."""

    page: int
    pages: int
    total: int

    @classmethod
    def of(cls, total: int, page: str) -> Paging:
        """The page `page` of a list of `total` rows; NotFound where it has none of this number."""
        pages = pages_of(total)
        if int(page) not in pages:
            raise NotFound(f"This list has no page {page}.", "Start at its first page.")
        return cls(int(page), len(pages), total)

    @property
    def offset(self) -> int:
        """How many rows come before this page's."""
        return (self.page - 1) * ROWS


def pages_of(total: int) -> range:
    """The numbers of the pages of a list."""
    return range(1, max(1, -(-total // ROWS)) + 1)
