"""Pages in a real browser: live, from the disk, and as Jenkins serves archived files."""

from __future__ import annotations

import http.server
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visit import (
    LOOKS,
    SCHEMES,
    Visit,
    hostile_pages,
    live_path,
    pages,
    static_path,
    visit_all,
)
from tests.conftest import RunningServer
from tests.counts import RecordCount
from tests.examples import examples
from tests.factories import key_of
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store

pytestmark = pytest.mark.browser

# Pages about names of jobs, which live pages alone have.
NAMES = ("/settings/names/east/rel/mod/nightly-linux/", "/settings/names/nobody/<i id=m1>/")
# Pages with the tables of many columns.
OVERVIEWS = (
    "/",
    "/jobs/team/nightly/",
    "/jobs/run/top/builds/3/run/",
    "/jobs/team/nightly/builds/7/",
)
BETWEEN = (768, 1024, 1180)
NARROW = 40  # pixels: fewer than a word of totals takes
JENKINS_POLICY = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'"


@dataclass
class Paths:
    """Paths of pages: every type of page, and those full of hostile names."""

    live: list[str]
    live_hostile: list[str]
    static: list[str]
    static_hostile: list[str]


@pytest.fixture(scope="session")
def paths(rich_settings: Settings) -> Paths:
    """Paths of pages of every type, live and static."""
    open_store(rich_settings.store)
    plain, hostile = list(pages()), list(hostile_pages())
    close_store()
    return Paths(
        [*itertools.starmap(live_path, plain), *NAMES, "/no/such/page/"],
        [*itertools.starmap(live_path, hostile), "/no/such/<i id=m1>page/"],
        list(itertools.starmap(static_path, plain)),
        list(itertools.starmap(static_path, hostile)),
    )


def share(paths: list[str], first: int) -> list[str]:
    """Each second path, for one site of two that have the same pages; nightly every one."""
    return paths[examples(first, 0) :: examples(2, 1)]


@pytest.fixture(scope="session")
def live(chromium: Any, server: RunningServer, paths: Paths) -> list[Visit]:
    """Pages of the live site: every type in light and dark, those of hostile names in light."""
    hostile = share(paths.live_hostile, 0)
    return [
        *visit_all(chromium, [server.url + path for path in paths.live], LOOKS),
        *visit_all(chromium, [server.url + path for path in hostile], LOOKS[:1]),
    ]


@pytest.fixture(scope="session")
def from_disk(chromium: Any, site: Path, paths: Paths) -> list[Visit]:
    """Pages of the static site, opened from the disk."""
    found = [*share(paths.static, 0), *share(paths.static_hostile, 1)]
    return visit_all(chromium, [f"file://{site}/{path}" for path in found], LOOKS[:1])


