"""`tracker explain`, `budget` and `benchmark`: what they print, and how they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.factories import history, key_of


@pytest.fixture
def broken(home: Path) -> None:
    calm = {f"calm{n}": " ".join("P" * 33) for n in range(10)}
    history("nightly", login=" ".join("P" * 30 + "FFF"), **calm)


@pytest.mark.usefixtures("broken")
def test_explain_prints_sentence_inputs_and_numbers(command: Command) -> None:
    said = command("explain", "nightly", "login").out
    assert "as of #33: failing since #31" in said
    assert "by chance once in" in said
    assert "replayed by the rule of today: the same" in said


@pytest.mark.usefixtures("broken")
def test_explain_as_of_a_build_takes_its_label_with_or_without_a_hash(command: Command) -> None:
    plain = command("explain", "nightly", "login", "--as-of", "31").out
    assert "as of #31: regression" in plain
    assert command("explain", "nightly", "login", "--as-of", "#31").out == plain


@pytest.mark.usefixtures("broken")
def test_explain_has_all_numbers_as_json(command: Command) -> None:
    told = command("explain", "nightly", key_of("login"), "--json").json
    assert told["verdict"]["outcomes"].endswith("PPPF")
    assert told["is_replayed"] is True


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    "arguments", [("nobody", "login"), ("nightly", "nobody"), ("nightly", "login", "--as-of", "99")]
)
def test_explain_of_what_is_not_there_says_so(command: Command, arguments: tuple[str, ...]) -> None:
    said = command("explain", *arguments)
    assert said.code == 2
    assert arguments[-1].split()[0] in said.err or "nobody" in said.err


@pytest.mark.usefixtures("broken")
def test_a_budget_is_shown_with_what_was_said(command: Command) -> None:
    said = command("budget", "nightly").out
    assert "at most 1 false alarm a build" in said
    assert "WOULD SAY" not in said


@pytest.mark.usefixtures("broken")
def test_a_budget_is_previewed_without_being_saved(command: Command) -> None:
    assert "with 0.001: 1" in command("budget", "nightly", "0.001", "--preview").out
    assert command("budget", "nightly", "--json").json["budget"] == 1.0


@pytest.mark.usefixtures("broken")
def test_a_budget_that_is_given_counts_from_now_on(command: Command) -> None:
    assert command("budget", "nightly", "0.25").code == 0
    assert command("budget", "nightly", "--json").json["budget"] == 0.25


@pytest.mark.usefixtures("broken")
def test_what_is_no_budget_is_wrong_usage(command: Command) -> None:
    assert command("budget", "nightly", "0").code == 2


def test_the_benchmark_prints_each_figure_beside_its_target(command: Command) -> None:
    said = command("benchmark", "--quick", "--only", "facets")
    assert "facets, single values and pairs, precision" in said.out
    assert said.code == 0


def test_the_benchmark_is_json_in_rows(command: Command) -> None:
    rows = command("benchmark", "--quick", "--only", "facets", "--json").json["rows"]
    assert set(rows[0]) == {"name", "value", "unit", "target", "at_least", "reached"}
    assert (rows[0]["value"], rows[0]["target"]) == (1.0, None)


def test_a_benchmark_of_an_unknown_area_is_wrong_usage(command: Command) -> None:
    said = command("benchmark", "--only", "weather")
    assert said.code == 2
    assert "weather" in said.err


def test_labelled_failures_of_a_folder_are_grouped(command: Command, tmp_path: Path) -> None:
    for label, kind in (("1", "java.lang.NullPointerException"), ("2", "java.io.IOException: no")):
        path = tmp_path / "Shop" / label
        path.parent.mkdir(exist_ok=True)
        at = f"\tat shop.Cart{label}.add(Cart.java:12)\n"
        path.write_text(
            "".join(f"--- shop.Cart{label}Test::test{n}\n{kind}\n{at}" for n in range(3)), "utf-8"
        )
    rows = command("benchmark", "--failures", tmp_path, "--json").json["rows"]
    assert {row["name"]: row["value"] for row in rows}["families, nights of five bugs, F1"] == 1.0


def test_a_folder_without_failures_is_wrong_usage(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("nothing", "utf-8")
    said = command("benchmark", "--failures", tmp_path)
    assert said.code == 2
    assert "--- suite::test" in said.err
