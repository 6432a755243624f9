"""From spooled reports to a recorded build: what is kept, refused, merged and replaced."""

from __future__ import annotations

import hashlib
import itertools

import pytest

from tests.conftest import junit
from tests.factories import DAY, NOW
from tracker.clock import SECOND
from tracker.errors import Conflict, NotFound, SpoolDamage, Unreadable, Unrecognised, UsageError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest, report_name
from tracker.intake.sandbox import Limits
from tracker.intake.spool import SpooledReport
from tracker.queries import builds, dump, jobs, results
from tracker.settings import Settings
from tracker.store import audit, connection
from tracker.store.records import BuildFacts
from tracker.store.sql import run
from tracker.store.without_bytes import note_import, note_letting_go

CUT = b"<testsuite name='s'><testcase classname='s' name='early'/><testcase name="
NOTHING = b"this is no report"
BROKEN = b"<testsuite><testcase name='a' name='b'/></testsuite>"


A_BUILD = BuildFacts("nightly", 1)


@pytest.fixture
def send(settings, store):
    """Ingest reports by name into one build: `send({"a.xml": b"…"}, replace=True)`."""
    return sender(settings)


def sender(settings):
    intake = Intake.of(settings)

    def send(reports, variant="", said=A_BUILD, now=0, **more):
        spooled = [
            SpooledReport(kept.path, name, kept.sha256, kept.size, variant)
            for name, data in reports.items()
            for kept in [spool.store(intake.spool, [data])]
        ]
        return ingest(intake, said, spooled, now=now, **more)

    return send


def statuses():
    rows = results.results("nightly", "1", "all", limit=100)
    return {row.name: row.status for row in rows}


def warnings():
    return [text for report in builds.reports("nightly", "1") for text in report.warnings]


def test_reports_of_one_upload_are_one_build(send):
    send({"a.xml": junit(one="P"), "b.xml": junit(two="F")})
    assert statuses() == {"one": "passed", "two": "failed"}


def test_an_unreadable_report_beside_a_readable_one_is_recorded_as_such(send):
    done = send({"a.xml": junit(one="P"), "b.xml": BROKEN, "c.txt": NOTHING})
    assert set(done.refused) == {"b.xml", "c.txt"}
    failures = {report.name: bool(report.failure) for report in builds.reports("nightly", "1")}
    assert failures == {"a.xml": False, "b.xml": True, "c.txt": True}
    assert builds.build("nightly", "1").damaged == 2
    assert statuses() == {"one": "passed"}


@pytest.mark.parametrize(
    ("reports", "kind"),
    [
        ({"a": NOTHING}, Unrecognised),
        ({"a": NOTHING, "b": NOTHING + b"!"}, Unrecognised),
        ({"a": BROKEN}, Unreadable),
        ({"a": NOTHING, "b": BROKEN}, Unreadable),
    ],
)
def test_where_nothing_can_be_read_nothing_is_recorded(send, reports, kind):
    with pytest.raises(kind, match="Nothing was recorded"):
        send(reports)
    assert list(dump.lines()) == []


def test_of_many_unreadable_reports_a_few_are_named(send):
    reports = {f"{n}.txt": NOTHING + str(n).encode() for n in range(9)}
    with pytest.raises(Unrecognised, match=r"\(and 4 more\)"):
        send(reports)


def test_what_came_before_the_damage_is_kept_and_told(send):
    done = send({"a.xml": CUT})
    assert statuses() == {"early": "passed"}
    assert builds.build("nightly", "1").damaged == 1
    assert any("Damaged" in text for text in done.warnings["a.xml"])


def test_an_unreadable_report_may_be_sent_again_mended(send):
    send({"a.xml": junit(one="P"), "b.xml": BROKEN})
    send({"b.xml": junit(two="P")})
    assert builds.build("nightly", "1").damaged == 0
    assert statuses() == {"one": "passed", "two": "passed"}


def test_a_test_in_two_reports_counts_once_with_the_worse_status(send):
    send({"a.xml": junit(one="P", two="F"), "b.xml": junit(one="F", two="P")})
    assert statuses() == {"one": "failed", "two": "failed"}
    assert builds.build("nightly", "1").totals.total == 2


def test_a_test_in_two_reports_is_warned_about(send):
    send({"a.xml": junit(one="P")})
    send({"b.xml": junit(one="F")})
    assert warnings() == [
        "Tests read twice and counted once, the worse status kept: 1 also in a.xml."
    ]


def test_two_variants_of_a_test_are_two_tests(send):
    send({"a.xml": junit(one="P")}, variant="platform=linux")
    send({"b.xml": junit(one="F")}, variant="platform=mac")
    assert builds.build("nightly", "1").totals.total == 2


