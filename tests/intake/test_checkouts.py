"""A file has the same name wherever it was checked out."""

from __future__ import annotations

import pytest

from tracker.intake.checkouts import without_checkout


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("/home/runner/work/shop/shop/web/a.test.js", "web/a.test.js"),
        ("D:\\a\\shop\\shop\\web\\a.test.js", "web/a.test.js"),
        ("/home/vsts/work/1/s/web/a.test.js", "web/a.test.js"),
        ("/var/lib/jenkins/workspace/shop@2/web/a.test.js", "web/a.test.js"),
        ("/home/me/shop/src/deep/a.test.js", "src/deep/a.test.js"),
        ("/home/me/shop/packages/one/test/a.test.js", "packages/one/test/a.test.js"),
        ("/home/me/shop/a.test.js", "a.test.js"),
        ("./a.test.js", "a.test.js"),
        ("a.test.js", "a.test.js"),
    ],
)
def test_what_a_checkout_adds_is_taken_off(name: str, short: str) -> None:
    assert without_checkout([name]) == [short]


def test_where_nothing_is_known_what_all_files_have_in_common_is_taken_off() -> None:
    names = ["/home/me/shop/two/a.test.js", "/home/me/shop/one/a.test.js"]
    assert without_checkout([*names, names[0]]) == [
        "two/a.test.js",
        "one/a.test.js",
        "two/a.test.js",
    ]


def test_files_of_two_drives_have_nothing_in_common() -> None:
    assert without_checkout(["/a.test.js", "c:/b.test.js"]) == ["a.test.js", "c:/b.test.js"]
