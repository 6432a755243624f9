"""The page by which people set their password."""

from __future__ import annotations

from tracker.pages import BY_NAME, password
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.store.passwords import LEAST


def html() -> str:
    return renderer().html(BY_NAME["password"], {}, password.show(), live_linker(), live=True)


def test_it_says_how_long_a_password_is_at_least() -> None:
    assert f"at least {LEAST} characters" in html()


def test_browsers_know_which_password_is_which() -> None:
    page = html()
    for name in ("username", "current-password", "new-password"):
        assert f'autocomplete="{name}"' in page


def test_the_static_site_has_no_such_page() -> None:
    assert list(password.every(60)) == []
