"""Archives, honest and hostile: what comes out of them, and where it ends."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import stat
import struct
import subprocess
import sys
import tarfile
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.intake import unpacking
from tracker.intake.archives import entries, kind_of, unzipped
from tracker.intake.unpacking import ArchiveDamage, Budget

TEXTS = [("a.xml", b"<a/>"), ("d/b.xml", b"<b/>" * 500), ("d/e/c.xml", b"")]
PACKED = ("zip", "tar", "tar.gz")


def zipped(files, method=zipfile.ZIP_DEFLATED, stream=False, comment=b""):
    """A zip of names and bytes; with `stream` as it is written into a socket."""
    out = io.BytesIO()
    if stream:
        out.seekable = lambda: False
        out.seek = out.tell = _unseekable
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        archive.comment = comment
        for name, data in files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
    return out.getvalue()


def _unseekable(*_):
    raise io.UnsupportedOperation


def tarred(files, format=tarfile.PAX_FORMAT, **more):
    """A tar of names and bytes, or of headers without any."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, **more) as archive:
        for name, data in files:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = info.size or len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def gzipped(data, level=9):
    """Gzip that is the same at any time."""
    return gzip.compress(data, level, mtime=0)


def packed(kind, files):
    if kind == "zip":
        return zipped(files)
    return gzipped(tarred(files)) if kind == "tar.gz" else tarred(files)


def read(data, kind=None):
    """What comes out: names with their bytes, or with why not, in order; and the damage."""
    found = []
    try:
        for entry in entries(kind or kind_of(data), io.BytesIO(data), Budget(len(data))):
            found.append((entry.name, entry.refusal or whole(entry)))
    except ArchiveDamage as damage:
        return found, str(damage)
    return found, ""


def whole(entry):
    """The bytes of an entry; None where they break off."""
    data = b"".join(iter(lambda: entry.content.read(1 << 16), b""))
    return None if entry.content.damage else data


def only(data, kind=None):
    """The one entry of an archive that is whole."""
    [found], damage = read(data, kind)
    assert damage == ""
    return found


# What is honest


@pytest.mark.parametrize("kind", PACKED)
def test_all_entries_come_in_their_order(kind):
    assert read(packed(kind, TEXTS), kind) == (TEXTS, "")


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
plain = paths.filter(
    lambda path: not unpacking.odd_name(path) and not path.endswith("/") and "\\" not in path
).filter(lambda path: not path.startswith("./"))


@pytest.mark.parametrize("kind", PACKED)
@given(files=st.lists(st.tuples(plain, st.binary(max_size=2000)), max_size=8))
@settings(deadline=None)
def test_whatever_is_packed_comes_out_equal(kind, files):
    assert read(packed(kind, files), kind) == (files, "")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_that_was_streamed_is_read(method):
    """As Jenkins' `*zip*` writes them: sizes behind the bytes, all in one folder."""
    files = [(f"archive/{name}", data) for name, data in TEXTS]
    data = zipped(files, method, stream=True)
    assert b"PK\x07\x08" in data
    assert read(data) == (files, "")


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_long_name_is_read_whole(format):
    name = "/".join(["folder" * 6] * 6) + "/grün.xml"
    assert only(tarred([(name, b"x")], format)) == (name, b"x")


def test_an_old_tar_without_a_magic_word_is_read():
    data = tarred([("old/a.xml", b"<a/>")], tarfile.USTAR_FORMAT)
    header = bytearray(data[:512])
    header[257:] = bytes(255)
    old = summed(header) + data[512:]
    assert kind_of(old) == "tar"
    assert only(old) == ("old/a.xml", b"<a/>")


def test_what_is_told_of_the_whole_archive_is_no_entry():
    data = tarred([("a.xml", b"<a/>")], pax_headers={"comment": "of git"})
    assert only(data) == ("a.xml", b"<a/>")


def test_a_leading_dot_is_no_part_of_the_name():
    assert only(tarred([("./d/a.xml", b"x")])) == ("d/a.xml", b"x")


def test_a_backslash_separates_folders():
    assert only(zipped([("d\\a.xml", b"x")])) == ("d/a.xml", b"x")


def test_the_names_of_an_old_zip_are_read():
    data = zipped([("gr_n.xml", b"x")]).replace(b"gr_n", b"gr\x81n")
    assert only(data) == ("grün.xml", b"x")


@pytest.mark.parametrize("kind", PACKED)
def test_folders_are_no_entries(kind):
    folder = tarfile.TarInfo("d")
    folder.type = tarfile.DIRTYPE
    first = "d/" if kind == "zip" else folder
    assert read(packed(kind, [(first, b""), ("d/a.xml", b"x")]), kind) == ([("d/a.xml", b"x")], "")


