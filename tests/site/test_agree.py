"""Live page, static page and their twins in JSON say the same, for every row of PAGES."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.factories import NOW, history, key_of
from tests.pages.short import shorten_lists
from tests.site.same import live_tokens, static_tokens
from tracker.pages import BY_NAME, PAGES
from tracker.pages.page import ROWS, Page, Params, pages_of
from tracker.queries import builds, families, jobs, missing, results
from tracker.queries.flaky import count_flaky
from tracker.queries.releases import count_releases
from tracker.queries.results import LISTS
from tracker.settings import Settings
from tracker.site.links import static_linker
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store.identity import key
from tracker.store.sql import run
from tracker.web import create_app

CASES_OF_A_JOB = (
    "SELECT DISTINCT r.case_id FROM result r JOIN build b ON b.id = r.build_id"
    " JOIN job j ON j.id = b.job_id WHERE j.name = ?"
)
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
# They follow the rules, or send a form, and tell nothing that was recorded: only live pages.
LIVE_ALONE = ("naming", "password")
# The live one is asked for words; the static one has a script look through a file of names.
OTHERWISE = ("search",)


@dataclass
class Both:
    """The live pages and the static site of one history."""

    client: FlaskClient
    site: Path
    newest: int

    @cached_property
    def live_places(self) -> dict[str, str]:
        """Every page that live pages may link, by its path."""
        return {live_path(page, params): identity(page, params) for page, params in possible()}

    @cached_property
    def static_places(self) -> dict[str, str]:
        """The published pages by their path."""
        return {
            static_path(page, params): identity(page, params)
            for page in PAGES
            for params in page.every(self.newest)
        }

    @cached_property
    def published(self) -> frozenset[str]:
        return frozenset(self.static_places.values())

    def live(self, page: Page, params: Params, file: str = "") -> bytes:
        path = live_path(page, params)
        answer = self.client.get("/" + quote(f"{path}/{file}".lstrip("/"), safe="/~"))
        assert answer.status_code == 200, f"/{path}/{file}: {answer.status}"
        return answer.data

    def static(self, page: Page, params: Params, file: str) -> bytes:
        return (self.site / static_path(page, params) / file).read_bytes()


def identity(page: Page, params: Params) -> str:
    """One name for one page, however a site spells its address."""
    told = {name: value for name, value in params.items() if (name, value) != ("page", "1")}
    return " ".join([page.name, *(f"{name}={value}" for name, value in sorted(told.items()))])


def live_path(page: Page, params: Params) -> str:
    return "/".join(page.segments(params))


def static_path(page: Page, params: Params) -> str:
    return "/".join(static_linker(()).segments(page, params))


def possible() -> Iterator[tuple[Page, Params]]:
    """Every page that there is live, also those that the static site leaves out."""
    yield BY_NAME["about"], {}
    yield BY_NAME["settings"], {}
    yield BY_NAME["password"], {}
    yield BY_NAME["readiness"], {}
    yield BY_NAME["search"], {}
    yield from paged("releases", count_releases())
    yield from paged("flaky", count_flaky())
    yield from paged("home", len(jobs.jobs()))
    yield from paged("missing", missing.counts().lacking)
    yield from paged("compare", sum(1 for row in jobs.jobs() if row.latest))
    yield from paged("families", families.count_families())
    for found in families.families_after(0, 10_000):
        yield BY_NAME["family"], {"family": str(found.id)}
    for row in jobs.jobs():
        yield BY_NAME["naming"], {"job": row.name}
        count = builds.count_builds(row.name)
        yield from paged("job", count, job=row.name)
        yield BY_NAME["budget"], {"job": row.name}
        for found in builds.builds(row.name, limit=count):
            yield BY_NAME["build"], {"job": row.name, "build": found.label}
            yield BY_NAME["run"], {"job": row.name, "build": found.label}
            yield BY_NAME["changes"], {"job": row.name, "build": found.label}
            lost = sum(loss.cases for loss in missing.losses(found))
            yield from paged("absences", lost, job=row.name, build=found.label)
            for name in LISTS if found.totals.total > ROWS else ():
                total = results.count_results(found, name)
                yield from paged("results", total, job=row.name, build=found.label, list=name)
        for (case,) in run(CASES_OF_A_JOB, row.name):
            yield from paged("case", count, job=row.name, case=key(case))
            yield BY_NAME["explain"], {"job": row.name, "case": key(case)}


def paged(name: str, total: int, **params: str) -> Iterator[tuple[Page, Params]]:
    for number in pages_of(total):
        yield BY_NAME[name], {**params, "page": str(number)}


@pytest.fixture(scope="module")
def asked(rich_settings: Settings) -> Both:
    """For all tests, since it keeps which places there are."""
    client = create_app(rich_settings).test_client()
    return Both(client, rich_settings.output / "site", rich_settings.publish_builds)


@pytest.fixture
def both(rich: Settings, asked: Both) -> Both:
    return asked


def assert_agree(both: Both, page: Page, params: Params) -> None:
    live = live_tokens(
        both.live(page, params).decode(),
        f"{live_path(page, params)}/".lstrip("/"),
        both.live_places,
        both.published,
    )
    static = static_tokens(
        both.static(page, params, "index.html").decode(),
        f"{static_path(page, params)}/index.html".lstrip("/"),
        both.static_places,
    )
    assert live == static, f"{page.name} {dict(params)}"


@EVERY_PAGE
def test_the_rich_history_has_pages_of_every_row(both: Both, page: Page) -> None:
    assert bool(list(page.every(both.newest))) == (page.name not in LIVE_ALONE)


@EVERY_PAGE
def test_the_live_and_the_static_twin_are_the_same_bytes(both: Both, page: Page) -> None:
    for params in page.every(both.newest):
        twin = both.static(page, params, "index.json")
        assert both.live(page, params, "index.json") == twin, f"{page.name} {dict(params)}"


@EVERY_PAGE
def test_the_live_and_the_static_page_say_and_link_the_same(both: Both, page: Page) -> None:
    for params in page.every(both.newest):
        if page.name not in OTHERWISE:
            assert_agree(both, page, params)


def test_the_static_site_has_no_page_that_no_row_names(both: Both) -> None:
    named = {f"{path}/index.html".lstrip("/") for path in both.static_places}
    files = {path.relative_to(both.site).as_posix() for path in both.site.rglob("*.html")}
    assert files == named


def test_no_page_of_the_static_site_but_that_of_search_has_a_script(both: Both) -> None:
    assert "static/follow." in both.live(BY_NAME["build"], {"job": "now/1", "build": "1"}).decode()
    having = [path for path in both.site.rglob("*.html") if "<script" in path.read_text()]
    assert having == [both.site / "search" / "index.html"]


def test_a_published_build_that_runs_does_not_say_for_how_long(both: Both) -> None:
    page = both.static(BY_NAME["build"], {"job": "now/1", "build": "1"}, "index.html").decode()
    assert "about 1 min expected" in page
    assert "running for" not in page


@pytest.mark.parametrize("rows", [20, pytest.param(ROWS, marks=pytest.mark.nightly)])
def test_pages_of_long_lists_agree_where_the_static_site_ends_early(
    client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    shorten_lists(monkeypatch, rows)
    history("long", login=" ".join("PF" * (rows // 2 + 2)))
    publish(settings.output, renderer(), newest=rows + 2, keep=3, now=NOW)
    both = Both(client, settings.output / "site", rows + 2)
    for name in ("job", "case"):
        pages = list(BY_NAME[name].every(both.newest))
        assert [params["page"] for params in pages] == ["1", "2"]
        for params in pages:
            assert_agree(both, BY_NAME[name], params)


def test_a_history_leads_only_to_builds_that_the_copy_has(
    client: FlaskClient, settings: Settings
) -> None:
    history("nightly", login="P F F P F")
    publish(settings.output, renderer(), newest=2, keep=3, now=NOW)
    both = Both(client, settings.output / "site", 2)
    assert identity(BY_NAME["build"], {"job": "nightly", "build": "3"}) not in both.published
    assert_agree(both, BY_NAME["case"], {"job": "nightly", "case": key_of("login"), "page": "1"})
    assert_agree(both, BY_NAME["job"], {"job": "nightly", "page": "1"})