REPORTS = {
    "a.xml": junit(one="P", two="E", own="P"),
    "b.xml": junit(one="S", two="F", three="P"),
    "c.xml": junit(one="F", three="S"),
}


def test_overlapping_reports_give_the_same_in_any_order_and_division(tmp_path):
    seen = set()
    for n, order in enumerate(itertools.permutations(REPORTS)):
        settings = Settings.load({}, home=tmp_path / str(n), output=tmp_path / "output")
        connection.open_store(settings.store)
        send = sender(settings)
        split = 1 + n % 2
        for part in (order[:split], order[split:], order[:1]):
            send({name: REPORTS[name] for name in part})
        seen.add(tuple(dump.lines()))
        connection.close_store()
    assert len(seen) == 1


def test_the_same_bytes_again_change_nothing(send):
    send(REPORTS)
    before = list(dump.lines())
    done = send({"other-name.xml": REPORTS["a.xml"], **REPORTS})
    assert done.recorded.added == ()
    assert list(dump.lines()) == before
    assert jobs.revision("nightly") == 1


def test_other_bytes_under_the_same_name_are_refused_and_change_nothing(send):
    send({"a.xml": junit(one="P")})
    before = list(dump.lines())
    with pytest.raises(Conflict, match="other bytes"):
        send({"b.xml": junit(two="P"), "a.xml": junit(one="F")})
    assert list(dump.lines()) == before


def test_a_replaced_report_is_as_if_only_the_new_one_had_come(send):
    send({"a.xml": junit(one="F", gone="P"), "b.xml": junit(one="P", two="P")})
    send({"a.xml": junit(one="P")}, replace=True)
    assert statuses() == {"one": "passed", "two": "passed"}
    assert [report.name for report in builds.reports("nightly", "1")] == ["a.xml", "b.xml"]


def test_a_replacement_that_cannot_be_read_leaves_the_old_report(send):
    send({"a.xml": junit(one="P")})
    with pytest.raises(Unreadable):
        send({"a.xml": BROKEN}, replace=True)
    assert statuses() == {"one": "passed"}


def test_an_older_report_that_cannot_be_read_again_stops_the_recording(send, settings):
    send({"a.xml": junit(one="P", two="F")})
    before = list(dump.lines())
    for path in settings.spool.glob("??/*"):
        path.write_bytes(b"gone")
    with pytest.raises(SpoolDamage, match=r"'a\.xml' of this build cannot be read again"):
        send({"b.xml": junit(one="F")})
    assert list(dump.lines()) == before


def test_older_reports_that_are_too_much_together_are_a_conflict(send, monkeypatch):
    monkeypatch.setattr(Limits, "answer_bytes", 600_000)
    case = "<testcase name='{0}{1}'><failure>{0}{1}{2}</failure></testcase>"
    for name in "abc":  # 240,000 bytes each, which is more than a pipe holds
        cases = "".join(case.format(name, number, "x" * 60_000) for number in range(4))
        send({f"{name}.xml": f"<testsuite>{cases}</testsuite>".encode()})
    before = list(dump.lines())
    with pytest.raises(Conflict, match=r"'c\.xml' .*Raise parse_memory_mb"):
        send({"more.xml": b"<testsuite><testcase name='a0'/></testsuite>"})
    assert list(dump.lines()) == before
    monkeypatch.setattr(Limits, "answer_bytes", 1_200_000)
    send({"more.xml": b"<testsuite><testcase name='a0'/></testsuite>"})
    assert len(statuses()) == 12


def without_first_report(settings):
    """Send to a build whose first report, which was recorded at NOW, has no bytes any more."""
    send = sender(settings)
    send({"a.xml": junit(one="P", two="F")}, now=NOW)
    for path in settings.spool.glob("??/*"):
        path.unlink()
    return send


def test_an_older_report_whose_bytes_were_let_go_is_a_conflict_until_all_are_sent(store, settings):
    send = without_first_report(settings)
    note_letting_go(1, before=NOW + SECOND)
    note_letting_go(9, before=NOW - DAY)  # a later one, of what is older
    with pytest.raises(Conflict, match=r"'a\.xml' .*were let go by age.*replace=true"):
        send({"b.xml": junit(one="F")}, now=NOW + 31 * DAY)
    send({"a.xml": junit(one="P", two="F"), "b.xml": junit(one="F")}, replace=True)
    assert statuses() == {"one": "failed", "two": "failed"}


@pytest.mark.parametrize(
    "note",
    [
        lambda: note_letting_go(2, before=NOW - DAY),
        lambda: audit.note("raw reports let go", "spool", "that came before 2100-01-01T00:00:00Z"),
        lambda: note_import("another"),
    ],
    ids=["older ones were let go", "a note says so", "another job was imported"],
)
def test_bytes_that_nobody_let_go_are_damage_whatever_else_was(store, settings, note):
    send = without_first_report(settings)
    note()
    with pytest.raises(SpoolDamage):
        send({"b.xml": junit(one="F")}, now=NOW + 31 * DAY)