def test_a_folder_with_a_backslash_is_no_entry():
    assert read(zipped([("d\\", b"")])) == ([], "")


@pytest.mark.parametrize("kind", PACKED)
def test_two_entries_of_one_name_both_come(kind):
    files = [("a.xml", b"1"), ("a.xml", b"2")]
    assert read(packed(kind, files), kind) == (files, "")


def test_an_empty_zip_has_no_entries():
    data = zipped([])
    assert kind_of(data) == "zip"
    assert read(data) == ([], "")


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_an_empty_tar_has_no_entries(kind):
    assert read(packed(kind, []), kind) == ([], "")


def test_a_comment_hides_nothing():
    assert only(zipped([("a.xml", b"x")], comment=b"c" * 65_535)) == ("a.xml", b"x")


def test_a_zip_behind_other_bytes_is_read_by_its_directory():
    assert only(b"PK\x03\x04 junk" + zipped([("a.xml", b"x")])) == ("a.xml", b"x")


def test_a_digest_is_of_all_bytes_of_an_entry():
    [entry] = entries("zip", io.BytesIO(zipped([("a.xml", b"<a/>" * 999)])), Budget(1))
    whole(entry)
    assert entry.content.sha256 == hashlib.sha256(b"<a/>" * 999).hexdigest()
    assert entry.content.size == 3996


def test_a_stream_gives_all_that_came_before_the_broken_place():
    noise = random.Random(1).randbytes(30_000)
    stream = unzipped(io.BytesIO(gzipped(noise)[:20_000]), Budget(1))
    data = b"".join(iter(lambda: stream.read(1 << 16), b""))
    assert stream.damage
    assert len(data) > 15_000
    assert noise.startswith(data)


def test_gzip_around_one_file_is_taken_off():
    stream = unzipped(io.BytesIO(gzipped(b"one") + gzipped(b"two")), Budget(1))
    assert stream.read(100) + stream.read(100) == b"onetwo"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", ""),
        (b"PK", ""),
        (b"<testsuite/>", ""),
        (b"\0" * 10_240, ""),
        (b"x" * 512, ""),
        (b"\xff" * 512, ""),
        (b"\x1f\x8b", "gzip"),
        (b"PK\x05\x06", "zip"),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(head, kind):
    assert kind_of(head) == kind


# Read as streams


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_is_read_no_further_than_it_is_asked_for(kind):
    noise = random.Random(1)
    files = [(f"{n}.bin", noise.randbytes(1_000_000)) for n in range(3)]
    data = packed(kind, files)
    stream = Counting(data)
    found = entries(kind, stream, Budget(len(data)))
    assert next(found).content.read(10) == files[0][1][:10]
    assert stream.count < 300_000


class Counting(io.BytesIO):
    """Bytes that count how many of them were read."""

    count = 0

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data

    def read1(self, size=-1):
        return self.read(size)


def test_nothing_is_written_while_an_archive_is_read(tmp_path):
    script = """
import io, os, sys
from tracker.intake.archives import entries
from tracker.intake.unpacking import Budget
written = []
def watch(event, arguments):
    if event == "open" and arguments[2] and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        written.append(arguments[0])
    elif event in ("os.mkdir", "os.symlink", "os.link", "os.rename", "shutil.unpack_archive"):
        written.append(event)
sys.addaudithook(watch)
for path in sys.argv[1:]:
    with open(path, "rb") as stream:
        for entry in entries(path.rpartition("-")[2], stream, Budget(1)):
            print(len(entry.content.read(99)))
assert not written, written
"""
    for kind in PACKED:
        (tmp_path / f"of-{kind}").write_bytes(packed(kind, TEXTS))
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *(str(path) for path in tmp_path.iterdir())],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["4", "99", "0"] * 3, done.stderr
    assert len(list(tmp_path.iterdir())) == 3


# Limits


@pytest.fixture
def many(monkeypatch):
    """One entry more than are allowed, where so few are."""
    assert unpacking.MOST_ENTRIES == 20_000
    monkeypatch.setattr(unpacking, "MOST_ENTRIES", 1000)
    return 1001


def test_as_many_entries_as_are_allowed_are_read(many):
    found, damage = read(zipped([(f"{n}", b"") for n in range(many - 1)], zipfile.ZIP_STORED))
    assert (len(found), damage) == (many - 1, "")


