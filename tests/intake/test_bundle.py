"""Loose files of Allure that were sent together: one report, the same in any order."""

from __future__ import annotations

import itertools
import tarfile

import pytest

from tests.conftest import junit
from tests.intake.test_reading import allure, parsers, read, result, sources
from tracker.intake import spool
from tracker.intake.bundle import bundled
from tracker.intake.spool import SpooledReport

__all__ = ["parsers", "read", "sources"]  # fixtures

ONE = junit(one="P")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def bundle(folder):
    """Bundle files of these names and bytes; what is left to read."""

    def bundle(files, variant="", **more):
        return bundled(folder, [spooled(folder, *file, variant, **more) for file in files])

    return bundle


def spooled(folder, name, data, variant="", **more):
    kept = spool.store(folder, [data], durable=False)
    return SpooledReport(kept.path, name, kept.sha256, kept.size, variant, **more)


def names(report):
    with tarfile.open(report.path) as archive:
        return [info.name for info in archive]


LOOSE = allure("one", "two", "three", folder="")


def test_loose_files_become_one_report(bundle):
    [report] = bundle(LOOSE)
    assert report.name == f"allure-results ({report.sha256[:8]})"
    assert names(report) == ["one-result.json", "three-result.json", "two-result.json"]


def test_results_of_a_folder_are_read_as_one_report(bundle, read):
    [report] = bundle(LOOSE)
    [found] = read(report.path.read_bytes(), report.name)
    assert (found.sha256, found.format) == (report.sha256, "allure")
    assert len(found.contents.results) == 3
    assert found.warnings == ()


def test_the_order_they_are_given_in_leaves_no_trace(bundle):
    assert len({bundle(order)[0] for order in itertools.permutations(LOOSE)}) == 1


def test_files_of_one_name_leave_no_trace_of_their_order_either(bundle):
    files = [LOOSE[0], ("one-result.json", result("other"))]
    assert bundle(files) == bundle(files[::-1])


def test_the_time_leaves_no_trace(bundle, monkeypatch):
    [report] = bundle(LOOSE)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert bundle(LOOSE) == [report]


def test_other_bytes_are_another_report(bundle):
    [first], [second] = bundle(LOOSE), bundle([*LOOSE[:2], ("three-result.json", result("3"))])
    assert first.sha256 != second.sha256


def test_the_bytes_of_a_bundle_are_in_the_spool(bundle, folder):
    [report] = bundle(LOOSE)
    assert report.path == spool.path_of(folder, report.sha256)
    assert report.path.stat().st_size == report.size


def test_a_bundle_is_all_that_is_written(bundle, folder, tmp_path):
    reports = [spooled(folder, *file) for file in LOOSE]
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    [report] = bundled(folder, reports)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} - before == {report.path}


def test_each_folder_is_a_report_of_its_own_name(bundle):
    files = [*allure("one", "two", folder="a/b/"), *allure("three", "four", folder="c/")]
    assert [report.name.split()[0] for report in bundle(files)] == ["a/b", "c"]


def test_each_variant_is_a_report(folder):
    reports = [
        spooled(folder, *file, variant)
        for file in allure("one", "two")
        for variant in ("os=a", "os=b")
    ]
    assert [report.variant for report in bundled(folder, reports)] == ["os=a", "os=b"]


def test_containers_belong_to_the_report_of_their_folder(bundle):
    files = [*LOOSE, ("x-container.json", b'{"uuid": "x", "children": []}')]
    assert "x-container.json" in names(bundle(files)[0])


@pytest.mark.parametrize(
    "name",
    ["x-attachment.xml", "x-attachment", "x-attachment.txt", "categories.json", "executor.json"],
)
def test_what_allure_puts_beside_results_is_left_out(bundle, name):
    [report] = bundle([(name, ONE), *LOOSE])
    assert len(names(report)) == 3


def test_other_reports_keep_their_place(bundle):
    files = [("a.xml", ONE), LOOSE[0], ("b.xml", ONE), LOOSE[1], ("c.xml", ONE)]
    found = [report.name for report in bundle(files)]
    assert [name.split()[0] for name in found] == ["a.xml", "allure-results", "b.xml", "c.xml"]


def test_a_file_alone_stays_what_it_is(bundle, folder):
    assert bundle(LOOSE[:1]) == [spooled(folder, *LOOSE[0])]


@pytest.mark.parametrize(
    "files",
    [
        [("x-attachment.xml", ONE), ("y-attachment.xml", ONE)],
        [("categories.json", b"[]"), ("executor.json", b"{}")],
        [("a-container.json", b"{}"), ("b-container.json", b"{}")],
        [("result.json", b"{}"), ("-result.json", b"{}")],
        [],
    ],
)
def test_files_without_any_result_stay_what_they_are(bundle, files):
    assert [report.name for report in bundle(files)] == [name for name, _ in files]


def test_results_of_other_folders_do_not_make_a_folder_of_it(bundle):
    files = [*allure("one", folder="a/"), ("b/x-attachment.xml", ONE)]
    assert [report.name for report in bundle(files)] == [name for name, _ in files]


def test_a_long_name_is_kept_whole(bundle):
    files = [(f"{'grün' * 60}{n}-result.json", result(f"{n}")) for n in range(2)]
    assert names(bundle(files)[0]) == [name for name, _ in files]


def test_results_of_another_format_are_not_taken_for_allure(bundle):
    """Other tools write `unit-result.json` too."""
    left = bundle([("a-result.json", ONE), ("b-result.json", b'{"tests": []}')])
    assert [report.name for report in left] == ["a-result.json", "b-result.json"]


def test_a_strange_file_among_them_stays_a_report(bundle):
    left = bundle([*LOOSE, ("x-result.json", b"{}")])
    assert [report.name for report in left][1:] == ["x-result.json"]


def test_files_that_come_later_are_a_report_of_their_own(bundle):
    [first] = bundle(LOOSE)
    [second] = bundle(allure("four", "five", folder=""))
    assert first.name != second.name


def test_what_stands_in_for_reports_still_does(bundle):
    [report] = bundle(LOOSE, stand_in=True)
    assert report.stand_in