class _AsJenkins(http.server.SimpleHTTPRequestHandler):
    """Serves files as Jenkins serves archived ones."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", JENKINS_POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def jenkins_url(site: Path) -> Iterator[str]:
    """The published site below Jenkins' default policy."""
    handler = partial(_AsJenkins, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def in_jenkins(chromium: Any, jenkins_url: str, paths: Paths) -> list[Visit]:
    """The others as artifacts that Jenkins serves, but for the search."""
    static = [path for path in paths.static if not path.startswith("search/")]
    found = [*share(static, 1), *share(paths.static_hostile, 0)]
    return visit_all(chromium, [f"{jenkins_url}/{path}" for path in found], LOOKS[:1])


@pytest.fixture(params=["live", "from_disk", "in_jenkins"])
def visits(request: pytest.FixtureRequest) -> list[Visit]:
    """The visits to each of the three sites."""
    found: list[Visit] = request.getfixturevalue(request.param)
    assert len(found) > 30
    return found


def where(visits: list[Visit], finding: Callable[[Visit], object]) -> list[str]:
    """What was found, and where."""
    return [
        f"{visit.address} ({visit.look}): {finding(visit)}" for visit in visits if finding(visit)
    ]


def test_no_page_writes_an_error_to_the_console(visits: list[Visit]) -> None:
    assert where(visits, lambda visit: visit.console) == []


def test_no_page_breaks_its_security_policy(visits: list[Visit], record_count: RecordCount) -> None:
    found = where(visits, lambda visit: visit.seen["violations"])
    record_count("P12", visits=len(visits), broken_policies=len(found))
    assert found == []


def test_no_page_opens_a_dialog(visits: list[Visit], record_count: RecordCount) -> None:
    found = where(visits, lambda visit: visit.dialogs)
    record_count("P12", visits=len(visits), dialogs=len(found))
    assert found == []


def test_no_page_asks_another_origin_for_anything(visits: list[Visit]) -> None:
    assert where(visits, lambda visit: visit.foreign) == []


def test_nothing_that_a_page_needs_is_missing(visits: list[Visit]) -> None:
    assert where(visits, lambda visit: visit.failed) == []


def test_no_text_from_outside_becomes_an_element(visits: list[Visit]) -> None:
    assert where(visits, lambda visit: visit.seen["madeByTexts"]) == []


def test_no_page_scrolls_sideways(visits: list[Visit]) -> None:
    assert where(visits, lambda visit: visit.seen["scrollsSideways"]) == []


def test_no_page_falls_apart_between_a_phone_and_a_screen(
    chromium: Any, server: RunningServer
) -> None:
    addresses = [server.url + path for path in OVERVIEWS]
    visits = visit_all(chromium, addresses, tuple(("light", width) for width in BETWEEN))
    assert len(visits) == len(OVERVIEWS) * len(BETWEEN)
    assert where(visits, lambda visit: visit.seen["scrollsSideways"]) == []
    assert where(visits, lambda visit: visit.seen["narrowest"] < NARROW and visit.seen) == []


def test_the_style_sheet_is_applied(visits: list[Visit]) -> None:
    unstyled = "rgba(0, 0, 0, 0)"
    assert where(visits, lambda visit: visit.seen["background"] == unstyled) == []


def test_light_and_dark_have_backgrounds_of_their_own(live: list[Visit]) -> None:
    backgrounds = {(visit.look.split()[0], visit.seen["background"]) for visit in live}
    assert len(backgrounds) == len({color for _, color in backgrounds}) == 2


def test_every_page_is_there_but_the_one_that_is_not(live: list[Visit]) -> None:
    assert {visit.status for visit in live if "/no/such/" not in visit.address} == {200}
    assert {visit.status for visit in live if "/no/such/" in visit.address} == {404}


# Following links


def diagonal(kinds: Sequence[str], subjects: Sequence[str]) -> list[Any]:
    """Each subject with one of the kinds, in turn; nightly with the others, too."""
    return [
        pytest.param(kind, subject, marks=() if turn == place % len(kinds) else pytest.mark.nightly)
        for place, subject in enumerate(subjects)
        for turn, kind in enumerate(kinds)
    ]


@pytest.fixture(params=["live", "disk", "jenkins"])
def start(request: pytest.FixtureRequest) -> str:
    """Where each of the three sites begins."""
    if request.param == "live":
        return str(request.getfixturevalue("server").url) + "/"
    if request.param == "disk":
        return f"file://{request.getfixturevalue('site')}/index.html"
    return str(request.getfixturevalue("jenkins_url")) + "/index.html"


def test_a_person_clicks_from_home_to_a_case_and_back(page: Any, start: str) -> None:
    page.goto(start)
    page.get_by_role("link", name="team/nightly", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "team/nightly"
    page.get_by_role("rowheader").get_by_role("link", name="#7", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text().split() == ["team/nightly", "#7"]
    page.get_by_role("link", name="boot platform=windows").or_(
        page.get_by_role("link", name="boot", exact=True)
    ).first.click()
    assert "boot" in page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("link", name="What is new").click()
    assert page.get_by_role("heading", level=1).inner_text() == "What is new"


@pytest.mark.parametrize(
    ("start", "job"),
    diagonal(
        ("live", "disk", "jenkins"),
        ("Größe & Co/täglich um 6", "A%2FB/Upper Case", "folder/builds/3"),
    ),
    indirect=["start"],
)
def test_jobs_of_odd_names_are_reached_by_clicks(page: Any, start: str, job: str) -> None:
    page.goto(start)
    page.get_by_role("link", name=job, exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == job


def test_a_person_asks_for_older_builds_with_a_token_and_not_without(
    page: Any, server: RunningServer
) -> None:
    address = f"{server.url}/jobs/east/rel/mod/still/"
    for token, seen in (("rt_wrong", "A token is needed"), (server.token, "History is being")):
        page.goto(address)
        page.get_by_label("Newest builds wanted").fill("7")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Read older builds").click()
        assert seen in page.locator("main").inner_text()
    assert page.url == address
    assert "the newest 7 builds" in page.locator("main").inner_text()


def test_a_person_tries_a_name(page: Any, server: RunningServer) -> None:
    page.goto(f"{server.url}/settings/")
    page.get_by_label("Full name of a job").fill("east/7/core/nightly-arm")
    page.get_by_role("button", name="Explain").click()
    assert page.get_by_role("heading", level=1).inner_text() == "The name east/7/core/nightly-arm"
    assert "arm" in page.locator("dl").inner_text()


def test_a_page_leads_to_its_data(page: Any, start: str) -> None:
    page.goto(start)
    href = page.get_by_role("link", name="This page as JSON").get_attribute("href")
    assert href == "index.json"


# Keyboard

_FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  return {
    is_link: element !== document.body,
    name: element.textContent.trim(),
    visible: element.matches(':focus-visible') && style.outlineStyle !== 'none'
      && parseFloat(style.outlineWidth) > 0,
    top: element.getBoundingClientRect().top,
  };
}"""


def tabs(page: Any, count: int) -> list[dict[str, Any]]:
    """What has the focus after each of so many strokes of the Tab key."""
    found = []
    for _ in range(count):
        page.keyboard.press("Tab")
        found.append(page.evaluate(_FOCUSED))
    return found


def test_tab_reaches_the_main_links_first(page: Any, server: RunningServer) -> None:
    page.goto(server.url)
    names = [focus["name"] for focus in tabs(page, 9)]
    assert names == [
        "Skip to the content",
        "What is new",
        "Causes",
        "Flaky",
        "Missing",
        "Compare",
        "Readiness",
        "Settings",
        "About",
    ]


def test_what_has_the_focus_is_seen(page: Any, server: RunningServer) -> None:
    page.goto(f"{server.url}/jobs/team/nightly/builds/7/")
    focused = [focus for focus in tabs(page, 25) if focus["is_link"]]
    assert len(focused) > 15
    assert [focus for focus in focused if not focus["visible"] or focus["top"] < 0] == []


def test_the_first_link_skips_to_the_content(page: Any, server: RunningServer) -> None:
    page.goto(server.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


# Accessibility

ACCESSIBLE = (
    "/",
    "/about/",
    "/settings/",
    "/settings/names/east/rel/mod/nightly-linux/",
    "/settings/names/nobody/",
    "/families/",
    "/families/1/",
    "/flaky/",
    "/search/?q=log",
    "/missing/",
    "/compare/",
    "/readiness/",
    "/releases/",
    "/jobs/team/nightly/budget/",
    "/jobs/team/nightly/builds/7/compare/",
    f"/jobs/team/nightly/cases/{key_of('login', 'com.example.Suite')}/explain/",
    "/jobs/team/nightly/",
    "/jobs/east/rel/mod/nightly-linux/",
    "/jobs/east/rel/mod/filled/",
    "/jobs/east/rel/mod/gone/",
    "/jobs/east/rel/mod/still/",
    "/jobs/team/nightly/builds/7/",
    "/jobs/team/nightly/builds/8/",
    "/jobs/run/unit/builds/3/",
    "/jobs/run/lost/builds/1/",
    "/jobs/now/2/builds/2/",
    "/jobs/run/top/builds/3/run/",
    "/jobs/chain/build/builds/1/",
    "/jobs/long/builds/1/results/all/pages/2/",
    f"/jobs/team/nightly/cases/{key_of('login', 'com.example.Suite')}/",
    "/no/such/page/",
)


@pytest.mark.parametrize(("scheme", "path"), diagonal(SCHEMES, ACCESSIBLE))
def test_axe_finds_nothing(page: Any, server: RunningServer, scheme: str, path: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    page.emulate_media(color_scheme=scheme)
    page.goto(server.url + path)
    results = axe.Axe().run(page, options={"resultTypes": ["violations"]})
    broken = [
        (item["id"], [node["html"][:200] for node in item["nodes"]][:3])
        for item in results.response["violations"]
    ]
    assert broken == []
