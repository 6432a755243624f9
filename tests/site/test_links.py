"""Addresses: relative, spelt so that any disk can hold them, and all of them lead somewhere."""

from __future__ import annotations

import itertools
import re
import shutil
import tracemalloc
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tracker.pages import BY_NAME
from tracker.pages.page import Page
from tracker.settings import Settings
from tracker.site.check import broken_links
from tracker.site.links import Link, file_name, live_linker, static_linker

TORTURE = (
    "",
    ".",
    "..",
    "...",
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/",
    "\\",
    "a/b",
    "C:",
    "CON",
    "con",
    "con.txt",
    "NUL",
    "Aux",
    "com1",
    "LPT9.log",
    "name.",
    "name ",
    " name",
    "-rf",
    ".htaccess",
    ".git",
    "index.html",
    "INDEX.HTML",
    "index.json.gz",
    "builds",
    "Builds",
    "cases",
    "pages",
    "results",
    "static",
    "manifest.json",
    "caf\u00e9",
    "cafe\u0301",
    "Größe",
    "größe",
    "GRÖSSE",
    "groesse",
    "日本語",
    "日本",
    "🦊",
    "\u202egpj.exe",
    "%2F",
    "%2f",
    "a%2Fb",
    "a b",
    "a  b",
    "a-b",
    "a_b",
    "A-B",
    "a~1",
    "a:b",
    "a*b?",
    "a\x00b",
    "a\nb",
    "\ud800",
    "<b>",
    "n" * 80,
    "n" * 81,
    "n" * 1_000_000,
)
NAMES = st.text() | st.sampled_from(TORTURE)


@pytest.mark.parametrize("name", TORTURE, ids=lambda name: ascii(name[:20]))
def test_a_file_name_is_one_that_any_disk_can_hold(name: str) -> None:
    spelt = file_name(name)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}", spelt)
    assert not spelt.endswith(".")
    assert not re.fullmatch(r"(?i)(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?", spelt)


@pytest.mark.parametrize("name", ["nightly", "Nightly", "a-b_c.d", "2026.11", "n" * 80])
def test_a_harmless_name_stays_as_it_is(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize("word", ["builds", "cases", "pages", "results", "static", "index.html"])
def test_words_of_our_own_paths_are_no_file_names_of_jobs(word: str) -> None:
    assert file_name(word) != word


def test_no_two_names_of_the_torture_list_share_a_file_name() -> None:
    assert len({file_name(name) for name in TORTURE}) == len(TORTURE)


@hypothesis_settings(deadline=None)
@given(st.sets(NAMES, min_size=2, max_size=2))
def test_two_names_never_share_a_file_name(names: set[str]) -> None:
    first, second = map(file_name, names)
    assert first != second


def test_names_that_a_disk_may_take_for_one_stay_two() -> None:
    composed, taken_apart = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")
    assert file_name(composed).casefold() != file_name(taken_apart).casefold()


def test_upper_and_lower_case_stay_two_on_a_disk_without_cases() -> None:
    names = ("Größe", "größe", "A%2FB", "a%2fb", "Upper Case", "upper case")
    assert len({file_name(name).casefold() for name in names}) == len(names)


@hypothesis_settings(deadline=None)
@given(NAMES)
def test_a_name_is_always_spelt_the_same(name: str) -> None:
    assert file_name(name) == file_name(name)


def test_a_readable_part_of_the_name_stays() -> None:
    assert re.fullmatch(r"Build-and-test-[0-9a-f]{16}", file_name("Build and test!"))


ROUTES = (
    ("home", {}),
    ("home", {"page": "2"}),
    ("about", {}),
    ("job", {"job": "team/nightly"}),
    ("job", {"job": "team/nightly", "page": "3"}),
    ("job", {"job": "other"}),
    ("build", {"job": "team/nightly", "build": "12"}),
    ("build", {"job": "other", "build": "12~0"}),
    ("results", {"job": "team/nightly", "build": "12", "list": "new", "page": "2"}),
    ("case", {"job": "team/nightly", "case": "0123456789abcdef"}),
    ("case", {"job": "Größe & Co/%2F", "case": "0123456789abcdef"}),
)


def link_of(page: Page, params: dict[str, str], *, live: bool) -> Link:
    every = [static_linker(()).segments(BY_NAME[name], wanted) for name, wanted in ROUTES]
    linker = live_linker() if live else static_linker(every)
    return linker.link_from(page, params)


def pairs() -> Iterator[tuple[tuple[str, dict[str, str]], tuple[str, dict[str, str]]]]:
    return itertools.product(ROUTES, ROUTES)


def test_from_any_live_page_a_relative_link_leads_to_any_other() -> None:
    for (name, params), (target, wanted) in pairs():
        link = link_of(BY_NAME[name], params, live=True)(target, **wanted)
        assert link is not None
        here = "/".join(["http://t", *map(quoted, BY_NAME[name].segments(params)), ""])
        there = "/".join(["", *BY_NAME[target].segments(wanted), ""]).replace("//", "/")
        assert unquote(urljoin(here, link)) == f"http://t{there}"


def test_from_any_static_page_a_relative_link_leads_to_the_file_of_any_other() -> None:
    linker = static_linker(())
    for (name, params), (target, wanted) in pairs():
        link = link_of(BY_NAME[name], params, live=False)(target, **wanted)
        assert link is not None
        here = "/".join(["file:///s", *linker.segments(BY_NAME[name], params), "index.html"])
        there = "/".join(["file:///s", *linker.segments(BY_NAME[target], wanted), "index.html"])
        assert urljoin(here, link) == there


def quoted(part: str) -> str:
    return part.replace("%", "%25").replace(" ", "%20")


def test_no_link_begins_with_a_slash_or_a_scheme() -> None:
    for live in (True, False):
        for (name, params), (target, wanted) in pairs():
            link = link_of(BY_NAME[name], params, live=live)(target, **wanted)
            assert re.match(r"(\.\.?/|[\w%-]+/|index\.html$)", str(link))


def test_a_page_that_is_not_published_has_no_link() -> None:
    link = static_linker(()).link_from(BY_NAME["home"], {})
    assert link("job", job="nightly") is None


def test_a_name_cannot_climb_out_of_its_folder() -> None:
    link = live_linker().link_from(BY_NAME["home"], {})
    assert link("job", job="a:b?c#d") == "jobs/a%3Ab%3Fc%23d/"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/jobs/a/builds/3/", [("build", "a"), ("job", "a/builds/3")]),
        ("/jobs/a/builds/3/builds/4/", [("build", "a/builds/3"), ("job", "a/builds/3/builds/4")]),
        ("/jobs/a/pages/2/", [("job", "a"), ("job", "a/pages/2")]),
        ("/jobs/a/builds/x/", [("job", "a/builds/x")]),
        ("/jobs/a/builds/3/pages/2/", [("job", "a/builds/3"), ("job", "a/builds/3/pages/2")]),
    ],
)
def test_the_last_builds_or_cases_of_a_path_decides_first(
    path: str, meant: list[tuple[str, str]]
) -> None:
    readings = [
        (page.name, params["job"]) for page in BY_NAME.values() for params in page.readings(path)
    ]
    assert readings == meant


