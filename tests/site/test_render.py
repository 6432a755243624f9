"""Rendering: whatever text came from outside is shown as text, and a misspelt name is an error."""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import json
import re
import shutil
import types
import typing
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import pytest

from tests.examples import examples
from tracker.pages import BY_NAME, PAGES
from tracker.pages.build import BuildPage, ResultList
from tracker.pages.home import HomePage, JobOnHome
from tracker.pages.page import Page
from tracker.queries.jobs import NextLook
from tracker.queries.results import LISTS
from tracker.resources import folder
from tracker.site.links import Linker, live_linker, static_linker
from tracker.site.render import Renderer, as_json, renderer

PAYLOADS = {
    "element": "<i id=x{n}>",
    "end of an attribute": '"onfocus="x{n}" autofocus id="x{n}',
    "end of a quoted attribute": "'onfocus='x{n}' id='x{n}",
    "script": "</title></pre><script id=x{n}>alert(1)</script>",
    "address": "javascript:x{n}",
    "address with markup": 'https://e.example/"><i id=x{n}>',
    "template": "{{{{ x{n}.y }}}}<i id=x{n}>",
    "backticks": "`<i id=x{n}>`",
}
# Each payload is tried in one of so many shares of what a page can look like.
SHARES = examples(len(PAYLOADS), 1)
# Words that decide what a template shows: with them, more of it is shown than with any others.
WORDS = {
    "status": "failed",
    "verdict": "regression",
    "state": "finished",
    "result": "UNSTABLE",
    "list": "new",
    "since": "7",
    "label": "8",
}
LINKERS: dict[str, Linker] = {
    "live": live_linker(),
    "static": dataclasses.replace(static_linker(()), exists=lambda _: True),
    "static without any other page": static_linker(()),
}


