"""Builds that are taken over: recorded many at a time, and judged by the worker."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import NOW, history, jenkins, judge_all, report, upload
from tracker.queries import builds, jobs
from tracker.queries.dump import lines
from tracker.queries.select import select
from tracker.store.records import About, BuildFacts, ReadReport
from tracker.store.rejudging import waiting_jobs
from tracker.store.taken_over import (
    REPORT_FOLDER,
    Standing,
    TakenBuild,
    builds_here,
    given_names,
    match,
    standing,
    take_over,
)

DAY = 24 * 3600 * 1000


def of_earlier(name: str = "5s.xml", **cases: str) -> ReadReport:
    return replace(report(f"{REPORT_FOLDER}{name}", **cases), stand_in=True)


def taken(number: int, kind: Standing = "new", *reports: ReadReport, **facts: object) -> TakenBuild:
    told = BuildFacts("nightly", number, complete=True, **facts)  # type: ignore[arg-type]
    return TakenBuild(kind, told, reports)


def stands(number: int, *reports: ReadReport, **facts: object) -> Standing:
    build = taken(number, "new", *reports, **facts)
    digests = frozenset((each.name, each.sha256) for each in reports)
    return standing(builds_here("nightly").get(number, ()), build.facts, digests)


def test_a_build_is_new_then_known_then_changed(store: Path) -> None:
    first, other = of_earlier(a="P"), of_earlier(a="F")
    assert stands(1, first) == "new"
    take_over("nightly", None, [taken(1, "new", first)], now=NOW)
    assert stands(1, first) == "known"
    assert stands(1, other) == "changed"
    assert stands(1, first, url="https://jenkins.example/job/a/1/") == "facts"
    take_over("nightly", None, [taken(1, "changed", other)], now=NOW)
    assert stands(1, other) == "known"
    assert builds.build("nightly", "1").totals.failed == 1


def test_a_topology_that_vanished_is_gone_with_its_results(store: Path) -> None:
    both = [of_earlier("5s.xml", a="P"), of_earlier("3s.xml", b="P")]
    take_over("nightly", None, [taken(1, "new", *both)], now=NOW)
    take_over("nightly", None, [taken(1, "changed", both[0])], now=NOW)
    assert builds.build("nightly", "1").totals.total == 1


def test_what_is_told_of_a_build_is_kept_until_jenkins_tells_of_it(store: Path) -> None:
    about = About(parameters=(("version", "7.0.0.0"),))
    take_over("nightly", None, [taken(1, "new", about=about)], now=NOW)
    assert builds.about("nightly", "1") == about
    assert stands(1, about=about) == "known"
    jenkins("nightly", 1, about=About(node="n"))
    assert builds.about("nightly", "1") == About(node="n")
    assert stands(1, about=about) == "own"


def test_many_builds_are_left_to_the_worker_and_few_are_judged_at_once(store: Path) -> None:
    few = [taken(number, "new", of_earlier(a="P")) for number in range(1, 6)]
    take_over("nightly", None, few, now=NOW)
    assert waiting_jobs() == []
    many = [taken(number, "new", of_earlier(a="PF"[number % 2])) for number in range(6, 20)]
    take_over("nightly", None, many, now=NOW)
    assert waiting_jobs() == ["nightly"]
    assert ("judge", "nightly") in select("SELECT kind, key FROM work")


def test_the_worker_says_what_is_said_of_builds_that_come_one_by_one(store: Path) -> None:
    reports = [of_earlier(a=letter, b="P") for letter in "PPPFPPFFPPPPSPFP"]
    builds_of_all = [taken(number, "new", each) for number, each in enumerate(reports, start=1)]
    take_over("nightly", None, builds_of_all, now=NOW)
    judge_all()
    for number, each in enumerate(reports, start=1):
        upload("weekly", number, each, complete=True)
    told: dict[str, list[str]] = {"nightly": [], "weekly": []}
    for line in lines():
        row = json.loads(line)
        if row["kind"] in ("episode", "pace", "break window"):
            told[row.pop("job")].append(json.dumps(row))
    assert told["nightly"] == told["weekly"] != []


def test_a_build_that_somebody_else_spoke_of_meanwhile_is_refused(store: Path) -> None:
    take_over("nightly", None, [taken(1, "new", of_earlier(a="P"))], now=NOW)
    upload("nightly", 1, report("own.xml", a="P", b="P"))
    before = list(lines())
    changed = taken(1, "changed", of_earlier(a="F"))
    assert take_over("nightly", None, [changed], now=NOW) == {1}
    assert list(lines()) == before


def test_a_build_that_is_refused_does_not_stop_the_others(store: Path) -> None:
    upload("nightly", 1, report("own.xml", a="P"))
    twice = [of_earlier("5s.xml", a="P"), of_earlier("5s.xml", a="F")]
    several = [taken(2, "new", *twice), taken(3, "new", of_earlier(a="P"))]
    assert take_over("nightly", None, several, now=NOW) == {2}
    assert [row.number for row in builds.builds("nightly", limit=5)] == [3, 1]


@pytest.mark.parametrize(("apart", "is_found"), [(0, True), (DAY, True), (2 * DAY, False)])
def test_a_build_of_another_source_is_the_same_when_it_began_at_that_time(
    store: Path, apart: int, is_found: bool
) -> None:
    jenkins("nightly", 1, report("own.xml", a="P"), started=NOW)
    facts = BuildFacts("nightly", 1, started=NOW - apart)
    assert (match(builds_here("nightly")[1], facts) is not None) is is_found


def test_release_and_module_are_kept_with_the_name(store: Path) -> None:
    history("nightly", a="P")
    take_over("nightly", ("7.0", "routing"), [taken(2)], now=NOW)
    assert given_names() == {("7.0", "routing"): "nightly"}
    parts = jobs.job("nightly").parts
    assert (parts.release, parts.module) == ("7.0", "routing")
