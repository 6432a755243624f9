"""Reading a request body: nobody else touches it.

Servers and frameworks hand on a cut upload as if it were whole, and a chunked one over the limit
as if it ended there. Here a body is whole, of the length and digest that were declared, within
its limit also after unpacking, or it is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tracker.errors import TooLarge, TrackerError, UsageError

CHUNK = 64 * 1024


class Readable(Protocol):
    """The WSGI input: `read` answers b"" at the end."""

    def read(self, size: int, /) -> bytes: ...


class UnsupportedEncoding(TrackerError):
    """A Content-Encoding other than one layer of gzip."""

    status = 415
    slug = "unsupported-encoding"


@dataclass(frozen=True)
class BodyHeaders:
    """What a request says of its body: length (None: chunked), coding, digest of the content."""

    length: int | None
    encoding: str
    sha256: bytes | None


def body_headers(environ: Mapping[str, Any]) -> BodyHeaders:
    """Read the headers about the body; UsageError for one that cannot be understood."""
    chunked = bool(environ.get("wsgi.input_terminated")) and "CONTENT_LENGTH" not in environ
    text = str(environ.get("CONTENT_LENGTH") or "")
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise UsageError(f"The Content-Length {text[:40]!r} is not a number.")
    return BodyHeaders(
        length=int(text) if text else (None if chunked else 0),
        encoding=str(environ.get("HTTP_CONTENT_ENCODING") or "").strip().lower(),
        sha256=_declared_digest(str(environ.get("HTTP_CONTENT_DIGEST") or "")),
    )


def read_body(stream: Readable, headers: BodyHeaders, limit: int) -> Iterator[bytes]:
    """The content of a body, unpacked, in chunks.

    Raises UsageError when it ends early, is too long for its length or has another digest, and
    TooLarge when it passes `limit` bytes, as sent or unpacked. Nothing may be kept of what was
    read before an error.
    """
    if headers.length is not None and headers.length > limit:
        raise _too_large(limit)
    raw = _checked(stream, headers, limit)
    if headers.encoding in ("", "identity"):
        return raw
    if headers.encoding in ("gzip", "x-gzip"):
        return _unpacked(raw, limit)
    raise UnsupportedEncoding(
        f"The Content-Encoding {headers.encoding[:60]!r} is not understood here.",
        "Send the report as it is, or packed once with gzip.",
    )


def _checked(stream: Readable, headers: BodyHeaders, limit: int) -> Iterator[bytes]:
    digest = hashlib.sha256()
    size = 0
    while headers.length is None or size < headers.length:
        wanted = CHUNK if headers.length is None else min(CHUNK, headers.length - size)
        chunk = _read(stream, wanted)
        if not chunk:
            break
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if headers.sha256 is not None:
            digest.update(chunk)
        yield chunk
    if headers.length is not None and size != headers.length:
        raise UsageError(
            f"The upload was cut: {size} of {headers.length} bytes arrived.", "Send it again."
        )
    if headers.sha256 is not None and digest.digest() != headers.sha256:
        raise UsageError(
            "The bytes that arrived do not have the SHA-256 that Content-Digest declares.",
            "Send it again.",
        )


def _read(stream: Readable, size: int) -> bytes:
    """Read once; for a body that breaks off each server raises errors of its own making."""
    try:
        return stream.read(size)
    except Exception as error:
        raise UsageError(
            f"The upload broke off or is not well-formed ({type(error).__name__}).",
            "Send it again.",
        ) from error


def _unpacked(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """One gzip member, bounded; an unfinished or overlong one is refused."""
    unpacker = zlib.decompressobj(wbits=31)
    size = 0
    for chunk in chunks:
        if unpacker.eof:
            raise UsageError("There is something behind the gzip data of this upload.")
        rest = chunk
        while rest:
            try:
                data = unpacker.decompress(rest, CHUNK)
            except zlib.error as error:
                raise UsageError(f"The upload is not the gzip data it says: {error}.") from error
            size += len(data)
            if size > limit:
                raise _too_large(limit)
            if data:
                yield data
            rest = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise UsageError("There is something behind the gzip data of this upload.")
    if not unpacker.eof:
        raise UsageError("The gzip data of this upload was cut.", "Send it again.")


def _declared_digest(header: str) -> bytes | None:
    """The SHA-256 of a Content-Digest header (RFC 9530), None where there is none."""
    if not header:
        return None
    found = re.search(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):", header)
    if found is None:
        if re.search(r"(?:^|,)\s*sha-512=:", header):
            return None
        raise UsageError(
            f"The Content-Digest {header[:80]!r} is not understood.",
            "Send sha-256=:BASE64: (RFC 9530).",
        )
    try:
        digest = base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise UsageError("The SHA-256 in Content-Digest is not Base64.") from error
    if len(digest) != hashlib.sha256().digest_size:
        raise UsageError("The SHA-256 in Content-Digest has the wrong length.")
    return digest


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"The upload is larger than {limit // (1024 * 1024)} MB, or unpacks to more.",
        "Send the report files in several uploads, or raise TRACKER_MAX_UPLOAD_MB.",
    )
