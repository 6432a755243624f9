"""Tests of a shopping basket for the unittest runner."""

import sys
import unittest

PRICES = {"apple": 1, "pear": 2}


def total(*names: str) -> int:
    return sum(PRICES[name] for name in names)


class BasketTest(unittest.TestCase):
    def test_empty_basket_costs_nothing(self) -> None:
        """An empty basket <&"> costs nothing, für alle."""
        print("adding nothing")
        print("a warning on the error stream", file=sys.stderr)
        assert total() == 0

    def test_total_of_two(self) -> None:
        assert total("apple", "pear") == 4, 'apples & pears cost <4> "crowns"'

    def test_unknown_article(self) -> None:
        total("plum")

    @unittest.skip("discounts come in spring <&>")
    def test_discount(self) -> None:
        raise AssertionError("never run")

    @unittest.expectedFailure
    def test_expected_failure(self) -> None:
        assert total("apple") == 2

    @unittest.expectedFailure
    def test_unexpected_pass(self) -> None:
        assert total("pear") == 2

    def test_größe_überprüft(self) -> None:
        assert total("pear", "pear") == 4

    def test_some_shelves_are_empty(self) -> None:
        for shelf, count in (("fruit", 3), ("bread", 0), ("milk", 0)):
            with self.subTest(shelf=shelf):
                assert count > 0, "the shelf is empty"


class SetUpTest(unittest.TestCase):
    def setUp(self) -> None:
        raise ConnectionError("the till does not answer")

    def test_never_run(self) -> None:
        raise AssertionError("never run")


class TearDownTest(unittest.TestCase):
    def tearDown(self) -> None:
        raise OSError("the receipt printer is out of paper")

    def test_pays(self) -> None:
        assert total("apple") == 1


class ClassSetUpTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        raise ConnectionError("no till at all")

    def test_never_run(self) -> None:
        raise AssertionError("never run")


if __name__ == "__main__":
    unittest.main()