def test_a_zip_of_too_many_entries_is_not_begun(many):
    data = zipped([(f"{n}", b"") for n in range(many)], zipfile.ZIP_STORED)
    assert read(data) == ([], "it has more than 1,000 entries")


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_tar_ends_at_the_limit_of_entries(kind, many):
    info = tarfile.TarInfo("n")
    info.type = {"file": tarfile.REGTYPE, "folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}[kind]
    data = info.tobuf() * many + bytes(1024)
    found, damage = read(data)
    assert len(found) == (0 if kind == "folder" else many - 1)
    assert damage == "it has more than 1,000 entries"


@pytest.mark.parametrize("kind", PACKED)
def test_an_archive_ends_where_it_unpacks_to_too_much(kind, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1024**2)
    noise = random.Random(1).randbytes(400_000)
    found, damage = read(packed(kind, [("1", noise), ("2", noise), ("3", noise)]), kind)
    assert damage == "it unpacks to more than 1 MB"
    assert found[:2] == [("1", noise), ("2", noise)]
    assert all(data is None for _, data in found[2:])


@pytest.mark.parametrize("kind", PACKED)
def test_up_to_the_limit_everything_is_read(kind, monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1024**2)
    noise = random.Random(1).randbytes(480_000)
    assert read(packed(kind, [("1", noise), ("2", noise)]), kind)[1] == ""


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_small_file_that_becomes_a_large_one_is_ended(kind):
    data = packed(kind, [("bomb", bytes(30_000_000))])
    assert len(data) < 75_000
    found, damage = read(data, kind)
    assert damage == "it unpacks to more than 200 times its size"
    assert found == [("bomb", None)]


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_many_entries_that_together_become_a_large_file_are_ended(kind):
    data = packed(kind, [(f"{n}", bytes(100_000)) for n in range(300)])
    found, damage = read(data, kind)
    assert "200 times" in damage
    assert sum(len(got) for _, got in found if got) <= max(unpacking.RATIO_FROM, 200 * len(data))


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_good_ratio_of_a_small_archive_is_no_bomb(kind):
    data = packed(kind, [("log", b"a line like the others\n" * 500_000)])
    assert read(data, kind)[1] == ""


def test_a_bomb_of_gzip_is_ended():
    stream = unzipped(io.BytesIO(gzipped(bytes(20_000_000))), Budget(50_000))
    while stream.read(1 << 16):
        pass
    assert stream.size <= unpacking.RATIO_FROM
    assert "200 times" in stream.damage


def test_gzip_in_an_archive_is_spent_from_the_budget_of_the_archive():
    data = zipped([("a.gz", gzipped(bytes(20_000_000)))])
    budget = Budget(len(data))
    entry = next(entries("zip", io.BytesIO(data), budget))
    inner = unzipped(entry.content, budget)
    while inner.read(1 << 16):
        pass
    assert "200 times" in inner.damage


# Zip: overlap


def zip_of(locals_, directory):
    """A zip by hand: local bytes, then for each (name, place, size, unpacked, crc) its entry."""
    places = b"".join(
        struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, method, 0, 33, crc, size,
                    unpacked, len(name), 0, 0, 0, 0, 0, place) + name
        for name, place, size, unpacked, crc, method in directory
    )  # fmt: skip
    n = len(directory)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, n, n, len(places), len(locals_), 0)
    return locals_ + places + end


def local(name, size, unpacked, crc, method=8, extra=b""):
    head = struct.pack("<4s2B4HL2L2H", b"PK\x03\x04", 20, 0, 0, method, 0, 33, crc, size, unpacked,
                       len(name), len(extra))  # fmt: skip
    return head + name + extra


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def test_entries_that_are_all_the_same_bytes_are_refused():
    plain = bytes(1_000_000)
    kernel, crc = deflated(plain), zlib.crc32(plain)
    one = (0, len(kernel), len(plain), crc, 8)
    data = zip_of(local(b"a", len(kernel), len(plain), crc) + kernel, [(b"a", *one), (b"a", *one)])
    assert read(data) == ([], "its entries overlap")


def test_entries_that_quote_the_next_one_are_refused():
    """Each holds the header of the next as stored bytes, and then all share one kernel."""
    plain = bytes(100_000)
    kernel = deflated(plain)
    body, content, directory = kernel, plain, []
    for name in (b"c", b"b", b"a"):
        head = local(name, len(body), len(content), zlib.crc32(content))
        directory = [(name, len(head), len(body), len(content), zlib.crc32(content), 8)] + [
            (other, place + len(head) + 5, *rest) for other, place, *rest in directory
        ]
        quote = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF)
        body, content = quote + head + body, head + content
    places = [(name, place - directory[0][1], *rest) for name, place, *rest in directory]
    assert read(zip_of(body[5:], places)) == ([], "its entries overlap")