def test_a_report_that_came_later_makes_those_before_it_no_younger(store, settings):
    send = sender(settings)
    send({"a.xml": junit(one="P", two="F")}, now=NOW, said=BuildFacts("nightly", 1, started=NOW))
    for path in settings.spool.glob("??/*"):
        path.unlink()
    note_letting_go(1, before=NOW + DAY)
    send({"c.xml": junit(three="P")}, now=NOW + 80 * DAY)
    with pytest.raises(Conflict):
        send({"b.xml": junit(one="F")}, now=NOW + 81 * DAY)


@pytest.mark.parametrize(
    ("after", "refused"), [(1, Conflict), (-1, SpoolDamage)], ids=["older", "younger"]
)
def test_a_build_older_than_an_import_of_its_job_came_without_bytes(
    store, settings, monkeypatch, after, refused
):
    send = without_first_report(settings)
    monkeypatch.setattr("tracker.store.without_bytes.now_ms", lambda: NOW + after)
    note_import("nightly")
    with pytest.raises(refused):
        send({"b.xml": junit(one="F")}, now=NOW + DAY)


def test_a_report_that_failed_once_is_read_when_it_comes_again(send, settings):
    readable = junit(one="P")
    send({"a.xml": BROKEN, "b.xml": junit(two="P")})
    run("UPDATE report SET sha256 = ? WHERE name = 'a.xml'", hashlib.sha256(readable).hexdigest())
    assert send({"a.xml": readable}).recorded.added == ("a.xml",)
    assert statuses() == {"one": "passed", "two": "passed"}


def test_bytes_that_move_to_another_name_are_not_lost_when_replacing(send):
    send({"a.xml": junit(one="P")})
    send({"a.xml": junit(two="P"), "b.xml": junit(one="P")}, replace=True)
    assert statuses() == {"one": "passed", "two": "passed"}


def test_the_same_bytes_with_and_without_a_facet_count_once(send):
    send({"a.xml": junit(one="P")}, variant="platform=linux")
    assert send({"b.xml": junit(one="P")}).recorded.known == ("b.xml",)


def test_the_same_bytes_of_two_platforms_count_twice(send):
    send({"a.xml": junit(one="P")}, variant="platform=linux")
    assert send({"b.xml": junit(one="P")}, variant="platform=mac").recorded.added == ("b.xml",)


def test_two_files_of_one_name_that_differ_are_refused(send, settings):
    intake = Intake.of(settings)
    kept = [spool.store(intake.spool, [junit(**{name: "P"})]) for name in ("one", "two")]
    reports = [SpooledReport(each.path, "a.xml", each.sha256, each.size) for each in kept]
    with pytest.raises(Conflict, match="Two files"):
        ingest(intake, BuildFacts(job="nightly", number=1), reports, now=0)
    assert list(dump.lines()) == []


def test_a_build_of_jenkins_is_recorded_without_its_strange_artifacts(send):
    send({"notes.xml": NOTHING, "bad.xml": BROKEN}, said=BuildFacts("nightly", 1, True))
    assert [report.name for report in builds.reports("nightly", "1")] == ["bad.xml"]


def test_uploads_may_be_kept_from_making_jobs(settings, store):
    intake = Intake(settings.spool, Intake.of(settings).limits, Intake.of(settings).sources, False)
    with pytest.raises(NotFound, match="tracker job add"):
        ingest(intake, BuildFacts(job="nightly", number=1), (), now=0)
    assert list(dump.lines()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.xml", "a.xml"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x.xml", "../../x.xml"),
        ("C:\\results\\a.xml", "C:/results/a.xml"),
        (" a b.xml ", "a b.xml"),
        ("grün/☃.xml", "grün/☃.xml"),
        ("<script>", "<script>"),
    ],
)
def test_the_name_of_a_report_is_text(given, kept):
    assert report_name(given) == kept


@pytest.mark.parametrize("name", ["", "/", " ", "\\", "a\nb", "a\0b", "a\x7f", "x" * 1001])
def test_what_is_no_name_of_a_report_is_refused(name):
    with pytest.raises(UsageError):
        report_name(name)


def test_a_name_that_no_database_takes_is_made_storable():
    assert report_name("caf\udce9.xml") == "caf�.xml"


def test_a_name_that_climbs_out_opens_nothing(send, tmp_path):
    send({"../../../canary": junit(one="P")})
    assert [report.name for report in builds.reports("nightly", "1")] == ["../../../canary"]
    assert not (tmp_path / "canary").exists()
