"""Tests of a shopping basket with steps, attachments, labels and links of Allure."""

from collections import Counter
from collections.abc import Iterator

import allure
import pytest

TRIES: Counter[str] = Counter()


@pytest.fixture
def basket() -> Iterator[list[str]]:
    names = ["apple"]
    yield names
    names.clear()


@pytest.fixture
def till() -> str:
    raise ConnectionError("the till does not answer")


@allure.title("A basket with one apple costs <1> & no more")
@allure.severity(allure.severity_level.CRITICAL)
@allure.issue("https://issues.example/BASKET-7", "BASKET-7")
@allure.tag("fast")
def test_one_apple(basket: list[str]) -> None:
    with allure.step("Look into the basket"):
        allure.attach("apple\n", name="basket.txt", attachment_type=allure.attachment_type.TEXT)
        with allure.step("Count"):
            assert len(basket) == 1


@allure.feature("Prices")
@allure.story("Two articles")
def test_two_articles(basket: list[str]) -> None:
    allure.attach('{"total": 3}', name="total", attachment_type=allure.attachment_type.JSON)
    with allure.step("Compare the total"):
        assert len(basket) == 2, "one article is missing"


def test_breaks(basket: list[str]) -> None:
    print("looking for a second article")
    basket[1] += "s"


@pytest.mark.skip(reason="discounts come in spring")
def test_discount() -> None:
    raise AssertionError("never run")


@pytest.mark.xfail(reason="rounding is not done yet")
def test_expected_failure() -> None:
    raise AssertionError("1.0 is not 1.005")


@pytest.mark.flaky(reruns=2)
def test_flaky_passes_in_second_try() -> None:
    TRIES["flaky"] += 1
    assert TRIES["flaky"] > 1, "the scale was not ready"


@pytest.mark.flaky(reruns=1)
def test_fails_in_every_try() -> None:
    TRIES["never"] += 1
    assert TRIES["never"] > 9, "the scale never gets ready"


@pytest.mark.parametrize("article", ["apple", "Birne für 3 €"])
def test_article_has_a_name(article: str) -> None:
    assert article


def test_setup_fails(till: str) -> None:
    raise AssertionError("never run")
