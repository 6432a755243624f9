"""Subunit, both versions: outcomes, what belongs to them, text in between, damage."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    file_of,
    is_marked,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    totals,
)
from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    Damage,
    ReportError,
    Result,
    Status,
    Suite,
    Trouble,
)

SUBUNIT = parser_of("subunit")
WORDS = ("", "exists", "inprogress", "success", "uxsuccess", "skip", "fail", "xfail")


def number(value: int) -> bytes:
    if value < 64:
        return bytes([value])
    if value < 16384:
        return struct.pack(">H", value | 0x4000)
    if value < 4194304:
        return struct.pack(">I", value | 0x800000)[1:]
    return struct.pack(">I", value | 0xC0000000)


def string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return number(len(data)) + data


def packet(
    test: str = "",
    word: str = "",
    *,
    time: float | None = None,
    tags: tuple[str, ...] = (),
    mime: str = "",
    file: str | None = None,
    content: bytes = b"",
    route: str = "",
) -> bytes:
    """A packet as the specification has it."""
    flags, body = 0x2100 | WORDS.index(word), b""
    if time is not None:
        flags |= 0x0200
        body += struct.pack(">I", int(time)) + number(round(time % 1 * 1e9))
    if test:
        flags |= 0x0800
        body += string(test)
    if tags:
        flags |= 0x0080
        body += number(len(tags)) + b"".join(map(string, tags))
    if mime:
        flags |= 0x0020
        body += string(mime)
    if file is not None:
        flags |= 0x0040
        body += string(file) + string(content)
    if route:
        flags |= 0x0400
        body += string(route)
    length = len(body) + 7
    length += 1 if length <= 62 else 2 if length <= 16381 else 3
    head = b"\xb3" + struct.pack(">H", flags) + number(length) + body
    return head + struct.pack(">I", zlib.crc32(head))


def of(*packets: bytes) -> list[Result]:
    return results(read(SUBUNIT, b"".join(packets)))


# Outcomes


@pytest.mark.parametrize(
    ("word", "status", "expected"),
    [
        ("success", Status.PASSED, ""),
        ("fail", Status.FAILED, ""),
        ("skip", Status.SKIPPED, ""),
        ("xfail", Status.SKIPPED, "xfail"),
        ("uxsuccess", Status.FAILED, "xpass"),
    ],
)
def test_a_packet_with_an_outcome_is_a_result(word, status, expected):
    [result] = of(packet("a.B.test_c", word))
    assert (result.status, result.expected_failure) == (status, expected)


def test_a_test_that_never_ended_is_unknown():
    records = read(SUBUNIT, packet("a.B.test_c", "inprogress"))
    [result] = results(records)
    assert (result.status, result.raw_status) == (Status.UNKNOWN, "inprogress")
    assert Trouble("1 tests began and never ended") in records


def test_a_test_that_is_only_listed_is_no_result():
    records = read(SUBUNIT, packet("a", "exists") + packet("b", "exists") + packet("a", "success"))
    assert [each.name for each in results(records)] == ["a"]
    assert Trouble("1 tests were listed and never ran") in records


def test_the_duration_is_the_time_between_start_and_outcome():
    [result] = of(packet("a", "inprogress", time=100.5), packet("a", "success", time=102.25))
    assert result.duration == 1.75


def test_a_clock_that_goes_back_gives_no_negative_time():
    [result] = of(packet("a", "inprogress", time=100.5), packet("a", "success", time=99))
    assert result.duration == 0.0


def test_without_times_no_duration_is_told():
    [result] = of(packet("a", "inprogress"), packet("a", "success"))
    assert result.duration is None


def test_tags_are_properties():
    [result] = of(packet("a", "inprogress", tags=("slow",)), packet("a", "success", tags=("w1",)))
    assert result.properties == (("tag", "slow"), ("tag", "w1"))


def test_one_test_may_run_on_two_routes_at_once():
    begun = [packet("a", "inprogress", route="0"), packet("a", "inprogress", route="1")]
    ended = [packet("a", "success", route="1"), packet("a", "success", route="0")]
    assert [each.status for each in of(*begun, *ended)] == [Status.PASSED, Status.PASSED]


def test_a_failed_test_with_a_later_outcome_was_tried_again():
    records = read(SUBUNIT, packet("a", "fail") + packet("a", "success"))
    assert totals(records) | {"total": 1, "passed": 1, "flaky": 1} == totals(records)


def test_any_other_repeat_is_a_result_of_its_own():
    assert [each.status for each in of(packet("a", "success"), packet("a", "fail"))] == [
        Status.PASSED,
        Status.FAILED,
    ]


@pytest.mark.parametrize(
    ("test_id", "path", "name"),
    [
        ("a.b.C.test_d", ("a.b.C",), "test_d"),
        ("a.C.test_d(1.5, x)", ("a.C",), "test_d(1.5, x)"),
        ("a.C.test_d[id-1.2,smoke]", ("a.C",), "test_d[id-1.2,smoke]"),
        ("a.C.test_d (i=1.5)", ("a.C",), "test_d (i=1.5)"),
        ("setUpClass (a.b.C)", ("a.b.C",), SET_UP),
        ("tearDownModule (a.b)", ("a.b",), TEAR_DOWN),
        ("unittest.loader._FailedTest.a.b", ("a.b",), SET_UP),
        ("it works. Really.", (), "it works. Really."),
        ("TestA/sub", (), "TestA/sub"),
    ],
)
def test_an_id_tells_suite_and_name(test_id, path, name):
    [kept] = placed(read(SUBUNIT, packet(test_id, "fail")))
    assert (kept.path, kept.result.name) == (path, name)


# What belongs to a test

TRACE = b"""Traceback (most recent call last):
  File "a.py", line 3, in f
    g()
