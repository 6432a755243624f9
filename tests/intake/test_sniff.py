"""Which parser: by the first bytes alone, and in words where there is none."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile

import pytest

from tracker.errors import Unrecognised
from tracker.intake.contract import Parser
from tracker.intake.sniff import HEAD_BYTES, choose, head_of, looks_like


def root(data):
    head = head_of(data if isinstance(data, bytes) else data.encode(), "x")
    return head.root, head.namespace


def parser(name, surety):
    return Parser(name=name, recognises="", sniff=lambda _: surety, read=lambda _: iter(()))


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.xml", "<a/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<testsuite/>", ("testsuite", "")),
        ("\n \t<testsuite name='a'>", ("testsuite", "")),
        ('<?xml version="1.0"?>\n<!-- <a> -->\n<testsuites>', ("testsuites", "")),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><testsuite>", ("testsuite", "")),
        ("<testsuite xmlns='urn:x'>", ("testsuite", "urn:x")),
        ('<p:testsuite xmlns="urn:no" xmlns:p="urn:yes">', ("testsuite", "urn:yes")),
        ("<a-b.c_d>", ("a-b.c_d", "")),
        ("text <testsuite>", ("", "")),
        ("{}", ("", "")),
        ("", ("", "")),
        ("<", ("", "")),
        ("<?xml", ("", "")),
        ("<!-- never closed", ("", "")),
    ],
)
def test_the_root_and_its_namespace_are_seen(data, expected):
    assert root(data) == expected


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_tells_the_encoding(mark, encoding):
    data = "<größe/>".encode(encoding)
    head = head_of(mark + data, "x")
    assert head.root == "größe"
    assert head.data == data


def test_bytes_that_are_no_text_do_not_stop_it():
    assert root(b"<a>\xff\xfe\xfd") == ("a", "")


def test_only_the_first_bytes_are_looked_at():
    head = head_of(b"x" * 200_000, "x")
    assert len(head.data) == HEAD_BYTES


def test_the_name_is_handed_on():
    assert head_of(b"", "a.xml").name == "a.xml"


def test_the_surest_parser_is_chosen():
    chosen = choose([parser("a", 0.2), parser("b", 0.9), parser("c", 0.3)], head_of(b"x", "x"))
    assert chosen.name == "b"


@pytest.mark.parametrize("parsers", [[], [parser("a", 0.0)], [parser("a", -1.0)]])
def test_a_file_that_nobody_wants_is_named_with_what_it_looks_like(parsers):
    with pytest.raises(Unrecognised, match=r"'a\.bin': it looks like plain text"):
        choose(parsers, head_of(b"hello", "a.bin"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b" \r\n\t", "an empty file"),
        (zipped(), "a zip archive"),
        (gzip.compress(b"x", mtime=0), "gzip data"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<!DOCTYPE html><html>", "an HTML page; where it came from may want a login"),
        (b"<html><body>Log in", "an HTML page; where it came from may want a login"),
        (b"<robot generator='x'>", "XML whose first element is <robot>"),
        (b' {"a": 1}', "JSON"),
        (b"[1]", "JSON"),
        (b"\xf9\xfe\xfd\xfc", "binary data"),
        (b"a\0b", "binary data"),
        (b"ok 1 - works", "plain text"),
    ],
)
def test_an_unknown_file_is_told_by_what_it_looks_like(data, words):
    assert looks_like(head_of(data, "x")) == words


@pytest.mark.parametrize(
    "piece", ["<!--", "<!DOCTYPE ", "<?", "<a ", "<a xmlns='", "<!DOCTYPE a ["]
)
def test_odd_beginnings_cost_no_time(piece):
    head_of((piece * HEAD_BYTES).encode(), "x")
