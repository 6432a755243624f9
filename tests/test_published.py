"""What a published site's folder tells of it."""

from __future__ import annotations

from pathlib import Path

from tracker.published import MANIFEST, Manifest, generation_name, load_manifest, read_manifest


def test_a_manifest_that_is_not_whole_is_none(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"generation": 1,')
    assert read_manifest(tmp_path) is None


def test_a_manifest_is_read_with_the_fields_that_a_newer_version_adds(tmp_path: Path) -> None:
    told = (
        b'{"generation": 2, "published": 5, "revision": 1, "made_with": "x", "pages": {},'
        b' "files": {"index.html": "0"}, "links": {}, "more": 1}'
    )
    (tmp_path / MANIFEST).write_bytes(told)
    expected = Manifest(2, 5, 1, "x", {}, {"index.html": "0"}, {})
    assert read_manifest(tmp_path) == load_manifest(tmp_path) == expected


def test_the_names_of_generations_sort_as_their_numbers_do() -> None:
    names = [generation_name(number) for number in (1, 9, 10, 99_999)]
    assert names == sorted(names)
