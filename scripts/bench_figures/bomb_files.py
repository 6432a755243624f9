"""Files that are small and cost much: each would hang or fill a reader without limits."""

from __future__ import annotations

import gzip
import io
import zipfile

MEGABYTE = 1024 * 1024


def bombs() -> dict[str, bytes]:
    """Each bomb by its name; none of them is larger than what is read at once."""
    return {
        "attribute.xml": b'<testsuite name="' + b"a" * 30 * MEGABYTE + b'"/>',
        "entities.xml": _laughs(),
        "depth.xml": b"<testsuite>" * 1_500_000,
        "attributes.xml": _many_attributes(),
        "unpacked.zip": _zip_of_zeros(),
        "packed.xml.gz": gzip.compress(b"<testsuite>" + b" " * 100 * MEGABYTE, 1),
        "depth.json": b'{"tests":' + b"[" * 5_000_000,
        "entries.zip": _many_entries(),
    }


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{place} "{f"&l{place - 1};" * 10}">' for place in range(1, 12))
    return f'<!DOCTYPE s [<!ENTITY l0 "ha">{entities}]><testsuite>&l11;</testsuite>'.encode()


def _many_attributes() -> bytes:
    return b"<testsuite " + b" ".join(b'a%d=""' % place for place in range(400_000)) + b"/>"


def _zip_of_zeros() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for place in range(4):
            archive.writestr(f"r{place}.xml", b"<testsuite>" + b" " * 64 * MEGABYTE)
    return packed.getvalue()


def _many_entries() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for place in range(20_500):
            archive.writestr(f"{place}.xml", b"")
    return packed.getvalue()
