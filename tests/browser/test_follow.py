"""The page of a build that runs follows it, and leaves its reader where they were."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import RunningServer, running_gunicorn
from tests.factories import jenkins, report
from tracker.clock import MINUTE, now_ms
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.records import About

pytestmark = pytest.mark.browser

FOLLOWS = "This page follows the build: what is new comes by itself."
HAS_ENDED = "The build runs no more. This page shows how it ended, and follows it no longer."
TELLS = About(
    parameters=tuple((f"name {place}", "value") for place in range(50)),
    artifacts=tuple(f"{place}.log" for place in range(50)),
    estimated=8 * MINUTE,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Settings]]:
    """A tracker for all tests here; each has a job of its own."""
    folder = tmp_path_factory.mktemp("follow")
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    with running_gunicorn(settings, workers=1) as server:
        yield server, settings


@dataclass(frozen=True)
class Running:
    """The first build of a job, which runs, and the address of its page."""

    job: str
    url: str

    def record(self, result: str | None, **cases: str) -> None:
        """Record what Jenkins says of the build, and a report."""
        jenkins(
            self.job,
            1,
            report(f"{sorted(cases)}.xml", suite=f"{sorted(cases)}", **cases),
            result=result,
            started=now_ms() - 3 * MINUTE,
            about=TELLS,
            upstream_job="top",
            upstream_number=1,
        )


numbers = itertools.count(1)


@pytest.fixture
def running(served: tuple[RunningServer, Settings]) -> Iterator[Running]:
    """A build that runs."""
    server, settings = served
    job = f"team/nightly-{next(numbers)}"
    build = Running(job, f"{server.url}/jobs/{job}/builds/1/")
    open_store(settings.store)
    jenkins("top", 1)
    build.record(None, login="P")
    yield build
    close_store()


class Follower:
    """A page whose clock the test turns, and what it asked for."""

    def __init__(self, page: Any, build: Running) -> None:
        self.page = page
        self.record = build.record
        self.answers: list[int] = []
        page.on("response", self.note)
        page.on("requestfailed", self.note_failure)
        self.under_way: set[Any] = set()
        page.on("request", lambda request: self.under_way.add(request))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self.under_way.discard(request))
        page.clock.install()

    def note(self, response: Any) -> None:
        if response.request.resource_type == "fetch":
            self.answers.append(response.status)

    def note_failure(self, request: Any) -> None:
        if "ERR_ABORTED" not in request.failure:  # as Chromium calls a 304, which has no body
            self.answers.append(0)

    def wait(self, seconds: int) -> None:
        """Let so much time pass on the page, and its requests be answered meanwhile.

        In steps in which a page asks at most once: it waits for five seconds, at least.
        """
        for begun in range(0, seconds, 5):
            self.page.clock.run_for(1000 * min(5, seconds - begun))
            self.page.wait_for_timeout(60)
            for _ in range(500):  # a busy machine takes its time to answer
                if not self.under_way:
                    break
                self.page.wait_for_timeout(20)

    @property
    def line(self) -> str:
        """What the page says of following."""
        return str(self.page.locator("#follow").inner_text())

    @property
    def lead(self) -> str:
        return " ".join(self.page.locator(".lead").inner_text().split())


@pytest.fixture
def follower(chromium: Any, running: Running) -> Iterator[Follower]:
    """The page of the running build, open."""
    context = chromium.new_context(viewport={"width": 1280, "height": 500})
    found = Follower(context.new_page(), running)
    found.page.goto(running.url)
    yield found
    context.close()


def test_a_running_build_becomes_finished_without_a_reload(follower: Follower) -> None:
    follower.page.evaluate("window.mark = 7")
    assert follower.line == FOLLOWS
    assert "running for 3 min of about 8 min" in follower.page.locator("main").inner_text()
    follower.record("UNSTABLE", logout="F")
    follower.wait(6)
    follower.page.get_by_text("unstable").wait_for()
    assert "1 of 2 failed: 1 newly broken" in follower.lead
    assert follower.line == HAS_ENDED
    assert follower.page.evaluate("window.mark") == 7
    asked = len(follower.answers)
    follower.wait(20)
    assert len(follower.answers) == asked


def test_what_did_not_change_is_not_sent_again(follower: Follower) -> None:
    before = now_ms() // MINUTE
    follower.wait(16)
    first, *later = follower.answers
    assert (first, set(later) - {200}) == (200, {304})
    # The page tells for how many minutes the build runs: with a new minute it is another one.
    assert later.count(200) <= now_ms() // MINUTE - before


def test_the_reader_stays_where_they_were(follower: Follower) -> None:
    page = follower.page
    page.locator("#artifacts summary").click()
    page.locator("#parameters summary").click()
    page.locator("#parameters summary").click()
    page.get_by_role("link", name="top #1").focus()
    page.evaluate("scrollTo(0, 700)")
    follower.record(None, logout="F")
    follower.wait(6)
    page.locator(".lead", has_text="1 of 2 failed").wait_for()
    assert page.evaluate("scrollY") == 700
    assert page.evaluate("document.activeElement.textContent") == "top #1"
    folds = [page.locator(f"#{name}").get_attribute("open") for name in ("artifacts", "parameters")]
    assert folds == ["", None]


def test_the_focus_stays_on_a_fold(follower: Follower) -> None:
    follower.page.locator("#artifacts summary").focus()
    follower.record(None, logout="F")
    follower.wait(6)
    follower.page.locator(".lead", has_text="1 of 2 failed").wait_for()
    assert follower.page.evaluate("document.activeElement.parentElement.id") == "artifacts"


_HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_a_page_that_nobody_sees_asks_for_nothing(follower: Follower) -> None:
    follower.page.evaluate(_HIDE, True)
    follower.wait(30)
    assert follower.answers == []
    follower.page.evaluate(_HIDE, False)
    follower.wait(1)
    assert follower.answers == [200]


def test_a_tracker_that_does_not_answer_is_asked_less_and_less_often(follower: Follower) -> None:
    follower.page.route("**/builds/1/", lambda route: route.abort())
    follower.wait(60)
    assert follower.answers == [0, 0, 0]  # after 5, 15 and 35 seconds
    assert follower.line == "The tracker does not answer now. This page tries again."
    follower.page.unroute("**/builds/1/")
    follower.wait(20)
    assert (follower.answers[3:4], follower.line) == ([200], FOLLOWS)


def test_an_error_of_the_tracker_is_never_shown_in_the_page(follower: Follower) -> None:
    follower.page.route("**/builds/1/", lambda route: route.fulfill(status=503, body="<b>no</b>"))
    follower.wait(6)
    assert "does not answer" in follower.line
    assert follower.page.get_by_role("heading", level=1).inner_text().split()[-1] == "#1"


def test_without_scripts_the_page_says_how_to_see_what_is_new(
    chromium: Any, running: Running
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(running.url)
    assert "The build is running." in page.locator("#follow").inner_text()
    running.record("SUCCESS", logout="P")
    page.get_by_role("link", name="Load the page again").click()
    page.get_by_text("success").wait_for()
    context.close()
