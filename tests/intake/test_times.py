"""Times of reports become seconds between 0 and a year, or none."""

from __future__ import annotations

import pytest

from tracker.intake.times import YEAR, seconds_from_number, seconds_from_text


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


def test_seconds_are_floats() -> None:
    assert type(seconds_from_number(2)) is float


@pytest.mark.parametrize(("told", "seconds"), [(9, 0.009), (1500, 1.5), (-1, 0.0), (1e300, YEAR)])
def test_milliseconds_are_seconds_too(told: float, seconds: float) -> None:
    assert seconds_from_number(told, per=1000) == seconds
    assert seconds_from_text(str(told), per=1000) == seconds
