"""A restored database: its revision is above all that was shown before."""

from __future__ import annotations

import pytest

from tests.factories import NOW, report, upload
from tracker.store.restored import mark_restored
from tracker.store.revisions import revision

pytestmark = pytest.mark.usefixtures("store")


def test_a_backup_of_an_empty_database_goes_on_above_what_was_shown_too() -> None:
    assert revision() == 0
    assert mark_restored("b", above=7, now=NOW) == 8


def test_a_revision_that_is_above_already_stays() -> None:
    upload("nightly", 1, report(a="P"))
    before = revision()
    assert mark_restored("b", above=before - 1, now=NOW) == before + 1
