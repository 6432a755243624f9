"""Pytest's names are those that its JUnit XML has; NUnit writes exceptions before messages."""

from __future__ import annotations

import pytest

from tracker.intake.names import UNNAMED, nunit_exception, pytest_names


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


@pytest.mark.parametrize(
    ("message", "exception"),
    [
        ("System.ArgumentException : it is empty", "System.ArgumentException"),
        ("SetUp : System.IO.IOError : gone", "System.IO.IOError"),
        ("List`1.OddException : x", "List`1.OddException"),
        ("System.ArgumentException: it is empty", ""),
        ("expected : 1", ""),
        ("", ""),
    ],
)
def test_a_message_may_begin_with_its_exception(message: str, exception: str) -> None:
    assert nunit_exception(message) == exception