def site_of(tmp_path: Path, **pages: str) -> Path:
    for name, body in pages.items():
        target = tmp_path / "site" / name.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".html").write_text(body, encoding="utf-8")
    return tmp_path / "site"


def test_links_and_anchors_that_lead_somewhere_are_no_trouble(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        index='<a href="a/b.html#x">b</a><a href="https://x.example/">x</a><a href="#y" id=y>y</a>',
        a__b='<p id="x"><a href="../index.html">up</a><img src="../index.html">',
    )
    assert list(broken_links(site)) == []


@pytest.mark.parametrize(
    ("link", "trouble"),
    [
        ("gone.html", "leads to no file"),
        ("a/", "leads to no file"),
        ("a/b.html#gone", "leads to no place on that page"),
        ("#gone", "leads to no place on that page"),
        ("/index.html", "is not relative"),
        ("../outside.html", "leaves the site"),
        ("a%2Fc.html", "leads to no file"),
    ],
)
def test_a_planted_broken_link_is_found(tmp_path: Path, link: str, trouble: str) -> None:
    (tmp_path / "outside.html").write_text("out")
    site = site_of(tmp_path, index=f'<a href="{link}">x</a>', a__b="<p>")
    assert list(broken_links(site)) == [f"index.html: {link} {trouble}"]


@pytest.mark.parametrize(
    "tag", ['<img src="gone.png">', '<link href="gone.css">', '<form action="gone">']
)
def test_pictures_style_sheets_and_forms_are_followed_too(tmp_path: Path, tag: str) -> None:
    assert len(list(broken_links(site_of(tmp_path, index=tag)))) == 1


def test_the_links_of_one_page_at_a_time_are_held(tmp_path: Path) -> None:
    for page in range(40):
        links = "".join(f'<a href="https://x.example/{page}/{n}/{"x" * 1000}">' for n in range(50))
        (tmp_path / f"{page}.html").write_text(links)
    tracemalloc.start()
    try:
        assert list(broken_links(tmp_path)) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_every_link_leads_somewhere_when_the_site_was_copied_elsewhere(
    rich_settings: Settings, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "some where" / "a%20b"
    shutil.copytree(rich_settings.output / "site", elsewhere)
    assert list(broken_links(elsewhere)) == []


def test_the_published_site_has_no_name_that_a_disk_could_refuse(rich_settings: Settings) -> None:
    site = rich_settings.output / "site"
    for path in site.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.~-]{0,99}", path.name)


def test_no_two_files_of_the_published_site_differ_in_case_alone(rich_settings: Settings) -> None:
    site = rich_settings.output / "site"
    names = [path.relative_to(site).as_posix() for path in site.rglob("*")]
    assert len({name.casefold() for name in names}) == len(names)
