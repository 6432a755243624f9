"""One file in the child: a report, or an archive of reports, and what is said of the rest."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import shutil
import tarfile
import zipfile
from dataclasses import dataclass

import msgspec
import pytest

from tests.conftest import ROOT, junit
from tests.intake.test_archives import gzipped, packed, tarred, zipped
from tracker.intake import reading, spool, unpacking
from tracker.intake.assembly import Assembly
from tracker.intake.frames import Frame, ReportOrder
from tracker.intake.plugins import PluginSources, load_plugins
from tracker.intake.reading import frames_of
from tracker.intake.sandbox import Limits, read_reports
from tracker.intake.spool import SpooledReport

PACKED = ("zip", "tar", "tar.gz")
ODD = """
import time
from tracker.intake.contract import Head, Result, Status, parser

def looks_like(head):
    return 1.0 if head.text.startswith("odd") else 0.0

@parser("odd", recognises="what begins with odd", sniff=looks_like)
def read(report):
    what = report.stream.readline().split()[-1].decode()
    yield Result(what, Status.PASSED)
    if what == "closes":
        report.stream.close()
    elif what == "raises":
        raise KeyError(what)
    elif what == "eats":
        yield Result(str(len(bytearray(10**10))), Status.PASSED)
    elif what == "leaves":
        __import__("os")._exit(3)
    elif what == "spins":
        while True:
            pass
    elif what == "writes":
        open("/tmp/canary-of-reading", "w")
