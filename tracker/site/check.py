"""Checking a published site: every link of every page leads to a file, every anchor to an id.

A site may have tens of thousands of pages: the ids of all are held, the links of one at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
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
    ids = {path: frozenset(_parse(path).ids) for path in sorted(site.rglob("*.html"))}
    for path in ids:
        for link in _parse(path).links:
            trouble = _trouble(site, path, link, ids)
            if trouble:
                yield f"{path.relative_to(site)}: {link} {trouble}"


def _parse(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _trouble(site: Path, path: Path, link: str, ids: Mapping[Path, frozenset[str]]) -> str:
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "mailto") or parts.netloc:
        return ""
    if parts.path.startswith("/"):
        return "is not relative"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if not target.is_relative_to(site.resolve()):
        return "leaves the site"
    if not target.is_file():
        return "leads to no file"
    if parts.fragment and target.suffix == ".html":
        known = ids.get(site / target.relative_to(site.resolve()))
        if known is not None and unquote(parts.fragment) not in known:
            return "leads to no place on that page"
    return ""
