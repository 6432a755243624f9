"""Names: of results that stand for no test, of pytest's tests, and of exceptions in messages."""

from __future__ import annotations

import re
from functools import lru_cache

# The names of results that stand for no test: what failed around the tests of a suite.
SET_UP = "<init>"
TEAR_DOWN = "<tear-down>"
UNNAMED = "(unnamed)"
_NUNIT_EXCEPTION = re.compile(r"(?:\w+ ?: )?([A-Za-z_][\w.+`]*(?:Exception|Error)) : ")


def pytest_names(nodeid: str) -> tuple[str, str]:
    """Class and name: of `tests/test_a.py::TestB::test_c`, `tests.test_a.TestB` and `test_c`.

    What is within brackets separates nothing. A node that is a whole file has no class.
    """
    address, bracket, parameters = nodeid.partition("[")
    place, separator, name = address.rpartition("::")
    if not separator:
        return "", _dotted(address) + bracket + parameters or UNNAMED
    return _dotted(place), name + bracket + parameters


def nunit_exception(message: str) -> str:
    """The type of the exception that NUnit writes before what it says; "" where there is none."""
    found = _NUNIT_EXCEPTION.match(message)
    return found[1] if found else ""


@lru_cache(1024)
def _dotted(place: str) -> str:
    """`tests/test_a.py::TestB` as `tests.test_a.TestB`."""
    file, *classes = place.split("::")
    module = file.replace("\\", "/").replace("/", ".").removesuffix(".py")
    return ".".join([module, *classes])
