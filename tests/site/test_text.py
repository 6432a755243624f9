"""How values are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from markupsafe import Markup

from tracker.site import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("windows\r\nlines", "windows\nlines"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("\u202egpj.exe", "⟨U+202E⟩gpj.exe"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("null\x00", "null⟨U+0000⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("日本語 🦊 größe", "日本語 🦊 größe"),
    ],
)
def test_what_would_be_invisible_is_spelt_out(raw: str, shown: str) -> None:
    assert text.visible(raw) == shown


@hypothesis_settings(deadline=None)
@given(st.text())
def test_nothing_invisible_stays(raw: str) -> None:
    assert not {"\x00", "\x1b", "\x07", "\u202e", "\u200b", "\u2066", "\ufeff"} & set(
        text.visible(raw)
    )


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("short", "short"),
        ("\n\n  first  \n\nsecond\n", "first\nsecond"),
        ("1\n2\n3", "1\n2\n3"),
        ("1\n2\n3\n4", "1\n2\n3 …"),
        ("x" * 240, "x" * 240),
        ("x" * 241, "x" * 240 + " …"),
        ("", ""),
    ],
)
def test_a_message_in_a_list_is_its_first_three_lines(raw: str, shown: str) -> None:
    assert text.brief(raw) == shown


@hypothesis_settings(deadline=None)
@given(st.text(max_size=3000), st.integers(1, 300))
def test_a_brief_message_is_never_long(raw: str, limit: int) -> None:
    assert len(text.brief(raw, limit)) <= limit + 2


def test_what_stands_between_backticks_is_code() -> None:
    assert text.prose("Use `a<b>`.") == Markup("Use <code>a&lt;b&gt;</code>.")


def test_markup_in_our_messages_is_text() -> None:
    assert text.prose("<i>`<b>`</i> `") == Markup("&lt;i&gt;<code>&lt;b&gt;</code>&lt;/i&gt; `")


def test_a_name_can_be_pasted_into_a_shell() -> None:
    assert text.shell("it's $HOME") == "'it'\"'\"'s $HOME'"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (999, "999"), (1000, "1\u202f000"), (1234567, "1\u202f234\u202f567")],
)
def test_thousands_stand_apart(value: int, shown: str) -> None:
    assert text.number(value).replace("\xa0", "\u202f").replace(" ", "\u202f") == shown


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ((0, "test"), "0 tests"),
        ((1, "test"), "1 test"),
        ((2, "test"), "2 tests"),
        ((1, "test is", "tests are"), "1 test is"),
        ((2, "test is", "tests are"), "2 tests are"),
    ],
)
def test_a_count_agrees_with_its_noun(args: tuple[int, str], shown: str) -> None:
    assert text.count(*args) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0, "0.00 s"),
        (0.5, "0.50 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59.6, "1 min 00 s"),
        (61, "1 min 01 s"),
        (3599.6, "1 h 00 min"),
        (3 * 3600 + 60, "3 h 01 min"),
        (-1, "-1.00 s"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float | None, shown: str) -> None:
    assert text.duration(seconds) == shown


CET = timezone(timedelta(hours=1))


def test_times_are_shown_in_utc() -> None:
    when = datetime(2026, 11, 20, 0, 30, 59, tzinfo=CET)
    assert text.moment(when) == "2026-11-19 23:30 UTC"
    assert text.iso(when) == "2026-11-19T23:30:59Z"


def test_a_time_that_nobody_told_is_a_dash_and_empty_for_machines() -> None:
    assert (text.moment(None), text.iso(None)) == ("–", "")


def test_an_early_year_has_four_digits() -> None:
    assert text.iso(datetime(1, 1, 1, tzinfo=UTC)).endswith("-01-01T00:00:00Z")


@pytest.mark.parametrize("address", ["https://a.example/b?c=d#e", "http://a:8080/"])
def test_an_address_of_the_web_may_be_linked(address: str) -> None:
    assert text.web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " https://a.example/",
        "https://a.example/ b",
        'https://a.example/"onclick="x',
        "https://a.example/\njavascript:x",
        "https://",
        "//a.example/",
        "data:text/html,x",
        "ftp://a.example/",
        "https://a.example/<b>",
    ],
)
def test_anything_else_is_no_link(address: str) -> None:
    assert text.web_address(address) is None


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "–"),
        (0, 7, "0 %"),
        (7, 7, "100 %"),
        (1, 2, "50 %"),
        (1, 3, "33.3 %"),
        (99_999, 100_000, "99.9 %"),
    ],
)
def test_a_share_is_whole_only_when_nothing_is_missing(part: int, whole: int, shown: str) -> None:
    assert text.share(part, whole) == shown
