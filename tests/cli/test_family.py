"""`tracker family`: what fails by cause, and what people decide of it; `tracker ingest` does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.factories import NOW, cluster_all, jenkins, report
from tracker.queries import families

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"


@pytest.fixture
def both(home: Path) -> list[int]:
    """Two families, the larger first."""
    jenkins("nightly", 1, report(suite="disk", message=DISK, a="F", b="F"), started=NOW)
    jenkins("weekly", 1, report(suite="login", message=LOGIN, c="F"), started=NOW)
    cluster_all()
    return [row.id for row in families.families(limit=2)]


def test_families_are_listed_those_that_fail_most_first(command: Command, both: list[int]) -> None:
    assert [row["id"] for row in command("family", "list", "--json").json] == both
    lines = command("family", "list").out.splitlines()
    assert lines[1].split()[:3] == [str(both[0]), "2", "1"]


def test_where_nothing_failed_the_list_says_so(command: Command) -> None:
    assert "No failure was put into a family" in command("family", "list").err


def test_a_family_is_shown_with_its_signatures_and_what_fails(
    command: Command, both: list[int]
) -> None:
    said = command("family", "show", both[0]).out
    assert families.family(str(both[0])).signatures[0].key in said
    assert "nightly  #1" in said
    assert command("family", "show", both[0], "--json").json["family"]["row"]["failures"] == 2


def test_a_family_is_named_merged_and_split(command: Command, both: list[int]) -> None:
    command("family", "name", both[0], "Full disk")
    assert families.family_row(str(both[0])).name == "Full disk"
    assert f"Family {both[0]} has them all" in command("family", "merge", both[0], both[1]).out
    assert command("family", "show", both[1]).out.startswith(f"{both[0]}: Full disk")
    [key] = [each.key for each in families.family(str(both[0])).signatures if each.message == LOGIN]
    said = command("family", "split", both[0], key)
    assert said.code == 0
    fresh = said.out.split()[1]
    assert [each.key for each in families.family(fresh).signatures] == [key]
    assert {each.by for each in families.family(str(both[0])).decided} == {"command line"}


@pytest.mark.parametrize(
    "arguments",
    [("merge", 1, 999), ("name", 999, "x"), ("split", 1, "xyz"), ("show", 999), ("show", 0)],
)
def test_what_is_not_there_ends_with_words(
    command: Command, both: list[int], arguments: tuple[object, ...]
) -> None:
    said = command("family", *arguments)
    assert said.code != 0
    assert str(arguments[-1]) in said.err or "999" in said.err


def test_all_are_made_anew_on_demand(command: Command, both: list[int]) -> None:
    assert command("family", "recluster").out == "2 families.\n"
    assert [row.id for row in families.families(limit=2)] == both


def test_what_ingest_records_is_in_families_at_once(command: Command, files: Path) -> None:
    command("ingest", "--job", "nightly", "--build", "1", files)
    [row] = families.families(limit=2)
    assert row.failures == 1


def test_own_code_decides_what_the_product_is(
    command: Command, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_OWN_CODE", "com.shop, a.b")
    (files / "a.xml").write_text(
        '<testsuite name="s"><testcase classname="s" name="x"><failure message="m">'
        "E\n\tat org.acme.Lib.call(L.java:1)\n\tat com.shop.Cart.add(C.java:2)\n"
        "</failure></testcase></testsuite>"
    )
    command("ingest", "--job", "nightly", "--build", "1", files / "a.xml")
    [row] = families.families(limit=2)
    assert families.family(str(row.id)).signatures[0].frames == ("com.shop.Cart.add",)
