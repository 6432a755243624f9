"""The figures of missing tests: alarms, causes, and their names."""

from __future__ import annotations

from tracker.verdicts.benchmark.histories import job
from tracker.verdicts.benchmark.missing import alarms, figures, tally


def test_untouched_nights_raise_no_alarm():
    assert alarms(range(12)) == 0


def test_nearly_every_cause_is_right():
    found = tally([job(seed) for seed in (0, 1000)], seed=3)
    assert found.wrong.total() <= 0.02 * found.right.total()
    assert found.overlooked.total() <= 0.02 * found.right.total()


def test_every_figure_begins_with_its_area():
    assert all(figure.name.split(",")[0] in ("missing", "renames") for figure in figures(True))
