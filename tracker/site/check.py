"""Checking a published site: every link of every page leads to a file, every anchor to an id.

A site may have tens of thousands of pages: the ids of all are held, the links of one at a time.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class _Page(HTMLParser):
    """The links and the ids of one page."""

    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action") and value is not None:
                self.links.append(value)
            elif name == "id" and value:
                self.ids.add(sys.intern(value))


def broken_links(site: Path) -> Iterator[str]:
    """A sentence for each link of the site that leads nowhere."""
    folder = site.resolve()
    ids = {path: frozenset(_parse(path).ids) for path in sorted(folder.rglob("*.html"))}
    # The disk is asked once for each file, however many links lead to it.
    find = functools.cache(functools.partial(_find, folder))
    for path in ids:
        for link in _parse(path).links:
            trouble = _trouble(path, link, find, ids)
            if trouble:
                yield f"{path.relative_to(folder)}: {link} {trouble}"


def _parse(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _find(folder: Path, target: str) -> tuple[Path, str]:
    """The file that a path leads to, and what is wrong with it."""
    found = Path(target).resolve()
    if not found.is_relative_to(folder):
        return found, "leaves the site"
    return found, "" if found.is_file() else "leads to no file"


def _trouble(
    path: Path,
    link: str,
    find: Callable[[str], tuple[Path, str]],
    ids: Mapping[Path, frozenset[str]],
) -> str:
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "mailto") or parts.netloc:
        return ""
    if parts.path.startswith("/"):
        return "is not relative"
    target, trouble = find(
        os.path.normpath(f"{path.parent}/{unquote(parts.path)}" if parts.path else path)
    )
    if trouble:
        return trouble
    if parts.fragment and target in ids and unquote(parts.fragment) not in ids[target]:
        return "leads to no place on that page"
    return ""
