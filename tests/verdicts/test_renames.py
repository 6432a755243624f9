"""Pairs of tests that are gone and tests that came: which are joined, proposed, left apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.renames import Move, Pair, moves, pairs
from tracker.verdicts.seen_test import Test

SUITE = ("com.shop.cart.CartTest",)


def case(number: int, name: str, suite: tuple[str, ...] = SUITE, **more: object) -> Test:
    return replace(Test(number, suite, name), **more)  # type: ignore[arg-type]


def said(found: tuple[Pair, ...]) -> list[tuple[str, str, bool]]:
    return [(pair.gone.name, pair.come.name, pair.certain) for pair in found]


def test_a_method_with_one_more_word_is_proposed():
    found = pairs([case(1, "refusesAnEmptyCart")], [case(2, "refusesAnEmptyCartTwice")])
    assert said(found) == [("refusesAnEmptyCart", "refusesAnEmptyCartTwice", False)]


def test_a_slip_of_the_pen_that_was_mended_is_joined():
    gone = case(1, "refusesAnEmtpyCartOfGuests", place=4, duration_ms=120)
    come = case(2, "refusesAnEmptyCartOfGuests", place=4, duration_ms=110)
    assert [pair.certain for pair in pairs([gone], [come])] == [True]


def test_a_name_in_another_style_is_joined():
    [pair] = pairs([case(1, "testRefusesGuests", place=1)], [case(2, "refuses_guests", place=1)])
    assert pair.certain


def test_a_name_with_nothing_in_common_is_no_rename():
    assert pairs([case(1, "refusesGuests")], [case(2, "printsInvoice")]) == ()


def test_a_name_with_another_number_is_never_joined_by_itself():
    found = pairs([case(1, "level_3", place=3)], [case(2, "level_7", place=3)])
    assert not any(pair.certain for pair in found)


def test_of_two_that_are_as_likely_none_is_joined():
    gone = case(1, "savesTheCartOfGuest")
    come = [case(2, "savesTheCartOfGuestA"), case(3, "savesTheCartOfGuestB")]
    assert not any(pair.certain for pair in pairs([gone], come))


def test_other_parameters_are_proposed():
    [pair] = pairs([case(1, "adds[red-1]", place=5)], [case(2, "adds[dark-red-1]", place=5)])
    assert pair.come.id == 2


def test_a_class_that_moved_to_another_package_is_joined_name_by_name():
    names = ("adds", "removes", "counts", "empties")
    gone = [case(at, name) for at, name in enumerate(names)]
    come = [case(at + 10, name, ("com.store.CartTest",)) for at, name in enumerate(names)]
    found = pairs(gone, come)
    assert [(pair.gone.id, pair.come.id) for pair in found] == [(at, at + 10) for at in range(4)]
    assert all(pair.certain for pair in found)


def test_many_classes_with_the_same_names_keep_apart_when_their_package_moves():
    gone, come = [], []
    for at in range(60):
        for place, name in enumerate(("init", "run", "close")):
            number = at * 3 + place
            gone.append(case(number, name, (f"com.old.Part{chr(65 + at % 26)}{at}Test",)))
            come.append(case(number + 1000, name, (f"com.new.Part{chr(65 + at % 26)}{at}Test",)))
    found = pairs(gone, come)
    assert len(found) == 180
    assert all(pair.come.id == pair.gone.id + 1000 for pair in found)


def test_the_same_name_in_a_strange_suite_is_not_joined():
    come = case(2, "loads", ("org.bank.LedgerTest",))
    assert not any(pair.certain for pair in pairs([case(1, "loads")], [come]))


def test_the_same_name_of_another_variant_is_not_joined():
    one = case(1, "loads", variant="platform=linux")
    other = case(2, "loads", variant="platform=windows")
    assert not any(pair.certain for pair in pairs([one], [other]))


def test_a_trace_in_common_speaks_for_a_pair():
    trace = "IllegalStateException: no stock left\n at com.shop.Stock.take(Stock.java:41)"
    gone, come = case(1, "ordersGoods"), case(2, "sendsGoods")
    without = {pair.score for pair in pairs([gone], [come])} or {0.0}
    [pair] = pairs([replace(gone, trace=trace)], [replace(come, trace=trace)])
    assert pair.score > max(without)


def test_a_thousand_renames_in_one_suite_find_each_other():
    words = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")
    names = [f"{a}_{b}_{c}" for a in words for b in words for c in words]
    gone = [case(at, name, place=at) for at, name in enumerate(names)]
    come = [case(at + 5000, f"{name}_again", place=at) for at, name in enumerate(names)]
    found = pairs(gone, come)
    right = sum(pair.come.id == pair.gone.id + 5000 for pair in found)
    assert right >= 800
    assert all(pair.come.id == pair.gone.id + 5000 for pair in found if pair.certain)


def test_moves_are_told_by_what_was_replaced():
    names = ("adds", "removes", "counts")
    gone, come = [], []
    for at, suite in enumerate(("CartTest", "GuestTest", "OfferTest")):
        gone += [case(10 * at + p, n, (f"com.old.{suite}",)) for p, n in enumerate(names)]
        come += [case(500 + 10 * at + p, n, (f"com.new.{suite}",)) for p, n in enumerate(names)]
    assert moves(pairs(gone, come)) == (Move("com.old", "com.new", suites=3, tests=9),)


tests = st.builds(
    Test,
    st.integers(0, 10_000),
    st.sampled_from([("a.ATest",), ("a.BTest",), ("b.ATest",)]),
    st.sampled_from(["adds", "addsOne", "adds_one", "removes[1]", "removes[2]", "prints", "1", ""]),
    st.sampled_from(["", "platform=linux"]),
    place=st.none() | st.integers(0, 9),
    duration_ms=st.none() | st.integers(0, 1000),
)
lists = st.lists(tests, max_size=12, unique_by=lambda test: test.id)


@given(gone=lists, come=lists, chance=st.randoms())
def test_pairs_are_one_to_one_and_do_not_depend_on_the_order(gone, come, chance):
    found = pairs(gone, come)
    assert len({pair.gone.id for pair in found}) == len({pair.come.id for pair in found})
    assert len({pair.gone.id for pair in found}) == len(found)
    assert all(0.5 <= pair.score <= 1 for pair in found)
    chance.shuffle(gone)
    chance.shuffle(come)
    assert pairs(gone, come) == found