"""
TAP = b"1..1\nok 1 - of an attachment\n"


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """JUnit, Allure, and a parser of ours that does as a file says."""
    folder = tmp_path_factory.mktemp("plugins")
    for name in ("junit.py", "allure.py", "tap.py"):
        shutil.copy(ROOT / "plugins" / name, folder)
    (folder / "odd.py").write_text(ODD)
    return PluginSources(folder)


@pytest.fixture(scope="module")
def parsers(sources):
    return [plugin.parser for plugin in load_plugins(sources)]


@pytest.fixture
def read(parsers, tmp_path):
    """Read a file in this process, by the frames that the child would send."""

    def read(data, name="x.zip", variant=""):
        kept = spool.store(tmp_path / "spool", [data], durable=False)
        source = SpooledReport(kept.path, name, kept.sha256, kept.size, variant)
        sent = msgspec.msgpack.encode(
            list(frames_of(ReportOrder(str(kept.path), name, variant), parsers))
        )
        taken = Assembly(source)
        end = taken.take(iter(msgspec.msgpack.decode(sent, type=list[Frame])))
        assert end is not None
        return taken.done(end)

    return read


@pytest.fixture
def read_in_child(sources, tmp_path):
    """Read files in a child with a second of processor time."""

    def read(files, seconds=1):
        reports = [
            SpooledReport(kept.path, name, kept.sha256, kept.size)
            for name, data in files
            for kept in [spool.store(tmp_path / "spool", [data], durable=False)]
        ]
        return list(read_reports(reports, Patient(cpu_seconds=seconds), sources))

    return read


@dataclass(frozen=True)
class Patient(Limits):
    """Limits of work alone, however long the clock says it takes."""

    wall_seconds: float = 120.0  # type: ignore[misc]


def cases(report):
    return sorted(name for _, name in report.contents.cases.values())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def said(reports):
    """All that people are told, of all reports."""
    return " ".join(text for report in reports for text in (report.failure, *report.warnings))


ONE, TWO = junit(one="P"), junit(two="F")
BOTH = [("a.xml", ONE), ("d/b.xml", TWO)]


# Reports of an archive


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_of_one_report_is_that_report(read, kind):
    data = packed(kind, [("d/a.xml", ONE)])
    [report] = read(data, "x")
    assert (report.name, report.sha256, report.size) == ("x", sha256(data), len(data))
    assert (report.format, report.archive, report.recovered) == ("junit", "", False)
    assert cases(report) == ["one"]


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_of_several_reports_stands_before_them(read, kind):
    data = packed(kind, BOTH)
    itself, first, second = read(data, "x")
    assert (itself.name, itself.sha256, itself.size) == ("x", sha256(data), len(data))
    assert (itself.format, itself.failure, itself.warnings) == (kind, "", ())
    assert not itself.contents.results
    assert [first.name, second.name] == ["x/a.xml", "x/d/b.xml"]
    assert [cases(first), cases(second)] == [["one"], ["two"]]


@pytest.mark.parametrize("kind", PACKED)
def test_a_report_of_an_archive_has_its_own_digest(read, kind):
    data = packed(kind, BOTH)
    _, first, second = read(data)
    assert (first.sha256, first.size) == (sha256(ONE), len(ONE))
    assert (second.sha256, second.size) == (sha256(TWO), len(TWO))
    assert first.archive == second.archive == sha256(data)


def test_a_zip_as_jenkins_streams_it_is_read(read):
    data = zipped([("archive/a.xml", ONE), ("archive/d/b.xml", TWO)], stream=True)
    _, first, second = read(data, "archive.zip")
    assert [first.name, second.name] == ["archive.zip/archive/a.xml", "archive.zip/archive/d/b.xml"]


def test_the_variant_that_was_sent_is_that_of_all_reports(read):
    assert {report.variant for report in read(packed("zip", BOTH), variant="os=mac")} == {"os=mac"}


@pytest.mark.parametrize("kind", PACKED)
def test_the_same_bytes_are_read_the_same(read, kind):
    data = packed(kind, [*BOTH, ("c.png", b"\x89PNG"), ("d.xml", ONE[:-20])])
    assert read(data) == read(data)


def test_gzip_around_one_report_is_that_report(read):
    data = gzipped(ONE)
    [report] = read(data, "a.xml.gz")
    assert (report.name, report.sha256, report.format) == ("a.xml.gz", sha256(data), "junit")
    assert cases(report) == ["one"]


@pytest.mark.parametrize("kind", PACKED)
def test_gzip_in_an_archive_is_taken_off(read, kind):
    _, first, _ = read(packed(kind, [("a.xml.gz", gzipped(ONE)), ("b.xml", TWO)]))
    assert first.name == "x.zip/a.xml.gz"
    assert (first.sha256, first.size) == (sha256(ONE), len(ONE))


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("inner", [*PACKED, "zip in gzip", "gzip in gzip"])
def test_an_archive_in_an_archive_is_named_and_not_opened(read, kind, inner):
    inside = {
        "zip in gzip": gzipped(packed("zip", BOTH)),
        "gzip in gzip": gzipped(gzipped(ONE)),
    }
    data = inside.get(inner) or packed(inner, BOTH)
    itself, *others = read(packed(kind, [*BOTH, ("inner", data)]))
    assert itself.warnings == ("Entries that are no reports (1): inner (an archive in an archive)",)
    assert len(others) == 2


def test_an_archive_in_gzip_is_no_report(read):
    [report] = read(gzipped(packed("zip", BOTH)))
    assert report.unrecognised
    assert "zip archive" in report.failure


@pytest.mark.parametrize("kind", PACKED)
def test_two_reports_of_one_name_are_told_apart(read, kind):
    files = [("a.xml", ONE), ("a.xml", TWO), ("a.xml", junit(three="P"))]
    names = [report.name for report in read(packed(kind, files))]
    assert names == ["x.zip", "x.zip/a.xml", "x.zip/a.xml #2", "x.zip/a.xml #3"]


def test_a_name_that_was_given_to_a_second_report_is_not_given_again(read):
    names = ["a.xml", "a.xml #2", "a.xml", "a.xml #2"]
    reports = read(zipped([(name, junit(**{f"n{n}": "P"})) for n, name in enumerate(names)]))
    assert len({report.name for report in reports}) == 5


# What is no report


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"%PDF-1.4", "a PDF document"),
        (b"hello", "plain text"),
        (b"\0\1\2", "binary data"),
        (b'{"a": 1}', "JSON"),
        (b"<html></html>", "an HTML page; where it came from may want a login"),
        (b"<project/>", "XML whose first element is <project>"),
    ],
)
@pytest.mark.parametrize("kind", PACKED)
def test_what_no_parser_recognises_is_named_with_what_it_looks_like(read, kind, data, what):
    itself, *reports = read(packed(kind, [*BOTH, ("d/other", data)]))
    assert itself.warnings == (f"Entries that are no reports (1): d/other ({what})",)
    assert (itself.recovered, len(reports)) == (False, 2)


def test_of_many_entries_ten_are_named(read):
    [note] = read(zipped([*BOTH, *((f"{n}.txt", b"hello") for n in range(10))]))[0].warnings
    assert note.startswith("Entries that are no reports (10): 0.txt (plain text), ")
    assert note.endswith(" 9.txt (plain text)")
    [note] = read(zipped([*BOTH, *((f"{n}.txt", b"hello") for n in range(99))]))[0].warnings
    assert note.startswith("Entries that are no reports (99): 0.txt (plain text), ")
    assert note.endswith(" 9.txt (plain text), …")


@pytest.mark.parametrize("kind", PACKED)
def test_refused_entries_are_named_with_the_reason(read, kind):
    files = [*BOTH, ("../up.xml", junit(up="P")), ("a\nb.xml", junit(odd="P"))]
    itself, *reports = read(packed(kind, files))
    assert itself.warnings == (
        "Refused entries (2): ../up.xml (its path leads out of the archive),"
        " a\ufffdb.xml (its name is no sensible path)",
    )
    assert [cases(report) for report in reports] == [["one"], ["two"]]


def test_a_link_to_a_report_is_not_followed(read):
    link = tarfile.TarInfo("c.xml")
    link.type, link.linkname = tarfile.SYMTYPE, "a.xml"
    itself, *reports = read(tarred([*BOTH, (link, b"")]))
    assert itself.warnings == ("Refused entries (1): c.xml (it is a link)",)
    assert len(reports) == 2


def test_one_report_has_the_notes_of_its_archive(read):
    [report] = read(zipped([("a.xml", ONE), ("b.png", b"\x89PNG")]))
    assert report.warnings == ("Entries that are no reports (1): b.png (a PNG picture)",)
    assert not report.recovered


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_without_reports_is_not_recognised(read, kind):
    [report] = read(packed(kind, [("b.png", b"\x89PNG")]))
    assert report.unrecognised
    assert report.failure == (
        f"no report was found in this {kind} archive;"
        " Entries that are no reports (1): b.png (a PNG picture)"
    )


def test_an_empty_zip_is_not_recognised(read):
    [report] = read(zipped([]))
    assert report.unrecognised
    assert report.failure == "no report was found in this zip archive"


@pytest.mark.parametrize(
    "data", [tarred([]), gzipped(tarred([])), gzipped(b"")], ids=["tar", "tar.gz", "gzip"]
)
def test_an_empty_tar_is_not_recognised(read, data):
    [report] = read(data)
    assert report.unrecognised


# Damage


@pytest.mark.parametrize("kind", [*PACKED, "jenkins"])
def test_of_a_cut_archive_there_is_never_more_and_it_is_always_told(read, kind):
    noise = random.Random(1)
    files = [
        (f"{n}.xml", junit(**{f"n{noise.random()}": "PFES"[n] for _ in range(9)})) for n in range(4)
    ]
    data = zipped(files, stream=True) if kind == "jenkins" else packed(kind, files)
    everything = {name for report in read(data) for name in cases(report)}
    needed = len(data.rstrip(b"\0")) + 512 if kind == "tar" else len(data)
    last = 0
    for cut in {*range(1, needed, 61), *range(needed - 30, needed)}:
        reports = read(data[:cut])
        found = {name for report in reports for name in cases(report)}
        last = max(last, len(found))
        assert found <= everything
        assert any(report.recovered or report.failure for report in reports)
    assert kind in ("zip", "jenkins") or last > 9


def test_a_cut_gzip_keeps_what_came_before_and_says_so(read):
    noise = random.Random(1)
    data = gzipped(junit(**{f"n{noise.random()}": "P" for _ in range(20_000)}))
    [report] = read(data[: len(data) // 2], "a.xml.gz")
    assert report.recovered
    assert 0 < len(report.contents.results) < 20_000
    assert "its bytes are broken" in said([report])


@pytest.mark.parametrize("back", range(1, 9))
def test_gzip_without_its_checksum_is_told(read, back):
    [report] = read(gzipped(ONE)[:-back], "a.xml.gz")
    assert report.recovered or report.failure


def test_a_wrong_checksum_is_told_of_the_report_and_of_its_archive(read):
    cases = {f"n{n}": "P" for n in range(3000)}
    data = zipped([*BOTH, ("c.xml", junit(right="P", **cases))], zipfile.ZIP_STORED)
    itself, *others, broken = read(data.replace(b"right", b"wrong"))
    assert (itself.recovered, broken.recovered) == (True, True)
    assert "CRC" in said([itself])
    assert not any(report.recovered for report in others)


def test_a_small_entry_with_a_wrong_checksum_is_no_report(read):
    data = zipped([*BOTH, ("c.xml", junit(right="P"))], zipfile.ZIP_STORED)
    itself, *others = read(data.replace(b"right", b"wrong"))
    assert itself.recovered
    assert "c.xml (its bytes are broken (Bad CRC-32" in said([itself])
    assert [cases(report) for report in others] == [["one"], ["two"]]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_broken_entry_that_is_no_report_is_told_too(read, method):
    """Nobody reads it, but what is behind it is not known."""
    files = [("a.xml", ONE), ("b.png", b"\x89PNG right"), ("c.xml", TWO)]
    data = bytearray(zipped(files, method))
    data[data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1) + 16] ^= 1
    reports = read(bytes(data))
    assert reports[0].recovered
    assert "'b.png'" in said(reports)


def test_gzip_that_is_cut_inside_an_archive_is_told_of_its_report(read):
    cut = gzipped(junit(**{f"n{n}": "P" for n in range(20_000)}))[:-20]
    _, broken, good = read(zipped([("a.xml.gz", cut), ("b.xml", TWO)]))
    assert broken.recovered or broken.failure
    assert (good.recovered, good.failure) == (False, "")


@pytest.mark.parametrize("kind", PACKED)
def test_a_report_that_is_broken_costs_no_other(read, kind):
    _, first, broken, last = read(packed(kind, [BOTH[0], ("b.xml", TWO[:-30]), ("c.xml", TWO)]))
    assert broken.recovered or broken.failure
    assert [cases(first), cases(last)] == [["one"], ["two"]]
    assert [first.recovered, last.recovered] == [False, False]


def test_an_archive_that_can_only_be_read_in_part_is_never_only_its_report(read):
    data = tarred([("a.xml", ONE), ("b.xml", TWO)])
    [report] = read(data[:1100], "x.tar")
    assert (report.name, cases(report), report.recovered) == ("x.tar", ["one"], True)
    assert "breaks off" in said([report])


@pytest.mark.parametrize("kind", PACKED)
def test_a_limit_that_is_passed_while_looking_for_reports_is_told(read, kind, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", 500_000)
    noise = random.Random(1)
    files = [("a.xml", ONE), *((f"{n}.bin", noise.randbytes(60_000)) for n in range(10))]
    [report] = read(packed(kind, [*files, ("z.xml", TWO)]))
    assert cases(report) == ["one"]
    assert report.recovered
    assert "it unpacks to more than" in said([report])


def test_a_bomb_beside_reports_leaves_those_before_it(read):
    data = packed("tar.gz", [*BOTH, ("bomb.xml", b"<testsuite>" + bytes(50_000_000))])
    itself, first, second, *bomb = read(data)
    assert itself.recovered
    assert "200 times" in said([itself])
    assert [cases(first), cases(second)] == [["one"], ["two"]]
    assert all(report.failure or report.recovered for report in bomb)


def test_gzip_in_gzip_in_an_archive_is_not_unpacked_twice(read):
    bomb = gzipped(gzipped(bytes(50_000_000)))
    itself, *_ = read(zipped([*BOTH, ("bomb.xml.gz", bomb)]))
    assert itself.warnings == (
        "Entries that are no reports (1): bomb.xml.gz (an archive in an archive)",
    )


def test_a_report_whose_bytes_are_gone_is_told(parsers, tmp_path):
    frames = list(frames_of(ReportOrder(str(tmp_path / "gone"), "x", ""), parsers))
    assert "No such file" in frames[0].reason


# Parsers


@pytest.mark.parametrize("kind", [*PACKED, "gzip"])
def test_a_parser_that_closes_its_stream_changes_nothing(read, kind):
    odd = b"odd closes\n" + bytes(200_000)
    if kind == "gzip":
        [report] = read(gzipped(odd, 0))
    else:
        _, report, _ = read(packed(kind, [("odd", odd), ("b.xml", TWO)]))
        assert (report.sha256, report.size) == (sha256(odd), len(odd))
    assert cases(report) == ["closes"]
    assert not report.recovered


@pytest.mark.parametrize("kind", PACKED)
def test_what_a_parser_leaves_unread_belongs_to_the_digest(read, kind):
    odd = b"odd lazy\n" + random.Random(1).randbytes(300_000)
    _, report, after = read(packed(kind, [("odd", odd), ("b.xml", TWO)]))
    assert (report.sha256, report.size) == (sha256(odd), len(odd))
    assert cases(after) == ["two"]


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize(("what", "why"), [("raises", "KeyError"), ("eats", "more memory")])
def test_a_parser_that_fails_costs_one_report(read_in_child, kind, what, why):
    files = [BOTH[0], ("odd", f"odd {what}\n".encode()), BOTH[1]]
    _, first, odd, last = read_in_child([("x", packed(kind, files))])
    assert why in odd.failure
    assert odd.name == "x/odd"
    assert [cases(first), cases(last)] == [["one"], ["two"]]


# Folders that are one report


def result(name, status="passed", **more):
    """A result of Allure."""
    file = {"uuid": name, "name": name, "fullName": name, "status": status, "start": 1, "stop": 2}
    return json.dumps({**file, **more}).encode()


def allure(*names, folder="r/"):
    return [(f"{folder}{name}-result.json", result(name)) for name in names]


ATTACHMENTS = [
    ("r/1-attachment.txt", TAP),
    ("r/2-attachment.xml", junit(attached="F")),
    ("r/3-attachment.json", b'{"a": 1}'),
    ("r/4-attachment", b"odd raises\n"),
    ("r/5.png", b"\x89PNG"),
]


@pytest.mark.parametrize("kind", PACKED)
def test_the_files_of_a_folder_are_one_report(read, kind):
    data = packed(kind, [*allure("one", "two", "three"), ("b.xml", TWO)])
    _, other, folder = read(data)
    assert (folder.name, folder.format) == ("x.zip/r", "allure")
    assert cases(folder) == ["one", "three", "two"]
    assert folder.size == sum(len(data) for _, data in allure("one", "two", "three"))
    assert cases(other) == ["two"]


def test_each_folder_is_a_report(read):
    itself, first, second = read(
        zipped([*allure("one", folder="a/"), *allure("two", folder="b/c/")])
    )
    assert itself.format == "zip"
    assert [first.name, second.name] == ["x.zip/a", "x.zip/b/c"]
    assert [cases(first), cases(second)] == [["one"], ["two"]]


def test_the_files_on_top_of_an_archive_are_a_report_too(read):
    [report] = read(zipped(allure("one", "two", folder="")))
    assert (report.name, cases(report)) == ("x.zip", ["one", "two"])


@pytest.mark.parametrize("kind", PACKED)
def test_attachments_are_never_read_as_reports(read, kind):
    data = packed(kind, [*ATTACHMENTS[:2], *allure("one"), *ATTACHMENTS[2:]])
    [report] = read(data)
    assert cases(report) == ["one"]
    assert report.warnings == ()


def test_files_with_names_of_attachments_elsewhere_are_read(read):
    files = [(name.replace("r/", "s/"), data) for name, data in ATTACHMENTS[:2]]
    reports = read(zipped([*allure("one"), *files]))
    assert sorted(itertools.chain(*map(cases, reports))) == ["attached", "of an attachment", "one"]


@pytest.mark.parametrize("kind", PACKED)
def test_the_digest_of_a_folder_does_not_depend_on_the_order_of_its_files(read, kind):
    files = allure("one", "two", "three")
    found = {
        read(packed(kind, [*order, BOTH[0]]))[2].sha256 for order in itertools.permutations(files)
    }
    assert len(found) == 1


def test_the_digest_of_a_folder_tells_its_names_and_bytes(read):
    def digest(files):
        return read(zipped([*files, BOTH[0]]))[2].sha256

    [(name, data)] = allure("one")
    others = ([(name, data + b" ")], [("r/two-result.json", data)], allure("one", "two"))
    assert len({digest(files) for files in ([(name, data)], *others)}) == 4


def test_a_broken_file_of_a_folder_is_told(read):
    files = allure("one", "two")
    [report] = read(zipped([files[0], (files[1][0], files[1][1][:-9])]))
    assert cases(report)[0] == "one"
    assert report.recovered


@pytest.mark.parametrize(("data", "what"), [(b"", "an empty file"), (b"{}", "JSON")])
def test_a_file_called_as_those_of_a_folder_that_is_none_of_them_is_named(read, data, what):
    """As a run that was killed leaves one behind."""
    [report] = read(zipped([*allure("one"), ("r/two-result.json", data), *ATTACHMENTS]))
    assert report.warnings == (f"Entries that are no reports (1): r/two-result.json ({what})",)


def test_a_folder_that_is_too_large_is_told(read, monkeypatch):
    monkeypatch.setattr(reading, "FOLDER_BYTES", 1024**2)
    files = [
        (f"r/{n}-result.json", result(f"{n}", labels=[{"name": "x" * 300_000}])) for n in range(5)
    ]
    reports = read(zipped([*BOTH, *files]))
    assert reports[0].recovered
    assert "larger than 1 MB" in said(reports)


# Children


@pytest.mark.parametrize(
    ("what", "why"), [("spins", "1 s of processor time"), ("leaves", "status 3")]
)
@pytest.mark.parametrize("kind", PACKED)
def test_a_child_that_ends_in_an_archive_keeps_the_whole_entries(read_in_child, kind, what, why):
    files = [*BOTH, ("odd", f"odd {what}\n".encode()), ("z.xml", junit(late="P"))]
    itself, first, second, after = read_in_child([("x", packed(kind, files)), ("b.xml", TWO)])
    assert why in itself.failure
    assert itself.failure.endswith("(at odd)")
    assert (itself.name, itself.archive, first.archive) == ("x", "", itself.sha256)
    assert [cases(first), cases(second)] == [["one"], ["two"]]
    assert (after.name, cases(after)) == ("b.xml", ["two"])


@pytest.mark.parametrize("kind", PACKED)
def test_the_child_reads_what_this_process_reads(read, read_in_child, kind):
    data = packed(kind, [*BOTH, *allure("one", "two"), *ATTACHMENTS, ("../x", b"")])
    assert read_in_child([("x.zip", data)]) == read(data)


def test_a_parser_of_an_archive_cannot_write(read_in_child):
    _, odd, _ = read_in_child([("x", zipped([("odd", b"odd writes\n"), BOTH[0]]))])
    assert "PermissionError" in odd.failure


@pytest.mark.parametrize("kind", PACKED)
def test_only_the_spool_has_a_new_file_after_an_archive_was_read(read_in_child, tmp_path, kind):
    data = packed(kind, [*BOTH, *allure("one")])
    read_in_child([("x", data)])
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.name == sha256(data)


def test_a_directory_of_a_million_entries_costs_one_file(read_in_child):
    entry = zipped([("n", b"")])
    place = entry.index(b"PK\x01\x02")
    many = entry[:place] + entry[place:-22] * 1_000_000 + entry[-22:]
    cd = len(many) - place - 22
    many = many[:-10] + cd.to_bytes(4, "little") + place.to_bytes(4, "little") + b"\0\0"
    bomb, after = read_in_child([("x", many), ("b.xml", TWO)])
    assert bomb.failure
    assert cases(after) == ["two"]


def test_headers_that_are_slow_to_read_cost_one_file(read_in_child):
    told = tarfile.TarInfo("pax")
    told.type, told.size = tarfile.XHDTYPE, 16_000
    slow = (told.tobuf() + b"9" * 16_000 + bytes(384) + tarred([("n", b"x")])[:1024]) * 100
    bomb, after = read_in_child([("x", slow), ("b.xml", TWO)])
    assert bomb.failure
    assert cases(after) == ["two"]
