"""The names that the static page of search looks through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tests.factories import history, key_of
from tracker.settings import Settings
from tracker.site.links import file_name
from tracker.site.publish import publish
from tracker.site.render import renderer


def names(settings: Settings) -> list[Any]:
    """What the file of a site that is published now holds."""
    publish(settings.output, renderer(), newest=5, keep=2, now=1)
    data = (settings.output / "site" / "search" / "names.js").read_bytes()
    text = data.removeprefix(b"const TRACKER_NAMES = ").removesuffix(b";\n")
    found: list[Any] = msgspec.json.decode(text)
    return found


def test_jobs_and_the_tests_that_have_pages_are_named(settings: Settings, store: Path) -> None:
    history("team/nightly", login="P F", always="P P")
    history("all fine", always="P")
    assert names(settings) == [
        ["all fine", f"../jobs/{file_name('all fine')}/", []],
        ["team/nightly", "../jobs/team/nightly/", [[key_of("login"), "login", ["s"], ""]]],
    ]


def test_every_address_in_it_is_that_of_a_page(settings: Settings, store: Path) -> None:
    history("team/nightly", login="P F")
    history("o d/d", login="F")
    folder = settings.output / "site" / "search"
    for _, job, tests in names(settings):
        assert (folder / job / "index.html").is_file()
        assert all((folder / f"{job}cases/{row[0]}/index.html").is_file() for row in tests)
        assert tests


def test_the_file_of_names_is_written_anew_when_something_fails(
    settings: Settings, store: Path
) -> None:
    history("nightly", login="P")
    assert names(settings)[0][2] == []
    history("nightly", login="P F")
    assert [row[1] for row in names(settings)[0][2]] == ["login"]
