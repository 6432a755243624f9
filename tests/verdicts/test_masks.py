"""What changes from run to run is masked, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.masks import LONGEST, masked

PIECES = st.sampled_from(
    [
        *("a", "Foo", "x1", "17", "-3", "1.5", "2e9", "/", "\\", "C:", ":", "@", "?k=v", "&", "="),
        *("0x7f", "ff:ff", "deadbeef", "10.0.0.7", "2024-01-02", "T03:04", "Mon Mar 02", " ", "ms"),
        *(
            "tmp",
            "_",
            "(",
            ")",
            "<",
            ">",
            "{",
            "}",
            "{number}",
            "{path}",
            "://",
            ".",
            ",",
            "\n",
            "é",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expected:<1> but was:<-2.5e3>", "expected:<{number}> but was:<{number}>"),
        ("1,234,567 rows", "{number} rows"),
        ("worker17 of page-3", "worker{number} of page-{number}"),
        ("got 1, 2. and 3", "got {number}, {number}. and {number}"),
        ("at 2024-01-02T03:04:05.678Z", "at {date}"),
        ("on 2024-01-02 03:04:05,1", "on {date}"),
        ("<Mon Mar 02 21:00:00 PST 1970>", "<{date}>"),
        ("since 12:30:11.123", "since {time}"),
        ("after 1.5 s, 30ms and 2 minutes", "after {duration}, {duration} and {duration}"),
        ("10.0.0.7:8080 refused", "{address} refused"),
        ("fe80::1:2 refused", "{address} refused"),
        ("a::b::c of C++", "a::b::c of C++"),
        ("at 0x7ffDEADbeef", "at {address}"),
        ("Foo@1a2b3c", "Foo@{id}"),
        ("550e8400-e29b-41d4-a716-446655440000", "{uuid}"),
        ("commit 3f2a9bc1", "commit {hex}"),
        ("key a1b2c3d4e5f6g7h8z", "key {id}"),
        ("no /home/ci/ws-7/data/cart.json", "no {path}/cart.json"),
        ("no C:\\ci\\ws 7\\cart.json", "no {path}/ws {number}\\cart.json"),
        ("no C:\\ci\\ws7\\cart.json", "no {path}/cart.json"),
        ("http://host:80/a/12?x=1&y=2", "http://{host}/a/{number}?x={value}&y={value}"),
        ("/a?key2=b7", "/a?key{number}={value}"),
        ("in tmpab3d_x9k2", "in {temp}"),
        ("either/or and src/cart.py", "either/or and src/cart.py"),
        ("Field is not supported", "Field is not supported"),
        ("  two\n\tlines ", "two lines"),
        ("", ""),
    ],
)
def test_a_text_is_masked_like_this(text: str, expected: str) -> None:
    assert masked(text) == expected


@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@given(TEXTS)
def test_no_digit_stays_in_a_masked_text(text: str) -> None:
    assert not any(each.isdecimal() for each in masked(text))


def test_a_long_text_is_cut() -> None:
    assert len(masked("word 1 " * 10_000)) <= LONGEST


@pytest.mark.parametrize("piece", ["a", "/a", "1.", "a.a-", ":1", "?a=&", "1a", "0", "-1", "ff:"])
def test_a_hostile_text_is_masked_too(piece: str) -> None:
    assert masked(piece * 200_000) is not None
