"""Archives from the frames of a child into the store: what counts, and what counts once."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.conftest import junit
from tests.intake.test_archives import gzipped, packed, zipped
from tests.intake.test_reading import PACKED, allure, result, sha256, sources
from tracker.errors import Conflict, SettingsError, SpoolDamage, Unreadable, Unrecognised
from tracker.intake import spool
from tracker.intake.assembly import Assembly
from tracker.intake.frames import Begin, Broken, End, Ready, Refusal, Seal
from tracker.intake.ingest import Intake, ingest, try_reading
from tracker.intake.rows import Tail
from tracker.intake.sandbox import Limits
from tracker.intake.spool import SpooledReport
from tracker.queries import builds, dump, jobs, results
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.records import BuildFacts

__all__ = ["sources"]  # a fixture

SOURCE = SpooledReport(Path("/x"), "x.zip", "d" * 64, 99, "os=a", True)
ONE, TWO = junit(one="P"), junit(two="F")
BOTH = [("a.xml", ONE), ("d/b.xml", TWO)]


# From frames


def assembled(*frames):
    """What becomes of a file whose child sent these frames, and ended if none is an `End`."""
    taken = Assembly(SOURCE)
    end = taken.take(iter(frames))
    return taken.done(end) if end else taken.broken_off("the child died")


def entry(name, *frames):
    return Begin("junit", 3, name), *(frames or (Tail(),)), Seal(name * 8, 7)


def told(report):
    return (report.name, report.sha256, report.size, report.format, report.parser_version)


def test_what_is_no_archive_is_one_report():
    [report] = assembled(Ready("namespace"), Begin("junit", 3), Tail(), Seal(), End())
    assert told(report) == ("x.zip", "d" * 64, 99, "junit", 3)


def test_what_stands_for_an_archive_has_the_archives_bytes():
    itself, first, second = assembled(*entry("a"), *entry("b"), End("zip"))
    assert told(itself) == ("x.zip", "d" * 64, 99, "zip", 0)
    assert told(first) == ("x.zip/a", "a" * 8, 7, "junit", 3)
    assert told(second) == ("x.zip/b", "b" * 8, 7, "junit", 3)


def test_what_was_said_of_an_archive_is_said_of_its_reports():
    reports = assembled(*entry("a"), *entry("b"), End("zip"))
    assert {(report.variant, report.stand_in) for report in reports} == {("os=a", True)}


def test_the_only_report_of_an_archive_takes_its_place():
    [report] = assembled(*entry("a", Tail(notes=["n"])), End("zip", ["m"]))
    assert told(report) == ("x.zip", "d" * 64, 99, "junit", 3)
    assert report.archive == ""
    assert report.warnings == ("It holds no tests.", "n", "m")


def test_damage_of_an_archive_is_damage_of_its_only_report():
    [report] = assembled(*entry("a"), End("zip", [], "cut"))
    assert report.recovered
    assert "Damaged: cut; what came before was kept." in report.warnings


def test_damage_of_an_archive_is_told_once():
    itself, *reports = assembled(*entry("a"), *entry("b"), End("zip", ["n"], "cut"))
    assert itself.recovered
    assert itself.warnings == ("Damaged: cut; what came before was kept.", "n")
    assert not any(report.recovered for report in reports)


def test_an_archive_without_reports_was_not_recognised():
    [report] = assembled(End("tar", ["n"]))
    assert (report.failure, report.unrecognised) == (
        "no report was found in this tar archive; n",
        True,
    )


def test_a_damaged_archive_without_reports_may_have_had_some():
    [report] = assembled(End("tar", [], "cut"))
    assert not report.unrecognised
    assert "cut" in report.failure


def test_a_report_that_was_refused_keeps_its_name_in_the_archive():
    _, report, _ = assembled(
        *entry("a", Refusal("no", unrecognised=False)), *entry("b"), End("zip")
    )
    assert told(report)[:3] == ("x.zip/a", "a" * 8, 7)
    assert report.failure == "no"


def test_a_child_that_dies_on_an_entry_leaves_those_before_it():
    itself, first = assembled(*entry("a"), Begin("junit", 3, "b"))
    assert itself.failure == "the child died (at b)"
    assert told(itself)[:3] == ("x.zip", "d" * 64, 99)
    assert told(first)[:3] == ("x.zip/a", "a" * 8, 7)


def test_a_child_that_dies_between_entries_leaves_those_before_it():
    itself, first = assembled(*entry("a"))
    assert itself.failure == "the child died"
    assert told(first)[0] == "x.zip/a"


def test_a_child_that_dies_at_once_leaves_nothing():
    [report] = assembled()
    assert report.failure == "the child died"


def test_a_plugin_that_cannot_be_loaded_is_no_matter_of_the_file():
    with pytest.raises(SettingsError, match="bad plugin"):
        assembled(Broken("bad plugin"))


# Into the store


@pytest.fixture
def send(settings, store, sources):
    return sender(settings, sources)


def sender(settings, sources):
    """Send files of one upload: `send({"x.zip": b"…"})`."""
    intake = Intake(settings.spool, Limits(), sources)

    def send(files, **more):
        spooled = [
            SpooledReport(kept.path, name, kept.sha256, kept.size)
            for name, data in dict(files).items()
            for kept in [spool.store(intake.spool, [data])]
        ]
        return ingest(intake, BuildFacts("nightly", 1), spooled, now=0, **more)

    return send


def statuses():
    rows = results.results("nightly", "1", "all", limit=100)
    return {row.name: row.status for row in rows}


def recorded():
    return [report.name for report in builds.reports("nightly", "1")]


@pytest.mark.parametrize("kind", PACKED)
def test_the_reports_of_an_archive_are_recorded_behind_it(send, kind):
    done = send({"x": packed(kind, BOTH)})
    assert done.recorded.added == ("x", "x/a.xml", "x/d/b.xml")
    assert statuses() == {"one": "passed", "two": "failed"}
    assert builds.build("nightly", "1").damaged == 0


def test_the_same_bytes_twice_in_an_archive_count_once(send):
    done = send({"x": zipped([*BOTH, ("c.xml", ONE), ("d.xml.gz", gzipped(ONE))])})
    assert done.recorded.known == ("x/c.xml", "x/d.xml.gz")
    assert recorded() == ["x", "x/a.xml", "x/d/b.xml"]
    assert builds.build("nightly", "1").totals.total == 2


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("files", [BOTH, BOTH[:1], [*BOTH, *allure("three", "four")]])
def test_the_same_archive_again_changes_nothing(send, kind, files):
    data = packed(kind, files)
    send({"x": data})
    before = list(dump.lines())
    done = send({"x": data})
    assert done.recorded.added == ()
    assert list(dump.lines()) == before
    assert jobs.revision("nightly") == 1


def test_the_same_archive_under_another_name_changes_nothing(send):
    send({"x": zipped(BOTH)})
    before = list(dump.lines())
    assert send({"y": zipped(BOTH)}).recorded.added == ()
    assert list(dump.lines()) == before


def test_other_bytes_under_the_name_of_an_archive_are_refused(send):
    send({"x": zipped(BOTH)})
    before = list(dump.lines())
    with pytest.raises(Conflict, match="other bytes"):
        send({"x": zipped([*BOTH, ("c.xml", junit(three="P"))])})
    assert list(dump.lines()) == before


@pytest.mark.parametrize(
    "newer",
    [[("a.xml", ONE), ("c.xml", junit(three="P"))], [("a.xml", ONE)], [("e.xml", junit(four="E"))]],
)
def test_a_replaced_archive_takes_its_reports_with_it(send, newer, tmp_path, sources):
    send({"x": zipped(BOTH), "z.xml": junit(five="P")})
    send({"x": zipped(newer)}, replace=True)
    after = list(dump.lines())
    connection.close_store()
    settings = Settings.load({}, home=tmp_path / "other", output=tmp_path / "output")
    connection.open_store(settings.store)
    sender(settings, sources)({"x": zipped(newer), "z.xml": junit(five="P")})
    assert list(dump.lines()) == after


def test_what_another_archive_holds_too_stays_when_one_is_replaced(send):
    send({"x": zipped(BOTH)})
    send({"y": zipped([("a.xml", ONE), ("c.xml", junit(three="P"))])})
    send({"x": zipped([BOTH[1], ("e.xml", junit(four="E"))])}, replace=True)
    assert recorded() == ["x", "x/d/b.xml", "x/e.xml", "y", "y/a.xml", "y/c.xml"]
    assert set(statuses()) == {"one", "two", "three", "four"}


def test_an_archive_that_was_a_report_before_replaces_it(send):
    send({"x": ONE})
    send({"x": zipped(BOTH)}, replace=True)
    assert recorded() == ["x", "x/a.xml", "x/d/b.xml"]


def test_a_report_that_was_an_archive_before_replaces_it(send):
    send({"x": zipped(BOTH)})
    send({"x": ONE}, replace=True)
    assert recorded() == ["x"]
    assert statuses() == {"one": "passed"}


@pytest.mark.parametrize("first", ["a.xml", "x"])
def test_a_file_and_an_archive_that_holds_it_count_once(send, first):
    files = {"x": zipped(BOTH), "a.xml": ONE}
    send({first: files.pop(first)})
    send(files)
    assert builds.build("nightly", "1").totals.total == 2
    assert len([name for name in recorded() if name.endswith("a.xml")]) == 1
    assert not [text for report in builds.reports("nightly", "1") for text in report.warnings]


def test_a_file_and_an_archive_of_it_alone_count_each_test_once(send):
    send({"x": zipped(BOTH[:1])})
    send({"a.xml": ONE})
    assert builds.build("nightly", "1").totals.total == 1


OVERLAPPING = {
    "x": zipped([("a.xml", junit(one="P", two="E")), ("b.xml", junit(three="P"))]),
    "y": packed("tar.gz", [("a.xml", junit(two="F", four="P")), *allure("five")]),
    "c.xml": junit(one="F", three="S"),
}


def test_an_archive_is_read_again_where_a_later_report_shares_its_tests(send):
    send({"x": OVERLAPPING["x"]})
    send({"c.xml": OVERLAPPING["c.xml"]})
    assert statuses() == {"one": "failed", "two": "error", "three": "passed"}
    assert recorded() == ["c.xml", "x", "x/a.xml", "x/b.xml"]


def test_overlapping_archives_give_the_same_in_any_order_and_division(tmp_path, sources):
    seen = set()
    for n, order in enumerate(itertools.permutations(OVERLAPPING)):
        settings = Settings.load({}, home=tmp_path / str(n), output=tmp_path / "output")
        connection.open_store(settings.store)
        send = sender(settings, sources)
        split = 1 + n % 2
        for part in (order[:split], order[split:], order[:1]):
            send({name: OVERLAPPING[name] for name in part})
        seen.add(tuple(dump.lines()))
        connection.close_store()
    assert len(seen) == 1


def test_an_archive_that_cannot_be_read_again_stops_the_recording(send, settings):
    send({"x": OVERLAPPING["x"]})
    before = list(dump.lines())
    spool.path_of(settings.spool, sha256(OVERLAPPING["x"])).write_bytes(zipped(BOTH))
    with pytest.raises(SpoolDamage, match="no longer in its archive"):
        send({"c.xml": OVERLAPPING["c.xml"]})
    assert list(dump.lines()) == before


def test_a_damaged_archive_makes_its_build_damaged(send):
    done = send({"x": packed("tar", BOTH)[:2048]})
    assert done.recorded.added == ("x", "x/a.xml", "x/d/b.xml")
    assert builds.build("nightly", "1").damaged == 1
    assert "Damaged" in done.warnings["x"][0]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (zipped([("a.txt", b"hello")]), Unrecognised),
        (zipped([]), Unrecognised),
        (zipped(BOTH)[:-30], Unreadable),
        (zipped([("a.xml", ONE[:20]), ("b.xml", ONE[:30])]), Unreadable),
    ],
    ids=["no report", "nothing", "cut", "broken reports"],
)
def test_where_nothing_in_an_archive_can_be_read_nothing_is_recorded(send, data, kind):
    with pytest.raises(kind, match="Nothing was recorded"):
        send({"x": data})
    assert list(dump.lines()) == []


def test_loose_files_of_allure_are_one_report_in_any_order(tmp_path, sources):
    seen = set()
    for n, order in enumerate(itertools.permutations(allure("one", "two", "three", folder=""))):
        settings = Settings.load({}, home=tmp_path / str(n), output=tmp_path / "output")
        connection.open_store(settings.store)
        send = sender(settings, sources)
        [added] = send(order).recorded.added
        assert added.startswith("allure-results (")
        assert send(order[::-1]).recorded.added == ()
        seen.add(tuple(dump.lines()))
        connection.close_store()
    assert len(seen) == 1


def test_loose_files_of_allure_that_come_later_add_to_the_build(send):
    send(allure("one", "two", folder=""))
    send([*allure("one", folder=""), ("two-result.json", result("three"))])
    assert len(recorded()) == 2
    assert set(statuses()) == {"one", "two", "three"}


@pytest.mark.parametrize("kind", PACKED)
def test_the_spool_has_the_archive_and_none_of_its_entries(send, settings, kind):
    data = packed(kind, [*BOTH, *allure("three")])
    send({"x": data})
    assert [path.name for path in spooled_files(settings)] == [sha256(data)]


def test_the_spool_has_loose_files_and_what_they_were_bundled_into(send, settings):
    files = allure("one", "two", folder="")
    send(files)
    [report] = builds.reports("nightly", "1")
    digests = {sha256(data) for _, data in files}
    assert {path.name for path in spooled_files(settings)} == {*digests, report.sha256}


def spooled_files(settings):
    return [path for path in settings.spool.rglob("*") if path.is_file()]


def test_trying_an_archive_keeps_nothing(settings, store, sources, tmp_path):
    (tmp_path / "x").write_bytes(zipped(BOTH))
    intake = Intake(settings.spool, Limits(), sources)
    found = try_reading(intake, {"x": tmp_path / "x"})
    assert [report.name for report in found] == ["x", "x/a.xml", "x/d/b.xml"]
    assert not settings.spool.exists()
    assert list(dump.lines()) == []
