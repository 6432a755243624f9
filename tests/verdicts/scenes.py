"""A build of a made-up shop in which some cases are missing."""

from __future__ import annotations

from dataclasses import replace

from tracker.verdicts.missing import ReportSeen, Scene
from tracker.verdicts.seen_test import Test

SHARD = ReportSeen("shard-3.xml", cases=4)
OTHER = ReportSeen("shard-4.xml", cases=2)
BEFORE = ((SHARD, OTHER),) * 10


def cart(number: int, name: str, **more: object) -> Test:
    named = Test(number, ("shop.CartTest",), name, report=SHARD.name, place=number)
    return replace(named, **more)  # type: ignore[arg-type]


NAMES = ["addsItem", "removesGuest", "countsVoucher", "printsInvoice", "refusesStranger"]
ALL = tuple(cart(number, NAMES[number]) for number in range(4))


def scene(*gone: Test, **more: object) -> Scene:
    whole = Scene(
        gone,
        reports=(SHARD, OTHER),
        reports_before=BEFORE,
        expected=6,
        beside=tuple(test for test in ALL if test not in gone),
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def unplaced(*tests: Test) -> tuple[Test, ...]:
    return tuple(replace(test, place=None) for test in tests)


def nowhere(*tests: Test) -> tuple[Test, ...]:
    return tuple(replace(test, report="", place=None) for test in tests)


def told(found) -> dict[int, str]:
    return {missing.test.id: missing.cause.value for missing in found}
