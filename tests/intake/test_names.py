"""Pytest's names are those that its JUnit XML has."""

from __future__ import annotations

import pytest

from tracker.intake.names import UNNAMED, pytest_names


@pytest.mark.parametrize(
    ("nodeid", "classname", "name"),
    [
        ("tests/a/test_b.py::test_c", "tests.a.test_b", "test_c"),
        ("a\\test_b.py::test_c", "a.test_b", "test_c"),
        ("test_b.py::TestA::TestB::test_c", "test_b.TestA.TestB", "test_c"),
        ("test_b.py::test_c[a::b/c.py]", "test_b", "test_c[a::b/c.py]"),
        ("test_b.py::test_c[x[1]", "test_b", "test_c[x[1]"),
        ("test_b.py::test_c[zwölf\n€]", "test_b", "test_c[zwölf\n€]"),
        ("docs/read.me", "", "docs.read.me"),
        ("", "", UNNAMED),
    ],
)
def test_a_node_has_a_class_and_a_name(nodeid: str, classname: str, name: str) -> None:
    assert pytest_names(nodeid) == (classname, name)
