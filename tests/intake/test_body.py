"""The reader of request bodies: whole and as declared, or refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.errors import TooLarge, UsageError
from tracker.intake.body import BodyHeaders, UnsupportedEncoding, body_headers, read_body

LIMIT = 1024 * 1024


def read(data, limit=LIMIT, **said):
    headers = BodyHeaders(
        length=said.get("length"), encoding=said.get("encoding", ""), sha256=said.get("sha256")
    )
    return b"".join(read_body(io.BytesIO(data), headers, limit))


def said(**environ):
    return body_headers({"wsgi.input_terminated": True, **environ})


def digest_header(data):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


class Breaking(io.BytesIO):
    """An input whose second read raises, as servers do for a chunk that is none."""

    def __init__(self, error):
        super().__init__(b"x" * 10)
        self.error = error

    def read(self, size=-1, /):
        data = super().read(size)
        if not data:
            raise self.error
        return data


def test_a_body_of_its_declared_length_is_read():
    assert read(b"abc", length=3) == b"abc"


def test_a_body_is_read_up_to_its_length_and_no_further():
    assert read(b"abcNEXT REQUEST", length=3) == b"abc"


@pytest.mark.parametrize("arrived", [0, 1, 99])
def test_a_body_shorter_than_its_length_is_refused(arrived):
    with pytest.raises(UsageError, match=f"{arrived} of 100 bytes"):
        read(b"x" * arrived, length=100)


def test_a_chunked_body_is_read_to_its_end():
    assert read(b"x" * 200_000) == b"x" * 200_000


def test_a_length_over_the_limit_is_refused_before_anything_is_read():
    class Untouchable:
        def read(self, size, /):
            raise AssertionError("it was read")

    with pytest.raises(TooLarge):
        read_body(Untouchable(), BodyHeaders(LIMIT + 1, "", None), LIMIT)


def test_a_body_of_exactly_the_limit_is_read():
    assert len(read(b"x" * LIMIT)) == LIMIT


def test_a_chunked_body_over_the_limit_is_refused_and_never_cut():
    with pytest.raises(TooLarge):
        read(b"x" * (LIMIT + 1))


@pytest.mark.parametrize(
    "error", [OSError("reset"), ValueError("odd"), type("InvalidChunkSize", (Exception,), {})("q")]
)
def test_whatever_the_server_raises_for_a_broken_body_is_a_refusal(error):
    with pytest.raises(UsageError, match="broke off"):
        b"".join(read_body(Breaking(error), BodyHeaders(None, "", None), LIMIT))


def test_one_layer_of_gzip_is_unpacked():
    assert read(gzip.compress(b"abc" * 100_000), encoding="gzip") == b"abc" * 100_000


def test_gzip_arriving_byte_by_byte_is_unpacked():
    class Slow(io.BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, 1))

    data = gzip.compress(b"abc" * 1000)
    headers = BodyHeaders(len(data), "gzip", None)
    assert b"".join(read_body(Slow(data), headers, LIMIT)) == b"abc" * 1000


def test_a_second_layer_of_gzip_is_left_alone():
    inner = gzip.compress(b"abc")
    assert read(gzip.compress(inner), encoding="gzip") == inner


def test_a_bomb_is_refused_at_the_limit():
    bomb = gzip.compress(b"\0" * 50 * LIMIT)
    chunks = read_body(io.BytesIO(bomb), BodyHeaders(len(bomb), "gzip", None), LIMIT)
    taken = []
    with pytest.raises(TooLarge):
        taken.extend(len(chunk) for chunk in chunks)
    assert 0 < sum(taken) <= LIMIT


@pytest.mark.parametrize("left", [0, 1, 5, 12, -9, -1])
def test_cut_gzip_is_refused(left):
    with pytest.raises(UsageError):
        read(gzip.compress(b"abc" * 1000)[:left], encoding="gzip")


@pytest.mark.parametrize("behind", [b"x", gzip.compress(b"more", mtime=0), b"\0" * 100_000])
def test_data_behind_gzip_is_refused(behind):
    with pytest.raises(UsageError, match="behind the gzip data"):
        read(gzip.compress(b"abc") + behind, encoding="gzip")


@pytest.mark.parametrize("data", [b"plain text", zlib.compress(b"abc"), b"\x1f\x8b" + b"\xff" * 40])
def test_what_is_not_gzip_is_refused(data):
    with pytest.raises(UsageError):
        read(data, encoding="gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "gzip,identity"])
def test_any_other_encoding_is_refused(encoding):
    with pytest.raises(UnsupportedEncoding):
        read(b"abc", encoding=encoding)


def test_a_right_digest_is_accepted():
    assert read(b"abc", sha256=hashlib.sha256(b"abc").digest()) == b"abc"


def test_a_wrong_digest_is_refused():
    with pytest.raises(UsageError, match="SHA-256"):
        read(b"abd", sha256=hashlib.sha256(b"abc").digest())


def test_the_digest_is_that_of_the_bytes_as_sent():
    packed = gzip.compress(b"abc")
    assert read(packed, encoding="gzip", sha256=hashlib.sha256(packed).digest()) == b"abc"


def test_the_digest_of_a_gzipped_body_is_checked_too():
    with pytest.raises(UsageError, match="SHA-256"):
        read(gzip.compress(b"abc"), encoding="gzip", sha256=hashlib.sha256(b"abc").digest())


def test_a_digest_header_is_understood():
    header = f"sha-512=:AAAA:, {digest_header(b'abc')}"
    assert said(HTTP_CONTENT_DIGEST=header).sha256 == hashlib.sha256(b"abc").digest()


def test_a_digest_of_another_kind_alone_is_not_checked():
    assert said(HTTP_CONTENT_DIGEST="sha-512=:AAAA:").sha256 is None


@pytest.mark.parametrize(
    "header",
    [
        "sha-256=abc",
        "sha-256=:",
        "sha-256=:not base64:",
        "sha-256=:AAAA:",
        "sha-256=:AAAAA:",
        "md5=:AAAA:",
        "x" * 5000,
    ],
)
def test_a_digest_header_that_cannot_be_understood_is_refused(header):
    with pytest.raises(UsageError):
        said(HTTP_CONTENT_DIGEST=header)


@pytest.mark.parametrize("length", ["-1", "+3", "3 ", "0x10", "1e3", "³", "9" * 30, "3,3"])
def test_a_length_that_is_no_number_is_refused(length):
    with pytest.raises(UsageError):
        said(CONTENT_LENGTH=length)


def test_without_length_and_without_an_end_there_is_no_body():
    assert body_headers({}).length == 0


def test_without_length_a_body_with_an_end_is_chunked():
    assert said().length is None


@given(st.binary(max_size=2000), st.integers(0, 2500), st.booleans())
def test_what_is_read_without_error_is_what_was_sent(data, length, packed):
    body = gzip.compress(data) if packed else data
    encoding = "gzip" if packed else ""
    try:
        got = read(body[:length], length=len(body), encoding=encoding)
    except UsageError:
        assert length < len(body)
    else:
        assert got == data
