"""Validating a database of a million results: every check, and everything judged again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from scripts.bench_figures.data import history
from scripts.bench_figures.judge import RATES
from scripts.bench_figures.measure import seconds
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Shape, Sizes
from tracker.clock import now_ms
from tracker.intake import spool
from tracker.operations.validation.findings import Report
from tracker.operations.validation.validate import validate
from tracker.settings import Settings
from tracker.store.connection import close_store
from tracker.store.families import cluster_waiting
from tracker.store.identity import SEPARATOR, number
from tracker.store.record import record_build
from tracker.store.records import ResultRow

_TEXTS = ("AssertionError", "it failed", "at Handler.java:1\n" * 30)
_TEXT = number(SEPARATOR.join(_TEXTS))


def figures(sizes: Sizes) -> Iterator[Row]:
    """One validation, as `tracker validate` does it; it must find nothing."""
    with temporary_home() as settings:
        shape = sizes.validated
        say(f"validate: {shape.jobs} jobs of {shape.builds} builds of {shape.cases:,} cases")
        fill(settings, shape)
        close_store()
        reports: list[Report] = []
        taken = seconds(lambda: reports.append(validate(settings, now=now_ms())))
    [report] = reports
    say(f"validate: {report.looked:,} rows looked at, {len(report.findings)} findings")
    yield row("validate, results in the database", shape.results)
    yield row("validate, everything", taken)
    yield row("validate, findings", len(report.findings))


def fill(settings: Settings, shape: Shape) -> None:
    """Record and judge such builds, with the bytes of their reports in the spool.

    Cases fail and take as long as those of the figures of judging do.
    """
    chance = random.Random(5)
    rates = [rate for rate, share in RATES for _ in range(round(shape.cases * share))]
    usual = [chance.lognormvariate(6, 1) for _ in rates]
    for job in range(shape.jobs):
        for facts, report in history(f"job-{job}", shape.builds, len(rates)):
            content = f"{facts.job} {facts.number}".encode()
            spool.store(settings.spool, [content], durable=False)
            results = [
                _result(row[0], chance.random() < rate, int(long * chance.uniform(0.9, 1.1)))
                for row, rate, long in zip(report.contents.results, rates, usual, strict=True)
            ]
            contents = replace(report.contents, results=results, failures={_TEXT: _TEXTS})
            record_build(
                facts, [replace(report, size=len(content), contents=contents)], now=now_ms()
            )
    while cluster_waiting((), now=now_ms()):
        pass


def _result(case: int, failed: bool, duration: int) -> ResultRow:
    return (case, int(failed), duration, _TEXT if failed else None, None)
