"""How tests are dealt to the processes of xdist: by file, and what takes longest first.

A file stays in one process, whose fixtures its tests share, and so does a room of ROOMS: what its
tests share takes longer to start than a second process would save. What takes longest comes first,
lest one process works on alone at the end.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOMS = ("tests/real_jenkins/", "tests/browser/")
LONGEST = (
    "tests/faults/test_soak.py",
    "tests/plugins/test_fuzz.py",
    "tests/real_jenkins/",
    "tests/browser/",
    "tests/worker/",
    "tests/scripts/",
    "tests/faults/",
    "tests/deploy/",
    "tests/site/",
    "tests/cli/",
    "tests/verdicts/benchmark/",
    "tests/store/",
)


class ByFile(LoadScopeScheduling):
    """Deals out files, and rooms of ROOMS as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((room for room in ROOMS if file.startswith(room)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What `--dist loadfile` means here."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests for xdist; without it they stay in the order of their files."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((at for at, start in enumerate(LONGEST) if nodeid.startswith(start)), len(LONGEST))