def test_an_entry_that_begins_before_the_file_is_refused():
    data = bytearray(zipped([("a", b"x")]))
    place = data.index(b"PK\x05\x06")
    data[place + 16 : place + 20] = struct.pack("<L", 10_000)
    assert read(bytes(data)) == ([], "its entries overlap")


# What is never opened


def unix(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        (stat.S_IFLNK | 0o777, "it is a link"),
        (stat.S_IFCHR | 0o666, "it is no plain file"),
        (stat.S_IFBLK | 0o666, "it is no plain file"),
        (stat.S_IFIFO | 0o666, "it is no plain file"),
        (stat.S_IFSOCK | 0o666, "it is no plain file"),
        (stat.S_IFDIR | 0o777, "it is no plain file"),
    ],
)
def test_a_zip_entry_that_is_no_file_is_refused(mode, why):
    data = zipped([(unix("a.xml", mode), b"/etc/passwd"), ("b.xml", b"x")])
    assert read(data) == ([("a.xml", why), ("b.xml", b"x")], "")


@pytest.mark.parametrize(
    ("type", "why"),
    [
        (tarfile.SYMTYPE, "it is a link"),
        (tarfile.LNKTYPE, "it is a link"),
        (tarfile.CHRTYPE, "it is no plain file"),
        (tarfile.BLKTYPE, "it is no plain file"),
        (tarfile.FIFOTYPE, "it is no plain file"),
        (b"V", "it is no plain file"),
    ],
)
@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_tar_entry_that_is_no_file_is_refused(type, why, kind):
    info = tarfile.TarInfo("a.xml")
    info.type, info.linkname = type, "/etc/passwd"
    assert read(packed(kind, [(info, b""), ("b.xml", b"x")]), kind) == (
        [("a.xml", why), ("b.xml", b"x")],
        "",
    )


def test_a_hard_link_to_an_earlier_entry_is_no_second_one():
    info = tarfile.TarInfo("b.xml")
    info.type, info.linkname = tarfile.LNKTYPE, "a.xml"
    data = tarred([("a.xml", b"x"), (info, b"")])
    assert read(data) == ([("a.xml", b"x"), ("b.xml", "it is a link")], "")


