"""Tests of a shopping basket, one for each way a test can end under pytest."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

PRICES = {"apple": 1.0, "pear": 2.0}
TRIES: Counter[str] = Counter()


def total(*names: str) -> float:
    return sum(PRICES[name] for name in names)


@pytest.fixture
def till() -> str:
    raise ConnectionError("the till does not answer")


@pytest.fixture
def receipt() -> Iterator[list[str]]:
    yield ["apple"]
    raise OSError("the receipt printer is out of paper")


def test_empty_basket_costs_nothing() -> None:
    print("adding nothing")
    print("a warning on the error stream", file=sys.stderr)
    assert total() == 0


def test_total_of_two() -> None:
    print("apple and pear")
    assert total("apple", "pear") == 4, 'apples & pears cost <4> "crowns"'


def test_unknown_article() -> None:
    total("plum")


@pytest.mark.skip(reason="discounts come in spring <&>")
def test_discount() -> None:
    raise AssertionError("never run")


def test_skipped_on_the_way() -> None:
    pytest.skip("no voucher in the basket")


@pytest.mark.xfail(reason="rounding is not done yet")
def test_expected_failure() -> None:
    assert total("apple") == 1.005


@pytest.mark.xfail(reason="thought to be broken")
def test_unexpected_pass() -> None:
    assert total("pear") == 2


@pytest.mark.xfail(reason="must be broken", strict=True)
def test_strict_unexpected_pass() -> None:
    assert total("pear") == 2


@pytest.mark.flaky(reruns=2)
def test_flaky_passes_in_second_try() -> None:
    TRIES["flaky"] += 1
    print("try", TRIES["flaky"])
    assert TRIES["flaky"] > 1, "the scale was not ready"


@pytest.mark.flaky(reruns=2)
def test_fails_in_every_try() -> None:
    TRIES["never"] += 1
    assert TRIES["never"] > 9, "the scale never gets ready"


@pytest.mark.parametrize(
    ("names", "cost"),
    [
        pytest.param(["apple"], 1, id="one"),
        pytest.param(["apple", "pear"], 3, id='two <&"> ["x"]'),
        pytest.param(["pear"], 3, id="Birne für 3 €"),
    ],
)
def test_prices(names: list[str], cost: float) -> None:
    assert total(*names) == cost


def test_setup_fails(till: str) -> None:
    raise AssertionError("never run")


def test_teardown_fails(receipt: list[str]) -> None:
    assert total(*receipt) == 1


class TestCheckout:
    def test_pays(self, record_property: Callable[[str, object], None]) -> None:
        record_property("currency", "crowns & öre")
        record_property("articles", 2)
        assert total("apple", "apple") == 2

    class TestByCard:
        def test_pays(self) -> None:
            assert total("pear", "apple") == 3

        def test_größe_überprüft(self) -> None:
            raise ValueError("Größe «unbekannt»\nin two lines")
