"""Visits: what a browser meets when it opens a page, written down for the tests to judge."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from tests.examples import examples
from tests.factories import key_of
from tests.site.rich import ODD_JOBS
from tracker.pages import BY_NAME
from tracker.queries import builds, cases, jobs
from tracker.site.links import static_linker

SCHEMES = ("light", "dark")
WIDTHS = (360, 1280)
# Light on a phone and dark on a screen in every run, nightly all four.
LOOKS = tuple(itertools.product(SCHEMES, WIDTHS))[:: examples(3, 1)]

# Runs in the browser: what a person would see, and what no text of ours may ever have made.
_LOOK = """() => ({
  scrollsSideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  narrowest: Math.min(...[...document.querySelectorAll('.totals > span')]
    .map((it) => it.getBoundingClientRect().width)),
  madeByTexts: [...document.querySelectorAll('i, script:not([src*="static/"], [src="names.js"]),'
    + '[id^="m1"], [id^="m9"], [onload], [onerror], [onclick], [onmouseover],'
    + 'a[href^="javascript:" i]')].map((it) => it.outerHTML),
  background: getComputedStyle(document.body).backgroundColor,
  violations: window.violations || [],
})"""
_WATCH = """document.addEventListener('securitypolicyviolation', (event) => {
  (window.violations ||= []).push(`${event.violatedDirective} ${event.blockedURI}`);
});"""


@dataclass
class Visit:
    """One page in one look, and all that happened on it."""

    address: str
    look: str
    status: int = 0
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)


def pages() -> Iterator[tuple[str, dict[str, str]]]:
    """A page of every type, with plain and odd names; the store must be open."""
    yield "home", {}
    yield "about", {}
    yield "settings", {}
    yield "families", {}
    yield "search", {}
    yield "family", {"family": "1"}
    yield "flaky", {"page": "1"}
    yield "missing", {"page": "1"}
    yield "budget", {"job": "team/nightly"}
    yield "explain", {"job": "team/nightly", "case": key_of("login", "com.example.Suite")}
    yield "absences", {"job": "lacking/<i id=m94>", "build": "10"}
    yield "compare", {}
    yield "readiness", {}
    yield "releases", {"page": "1"}
    yield "changes", {"job": "team/nightly", "build": "7"}
    yield "changes", {"job": "team/nightly", "build": "1"}
    for job in ("nightly-linux", "filled", "gone", "still"):
        yield "job", {"job": f"east/rel/mod/{job}"}
    for job in ("team/nightly", "never/built", "rebuilt", *ODD_JOBS[:4]):
        yield "job", {"job": job}
    for build in ("7", "8", "9", "10"):
        yield "build", {"job": "team/nightly", "build": build}
    yield "build", {"job": "rebuilt", "build": "1~0"}
    yield "build", {"job": "chain/build", "build": "1"}
    yield "build", {"job": "run/top", "build": "2"}
    yield "build", {"job": "run/unit", "build": "3"}
    yield "build", {"job": "run/lost", "build": "1"}
    yield "build", {"job": "now/1", "build": "1"}
    yield "build", {"job": "now/2", "build": "2"}
    yield "run", {"job": "run/top", "build": "3"}
    yield "run", {"job": "chain/build", "build": "1"}
    yield "build", {"job": "long", "build": "1"}
    yield "results", {"job": "long", "build": "1", "list": "all", "page": "2"}
    yield "case", {"job": "team/nightly", "case": key_of("login", "com.example.Suite")}
    yield "case", {"job": "team/nightly", "case": key_of("half", "half.xml")}


def hostile_pages() -> Iterator[tuple[str, dict[str, str]]]:
    """Pages on which every name is markup; the store must be open."""
    for row in jobs.jobs():
        if row.name.startswith("hostile/"):
            yield "job", {"job": row.name}
            yield "build", {"job": row.name, "build": builds.builds(row.name, limit=1)[0].label}
            for key in cases.not_always_passed(row.name, 1)[:1]:
                yield "case", {"job": row.name, "case": key}


def live_path(name: str, params: dict[str, str]) -> str:
    """The path of a page on a server."""
    parts = BY_NAME[name].segments(params)
    return "/" + "".join(quote(part, safe="~") + "/" for part in parts)


def static_path(name: str, params: dict[str, str]) -> str:
    """The file of a page in a published site."""
    return "/".join((*static_linker(()).segments(BY_NAME[name], params), "index.html"))


def visit_all(
    browser: Any, addresses: list[str], looks: tuple[tuple[str, int], ...]
) -> list[Visit]:
    """Open every address in the first look, and see it in the others, too."""
    context = browser.new_context()
    context.add_init_script(_WATCH)
    page = context.new_page()
    visits = [visit for address in addresses for visit in _visit(page, address, looks)]
    context.close()
    return visits


def _visit(page: Any, address: str, looks: tuple[tuple[str, int], ...]) -> list[Visit]:
    visit = Visit(address, "")
    origin = urlsplit(address)[:2]

    def note_request(request: Any) -> None:
        if urlsplit(request.url)[:2] != origin:
            visit.foreign.append(request.url)

    def note_failure(request: Any) -> None:
        # The icon is still on its way when the next page is opened.
        if "ERR_ABORTED" not in str(request.failure):
            visit.failed.append(request.url)

    def note_dialog(dialog: Any) -> None:
        visit.dialogs.append(dialog.message)
        dialog.dismiss()

    def note_console(message: Any) -> None:
        # That a page is not there is said by the browser as well.
        if message.type in ("error", "warning") and "404" not in message.text:
            visit.console.append(message.text)

    listeners = {
        "console": note_console,
        "pageerror": lambda error: visit.console.append(str(error)),
        "dialog": note_dialog,
        "request": note_request,
        "requestfailed": note_failure,
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    _put_on(page, looks[0])
    answer = page.goto(address)
    visit.status = answer.status if answer else 0
    seen = {}
    for look in looks:
        _put_on(page, look)
        seen[look] = page.evaluate(_LOOK)
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    return [
        replace(visit, look=f"{scheme} {width}", seen=found)
        for (scheme, width), found in seen.items()
    ]


def _put_on(page: Any, look: tuple[str, int]) -> None:
    scheme, width = look
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