def test_a_sparse_file_of_gnu_is_refused():
    header = bytearray(tarfile.TarInfo("a.bin").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[386:410] = b"00000000000\x0000000000000\0"
    header[483:495] = b"77777777777\0"
    data = summed(header) + tarred([("b.xml", b"x")])
    assert read(data) == ([("a.bin", "it is no plain file"), ("b.xml", b"x")], "")


@pytest.mark.parametrize(
    "told",
    [
        {"GNU.sparse.map": "0,1", "GNU.sparse.size": "1000000000000"},
        {"GNU.sparse.size": "1000000000000", "GNU.sparse.numblocks": "1"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99"},
    ],
)
def test_a_sparse_file_of_pax_is_refused(told):
    info = tarfile.TarInfo("a.bin")
    info.pax_headers = told
    data = tarred([(info, b"1\n0\n1\n".ljust(512, b"\0")), ("b.xml", b"x")])
    found, damage = read(data)
    assert found == [("a.bin", "it is no plain file"), ("b.xml", b"x")]
    assert damage == ""


def test_an_encrypted_entry_is_refused():
    data = bytearray(zipped([("a.xml", b"secret"), ("b.xml", b"x")]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    found, damage = read(bytes(data))
    assert found == [("a.xml", "it is encrypted"), ("b.xml", b"x")]
    assert damage == "the entry 'a.xml': it is encrypted"


@pytest.mark.parametrize("flag", [0x20, 0x40])
def test_a_patch_and_a_strongly_encrypted_entry_are_refused(flag):
    data = bytearray(zipped([("a.xml", b"secret"), ("b.xml", b"x")]))
    data[data.index(b"PK\x01\x02") + 8] |= flag
    (first, second), damage = read(bytes(data))
    assert "cannot be opened" in first[1]
    assert second == ("b.xml", b"x")
    assert "'a.xml': it cannot be opened" in damage


@pytest.mark.parametrize("method", [1, 9, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 93, 99])
def test_another_method_than_deflate_is_refused(method):
    data = bytearray(zipped([("a.xml", b"x" * 9), ("b.xml", b"x")]))
    data[data.index(b"PK\x01\x02") + 10] = method
    (first, second), damage = read(bytes(data))
    assert first == ("a.xml", "it is packed by a method that is not read here")
    assert second == ("b.xml", b"x")
    assert damage.startswith("the entry 'a.xml': it is packed by a method")


OUTSIDE = [
    "../a",
    "d/../../a",
    "d/..",
    "..",
    "/a",
    "//host/a",
    "C:a",
    "c:/a",
    "..\\a",
    "C:\\a",
    "\\a",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_path_that_leads_out_of_a_zip_is_refused(name):
    shown = name.replace("\\", "/")
    assert only(zipped([(name, b"x")])) == (shown, "its path leads out of the archive")


@pytest.mark.parametrize("name", [name for name in OUTSIDE if "\\" not in name])
def test_a_path_that_leads_out_of_a_tar_is_refused(name):
    assert only(tarred([(name, b"x")])) == (name, "its path leads out of the archive")


@pytest.mark.parametrize(
    "name", ["a\nb.xml", "a\x1b[31m.xml", "a\x7f.xml", "a\t", "x" * 1001, "d/" * 600 + "a"]
)
@pytest.mark.parametrize("kind", PACKED)
def test_a_name_that_no_tool_would_write_is_refused(kind, name):
    [shown, why] = only(packed(kind, [(name, b"x")]), kind)
    assert why == "its name is no sensible path"
    assert len(shown) <= 1000
    assert shown.isprintable()


def test_a_name_behind_a_zero_is_not_believed():
    data = zipped([("a.xml_.png", b"x")]).replace(b"a.xml_", b"a.xml\0")
    assert only(data) == ("a.xml\ufffd.png", "its name is no sensible path")


def test_a_name_that_is_no_text_is_refused():
    data = tarred([("gr_n.xml", b"x")], tarfile.GNU_FORMAT)
    header = bytearray(data[:512])
    header[2:3] = b"\x81"
    assert only(summed(header) + data[512:]) == ("gr\ufffdn.xml", "its name is no sensible path")


@pytest.mark.parametrize("name", ["", ".", "./", "./."])
def test_an_entry_without_a_name_is_refused(name):
    data = tarred([("a.xml", b"x"), (name, b"x")])
    assert read(data)[0][1][1] == "its name is no sensible path"


def test_a_zip_entry_without_a_name_is_refused():
    data = zip_of(
        local(b"", 1, 1, zlib.crc32(b"x"), 0) + b"x", [(b"", 0, 1, 1, zlib.crc32(b"x"), 0)]
    )
    assert only(data) == ("(unnamed)", "its name is no sensible path")


def summed(header):
    """A header of a tar with its right checksum."""
    header = bytearray(header)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


# Damage


def test_a_wrong_checksum_is_damage():
    data = zipped([("a.xml", b"right")], zipfile.ZIP_STORED).replace(b"right", b"wrong")
    found, damage = read(data)
    assert found == [("a.xml", None)]
    assert "'a.xml'" in damage
    assert "CRC" in damage


def test_what_came_before_a_wrong_checksum_is_whole():
    files = [("a.xml", b"one"), ("b.xml", b"right")]
    data = zipped(files, zipfile.ZIP_STORED).replace(b"right", b"wrong")
    found, damage = read(data)
    assert found[0] == ("a.xml", b"one")
    assert "'b.xml'" in damage


@pytest.mark.parametrize("size", [0, 1, 50, 4000, 0xFFFFFFFE])
@pytest.mark.parametrize("field", [20, 24])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_lie_about_the_size_of_an_entry_gives_no_more_than_is_there(size, field, method):
    text = random.Random(1).randbytes(1000)
    data = bytearray(zipped([("a.xml", text)], method))
    place = data.index(b"PK\x01\x02") + field
    data[place : place + 4] = struct.pack("<L", size)
    found, damage = read(bytes(data))
    assert damage or found in ([("a.xml", text)], [("a.xml", b"")])
    refused = "it cannot be opened"  # by Pythons that look for overlaps themselves
    assert all(got in (None, b"", text) or got.startswith(refused) for _, got in found)


@pytest.mark.parametrize("size", [2**31, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("field", ["file_size", "compress_size", "header_offset"])
def test_a_lie_of_64_bits_is_damage(size, field):
    name, text = b"a.xml", b"text"
    told = {"file_size": 4, "compress_size": 4, "header_offset": 0}
    extra = struct.pack("<HHQ", 1, 8, size)
    told[field] = 0xFFFFFFFF
    head = local(name, 4, 4, zlib.crc32(text), 0) + text
    place = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 45, 3, 45, 0, 0, 0, 0, 33,
                        zlib.crc32(text), told["compress_size"], told["file_size"], len(name),
                        len(extra), 0, 0, 0, 0, told["header_offset"]) + name + extra  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(place), len(head), 0)
    found, damage = read(head + place + end)
    assert damage or found == [(name.decode(), text)]


@pytest.mark.parametrize(
    "end",
    [
        struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0),
        struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 10, 0, 0),
        struct.pack("<4s4H2LH", b"PK\x05\x06", 1, 1, 1, 1, 46, 4, 0),
        struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 2)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0),
        struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 2**64 - 1, 2**64 - 1)
        + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0),
        struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0),
    ],
    ids=["64 bits alone", "too small", "two disks", "disks of 64 bits", "huge", "no 64 bits"],
)
def test_a_directory_that_cannot_be_is_damage(end):
    found, damage = read(zipped([("a.xml", b"x")])[:-22] + end, "zip")
    assert found == []
    assert "directory cannot be read" in damage


