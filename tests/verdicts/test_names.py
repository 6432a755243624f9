"""Names and paths: how alike they are, and what became of what."""

from __future__ import annotations

import pytest

from tracker.verdicts.names import name_likeness, replaced


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("com.a.XTest",), ("com.b.XTest",), ("com.a", "com.b")),
        (("src/a.spec.ts", "cart"), ("src/b.spec.ts", "cart"), ("src/a", "src/b")),
        (("XTest",), ("YTest",), ("XTest", "YTest")),
    ],
)
def test_the_part_of_a_path_that_was_replaced_is_found(old, new, expected):
    assert replaced(old, new) == expected


def test_names_are_alike_whatever_their_style():
    assert name_likeness("testAddsItem", "adds_item") == 1.0
    assert name_likeness("addsItem", "printsInvoice") < 0.3
