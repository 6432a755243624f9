"""One test with subtests that pass and fail, and one whose subtests all pass."""

import pytest


def test_some_shelves_are_empty(subtests: pytest.Subtests) -> None:
    for shelf, count in (("fruit", 3), ("bread", 0), ("milk", 1)):
        with subtests.test(msg="shelf", shelf=shelf):
            assert count > 0


def test_all_shelves_have_a_name(subtests: pytest.Subtests) -> None:
    for shelf in ("fruit", "bread"):
        with subtests.test(shelf=shelf):
            assert shelf