def test_a_zip_without_its_directory_is_damage():
    found, damage = read(zipped(TEXTS)[:60])
    assert found == []
    assert "directory cannot be read" in damage


def test_a_version_from_the_future_is_damage():
    data = bytearray(zipped([("a.xml", b"x")]))
    data[data.index(b"PK\x01\x02") + 6] = 99
    assert "version" in read(bytes(data))[1]


def test_an_extra_field_that_lies_is_damage():
    info = zipfile.ZipInfo("a.xml")
    info.extra = struct.pack("<HH", 0xCAFE, 2) + b"xx"
    data = zipped([(info, b"x")])
    before, _, after = data.rpartition(struct.pack("<HH", 0xCAFE, 2))
    assert "Corrupt extra field" in read(before + b"\xfe\xca\xff\xff" + after)[1]


@pytest.mark.parametrize("name", [b"\xff\xfe.xml", b"b.xml\0\0", b"other"])
def test_two_names_of_one_zip_entry_are_damage(name):
    """One in the directory, another before the bytes, which may be no text at all."""
    data = bytearray(zipped([("grün.xm", b"x"), ("c.xml", b"x")]))
    data[30 : 30 + len(name)] = name
    found, damage = read(bytes(data))
    assert found[1:] == [("c.xml", b"x")]
    assert "cannot be opened" in damage


def test_a_broken_header_before_the_bytes_is_damage():
    files = [("a.xml", b"x"), ("b.xml", b"x")]
    data = bytearray(zipped(files))
    data[data.index(b"PK\x03\x04", 4)] = 0
    found, damage = read(bytes(data))
    assert found[:1] == files[:1]
    assert "'b.xml': it cannot be opened" in damage


def test_what_an_error_repeats_of_a_long_name_is_cut():
    data = bytearray(zipped([("n" * 1000, b"x")]))
    data[30:1030] = b"\xff" * 1000
    assert len(read(bytes(data))[1]) < 1300


