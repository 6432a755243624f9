"""Keys of cases: the same for the same test, different for different ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.store import identity
from tracker.store.identity import case_id, id_of, key, stable, suite_id, suite_path, variant_of

TEXT = st.text(st.characters(exclude_characters="\n\x1f"), min_size=1, max_size=30)


def case(name, *suite, variant="", place=1):
    return case_id(suite_id(suite_path(map(stable, suite))), stable(name), variant, place)


def test_a_key_is_the_same_for_ever():
    assert key(case("accepts a good password", "login", "form")) == "6a2ded189580ece2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<object at 0x7f01aa>", "<object at 0x55ffc0de>"),
        ("reads /tmp/pytest-1/x.txt", "reads /tmp/pytest-2/y/x.txt"),
        ("reads /var/folders/a1/T/x", "reads /var/folders/b2/T/x"),
        ("at 2026-11-24T02:15:00Z", "at 2025-01-01 00:00:00.123+01:00"),
        ("param 12-byte object <01 AB>", "param 3-byte object <FF>"),
    ],
)
def test_what_changes_with_every_run_is_left_out(one, other):
    assert case(one, "s") == case(other, "s")
    assert suite_id((stable(one),)) == suite_id((stable(other),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f[0x1]", "f[0x2]"),
        ("12 bytes", "13 bytes"),
        ("/home/a", "/home/b"),
        ("2026-11-24", "2026-11-25"),
        ("a", "A"),
        ("a", "a "),
        ("é", "e\u0301"),
    ],
)
def test_what_may_be_meant_is_kept(one, other):
    assert case(one, "s") != case(other, "s")


def test_suite_variant_and_place_tell_cases_apart():
    cases = {
        case("n", "s"),
        case("n", "t"),
        case("n", "s", "t"),
        case("n"),
        case("n", "s", variant="platform=linux"),
        case("n", "s", place=2),
        case("n", "s", place=3),
    }
    assert len(cases) == 7


def test_a_suite_boundary_is_no_part_of_a_name():
    assert suite_id(suite_path(["a\nb"])) != suite_id(suite_path(["a", "b"]))


def test_the_class_is_named_once_where_the_suite_says_it():
    assert suite_path(["pkg.Login"], "pkg.Login") == ("pkg.Login",)
    assert suite_path(["all"], "pkg.Login") == ("all", "pkg.Login")
    assert suite_path(["", "all", ""]) == ("all",)


def test_long_names_that_differ_at_the_end_stay_different():
    start = "x" * 1_000_000
    assert case(start + "1", "s") != case(start + "2", "s")


def test_a_lone_surrogate_has_a_key():
    assert case("\ud800", "s") != case("\udfff", "s")


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), unique=True, max_size=50))
def test_different_tests_have_different_keys(tests):
    tests = {(stable(suite), stable(name), variant) for suite, name, variant in tests}
    keys = {case(name, suite, variant=variant) for suite, name, variant in tests}
    assert len(keys) == len(tests)


@given(st.text())
def test_an_id_is_a_positive_number_that_its_key_spells(text):
    number = identity.number(text)
    assert 0 <= number < 2**63
    assert id_of(key(number)) == number


@given(st.text())
def test_what_is_left_out_once_is_left_out(text):
    assert stable(stable(text)) == stable(text)


@pytest.mark.parametrize("text", ["", "f" * 16, "0" * 15, "0" * 17, "0123456789ABCDEF", "../etc"])
def test_what_no_key_looks_like_has_no_id(text):
    assert id_of(text) is None


def test_facets_make_one_variant_in_any_order():
    assert variant_of([("platform", "linux"), ("browser", "firefox")]) == (
        "browser=firefox,platform=linux"
    )
    assert variant_of([]) == ""


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((("shop", "cart"), "adds"), "shop › cart › adds"),
        ((("shop",), "adds", "browser=firefox"), "shop › adds › browser=firefox"),
        (((), "adds"), "adds"),
        ((("shop",), "cart ›"), "shop › cart ›"),
    ],
)
def test_a_title_has_the_whole_name_and_a_variant_where_there_is_one(parts, text):
    assert identity.title(*parts) == text
