"""Failures of a made-up shop, alike in some things and not in others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from tracker.verdicts.decisions import Decision
from tracker.verdicts.families import assign
from tracker.verdicts.signatures import Signature, signature


def thrown(
    function: str = "Cart.add",
    test: str = "shop.CartTest",
    name: str = "testAdds",
    type: str = "java.lang.NullPointerException",
    message: str = "",
) -> Signature:
    """A failure thrown in the product."""
    trace = f"\tat shop.{function}({function.split('.')[0]}.java:7)\n\tat {test}.{name}(T.java:9)"
    return signature(type, message, trace, (test,), name)


def asserted(test: str = "shop.CartTest", name: str = "testAdds", message: str = "") -> Signature:
    """A plain assertion failure: no frame of the product."""
    trace = f"\tat org.junit.Assert.fail(Assert.java:88)\n\tat {test}.{name}(T.java:9)"
    return signature("java.lang.AssertionError", message, trace, (test,), name)


def together(signatures: Iterable[Signature]) -> dict[int, int]:
    """Families when all are first seen in one build."""
    group = list(signatures)
    return assign(group, {}, {each.id: 0 for each in group})


def as_families(given: Mapping[int, int]) -> set[frozenset[int]]:
    return {
        frozenset(each for each, family in given.items() if family == one)
        for one in set(given.values())
    }


MANY = [
    *(thrown("Cart.add", name=f"test{word}") for word in ("Adds", "Puts", "Fills")),
    *(thrown("Cart.add", test=f"shop.{word}Test") for word in ("Order", "Invoice")),
    *(asserted("shop.ZoneTest", f"testOffset{word}", "expected 1 but was 2") for word in "ABC"),
    *(asserted("web.PageTest", f"test{word}", "no title on page") for word in ("Show", "Edit")),
    thrown("Lexer.next", "text.LexerTest", type="SyntaxError", message="unexpected token at 3"),
    asserted("web.MenuTest", "testFolds"),
]
HALF_LIKE = (
    asserted("a.ZoneTest", "testOffsetEast", "expected 1 but was 2"),
    asserted("a.ZoneTest", "testOffset", "expected true but was false"),
)


def ids(*signatures: Signature) -> frozenset[int]:
    return frozenset(each.id for each in signatures)


ZONE, PAGE, LEXER = MANY[5], MANY[8], MANY[-2]
MERGED = Decision(True, ids(ZONE), ids(LEXER))
SPLIT = Decision(False, ids(MANY[0]), ids(MANY[3]))


@st.composite
def histories(draw: st.DrawFn) -> dict[int, int]:
    return {each.id: draw(st.integers(0, 4)) for each in MANY}
