"""Links between pages: relative ones, so that a site works under any address and from a disk."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from tracker.pages import BY_NAME
from tracker.pages.page import Page, Params

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
# Names that mean something in our own paths, or to an operating system.
_RESERVED = re.compile(
    r"(builds|cases|results|pages|static|index\.(html|json)(\.gz)?|con|prn|aux|nul"
    r"|(com|lpt)[0-9])(\..*)?|.*[.]",
    re.IGNORECASE,
)


class Link(Protocol):
    """From a page's name and parameters to an address; None where there is no such page here."""

    def __call__(self, name: str, /, **params: object) -> str | None: ...


@dataclass(frozen=True)
class Linker:
    """How one kind of site spells its addresses.

    spell     how a folder of a job's name is spelt in a path
    ending    what stands behind the last slash of a page's address
    exists    whether the page at these segments is there
    """

    spell: Callable[[str], str]
    ending: str
    exists: Callable[[tuple[str, ...]], bool]

    def segments(self, page: Page, params: Params) -> tuple[str, ...]:
        """The path of a page, as this site spells it."""
        return page.segments(params, self.spell)

    def link_from(self, page: Page, params: Params) -> Link:
        """The link function for the templates of one page."""
        here = self.segments(page, params)

        @functools.cache  # a table names the same builds again and again
        def link(name: str, /, **wanted: object) -> str | None:
            target = BY_NAME[name]
            there = self.segments(target, {key: str(value) for key, value in wanted.items()})
            if not self.exists(there):
                return None
            return self.relative(here, there)

        return link

    def asset_from(self, page: Page, params: Params) -> Callable[[str], str]:
        """The function for addresses of style sheets and pictures."""
        depth = len(self.segments(page, params))
        return lambda name: "../" * depth + f"static/{name}"

    def relative(self, here: Sequence[str], there: Sequence[str]) -> str:
        """The address of the page at `there`, seen from the one at `here`."""
        common = 0
        while common < min(len(here), len(there)) and here[common] == there[common]:
            common += 1
        up = "../" * (len(here) - common)
        down = "".join(quote(part, safe="~") + "/" for part in there[common:])
        return (up + down or "./") + self.ending


def live_linker() -> Linker:
    """Addresses of the live pages: every page exists, names are percent-encoded."""
    return Linker(spell=lambda part: part, ending="", exists=lambda _: True)


def static_linker(published: Collection[tuple[str, ...]]) -> Linker:
    """Addresses of the static site: file names any host can serve, only published pages."""
    return Linker(spell=file_name, ending="index.html", exists=published.__contains__)


def file_name(name: str) -> str:
    """A part of a path as a file name: itself where that is harmless, else with a hash."""
    if _SAFE.fullmatch(name) and not _RESERVED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", name)[:40].strip("-")
    return f"{readable}-{digest}" if readable else digest
