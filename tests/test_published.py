"""What a published site's folder tells of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tracker.published import (
    MANIFEST,
    Head,
    Manifest,
    generation_name,
    load_manifest,
    read_head,
    read_manifest,
)


def test_a_manifest_that_is_not_whole_is_none(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"generation": 1,')
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize("spoilt", ["made", "page"])
def test_a_manifest_with_a_byte_that_is_no_text_is_none(tmp_path: Path, spoilt: str) -> None:
    whole = msgspec.json.encode(Manifest(1, 5, 1, "made", {"page": "0"}, {}, {}))
    (tmp_path / MANIFEST).write_bytes(whole.replace(spoilt.encode(), b"\xff"))
    assert read_manifest(tmp_path) is None
    assert read_head(tmp_path) == (None if spoilt == "made" else Head(1, 5, 1, "made"))


def test_a_manifest_is_read_with_the_fields_that_a_newer_version_adds(tmp_path: Path) -> None:
    told = (
        b'{"generation": 2, "published": 5, "revision": 1, "made_with": "x", "pages": {},'
        b' "files": {"index.html": "0"}, "links": {}, "more": 1}'
    )
    (tmp_path / MANIFEST).write_bytes(told)
    expected = Manifest(2, 5, 1, "x", {}, {"index.html": "0"}, {})
    assert read_manifest(tmp_path) == load_manifest(tmp_path) == expected
    assert read_head(tmp_path) == Head(2, 5, 1, "x")


def test_the_head_of_a_manifest_is_read_once_for_each_generation(tmp_path: Path) -> None:
    path, next_one = tmp_path / MANIFEST, tmp_path / "next"
    path.write_bytes(msgspec.json.encode(Head(1, 5, 1, "x")))
    first = read_head(tmp_path)
    assert read_head(tmp_path) is first
    next_one.write_bytes(msgspec.json.encode(Head(2, 6, 3, "x")))
    next_one.rename(path)
    assert read_head(tmp_path) == Head(2, 6, 3, "x")
    path.unlink()
    assert read_head(tmp_path) is None


def test_the_names_of_generations_sort_as_their_numbers_do() -> None:
    names = [generation_name(number) for number in (1, 9, 10, 99_999)]
    assert names == sorted(names)
