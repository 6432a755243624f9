"""Two pages are the same when they say the same and lead to the same places.

A live page and its static twin spell addresses differently, and the static site holds fewer
pages. So both become one sequence of tags and texts, in which each link is the identity of the
page that it leads to. A link to a page that the static site does not hold is the words alone
there: in the live page, too, such a link is reduced to its words.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

# From a path, as a site spells it and without the ending, to the page that stands there.
Places = Mapping[str, str]
Token = tuple[str, ...]

# The page about the tracker says which copy it is, and only the live one has a health and an API.
# Forms, and what moves without a revision, are parts of live pages alone.
_LIVE_ONLY = (
    (re.compile(r'<script src="[^"]*static/follow\.\w+\.js" defer></script>'), ""),
    (re.compile(r'<p class="follow".*?</p>', re.DOTALL), ""),
    (re.compile(r'<form class="search".*?</form>', re.DOTALL), ""),
    (
        re.compile(r'<progress[^>]*></progress> <span id="passed">[^<]* of about ([^<]*)</span>'),
        r"about \1 expected",
    ),
    (
        re.compile(
            r'<progress[^>]*></progress> <span id="passed">[^<]* the ([^<]*) that[^<]*</span>'
        ),
        r"about \1 expected",
    ),
    (re.compile(r'<span id="passed">[^<]*</span>'), "still running"),
    (re.compile(r"<section class=\"live\".*?</section>", re.DOTALL), ""),
    (re.compile(r"\nHealth: .*?</a>\.\n", re.DOTALL), "\n"),
    (re.compile(r"\nThe API, .*?</a>\.\n", re.DOTALL), "\n"),
    (re.compile(r"live pages(?=</dd>)"), "a published copy, as of the revision above"),
)


def live_tokens(html: str, path: str, places: Places, published: frozenset[str]) -> list[Token]:
    """A live page, served at `path`, as the static site should have it."""
    for pattern, static in _LIVE_ONLY:
        html = pattern.sub(static, html)
    return _tokens(html, path, places, published)


def static_tokens(html: str, path: str, places: Places) -> list[Token]:
    """A page of the static site, read from `path`; it has a link where live pages have a box."""
    html = re.sub(r'<li><a href="[^"]*search/index.html">Search</a></li>', "", html)
    return _tokens(html, path, places, frozenset(places.values()))


def _tokens(html: str, path: str, places: Places, published: frozenset[str]) -> list[Token]:
    reader = _Reader(path, places, published)
    reader.feed(html)
    reader.close()
    return [token for token in reader.tokens if token != ("text", "")]


class _Reader(HTMLParser):
    """Collects tags and texts; what stands between two tags is one text."""

    def __init__(self, path: str, places: Places, published: frozenset[str]) -> None:
        super().__init__()
        self.path = path
        self.places = places
        self.published = published
        self.tokens: list[Token] = []
        self.dropped: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown: list[str] = []
        leads_nowhere = False
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                value = self.place(value)
                leads_nowhere = leads_nowhere or not value
            shown.append(f"{name}={value}")
        if tag == "a":
            self.dropped.append(leads_nowhere)
        if not leads_nowhere:
            self.tokens.append((tag, *shown))

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or not self.dropped.pop():
            self.tokens.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self.tokens and self.tokens[-1][0] == "text":
            self.tokens[-1] = ("text", f"{self.tokens[-1][1]} {words}".strip())
        else:
            self.tokens.append(("text", words))

    def place(self, link: str) -> str:
        """The page and the anchor that a link leads to; "" where the static site has no page."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return link
        folder = self.path.rpartition("/")[0]
        path = posixpath.normpath(posixpath.join("/", folder, unquote(parts.path)))
        if path.startswith("/static/"):
            return path
        file = re.search(r"(?:^|/)index\.(html|json)$", parts.path)
        named = (path.rpartition("/")[0] if file else path).strip("/")
        assert named in self.places, f"{self.path} links {link}, which no page is at"
        page = self.places[named]
        if page not in self.published:
            return ""
        twin = " as JSON" if file and file[1] == "json" else ""
        return page + twin + (f" #{parts.fragment}" if parts.fragment else "")
