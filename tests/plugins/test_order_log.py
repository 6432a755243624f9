"""The earlier application's order logs: lines, names of files, reruns, and cut files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import lies_of_a_cut, parser_of, placed, results
from tests.plugins.reading import read as read_with
from tracker.intake.contract import (
    Damage,
    Facets,
    Note,
    Record,
    ReportError,
    Rerun,
    Result,
    Status,
)
from tracker.intake.sniff import head_of

parser = parser_of("order_log")

LINES = (
    "[10.1.0.1] PASSED net/tests/test_a.py::TestX::test_one\n"
    "[10.1.0.2] FAILED net/tests/test_a.py::TestX::test_two[3 sites]\n"
    "\n"
    "[10.1.0.1] SKIPPED net/tests/test_a.py::test_three[a::b]\n"
)


def read(text: str, name: str = "x.order.txt") -> list[Record]:
    return read_with(parser, text.encode(), name)


def one(text: str) -> Result:
    [result] = results(read(text))
    return result


# Lines


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PASSED", Status.PASSED),
        ("passed", Status.PASSED),
        ("FAILED", Status.FAILED),
        ("ERROR", Status.ERROR),
        ("SKIPPED", Status.SKIPPED),
        ("XFAIL", Status.SKIPPED),
        ("XPASS", Status.PASSED),
        ("BOILED", Status.UNKNOWN),
    ],
)
def test_each_word_has_its_status(word: str, status: Status) -> None:
    assert one(f"[10.1.0.1] {word} a.py::T::t\n").status is status


def test_an_unknown_word_is_shown() -> None:
    result = one("[10.1.0.1] BOILED a.py::T::t\n")
    assert (result.raw_status, result.message) == ("BOILED", "status 'BOILED'")


def test_expected_failures_are_told() -> None:
    assert one("[10.1.0.1] XFAIL a.py::T::t\n").expected_failure == "xfail"


@pytest.mark.parametrize(
    ("nodeid", "classname", "name", "file"),
    [
        ("net/a/test_b.py::TestX::test_c", "net.a.test_b.TestX", "test_c", "net/a/test_b.py"),
        ("test_b.py::test_c", "test_b", "test_c", "test_b.py"),
        ("test_b.py::T::U::test_c", "test_b.T.U", "test_c", "test_b.py"),
        ("test_b.py::T::test_c[5-a::b c]", "test_b.T", "test_c[5-a::b c]", "test_b.py"),
        ("prüf/test_b.py::T::test_ö", "prüf.test_b.T", "test_ö", "prüf/test_b.py"),
    ],
)
def test_names_are_those_of_the_junit_xml(
    nodeid: str, classname: str, name: str, file: str
) -> None:
    [found] = placed(read(f"[10.1.0.1] PASSED {nodeid}\n"))
    assert found.path == ("pytest",)
    assert (found.result.classname, found.result.name) == (classname, name)
    assert found.result.file == file


def test_the_setup_and_the_place_in_the_order_are_properties() -> None:
    assert [each.properties for each in results(read(LINES))] == [
        (("setup_ip", "10.1.0.1"), ("order", "0")),
        (("setup_ip", "10.1.0.2"), ("order", "1")),
        (("setup_ip", "10.1.0.1"), ("order", "2")),
    ]


@pytest.mark.parametrize("address", ["fe80::1", "", "host-7.lab"])
def test_an_address_may_be_of_any_kind(address: str) -> None:
    assert one(f"[{address}] PASSED a.py::T::t\n").properties[0] == ("setup_ip", address)


def test_lines_may_end_as_windows_has_it() -> None:
    assert one("[10.1.0.1] PASSED a.py::T::t\r\n").name == "t"


def test_other_lines_are_counted_in_a_note_and_blank_ones_are_not() -> None:
    records = read("collected 2 items\n\n" + LINES + "[10.1.0.1] RUNNING\n")
    assert [each for each in records if isinstance(each, Note)] == [
        Note("2 lines are of another kind and were left out")
    ]
    assert len(results(records)) == 3


@pytest.mark.parametrize("text", ["", "\n", "hello\n", "[10.1.0.1] PASSED a.py::T::t"])
def test_a_file_without_a_whole_line_is_refused(text: str) -> None:
    with pytest.raises(ReportError):
        read(text)


def test_bytes_that_are_no_text_are_replaced() -> None:
    [result] = results(read_with(parser, b"[10.1.0.1] PASSED a.py::T::t\xff\n"))
    assert result.name == "t�"


def test_utf_16_is_read() -> None:
    assert len(results(read_with(parser, LINES.encode("utf-16")))) == 3


# Names of files


@pytest.mark.parametrize(
    ("name", "topology"),
    [
        ("20240117103000_rt_5s.order.txt", "5s"),
        ("20240117_103000_rt_5s.order.txt", "5s"),
        ("2024-01-17T10:30:00_rt_ha_two_nodes.order.txt", "ha_two_nodes"),
        ("1705487400_01_5s.order.txt", "5s"),
        ("logs/node\\1705487400_rt_5s.order.txt", "5s"),
        ("re_run_rt_5s.order.txt", "5s"),
        ("RE_RUN_rt_5s.ORDER.TXT", "5s"),
    ],
)
def test_the_name_of_the_file_tells_the_topology(name: str, topology: str) -> None:
    found = [each for each in read(LINES, name) if isinstance(each, Facets)]
    assert found == [Facets((("topology", topology),))]


@pytest.mark.parametrize("name", ["x.order.txt", "report", "5s.txt", ""])
def test_another_file_name_tells_no_topology(name: str) -> None:
    assert not [each for each in read(LINES, name) if isinstance(each, Facets)]


def test_a_rerun_says_so_before_its_results() -> None:
    assert read(LINES, "logs/re_run_rt_5s.order.txt")[0] == Rerun()
    assert Rerun() not in read(LINES, "1705487400_rt_5s.order.txt")


def test_a_folder_called_like_a_rerun_makes_none() -> None:
    assert Rerun() not in read(LINES, "re_run_1/1705487400_rt_5s.order.txt")


# Cut files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_last_line_without_an_end_is_damage_and_no_result(encoding: str) -> None:
    mark = "\ufeff" if encoding != "utf-8" else ""
    records = read_with(parser, (mark + LINES).encode(encoding)[:-4])
    assert [each.name for each in results(records)] == ["test_one", "test_two[3 sites]"]
    assert isinstance(records[-1], Damage)


@pytest.mark.parametrize(
    "text", [LINES, "[10.1.0.1] PASSED a.py::t\n[10.1.0.1] ERROR a.py::T::test_ä[x]\n"]
)
def test_a_file_cut_anywhere_makes_nothing_up(text: str) -> None:
    # What is cut between two lines looks whole: nothing in the format says how many there are.
    assert all("nothing says so" in lie for lie in lies_of_a_cut(parser, text.encode()))


def test_a_file_cut_within_a_line_says_that_something_is_missing() -> None:
    data = LINES.encode()
    whole_lines = {place for place in range(len(data)) if data[:place].endswith(b"\n")}
    lies = lies_of_a_cut(parser, data)
    assert {int(lie.split()[2]) for lie in lies} <= whole_lines


# Sniffing


def test_it_is_recognised_by_its_lines() -> None:
    assert parser.sniff(head_of(LINES.encode(), "anything")) > 0.5
    assert parser.sniff(head_of(("started\n" + LINES).encode(), "anything")) > 0.5


def test_a_head_that_is_cut_within_a_line_is_recognised() -> None:
    assert parser.sniff(head_of((LINES * 900).encode(), "x")) > 0.5


@pytest.mark.parametrize(
    "text",
    ["", "{}", "1..2\nok 1\n", "[10.1.0.1] PASSED\n", "[INFO] Building a::b\nx\ny\n", "[::1]\n"],
)
def test_other_texts_are_left_alone(text: str) -> None:
    assert parser.sniff(head_of(text.encode(), "1_rt_5s.order.txt")) == 0


# Runs written and read again

WORD = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True)
PARAMETERS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=8)
STATUS = st.sampled_from(["passed", "failed", "error", "skipped"])
LINE = st.tuples(WORD, st.none() | PARAMETERS, STATUS, st.ip_addresses())


@given(st.lists(LINE, min_size=1, max_size=6))
def test_what_is_written_is_read_again(run: list[tuple[str, str | None, str, object]]) -> None:
    lines, wanted = [], []
    for word, parameters, status, address in run:
        name = word if parameters is None else f"{word}[{parameters}]"
        lines.append(f"[{address}] {status.upper()} a/t.py::T::{name}\n")
        wanted.append((name, "a.t.T", status, str(address)))
    found = [each for each in read("".join(lines)) if isinstance(each, Result)]
    assert [(r.name, r.classname, r.status.word, r.properties[0][1]) for r in found] == wanted
