"""What makes two failures one signature, and what two."""

from __future__ import annotations

import pytest

from tests.verdicts.failures import thrown
from tracker.verdicts.signatures import ALGORITHM, Signature, signature


def test_what_changes_from_run_to_run_does_not_change_the_signature() -> None:
    monday = signature(
        "E",
        "port 4711 at 10:30",
        "\tat a.B.c(B.java:1)\n\tat a.BTest.t(T.java:2)",
        ("a.BTest",),
        "t",
    )
    tuesday = signature(
        "E",
        "port 4712 at 11:45",
        "\tat a.B.c(B.java:3)\n\tat a.BTest.t(T.java:4)",
        ("a.BTest",),
        "t",
    )
    assert monday == tuesday


@pytest.mark.parametrize(
    "other",
    [
        thrown("Cart.remove"),
        thrown(test="shop.OrderTest"),
        thrown(type="java.io.IOException"),
        thrown(message="no cart"),
    ],
)
def test_another_frame_class_type_or_message_is_another_signature(other: Signature) -> None:
    assert other.id != thrown().id


def test_tests_of_one_class_that_fail_in_one_frame_share_a_signature() -> None:
    assert thrown(name="testAdds") == thrown(name="testPuts")


def test_a_python_test_is_not_its_own_helper() -> None:
    trace = (
        'Traceback:\n  File "/ci/tests/test_cart.py", line 3, in test_adds\n'
        '  File "/ci/shop/cart.py", line 4, in add\nKeyError'
    )
    each = signature("KeyError", "", trace, ("tests.test_cart", "TestCart"), "test_adds[1-2]")
    assert (each.frames, each.helpers) == (("ci/shop/cart.add",), ())


def test_a_test_inherited_from_a_base_class_is_a_helper() -> None:
    trace = "\tat a.AbstractCodecTest.testLocale(AbstractCodecTest.java:9)"
    helpers = signature("E", "", trace, ("a.SoundexTest",), "testLocale").helpers
    assert helpers == ("a.AbstractCodecTest.testLocale",)


def test_an_id_fits_in_63_bits_and_belongs_to_its_algorithm() -> None:
    each = thrown()
    assert 0 <= each.id < 2**63
    assert each.algorithm == ALGORITHM


def test_the_id_is_the_same_as_ever() -> None:
    """If this fails, stored ids no longer fit: raise ALGORITHM with it."""
    assert thrown().id == 7923981571799933451


def test_type_and_message_are_found_where_a_report_left_them_out() -> None:
    whole = signature("java.lang.IllegalStateException", "no cart", "", ("T",), "t")
    assert signature("", "java.lang.IllegalStateException: no cart", "", ("T",), "t") == whole
    first_line = "java.lang.IllegalStateException: no cart\n\tat java.lang.A.b(A.java:1)"
    assert signature("", "", first_line, ("T",), "t") == whole


def test_assertions_of_all_libraries_are_one_type() -> None:
    types = (
        "junit.framework.ComparisonFailure",
        "AssertionError",
        "NUnit.Framework.AssertionException",
    )
    assert {signature(each, "", "", ("T",), "t").type for each in types} == {"assertion"}


def test_own_prefixes_say_what_the_product_is() -> None:
    trace = "\tat lib.Help.me(Help.java:1)\n\tat shop.Cart.add(Cart.java:2)"
    assert signature("E", "", trace, ("T",), "t", ("lib.",)).frames == ("lib.Help.me",)
