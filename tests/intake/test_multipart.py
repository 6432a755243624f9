"""Multipart bodies: every file whole and by its name, or the upload is refused."""

from __future__ import annotations

import contextlib

import pytest

from tracker.errors import TooLarge, UsageError
from tracker.intake.multipart import split_files


def part(name, data, filename=None):
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


END = b"--B--\r\n"


@pytest.fixture
def split(tmp_path):
    def split(body, boundary="B", most=100):
        path = tmp_path / "body"
        path.write_bytes(body)
        files = split_files(path, boundary, tmp_path / "spool", most)
        return [(name, kept.path.read_bytes()) for name, kept in files]

    return split


@pytest.fixture
def spooled(tmp_path):
    return lambda: [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]


def test_each_file_comes_with_its_name_and_bytes(split):
    body = part("file", b"<a/>", "a.xml") + part("file", b"<b/>", "dir/b.xml") + END
    assert split(body) == [("a.xml", b"<a/>"), ("dir/b.xml", b"<b/>")]


def test_a_field_that_is_no_file_is_refused(split):
    body = part("file", b"<a/>", "a.xml") + part("complete", b"true") + END
    with pytest.raises(UsageError, match="'complete' that is no file"):
        split(body)


def test_a_file_without_a_name_has_that_of_its_field(split):
    assert split(part("results", b"<a/>", "") + END) == [("results", b"<a/>")]


def test_bytes_are_not_changed(split):
    data = bytes(range(256)) * 5000 + b"\r\n--A--\r\n\n\r--b\r"
    assert split(part("file", data, "a") + END) == [("a", data)]


def test_an_empty_file_is_a_file(split):
    assert split(part("file", b"", "a.xml") + END) == [("a.xml", b"")]


def test_text_before_the_first_part_is_no_part(split):
    assert split(b"preamble\r\n" + part("file", b"x", "a") + END) == [("a", b"x")]


WHOLE = part("file", b"<a/>" * 20, "a.xml") + part("file", b"<b/>", "b.xml") + END


@pytest.mark.parametrize("length", range(len(WHOLE) - 4))
def test_a_body_cut_anywhere_is_refused(split, length):
    with pytest.raises(UsageError):
        split(WHOLE[:length])


def test_another_boundary_is_refused(split):
    with pytest.raises(UsageError):
        split(WHOLE, "C")


@pytest.mark.parametrize("body", [b"", END, part("note", b"x") + END])
def test_a_body_without_a_file_is_refused(split, body):
    with pytest.raises(UsageError):
        split(body)


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 2_000_000,
        b"--B\r\nX: " + b"x" * 2_000_000,
        part("file", b"<a/>", "a.xml") + END + b"x" * 2_000_000,
    ],
)
def test_what_is_no_file_is_held_up_to_a_limit(split, body):
    with pytest.raises(UsageError, match="in 1 MB of it"):
        split(body)


def test_so_many_files_and_no_more(split):
    files = [part("file", b"x%d" % n, f"{n}.xml") for n in range(6)]
    assert len(split(b"".join(files[:5]) + END, most=5)) == 5
    with pytest.raises(TooLarge, match="more than 5 files"):
        split(b"".join(files) + END, most=5)


def test_a_refused_body_leaves_no_torn_file(split, spooled):
    with pytest.raises(UsageError):
        split(part("file", b"x" * 1_000_000, "a.xml")[:-100])
    assert spooled() == []


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Disposition\r\n",
        b"Content-Disposition: form-data\r\n",
        b"Content-Type: text/plain\r\n",
        b"Content-Disposition: form-data; filename*=utf-9''%ff\r\n",
        b'Content-Disposition: form-data; name*=x; filename="\\\r\n',
        b"\xff\xfe: \x00\r\n",
        b"X: " + b"y" * 100_000 + b"\r\n",
    ],
)
def test_odd_heads_of_parts_are_read_or_refused(split, head):
    body = b"--B\r\n" + head + b"\r\nx\r\n" + part("file", b"<a/>", "a.xml") + END
    with contextlib.suppress(UsageError, TooLarge):
        assert ("a.xml", b"<a/>") in split(body)


@pytest.mark.parametrize("boundary", ["B" * 5000, ".*", "ä", "a b", "☃"])
def test_odd_boundaries_are_read_or_refused(split, boundary):
    body = WHOLE.replace(b"--B", b"--" + boundary.encode("latin-1", "replace"))
    with contextlib.suppress(UsageError, TooLarge):
        assert len(split(body, boundary)) == 2
