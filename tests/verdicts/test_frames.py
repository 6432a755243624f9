"""Stack frames of every usual language, and which are the product's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.frames import Frame, frames, readable, sorted_out

JAVA = """java.lang.IllegalStateException: boom
\tat java.base/java.util.ArrayList.get(ArrayList.java:12)
\tat app//com.acme.shop.Cart.lambda$add$0(Cart.java:31)
\tat com.acme.shop.Cart.add(Cart.java:30)
\tat com.acme.shop.CartTest.adds(CartTest.java:7)
\tat org.junit.runners.ParentRunner.run(ParentRunner.java:309)
"""
PYTHON = """Traceback (most recent call last):
  File "/usr/lib/python3.12/unittest/case.py", line 57, in run
    self._callTestMethod(testMethod)
  File "/ci/ws-3/tests/test_cart.py", line 3, in test_adds
    cart.add(1)
  File "/ci/ws-3/shop/cart.py", line 9, in add
    self.items[key]
KeyError: 1
"""
PYTEST = """tests/test_cart.py:12: in test_adds
    cart.add(1)
shop/cart.py:9: in add
    self.items[key]
shop/items.py:4: KeyError
"""
JAVASCRIPT = """Error: boom
    at new Cart (/ci/ws/src/cart.js:3:4)
    at async Cart.add [as put] (file:///ci/ws/src/cart.ts:3:4)
    at Object.<anonymous> (/ci/ws/test/cart.test.js:3:4)
    at /ci/ws/src/main.js:1:2
    at run (/ci/ws/node_modules/mocha/lib/runner.js:9:9)
    at processTicksAndRejections (node:internal/process/task_queues:95:5)
"""
DOTNET = """   at Acme.Shop.Cart.Add(String key) in C:\\ws\\Cart.cs:line 12
   at Acme.Shop.Cart.<AddAsync>d__3.MoveNext()
   at Acme.Shop.Tests.CartTests.Adds() in C:\\ws\\CartTests.cs:line 4
   at NUnit.Framework.Internal.Reflect.InvokeMethod(MethodInfo method)
"""
GO = """panic: boom
goroutine 7 [running]:
acme.io/shop/cart.(*Cart).Add(0xc000012, 0x1)
\t/ci/ws/cart/cart.go:12 +0x1d
testing.tRunner(0xc0001, 0x5)
\t/usr/go/src/testing/testing.go:1439 +0x102
"""
GDB = """#0  0x00007f12 in shop::Cart::add (this=0x0, key=...) at cart.cpp:3
#1  0x0000aa in main () at main.cpp:1
"""
SANITIZER = "    #0 0x4a3bc1 in shop::Cart::add(int) /src/cart.cc:3:5"
RUST = """   0: rust_begin_unwind
   1: core::panicking::panic_fmt
             at /rustc/1a/library/core/src/panicking.rs:67:14
   2: shop::cart::Cart::add::h0123456789abcdef
             at ./src/cart.rs:3:5
"""
RUBY = "shop/cart.rb:3:in `add'\n\tfrom spec/cart_spec.rb:4:in `block'"
PHP = "#0 /ci/ws/src/Cart.php(12): Shop\\Cart->add(1)\n#1 {main}"


def product(trace: str, *suite: str, own: tuple[str, ...] = ()) -> list[str]:
    return list(readable(sorted_out(frames(trace), suite, own).product))


@pytest.mark.parametrize(
    ("trace", "suite", "expected"),
    [
        (JAVA, "com.acme.shop.CartTest", ["com.acme.shop.Cart.add"]),
        (PYTHON, "tests.test_cart", ["ws-3/shop/cart.add"]),
        (PYTEST, "tests.test_cart", ["shop/items", "shop/cart.add"]),
        (
            JAVASCRIPT,
            "cart",
            ["ws/src/cart.Cart", "ws/src/cart.Cart.add", "ws/src/main"],
        ),
        (
            DOTNET,
            "Acme.Shop.Tests.CartTests",
            ["Acme.Shop.Cart.Add", "Acme.Shop.Cart.AddAsync"],
        ),
        (GO, "cart", ["acme.io/shop/cart.(*Cart).Add"]),
        (GDB, "CartTest", ["shop::Cart.add", "main"]),
        (SANITIZER, "CartTest", ["shop::Cart.add"]),
        (RUST, "cart", ["shop::cart::Cart.add"]),
        (RUBY, "Cart", ["shop/cart.add"]),
        (PHP, "CartTest", ["ws/src/Cart.Shop\\Cart->add"]),
    ],
    ids=[
        *("java", "python", "pytest", "javascript", "dotnet", "go", "gdb", "sanitizer", "rust"),
        *("ruby", "php"),
    ],
)
def test_the_product_s_frames_come_innermost_first(
    trace: str, suite: str, expected: list[str]
) -> None:
    assert product(trace, suite) == expected


def test_frames_of_the_test_class_are_the_tests() -> None:
    found = sorted_out(frames(JAVA), ("com.acme.shop.CartTest",))
    assert found.tests == (Frame("com.acme.shop.CartTest", "adds"),)


def test_a_class_that_the_suite_names_is_a_test_whatever_it_is_called() -> None:
    assert product("\tat acme.Adding.works(Adding.java:1)", "acme.Adding") == []


def test_a_shared_base_class_of_tests_is_no_product() -> None:
    assert product("\tat acme.AbstractCartTest.check(AbstractCartTest.java:1)", "acme.Other") == []


def test_with_own_prefixes_only_they_are_the_product() -> None:
    trace = "\tat com.acme.Cart.add(Cart.java:1)\n\tat org.lib.Help.me(Help.java:2)"
    assert product(trace, "T", own=("org.lib",)) == ["org.lib.Help.me"]


def test_a_library_is_the_product_in_its_own_tests() -> None:
    trace = "\tat org.mockito.internal.Handler.handle(Handler.java:1)"
    assert product(trace, "org.mockito.HandlerTest") == ["org.mockito.internal.Handler.handle"]
    assert product(trace, "com.acme.CartTest") == []


def test_what_called_the_test_is_its_runner_and_no_product() -> None:
    trace = "\tat a.Cart.add(C.java:1)\n\tat a.CartTest.adds(T.java:2)\n\tat a.Runner.run(R.java:3)"
    assert product(trace, "a.CartTest") == ["a.Cart.add"]


def test_the_deepest_cause_comes_first() -> None:
    trace = (
        "a.Outer: x\n\tat a.Cart.add(Cart.java:1)\n"
        "Caused by: b.Inner: y\n\tat a.Store.put(Store.java:2)\n\t... 34 more"
    )
    assert product(trace, "T") == ["a.Store.put", "a.Cart.add"]


def test_recursion_is_one_frame() -> None:
    trace = "".join(f"\tat a.Tree.walk(Tree.java:{line})\n" for line in range(5_000))
    assert frames(trace) == (Frame("a.Tree", "walk"),)


@pytest.mark.parametrize(
    "call",
    [
        "a.Cart$MockitoMock$805973095.add",
        "a.Cart$$EnhancerByMockitoWithCGLIB$$4ff2081f.add",
        "a.Cart.add",
    ],
)
def test_a_mock_s_made_up_class_is_the_class_it_stands_for(call: str) -> None:
    assert [str(each) for each in frames(f"\tat {call}(Unknown Source)")] == ["a.Cart.add"]


@given(st.integers(1, 99_999), st.sampled_from([JAVA, PYTHON, PYTEST, JAVASCRIPT, DOTNET, GO]))
def test_line_numbers_make_no_difference(line: int, trace: str) -> None:
    moved = re.sub(r"((?:\.\w+:|line ))\d+", rf"\g<1>{line}", trace)
    assert frames(moved) == frames(trace)


@given(st.text(max_size=300))
def test_any_text_is_read_without_complaint(text: str) -> None:
    assert frames("") == ()
    sorted_out(frames(text), (), ())


@pytest.mark.parametrize(
    "piece", ["at a", "at a(", "#0 a", "a.go:1\n", "::", "1: a::", "a/", "@:1"]
)
def test_a_hostile_trace_is_read_too(piece: str) -> None:
    assert len(frames(piece * 100_000)) <= 200
