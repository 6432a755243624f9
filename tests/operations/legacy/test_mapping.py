"""Builds out of rows: numbers, times in UTC, parents, tests that are there twice, topologies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.operations.legacy.test_report import row
from tracker.operations.legacy.mapping import (
    facts_of,
    number_of,
    reports_of,
    time_of,
    without_repeats,
)
from tracker.operations.legacy.tables import LegacyJob

JOB = LegacyJob(
    1, 1, "12", "2101", 1, 1, 0, 0, "https://jenkins.example/job/a/12/", "7.0.0.0",
    "2026-02-02 01:00:00.000000", "prod",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("0", None),
        ("-1", None),
        ("", None),
        ("12a", None),
        ("١٢", None),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
    ],
)
def test_the_number_of_a_build(text: str, number: int | None) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-02 01:00:00.000000", datetime(2026, 2, 2, 1, tzinfo=UTC)),
        ("2026-02-02T01:00:00", datetime(2026, 2, 2, 1, tzinfo=UTC)),
        ("2026-02-02 03:00:00+02:00", datetime(2026, 2, 2, 1, tzinfo=UTC)),
        ("2026-02-02 01:00:00.250000", datetime(2026, 2, 2, 1, microsecond=250_000, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("1970-01-01 00:00:00", None),
        ("2098-02-02 01:00:00", None),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_a_time_that_names_no_zone_is_utc(text: str, moment: datetime | None) -> None:
    assert time_of(text) == (None if moment is None else round(moment.timestamp() * 1000))


def test_a_build_is_complete_and_knows_what_started_it() -> None:
    facts = facts_of(JOB, "7.0/a", 12, "nightly")
    assert (facts.job, facts.number, facts.complete) == ("7.0/a", 12, True)
    assert (facts.upstream_job, facts.upstream_number) == ("nightly", 2101)
    assert facts.about is not None
    assert facts.about.parameters == (("version", "7.0.0.0"), ("environment", "prod"))


def test_a_parent_is_kept_only_where_its_job_is_known() -> None:
    facts = facts_of(JOB, "7.0/a", 12, "")
    assert (facts.upstream_job, facts.upstream_number) == ("", None)


def test_a_build_is_not_its_own_parent() -> None:
    facts = facts_of(JOB._replace(parent_job_id="12"), "a", 12, "a")
    assert (facts.upstream_job, facts.upstream_number) == ("", None)


@pytest.mark.parametrize(("parent", "kept"), [("11", 11), ("13", None)])
def test_in_its_own_job_a_build_has_an_earlier_one_as_its_parent(
    parent: str, kept: int | None
) -> None:
    """Two builds that started each other would be a cycle."""
    facts = facts_of(JOB._replace(parent_job_id=parent), "a", 12, "a")
    assert facts.upstream_number == kept


def test_what_is_not_told_of_a_build_stays_open() -> None:
    empty = JOB._replace(parent_job_id="", version="", executed_at="", jenkins_url="")
    facts = facts_of(empty, "a", 12, "nightly")
    assert (facts.started, facts.url, facts.upstream_number) == (None, "", None)


def test_of_rows_of_one_test_and_topology_the_newest_counts() -> None:
    rows = [row(id=1, status="PASSED"), row(id=2, status="FAILED"), row(id=3, test_name="other")]
    assert [(each.id, each.status) for each in without_repeats(rows)] == [
        (2, "FAILED"),
        (3, "PASSED"),
    ]


def test_the_order_is_that_in_which_the_tests_ran() -> None:
    rows = [
        row(id=1, test_name="late", order_index=9),
        row(id=2, test_name="none", order_index=None),
    ]
    rows.append(row(id=3, test_name="soon", order_index=1))
    assert [each.test_name for each in without_repeats(rows)] == ["soon", "late", "none"]


def test_a_test_on_two_topologies_is_two_tests_in_two_reports() -> None:
    found = reports_of([row(jenkins_topology="5s"), row(jenkins_topology="others")])
    assert [(each.name, each.variant) for each in found] == [
        ("earlier-application/topology=5s.xml", "topology=5s"),
        ("earlier-application/topology=others.xml", "topology=others"),
    ]


def test_a_topology_may_be_called_as_the_report_of_those_without_one() -> None:
    found = reports_of([row(jenkins_topology=""), row(jenkins_topology="results")])
    assert len({each.name for each in found}) == 2


def test_a_test_without_a_topology_has_no_variant() -> None:
    [report] = reports_of([row(jenkins_topology="")])
    assert (report.name, report.variant) == ("earlier-application/results.xml", "")


def test_topologies_that_facets_cannot_tell_apart_are_one_report() -> None:
    [report] = reports_of([row(jenkins_topology="a,b"), row(jenkins_topology="a b", test_name="o")])
    assert (report.variant, len(report.results)) == ("topology=a b", 2)
