"""The benchmark: the shape of what it says, and that its figures can be made. Nothing is timed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench_figures import __main__ as bench
from scripts.bench_figures import data, parse, report
from scripts.bench_figures.measure import in_turn, percentile
from scripts.bench_figures.report import Row, as_json, as_table, row
from scripts.bench_figures.sizes import QUICK, Shape

ROOT = Path(__file__).resolve().parents[2]
TINY = replace(
    QUICK,
    rounds=1,
    cases=200,
    years=Shape(1, 5, 20),
    judged=Shape(1, 12, 300),
    surefire=3,
    uploaded=Shape(2, 2, 20),
    bombed=3,
    browsed=Shape(1, 5, 60),
    asked=5,
    published=Shape(1, 2, 20),
    demo_copies=0,
    demo_builds=2,
    back_filled=Shape(1, 3, 60),
    watched=Shape(2, 1, 0),
    faults=("huge",),
    validated=Shape(1, 3, 1_000),
    probed=3,
    taken_over=Shape(1, 2, 20),
)
ONE_OF_EACH = [row("record, floor", 0.1234), row("upload, visible on the page", 2.5)]


def test_rows_for_programs_say_name_value_unit_target_and_whether_it_is_reached():
    assert msgspec.json.decode(as_json(ONE_OF_EACH)) == {
        "rows": [
            {
                "name": "record, floor",
                "value": 0.123,
                "unit": "s",
                "target": None,
                "reached": None,
            },
            {
                "name": "upload, visible on the page",
                "value": 2.5,
                "unit": "s",
                "target": 2.0,
                "reached": False,
            },
        ]
    }


def test_the_table_marks_what_misses_its_target():
    lines = as_table([*ONE_OF_EACH, row("uploads of 4 clients, errors", 0)]).splitlines()
    assert lines[0].split() == ["name", "value", "unit", "target", "reached"]
    assert lines[1].split() == ["record,", "floor", "0.123", "s"]
    assert lines[2].split()[-4:] == ["s", "<=", "2", "NO"]
    assert lines[3].split()[-3:] == ["<=", "0", "yes"]


def test_a_target_counts_as_reached_up_to_the_figure_that_is_shown(monkeypatch):
    monkeypatch.setitem(report.ROWS, "parse, plugin alone / floor", ("x", 1.6))
    assert row("parse, plugin alone / floor", 1.6).reached
    assert not row("parse, plugin alone / floor", 1.61).reached


@pytest.mark.parametrize(
    "name",
    [
        *("parse", "record", "years", "publish", "validate", "legacy"),
        pytest.param("jenkins", marks=pytest.mark.nightly),  # it starts a dozen processes
        pytest.param("bombs", marks=pytest.mark.nightly),
        pytest.param("health", marks=pytest.mark.nightly),
    ],
)
def test_a_figure_has_all_the_rows_that_are_listed_with_their_targets(name):
    rows = bench.run([name], TINY)
    assert rows
    assert all(isinstance(each, Row) for each in rows)
    assert [(each.unit, each.target) for each in rows] == [report.ROWS[each.name] for each in rows]
    listed = [each for each in report.ROWS if each.startswith(f"{name}, ")]
    assert [each.name for each in rows] == listed


def test_a_quick_run_prints_json_alone_and_exits_by_its_targets(monkeypatch, capsys):
    monkeypatch.setattr(bench, "QUICK", TINY)
    status = bench.main(["--quick", "--json", "--only", "validate"])
    printed, told = capsys.readouterr()
    assert status == 0
    names = [each["name"] for each in msgspec.json.decode(printed)["rows"]]
    assert "validate, findings" in names
    assert "validate: 1 jobs of 3 builds of 1,000 cases" in told


def test_a_figure_nobody_knows_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        bench.main(["--only", "parse,colour"])
    assert stopped.value.code == 2
    assert "no figure is called 'colour'" in capsys.readouterr().err


def test_the_launcher_runs_with_the_interpreter_it_is_told_from_any_folder(tmp_path):
    done = subprocess.run(
        [ROOT / "scripts" / "bench", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in done.stdout


def test_the_same_seed_gives_the_same_file_of_two_per_cent_failures(tmp_path):
    content = data.junit_file(200, seed=3)
    path = tmp_path / "report.xml"
    path.write_bytes(content)
    assert content == data.junit_file(200, seed=3) != data.junit_file(200, seed=4)
    cases = parse.bare_loop(path)
    assert len(set(cases)) == 200
    assert [case[3] for case in cases].count("failure") == 4


def test_the_floor_and_the_plugin_read_the_same_cases(tmp_path):
    path = tmp_path / "report.xml"
    path.write_bytes(data.junit_file(150, seed=3))
    ours = [
        (each.classname, each.name)
        for each in parse.plugin_alone(parse.junit_parser(), path)
        if hasattr(each, "classname")
    ]
    assert ours == [case[:2] for case in parse.bare_loop(path)]


def test_a_made_up_history_has_streaks_of_failures():
    builds = [found.contents for _, found in data.history("nightly", 16, 50)]
    [case] = {row[0] for row in builds[-1].results} & {int(data.some_case("nightly"), 16)}
    statuses = [next(row[1] for row in each.results if row[0] == case) for each in builds]
    assert "".join(map(str, statuses)) == "0001111000011110"


def test_times_are_taken_in_turn_and_their_median_is_told():
    taken = iter([3.0, 10.0, 1.0, 30.0, 2.0, 20.0])
    assert in_turn(3, lambda: {"ours": next(taken)}, lambda: {"floor": next(taken)}) == {
        "ours": 2.0,
        "floor": 20.0,
    }
    assert percentile(list(range(1, 101)), 0.95) == 95
