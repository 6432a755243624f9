"""An export is the same, line by line, whichever database it comes from and however that sorts."""

from __future__ import annotations

from pathlib import Path

from tests import servers
from tests.factories import NOW, jenkins, report, upload
from tests.operations.test_import import exported, record_and_let_go
from tests.operations.test_import import short as short
from tests.store.fresh import lay_out
from tracker.store import catalogue
from tracker.store.connection import close_store, open_store

# It sorts texts as people do, and numbers in them by their value.
PEOPLES = "template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-u-kn-true' LOCALE 'C.utf8'"


def record(number: int = 10) -> list[bytes]:
    """Names that people and bytes order otherwise; the lines of the export."""
    record_and_let_go()
    for name in ("b", "B", "ä", "Z", "_", "build 9", "build 10"):
        upload(f"other/{name}", 1, report(**{name: "F"}))
        jenkins("nightly", number + 40, report(**{name: "P"}), started=NOW + number * 50_000)
        number += 1
    rows = tuple(catalogue.TestFacts("1.4", name, case_ref=name) for name in ("a", "Ä", "A"))
    releases = tuple(catalogue.ReleaseFacts(name) for name in ("1.4", "1.10", "b", "B"))
    catalogue.take_catalogue(catalogue.Catalogue(releases=releases, tests=rows), now=NOW)
    return exported()


def test_an_export_is_the_same_from_both_databases(short: None, tmp_path: Path) -> None:
    open_store(lay_out(tmp_path / "tracker.db"))
    from_file = record()
    close_store()
    with servers.own_database(PEOPLES) as address:
        open_store(address)
        from_server = record()
        close_store()
    assert from_server == from_file