@pytest.mark.parametrize("kind", PACKED)
def test_a_cut_archive_gives_less_and_says_so(kind):
    noise = random.Random(1)
    files = [(f"{n}.xml", noise.randbytes(700 * n)) for n in range(5)]
    data = packed(kind, files)
    needed = len(data.rstrip(b"\0")) if kind == "tar" else len(data)
    for cut in {*range(600), *range(600, len(data), 97), *range(len(data) - 40, len(data))}:
        found, damage = read(data[:cut], kind)
        good = [(name, got) for name, got in found if got is not None]
        assert good == files[: len(good)]
        if kind != "tar" or cut < needed + 512:
            assert damage


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_what_is_whole_before_a_cut_is_kept(kind):
    noise = random.Random(1)
    files = [(f"{n}.xml", noise.randbytes(30_000)) for n in range(5)]
    data = packed(kind, files)
    assert read(data[: len(data) // 2], kind)[0][0] == files[0]


@pytest.mark.parametrize("content", [b"x", bytes(512), bytes(20_000)])
@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_a_tar_without_its_end_is_damage(kind, content):
    data = tarfile.TarInfo("a")
    data.size = len(content)
    data = data.tobuf() + content + bytes(-len(content) % 512)
    found, damage = read(gzipped(data) if kind == "tar.gz" else data, kind)
    assert found == [("a", content)]
    assert "breaks off" in damage


def test_one_empty_block_is_end_enough():
    data = tarred([("a.xml", b"x")]).rstrip(b"\0")
    assert only(data.ljust(1024 + 512, b"\0")) == ("a.xml", b"x")


def test_a_broken_header_in_a_tar_is_damage_and_no_end():
    data = bytearray(tarred([("a.xml", b"x"), ("b.xml", b"x"), ("c.xml", b"x")]))
    data[1024 + 130] ^= 1
    found, damage = read(bytes(data))
    assert found == [("a.xml", b"x")]
    assert "bad checksum" in damage


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_what_follows_the_end_of_a_tar_is_damage(kind):
    data = tarred([("a.xml", b"x")]) + tarred([("b.xml", b"x")])
    found, damage = read(gzipped(data) if kind == "tar.gz" else data, kind)
    assert found == [("a.xml", b"x")]
    assert damage == "something follows its end"


def test_garbage_behind_gzip_is_damage():
    assert "broken" in read(packed("tar.gz", TEXTS) + b"garbage", "tar.gz")[1]


def test_a_wrong_checksum_of_gzip_is_damage():
    data = bytearray(packed("tar.gz", TEXTS))
    data[-8] ^= 1
    found, damage = read(bytes(data), "tar.gz")
    assert "CRC" in damage
    assert all(got in (None, *dict(TEXTS).values()) for _, got in found)


# Headers of tar that lead astray


@pytest.mark.parametrize("type", [b"0", b"5", b"2", b"V", b"S", b"L", b"K", b"x", b"g", b"X"])
@pytest.mark.parametrize(
    "size",
    [
        b"77777777777\0",
        b"-0000002000\0",
        b"\x80" + b"\xff" * 11,
        b"\x80\0\0\0\x7f" + b"\xff" * 7,
        b"\xff" * 11 + b"\0",
        b"\xff" + bytes(11),
    ],
)
def test_a_size_that_cannot_be_ends_the_archive(type, size):
    """Without that, tarfile reads on to such a place, past the end of the file."""
    header = bytearray(tarfile.TarInfo("b").tobuf(tarfile.GNU_FORMAT))
    header[124:136], header[156:157] = size, type
    data = tarred([("a.xml", b"x")])[:1024] + summed(header) + bytes(200_000)
    found, damage = read(data)
    assert found == [("a.xml", b"x")]
    assert "breaks off" in damage


@pytest.mark.parametrize("size", [str(10**30), "-512", "-1024", "-1", "9" * 5000, "x"])
@pytest.mark.parametrize("type", [tarfile.REGTYPE, b"V", tarfile.SYMTYPE])
@pytest.mark.parametrize("whose", ["its own", "of all"])
def test_a_size_that_is_told_beside_a_header_leads_nowhere(size, type, whose):
    info = tarfile.TarInfo("b.xml")
    info.type = type
    more = {"pax_headers": {"size": size}} if whose == "of all" else {}
    info.pax_headers = {"size": size} if whose == "its own" else {}
    data = tarred([("a.xml", b"x"), (info, b""), ("c.xml", b"x")], **more)
    found, damage = read(data)
    assert damage or len(found) == 3
    assert all(got in (b"x", b"") for _, got in found if isinstance(got, bytes))


def test_a_size_that_holds_the_next_entries_too_is_refused():
    data = tarred([("a.xml", b"x"), ("b.xml", b"x")], pax_headers={"size": "1025"})
    assert ("a.xml", "its size is not clear") in read(data)[0]


def pax(*records, type=tarfile.XHDTYPE):
    """A header with these bytes beside the next one."""
    body = b"".join(records)
    info = tarfile.TarInfo("pax")
    info.type, info.size = type, len(body)
    return info.tobuf() + body + bytes(-len(body) % 512)


@pytest.mark.parametrize(
    "record",
    [
        b"0 path=\n",
        b"1 path=x\n",
        b"999999999999 path=x\n",
        b"9" * 5000 + b" path=x\n",
        b"-9 path=x\n",
        b"9" * 6_000,
        b"12 \xff\xfe=\xff\xfe\n",
        b"22 hdrcharset=\xff\xfe\xff\n",
        b"22 GNU.sparse.map=x,y\n",
        b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n",
        b"24 GNU.sparse.size=junk\n",
        b"no record at all",
        b"",
    ],
)
@pytest.mark.parametrize("type", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
def test_what_is_told_wrongly_of_an_entry_is_damage_or_nothing(record, type):
    found, damage = read(pax(record, type=type) + tarred([("a.xml", b"x")]))
    assert damage or len(found) == 1


@pytest.mark.parametrize("type", [b"x", b"g", b"X", b"L", b"K"])
def test_more_than_16_kb_told_of_an_entry_is_damage(type):
    data = pax(b"9" * 17_000, type=type) + tarred([("a.xml", b"x")])
    found, damage = read(data)
    assert found == []
    assert "17,000 bytes" in damage


@pytest.mark.parametrize("type", [b"x", b"g", b"L", b"K"])
def test_names_upon_names_are_damage(type):
    data = pax(b"12 path=xxx\n", type=type) * 5000 + tarred([("a.xml", b"x")])
    found, damage = read(data)
    assert found == []
    assert "breaks off" in damage


@pytest.mark.parametrize("rest", [b"", bytes(504) + b"\1", b"\xff" * 512, b"8" * 512])
def test_a_map_of_holes_that_never_ends_is_damage(rest):
    header = bytearray(tarfile.TarInfo("b").tobuf(tarfile.GNU_FORMAT))
    header[156:157], header[482] = tarfile.GNUTYPE_SPARSE, 1
    found, damage = read(tarred([("a.xml", b"x")])[:1024] + summed(header) + rest)
    assert found == [("a.xml", b"x")]
    assert "breaks off" in damage


@pytest.mark.parametrize(
    "head", [b"99999999999999\n", b"5\n1\n2\n", b"\n\n\n", b"x\n", b"\xff" * 512]
)
def test_a_map_of_holes_in_the_bytes_that_is_none_is_damage(head):
    told = pax(b"22 GNU.sparse.major=1\n", b"22 GNU.sparse.minor=0\n")
    info = tarfile.TarInfo("a")
    info.size = 512
    assert "breaks off" in read(told + info.tobuf() + head.ljust(512, b"1"))[1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b",
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08\x08" + b"n" * 9000,
        b"\x1f\x8b\x09" + b"0" * 99,
        b"\x1f\x8b\x08\x04\0\0\0\0\0\0\xff\xff",
        gzipped(b""),
        gzipped(b"x") * 2,
    ],
    ids=["nothing", "two bytes", "three", "a name", "a method", "a field", "empty", "two of one"],
)
def test_gzip_that_is_no_tar_is_damage(data):
    found, damage = read(data, "tar.gz")
    assert found == []
    assert damage


# Anything else


def mutated(data, noise):
    """The bytes, changed in a few places as accidents and attackers do."""
    data = bytearray(data)
    for _ in range(noise.choice((1, 1, 2, 5))):
        place = noise.randrange(len(data) + 1)
        match noise.randrange(6):
            case 0:
                data[place : place + 1] = noise.randbytes(1)
            case 1:
                size = noise.choice((1, 4, 8, 12))
                data[place : place + size] = noise.choice((b"\xff", b"\0", b"\x80", b"7")) * size
            case 2:
                del data[place : place + noise.choice((1, 4, 100, 512))]
            case 3:
                data[place:place] = data[noise.randrange(len(data) + 1) :][:512]
            case 4:
                data[place : place + 4] = noise.choice(
                    (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07")
                )
            case 5:
                data[place : place + 1] = noise.choice((b"S", b"L", b"x", b"g", b"V", b"-"))
    return bytes(data)


def resummed(data):
    """A tar whose headers have the right checksums again, so that they are believed."""
    blocks = [data[place : place + 512] for place in range(0, len(data), 512)]
    return b"".join(
        summed(block) if len(block) == 512 and block[257:262] == b"ustar" else block
        for block in blocks
    )


def originals():
    files = [("a.xml", b"<a/>" * 200), ("d/grün.xml", b"<b/>" * 200)]
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield "zip", zipped(files, method, stream=True, comment=b"comment")
    for format in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        link = tarfile.TarInfo("n" * 90)
        link.type, link.linkname = tarfile.SYMTYPE, "d/" * 49
        yield "tar", tarred([*files, (link, b"")], format)


@pytest.mark.parametrize("seed", range(20))
def test_no_change_of_bytes_brings_up_another_error_than_damage(seed):
    noise = random.Random(seed)
    for kind, data in originals():
        for _ in range(30):
            changed = mutated(data, noise)
            if kind == "tar":
                changed = resummed(changed) if noise.random() < 0.7 else changed
                check(gzipped(changed, 1), "tar.gz")
            check(changed, kind)
        check(mutated(gzipped(data), noise), "tar.gz")


def check(data, kind):
    kind_of(data[:65_536])
    found, damage = read(data, kind)
    for text in (damage, *(name for name, _ in found)):
        text.encode()
        assert len(text) < 1500
    assert sum(len(got) for _, got in found if isinstance(got, bytes)) <= unpacking.RATIO_FROM