@dataclasses.dataclass
class Hostile:
    """Makes view-models in which every text is a payload with a number of its own.

    words    texts that are given instead, by the name of their field
    number   every number
    is_full  whether flags are set and optional values are there
    """

    payload: str
    words: dict[str, str]
    number: int
    is_full: bool
    numbers: itertools.count[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def view(self, page: Page) -> Any:
        made = self.make(typing.get_type_hints(page.show)["return"], "")
        if isinstance(made, BuildPage):
            lists = (ResultList(name, 600, made.lists[0].rows) for name in LISTS)
            return dataclasses.replace(made, lists=tuple(lists))
        if isinstance(made, HomePage) and not self.is_full:  # no judged build, so no news of it
            return dataclasses.replace(
                made, jobs=tuple(JobOnHome(row.job, None, (), (), 0) for row in made.jobs)
            )
        return made

    def make(self, kind: Any, name: str) -> Any:
        arguments = typing.get_args(kind)
        if isinstance(kind, types.UnionType):
            return self.make(arguments[0], name) if self.is_full else None
        if typing.get_origin(kind) is typing.Literal:
            return arguments[0]
        if typing.get_origin(kind) is tuple:
            return (self.make(arguments[0], name), self.make(arguments[0], name))
        if dataclasses.is_dataclass(kind):
            hints = hints_of(kind)
            fields = dataclasses.fields(kind)
            return kind(
                **{field.name: self.make(hints[field.name], field.name) for field in fields}
            )  # type: ignore[operator]
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return next(iter(kind))
        simple: dict[Any, Callable[[], object]] = {
            str: lambda: self.words.get(name) or self.payload.format(n=next(self.numbers)),
            int: lambda: self.number,
            float: lambda: 0.5,
            bool: lambda: self.is_full,
            datetime: lambda: datetime(2026, 11, 20, tzinfo=UTC),
        }
        return simple[kind]()


@functools.cache
def hints_of(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


FLAVOURS: dict[str, Callable[[str], Hostile]] = {
    "full": lambda payload: Hostile(payload, WORDS, 1, True),
    "later page": lambda payload: Hostile(payload, WORDS, 2, True),
    "empty": lambda payload: Hostile(payload, WORDS, 1, False),
    "running": lambda payload: Hostile(payload, {**WORDS, "state": "running"}, 1, True),
    "strange words": lambda payload: Hostile(payload, {"list": "all"}, 1, True),
}


class _Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


# Where a form may lead that asks: home, the page itself, comparing, searching.
ASKS = r"(\./|(\.\./)+)?((compare|search)/)?(index\.html)?"


def assert_harmless(html: str) -> None:
    for tag, attributes in _Elements(html).found:
        assert tag not in {"i", "style", "iframe", "object", "base"}
        if tag == "form":
            asks = attributes["method"] == "get" and ASKS
            sends = r"(\./|(\.\./)+)actions/[a-z]+"
            assert re.fullmatch(f"{sends}|{asks}" if asks else sends, attributes["action"])
        assert not attributes.get("id", "").startswith("x")
        if tag == "script":
            assert set(attributes) == {"src", "defer"}
            ours = r"(\.\./)*static/(follow|search)\.[0-9a-f]{12}\.js|names\.js"
            assert re.fullmatch(ours, attributes["src"])
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "autofocus", "srcdoc"}
            if name in {"href", "src"}:
                assert urlsplit(value).scheme in {"", "http", "https"}, value


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_no_text_of_a_view_model_becomes_markup(page: Page, payload: str) -> None:
    for flavour, spelling in manners(payload):
        try:
            assert_harmless(rendered(page, payload, flavour, spelling))
        except AssertionError as error:
            error.add_note(f"in the flavour {flavour!r}, its links spelled {spelling!r}")
            raise


def manners(payload: str) -> list[tuple[str, str]]:
    """The flavours and spellings of links that a payload is tried in: its share of them, and a full
    page; in a nightly run all. Those of a page's payloads together are all of them."""
    every = list(itertools.product(FLAVOURS, LINKERS))
    share = every[list(PAYLOADS).index(payload) % SHARES :: SHARES]
    return list(dict.fromkeys([("full", "live"), ("full", "static"), *share]))


def rendered(page: Page, payload: str, flavour: str, spelling: str) -> str:
    hostile = FLAVOURS[flavour](PAYLOADS[payload])
    params = {name: hostile.make(str, name) for name in page.params}
    looks = hostile.make(tuple[NextLook, ...], "") if page.name == "job" else None
    return renderer().html(
        page,
        params,
        hostile.view(page),
        LINKERS[spelling],
        live=spelling == "live",
        moving=looks,
    )


# The form for passwords shows nothing that came from outside.
WITHOUT_TEXTS = {"password"}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_page_shows_texts_from_outside(page: Page) -> None:
    hostile = FLAVOURS["full"](PAYLOADS["element"])
    params = {"job": "j", "build": "1", "case": "0" * 16, "list": "new", "family": "1"}
    html = renderer().html(page, params, hostile.view(page), live_linker(), live=True)
    assert (html.count("&lt;i id=x") > 3) is (page.name not in WITHOUT_TEXTS)


def test_an_error_page_shows_the_address_that_was_asked_for_as_text() -> None:
    texts = {"title": "<i id=x1>", "message": "<i id=x2>`<i>`", "remedy": "<i id=x3>"}
    html = renderer().error({"status": 404, "request_id": "<i id=x4>", **texts}, depth=3)
    assert_harmless(html)
    assert html.count("&lt;i id=x") >= 4


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_an_error_page_finds_its_style_sheet_from_any_depth(depth: int) -> None:
    texts = dict.fromkeys(("title", "message", "remedy", "request_id"), "t")
    html = renderer().error({"status": 404, **texts}, depth=depth)
    assert f'href="{"../" * depth}static/site.' in html
    assert f'href="{"../" * depth or "./"}"' in html


def templates(tmp_path: Path) -> Path:
    copy = tmp_path / "templates"
    shutil.copytree(folder("site_templates"), copy)
    return copy


def test_a_misspelt_name_in_a_template_is_an_error(tmp_path: Path) -> None:
    copy = templates(tmp_path)
    (copy / "about.html").write_text("{{ view.versoin }}")
    view = FLAVOURS["full"]("x{n}").view(BY_NAME["about"])
    with pytest.raises(jinja2.UndefinedError, match="versoin"):
        Renderer(copy).html(BY_NAME["about"], {}, view, live_linker(), live=True)


def test_a_changed_template_or_style_sheet_changes_the_fingerprint(tmp_path: Path) -> None:
    copy = templates(tmp_path)
    prints = {Renderer(copy).fingerprint}
    for name in ("about.html", "static/site.css"):
        (copy / name).write_text((copy / name).read_text() + "\n")
        prints.add(Renderer(copy).fingerprint)
    assert len(prints) == 3


def test_the_same_templates_in_another_folder_have_the_same_fingerprint(tmp_path: Path) -> None:
    assert Renderer(templates(tmp_path)).fingerprint == renderer().fingerprint


def test_an_asset_has_its_hash_in_its_name(tmp_path: Path) -> None:
    copy = templates(tmp_path)
    before = Renderer(copy).assets.hashed["site.css"]
    (copy / "static/site.css").write_text("body {}")
    after = Renderer(copy).assets.hashed["site.css"]
    assert before != after
    assert Renderer(copy).assets.files[after].read_text() == "body {}"


def test_no_template_says_that_something_is_safe() -> None:
    for path in folder("site_templates").glob("*.html"):
        text = path.read_text()
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_the_twin_of_a_page_is_its_view_model(page: Page) -> None:
    view = FLAVOURS["full"]("x{n}").view(page)
    assert set(json.loads(as_json(view))) == {field.name for field in dataclasses.fields(view)}