acme.Oops: no
more
"""


def test_a_traceback_tells_type_and_message():
    parts = [
        packet("a", file="traceback", mime="text/x-traceback", content=each)
        for each in (
            TRACE[:20],
            TRACE[20:],
        )
    ]
    [result] = of(*parts, packet("a", "fail"))
    assert (result.type, result.message) == ("acme.Oops", "no\nmore")
    assert result.trace == TRACE.decode().strip()


def test_a_reason_is_the_message_of_a_skip():
    [result] = of(packet("a", "skip", file="reason", content=b"no network"))
    assert result.message == "no network"


def test_other_texts_are_output():
    [result] = of(
        packet("a", file="pythonlogging:''", mime="text/plain", content=b"log"),
        packet("a", file="stderr", mime="text/plain", content=b"err"),
        packet("a", "success"),
    )
    assert (result.stdout, result.stderr) == ("log", "err")


def test_what_is_no_text_is_an_attachment():
    [result] = of(packet("a", "fail", file="screen", mime="image/png", content=b"\x89PNG"))
    assert result.attachments == ("screen",)


def test_a_file_without_a_test_is_output_of_the_run():
    records = read(SUBUNIT, packet(file="stdout", content=b"hi") + packet("a", "success"))
    assert Suite((), stdout="hi") in records


# Packets


@pytest.mark.parametrize("size", [0, 40, 60, 70, 16_000, 16_400, 200_000, 4_000_000])
def test_packets_have_any_length(size):
    data = packet("a", file="x", content=b"." * size) + packet("a", "fail") + packet("b", "success")
    assert [each.name for each in results(read(SUBUNIT, data))] == ["a", "b"]


def test_text_between_packets_is_kept():
    data = "vóór\n".encode() + packet("a", "success") + "³ó³\n".encode() + packet("b", "fail")
    records = read(SUBUNIT, data)
    assert len(results(records)) == 2
    assert Suite((), stdout="vóór\n³ó³") in records
    assert not is_marked(records)


def test_a_wrong_checksum_is_damage_and_reading_goes_on_behind_it():
    good, bad = packet("a", "success"), bytearray(packet("b", "success"))
    bad[8] ^= 1
    records = read(SUBUNIT, good + bytes(bad) + packet("c", "fail"))
    assert [each.name for each in results(records)] == ["a", "c"]
    assert records[-1] == Damage("the checksum of a packet is wrong", f"byte {len(good)}")


def test_a_packet_that_breaks_off_is_damage():
    data = packet("a", "success") + packet("b", "success")
    records = read(SUBUNIT, data[:-1])
    assert [each.name for each in results(records)] == ["a"]
    assert isinstance(records[-1], Damage)


def test_a_packet_may_not_say_more_than_it_holds():
    head = b"\xb3" + struct.pack(">H", 0x2903) + number(13) + b"\x3fabcd"
    data = packet("a", "success") + head + struct.pack(">I", zlib.crc32(head))
    assert [type(each) for each in read(SUBUNIT, data)][-1] is Damage


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\xb3", b"\xb3\x29\x03\x0ax", b"\xb3" * 5000])
def test_what_is_not_subunit_is_refused(data):
    with pytest.raises(ReportError):
        read(SUBUNIT, data)


# Version 1


def of_lines(*lines: str) -> list[Result]:
    return results(read(SUBUNIT, "\n".join([*lines, ""]).encode()))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("success", Status.PASSED),
        ("successful", Status.PASSED),
        ("failure", Status.FAILED),
        ("error", Status.ERROR),
        ("skip", Status.SKIPPED),
        ("xfail", Status.SKIPPED),
        ("uxsuccess", Status.FAILED),
    ],
)
@pytest.mark.parametrize("colon", [":", ""])
def test_a_line_with_an_outcome_is_a_result(word, status, colon):
    [result] = of_lines(f"test{colon} a.B.c", f"{word}{colon} a.B.c")
    assert (result.name, result.status) == ("c", status)


def test_details_are_trace_or_reason():
    failed, skipped = of_lines(
        "test: a",
        "failure: a [",
        "ValueError: no",
        " ] more",
        "]",
        "test: b",
        "skip: b [",
        "why",
        "]",
    )
    assert (failed.trace, failed.type) == ("ValueError: no\n] more", "ValueError")
    assert skipped.message == "why"


def test_details_may_come_in_parts():
    data = (
        b"test: a\nerror: a [ multipart\nContent-Type: text/x-traceback\ntraceback\n"
        b"F\r\nValueError: no\n0\r\nContent-Type: image/png\nscreen\n4\r\n\x89\n]\n0\r\n]\n"
        b"test: b\nsuccess: b\n"
    )
    first, second = results(read(SUBUNIT, data))
    assert (first.message, first.attachments) == ("no", ("screen",))
    assert second.status is Status.PASSED


def test_times_and_tags_count_for_what_follows():
    [result] = of_lines(
        "tags: slow red",
        "time: 2026-01-01 10:00:00.000000Z",
        "test: a",
        "tags: blue -red",
        "time: 2026-01-01 10:00:01.500000Z",
        "success: a",
    )
    assert result.duration == 1.5
    assert result.properties == (("tag", "slow"), ("tag", "blue"))


def test_an_outcome_that_nobody_began_is_output():
    assert [each.name for each in of_lines("test: a", "error: disk full", "success: a")] == ["a"]


def test_a_set_up_of_a_class_fails_without_a_beginning():
    [kept] = placed(read(SUBUNIT, b"error: setUpClass (a.B) [\nOSError: no\n]\n"))
    assert (kept.path, kept.result.name, kept.result.status) == (("a.B",), SET_UP, Status.ERROR)


def test_a_test_without_outcome_is_unknown_though_others_follow():
    statuses = {each.name: each.status for each in of_lines("test: a", "test: b", "success: b")}
    assert statuses == {"a": Status.UNKNOWN, "b": Status.PASSED}


def test_fewer_tests_than_announced_are_trouble():
    records = read(SUBUNIT, b"progress: 2\ntest: a\nsuccess: a\n")
    assert Trouble("planned 2 tests, found 1") in records


# Sniffing


@pytest.mark.parametrize(
    "data",
    [
        packet("a", "exists"),
        b"some text\n" + packet("a", "success"),
        packet("a", file="x", content=b"." * 100_000),
        b"time: 2026-01-01 10:00:00Z\ntest: a\nfailure: a [\n",
        b"noise\ntesting a b\nsuccess a b\n",
    ],
)
def test_subunit_is_recognised(data):
    assert SUBUNIT.sniff(file_of(data).head) > 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xb3\xb3\xb3\xb3\xb3\xb3\xb3\xb3\xb3\xb3",
        "x³ = ó\n".encode("latin-1"),
        b"test: a\n",
        b"test: a\nsuccess: b\n",
        b'{"test": 1}',
    ],
)
def test_other_bytes_are_left_alone(data):
    assert SUBUNIT.sniff(file_of(data).head) == 0


# Whole runs

TESTS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
        st.sampled_from(["success", "fail", "skip", "xfail", "uxsuccess"]),
        st.integers(0, 1000),
    ),
    unique_by=lambda test: test[0],
    min_size=1,
)
STATUSES = {
    "success": Status.PASSED,
    "fail": Status.FAILED,
    "skip": Status.SKIPPED,
    "xfail": Status.SKIPPED,
    "uxsuccess": Status.FAILED,
}


@given(TESTS, st.text())
def test_what_is_written_is_read(tests, text):
    data = text.encode()
    for name, word, time in tests:
        data += packet("m.C.t_(" + name, "inprogress", time=5)
        data += packet("m.C.t_(" + name, word, time=5 + time)
    records = read(SUBUNIT, data)
    assert [(each.name, each.status, each.duration) for each in results(records)] == [
        ("t_(" + name, STATUSES[word], time) for name, word, time in tests
    ]
    assert not is_marked(records)


VERSION_2 = b"".join(
    [
        packet("a.B.one", "exists"),
        packet("a.B.two", "exists"),
        packet("a.B.three", "exists"),
        packet("a.B.one", "inprogress", time=1),
        b"hello \xc2\xb3\n",
        packet("a.B.two", "inprogress", time=1.5, route="1"),
        packet("a.B.one", "success", time=2, tags=("w1",)),
        packet("a.B.two", file="traceback", content=TRACE, route="1"),
        packet("a.B.two", "fail", time=3, route="1"),
        packet("a.B.three", "skip", file="reason", content=b"why"),
    ]
)
VERSION_1 = b"""progress: 3
test: a.one
success: a.one
test: a.two
failure: a.two [
ValueError: no
]
test: a.twofold
skip: a.twofold [ multipart
Content-Type: text/plain
reason
3\r
why0\r
]
"""


@pytest.mark.parametrize("data", [VERSION_1, VERSION_2])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(SUBUNIT, data) == []
