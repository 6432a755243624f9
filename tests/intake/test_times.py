"""Times of reports become seconds between 0 and a year, or none."""

from __future__ import annotations

import pytest

from tracker.intake.times import (
    YEAR,
    seconds_from_clock,
    seconds_from_number,
    seconds_from_text,
    seconds_within,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("1e300", YEAR),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
    ],
)
def test_a_text_is_seconds(text: str, seconds: float | None) -> None:
    assert seconds_from_text(text) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1.5, 1.5),
        (2, 2.0),
        (-3, 0.0),
        (10**400, YEAR),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ("1.5", None),
        (None, None),
    ],
)
def test_a_number_is_seconds(value: object, seconds: float | None) -> None:
    assert seconds_from_number(value) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01.5", 1.5),
        ("1.02:03:04.5", 93_784.5),
        ("999999.00:00:00", YEAR),
        ("9" * 300 + ":00:00", YEAR),
        ("9" * 400 + ":00:00", None),
        ("00:00:nan", None),
        ("-00:00:01", None),
        ("12:30", None),
        ("", None),
    ],
)
def test_a_time_span_is_seconds(text: str, seconds: float | None) -> None:
    assert seconds_from_clock(text) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(1.5, 1.5), (-0.5, 0.0), (10**400, YEAR), (float("inf"), None), (float("nan"), None)],
)
def test_what_was_worked_out_is_between_0_and_a_year(value: float, seconds: float | None) -> None:
    assert seconds_within(value) == seconds


def test_seconds_are_floats() -> None:
    assert type(seconds_from_number(2)) is float


@pytest.mark.parametrize(("told", "seconds"), [(9, 0.009), (1500, 1.5), (-1, 0.0), (1e300, YEAR)])
def test_milliseconds_are_seconds_too(told: float, seconds: float) -> None:
    assert seconds_from_number(told, per=1000) == seconds
    assert seconds_from_text(str(told), per=1000) == seconds
