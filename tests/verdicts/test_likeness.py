"""What makes two signatures alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verdicts.failures import MANY, asserted, thrown
from tracker.verdicts.likeness import Node, evidence
from tracker.verdicts.signatures import Signature


def likeness(a: Signature, b: Signature) -> float:
    return evidence(Node((a,), 0), Node((b,), 0))


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (thrown("Cart.add", "shop.OrderTest"), thrown("Order.sum", "shop.OrderTest")),
        (thrown(name="testPuts", message="no key"), thrown("Lexer.next", "text.LexerTest")),
        (asserted(name="testAddsTwice"), asserted("web.MenuTest", "testFolds")),
    ],
)
def test_what_has_more_in_common_is_liker(nearer: Signature, farther: Signature) -> None:
    assert likeness(thrown(), nearer) > likeness(thrown(), farther)


@given(st.sampled_from(MANY), st.sampled_from(MANY))
def test_likeness_is_mutual(a: Signature, b: Signature) -> None:
    assert likeness(a, b) == pytest.approx(likeness(b, a))
