"""The JUnit plugin against ill-formed and hostile files; a generic test reads all the others."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import CORPUS
from tests.plugins.corpus import MANIFEST, Entry, entries
from tests.plugins.reading import is_marked, notes, parser_of, read, results
from tracker.intake.contract import Damage, Record, ReportError, Status
from tracker.intake.sniff import head_of

FILES = json.loads(MANIFEST.read_text())["files"] if MANIFEST.exists() else []
CLAIMS = (None, "junit", "any", "trx")
HOSTILE = [
    each["file"]
    for each in FILES
    if each["format"] == "hostile" and each.get("claims_to_be") in CLAIMS
]
JUNIT = parser_of("junit")

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not beside the repository")


def read_file(file: str) -> list[Record]:
    return read(JUNIT, (CORPUS / file).read_bytes(), file)


def test_only_what_is_ill_formed_is_marked_as_damaged():
    marked = {entry.file for entry in entries("junit") if is_damaged(entry)}
    assert marked == {entry.file for entry in entries("junit") if entry.expected is None}


def is_damaged(entry: Entry) -> bool:
    """Whether the plugin says so, or refuses the file."""
    try:
        return any(isinstance(each, Damage) for each in read(JUNIT, entry.data))
    except ReportError:
        return True


def test_a_file_of_another_format_is_never_taken_for_junit():
    others = [each["file"] for each in FILES if each["format"] not in ("junit", "hostile", "other")]
    heads = {each: head_of((CORPUS / each).read_bytes()[:65536], "x") for each in others}
    assert [each for each, head in heads.items() if JUNIT.sniff(head) > 0] == []


REFUSED = "refused"
# (passed, failed, errors, marked as damaged) of hostile files that are not refused.
ALLOWED: dict[str, str | tuple[int, int, int, bool]] = {
    "truncated-in-tag.xml": (1, 0, 0, True),
    "truncated-in-cdata.xml": (1, 0, 0, True),
    "two-roots.xml": (1, 0, 0, True),
    "bom-utf8.xml": (1, 0, 0, False),
    "utf16le-bom.xml": (1, 0, 0, False),
    "latin1-declared.xml": (1, 0, 0, False),
    "cp1252-smart-quotes.xml": (1, 0, 0, False),
    "control-chars.xml": (0, 1, 0, True),
    "harmless-doctype.xml": (1, 0, 0, False),
    "wide.xml": (8000, 0, 0, False),
    "many-cases.xml": (19800, 200, 0, False),
    "huge-system-out.xml": (1, 0, 0, False),
    "huge-attribute.xml": (0, 1, 0, False),
    "long-name.xml": (1, 0, 0, False),
    "long-names-same-start.xml": (1, 1, 0, False),
    "missing-names.xml": (4, 0, 0, False),
    "lying-counts.xml": (1, 0, 0, False),
    "odd-times.xml": (16, 0, 0, False),
    "odd-timestamps.xml": (13, 0, 0, False),
    "same-name-many-times.xml": (1, 2, 0, False),
    "all-outcomes-in-one.xml": (0, 0, 1, False),
    "markup-in-names.xml": (2, 1, 0, False),
    "unicode-names.xml": (6, 0, 0, False),
    "attachments-traversal.xml": (1, 0, 0, False),
    "processing-instruction.xml": (1, 0, 0, False),
    "namespaced.xml": (0, 1, 0, False),
    "junit-named.json": (1, 0, 0, False),
    "junit-named.trx": (1, 0, 0, False),
}


@pytest.mark.parametrize("file", HOSTILE)
def test_a_hostile_file_ends_soon_and_as_it_may(file):
    allowed = ALLOWED.get(Path(file).name, REFUSED)
    try:
        records = read_file(file)
    except ReportError:
        assert allowed == REFUSED
    else:
        statuses = Counter(each.status for each in results(records))
        assert allowed == (
            statuses[Status.PASSED],
            statuses[Status.FAILED],
            statuses[Status.ERROR],
            is_marked(records),
        )


def test_no_file_that_a_report_names_appears_in_what_it_says():
    named = Path("/etc/hostname")
    if not named.exists() or not named.read_text().strip():
        pytest.skip("the file that the corpus names is not on this machine")
    canary = named.read_text().strip()
    for file in HOSTILE:
        try:
            said = repr(read_file(file))
        except ReportError as error:
            said = str(error)
        assert canary not in said


def test_a_name_in_latin_1_is_read_as_it_was_written():
    [result] = results(read_file("hostile/ours/latin1-declared.xml"))
    assert result.name == "größe"


def test_long_names_stay_different():
    first, second = results(read_file("hostile/ours/long-names-same-start.xml"))
    assert first.name != second.name


def test_a_path_that_climbs_out_of_its_folder_is_kept_as_text():
    [result] = results(read_file("hostile/ours/attachments-traversal.xml"))
    assert result.attachments
    assert all(isinstance(each, str) for each in result.attachments)


def test_times_that_no_one_could_read_are_noted():
    records = read_file("hostile/ours/odd-times.xml")
    assert notes(records) == ["4 times could not be read as seconds and are left out"]
