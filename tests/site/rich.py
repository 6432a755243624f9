"""A history with one of everything that a page can show, odd and hostile names among it."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import DAY, NOW, cluster_all, history, jenkins, report, upload
from tests.store.fresh import lay_out
from tracker.settings import Settings
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store import identity
from tracker.store.backfills import ask_backfill, note_backfilled, note_unread, plan_backfill
from tracker.store.catalogue import Catalogue, ReleaseFacts, take_catalogue
from tracker.store.connection import close_store, open_store
from tracker.store.jobs import (
    add_server,
    note_job_trouble,
    note_server,
    note_server_trouble,
    track_job,
)
from tracker.store.records import About, Change, Contents, ReadReport
from tracker.store.rules import ResultsRule, add_name_rule, add_results_rule
from tracker.store.seen import SeenJob, note_gone, note_look
from tracker.store.sql import run
from tracker.verdicts.outcomes import Status

HOUR = 3600 * 1000
ODD_JOBS = (
    "Größe & Co/täglich um 6",
    "A%2FB/Upper Case",
    "a%2fb/upper case",
    "folder/builds/3",
    "folder/cases/0123456789abcdef",
    "folder/pages/2",
    "static",
    "con/index.html",
    "q?a=b#c;d:e~f",
)
LONG = 501


def record_rich_history() -> None:
    """Record it into the store that is open."""
    _nightly()
    _two_epochs()
    _chain()
    _runs()
    _running()
    _long_lists()
    for job in ODD_JOBS:
        history(job, login="P F F", logout="P P P", search="F P S")
    _hostile()
    _lacking()
    _sources()
    _watched()
    _releases()
    _on_one_agent()
    _slower()
    cluster_all()


def _nightly() -> None:
    """Every verdict, every state of a build, every state of a report."""
    # Regression, still failing, fixed, a first failure, skipped, unknown and a case that vanished.
    pictures = {
        "login": "P P F F P F",
        "logout": "P F F F F F",
        "search": "P P P P P P",
        "upload": ". . . . E E",
        "ignored": "S S S P S S",
        "lost": "P P F . . .",
        "odd": "P U U P P P",
    }
    rows = {case: letters.split() for case, letters in pictures.items()}
    for place in range(6):
        ran = {case: row[place] for case, row in rows.items() if row[place] != "."}
        jenkins(
            "team/nightly",
            place + 1,
            report("TEST-a.xml", suite="com.example.Suite", **ran),
            result="UNSTABLE" if "F" in ran.values() else "SUCCESS",
            started=NOW + place * DAY,
            duration=61_000 + place,
            url=f"https://jenkins.example/job/team/job/nightly/{place + 1}/",
            branch="main",
            commit="0123456789abcdef",
        )
    upload(
        "team/nightly",
        7,
        report("linux.xml", variant="platform=linux", login="F", boot="P"),
        report("windows.xml", variant="platform=windows", login="P", boot="F"),
        report("warned.xml", warnings=("A `duration` of 12,5 was read as 12.5.",), odd="U"),
        report("broken.xml", failure="This is no XML: `line 1`."),
        damaged("half.xml", half="F"),
        retried("rerun.xml", "flaky"),
        started=NOW + 6 * DAY,
    )
    jenkins("team/nightly", 8, report(login="F"), result="ABORTED", started=NOW + 7 * DAY)
    jenkins("team/nightly", 9, result="NOT_BUILT", started=NOW + 8 * DAY)
    jenkins("team/nightly", 10, report(suite="early", login="F"), result=None)


def _two_epochs() -> None:
    """The controller was rebuilt and counts from 1 again."""
    for number, letter in ((1, "P"), (2, "F")):
        jenkins("rebuilt", number, report(login=letter), started=NOW + number * DAY)
    jenkins("rebuilt", 1, report(login="F", logout="P"), started=NOW + 100 * DAY)


def _chain() -> None:
    """Builds that start others, one of them never recorded."""
    jenkins("chain/build", 1, report(compile="P"), started=NOW)
    for job in ("chain/test", "Größe & Co/Folge"):
        jenkins(
            job,
            1,
            report(suite=job, login="F"),
            result="FAILURE",
            upstream_job="chain/build",
            upstream_number=1,
        )
    jenkins("chain/test", 2, report(login="P"), upstream_job="gone", upstream_number=7)


def _runs() -> None:
    """Runs of three levels; the newest has one of every standing, and a job is missing."""
    for number in (1, 2, 3):
        began = {"started": NOW + number * DAY, "duration": HOUR}
        by_top = {**began, "upstream_job": "run/top", "upstream_number": number}
        by_unit = {**began, "upstream_job": "run/unit", "upstream_number": number}
        jenkins("run/top", number, about=told(), url="https://jenkins.example/run/", **began)
        letters = "PF"[number == 3]
        jenkins("run/unit", number, report("r.xml", login=letters), about=told(), **by_top)
        jenkins("run/deep", number, report(suite="deep", login="F"), **by_unit)
        if number < 3:
            jenkins("run/perf", number, report(suite="perf", login="P"), **by_top)
    jenkins("run/broken", 1, result="FAILURE", **by_top)
    jenkins("run/stopped", 1, report(login="P"), result="ABORTED", **by_unit)
    jenkins("run/unbuilt", 1, result="NOT_BUILT", **by_unit)
    jenkins("run/lost", 1, result=None, state="lost", **by_unit)
    jenkins("run/half", 1, damaged("half.xml", half="P"), **by_unit)
    note_gone("run/top", [2])


def _running() -> None:
    """Builds that run, with and without a guess of how long."""
    for number, estimated in ((1, 60_000), (2, 10**13), (3, None)):
        jenkins(
            f"now/{number}",
            number,
            result=None,
            started=NOW,
            about=About(estimated=estimated),
        )


def told() -> About:
    """What Jenkins tells of a build, all of it, in long lists and short ones."""
    return About(
        display_name="2.4 rc1",
        description="Of the night.\nSee the wiki.",
        node="linux-07",
        causes=("Started by timer", "Started by user Ada"),
        parameters=tuple((f"name {place}", f"value {place}") for place in range(5)),
        changes=(Change("0123456789abcdef", "Ada", "Count twice\n\nSince once is none.", NOW),),
        more_changes=2,
        culprits=("Ada", "Grace"),
        artifacts=("r.xml", "out/a b/log#1.txt"),
        more_artifacts=7,
        tests=(120, 3, 1),
        estimated=60_000,
    )


def _long_lists() -> None:
    """A list that is pages of its own; its cases passed, so that they have none."""
    names = [f"case {place:04}" for place in range(LONG)]
    upload("long", 1, report(**dict.fromkeys(names, "P")), complete=True)


def _lacking() -> None:
    """A build that lacks something of every kind: a report, renamed, skipped and removed cases."""
    evil = "<i id=m94>"
    shop = {f"counts {word}": "P" for word in ("all", "none", "twice", "what is left", evil)}
    names = {f"case {place:03}": "P" for place in range(120)}
    for number in range(1, 11):
        is_last = number == 10
        jenkins(
            f"lacking/{evil}",
            number,
            report(
                "a.xml", suite="com.shop.cart.CartTest" if is_last else "com.shop.CartTest", **shop
            ),
            report("b.xml", suite="gone", kept="P", **({} if is_last else {evil: "P", "old": "P"})),
            report("c.xml", suite="licence", kept="P", dear="S" if is_last else "P"),
            *([] if is_last else [report(f"{evil}.xml", suite="shard", **names)]),
            report("e.xml", suite="new", **({evil: "P"} if is_last else {"first": "P"})),
            started=NOW + number * DAY,
        )


def _sources() -> None:
    add_server(
        "ours",
        "https://jenkins.example",
        prefix="",
        username="reader",
        token_file="/run/token",
        patterns=["*"],
    )
    add_server(
        "west",
        "https://west.example",
        prefix="west",
        username="",
        token_file="",
        patterns=[],
    )
    note_server_trouble("west", "<i id=m90> No route to `<i id=m91>`.", now=NOW)
    _is_at("never/built", "https://jenkins.example/job/never/job/built/")
    note_job_trouble("long", "It answered 500: `<i id=m92>`.", now=NOW)


def _is_at(job: str, url: str) -> None:
    """As a look found it, on a server that was removed since."""
    track_job(job)
    run("UPDATE job SET url = ? WHERE name = ?", url, job)


def _watched() -> None:
    """What looks at a server find: jobs of every standing, a renamed one, back-fills, rules."""
    evil = "<i id=m93>"
    add_server(
        "east",
        "https://east.example",
        prefix="east",
        username=evil,
        patterns=["*", f"!{evil}"],
        view=evil,
    )
    note_server("east", version=evil, notice=f"Its clock is `{evil}` behind.")
    add_name_rule("east/{release}/{module}/nightly-{platform}")
    add_name_rule("east/{release}/**")
    add_results_rule("east/**", ResultsRule(("artifacts", "test_report"), artifacts=(evil,)))
    old, gone, still, filled = (
        _seen(f"rel/mod/{name}") for name in ("old", "gone", "still", "filled")
    )
    linux = _seen("rel/mod/nightly-linux", last=(1, NOW))
    paused = dataclasses.replace(still, is_disabled=True)
    note_look("east", [old, gone, still, filled], listed=None, now=NOW)
    history("east/rel/mod/gone", login="P F")
    history("east/rel/mod/filled", login="P F")
    jenkins("east/rel/mod/old", 1, report(login="P"), started=NOW)
    there = [linux, paused, filled]
    for look in range(2):
        names = [job.jenkins_name for job in there]
        note_look("east", there, listed=names, now=NOW + look * HOUR)
    for job, done in (("nightly-linux", 2), ("filled", 4)):
        ask_backfill(f"east/rel/mod/{job}", builds=4, now=NOW)
        plan_backfill(f"east/rel/mod/{job}", [9, 8, 5, 2], [(6, 7), (3, 4), (1, 1)], now=NOW)
        note_unread(f"east/rel/mod/{job}", 8, f"#8: `{evil}`", again=False)
        note_backfilled(f"east/rel/mod/{job}", done=done, now=NOW + HOUR)


def _releases() -> None:
    """Two releases: in the newer one a test broke, one is gone and one was added."""
    add_name_rule("product/{release}/nightly-{platform}")
    good, bad = " ".join("P" * 8), " ".join("F" * 8)
    history("product/1.9/nightly-linux", login=good, logout=good, search=bad, gone=good)
    history("product/1.10/nightly-linux", login=bad, logout=good, search=good, added=good)
    told = (
        ReleaseFacts("1.10", main_job="run/top", last_build=3, branch="release/1.10"),
        ReleaseFacts("1.9", is_active=False, main_job="gone/from here"),
        ReleaseFacts("<i id=m95>", branch="<i id=m96>"),
    )
    take_catalogue(Catalogue(told), now=NOW)


def _on_one_agent() -> None:
    """A test that fails on one of three agents alone."""
    for number in range(1, 19):
        node = f"agent-{number % 3}"
        jenkins(
            "agents/nightly",
            number,
            report(suite="agents", there="F" if node == "agent-2" else "P", here="P"),
            started=NOW + number * DAY,
            about=About(node=node),
        )


def _slower() -> None:
    """A test that takes longer since the 26th build, and one that never did; both always pass."""
    for number in range(1, 31):
        usual = 400 + number % 7
        took = (usual if number < 26 else 3 * usual, usual)
        made = report(f"{number}.xml", suite="pace", slower="P", steady="P")
        results = [
            (case, status, ms, *rest)
            for (case, status, _, *rest), ms in zip(made.contents.results, took, strict=True)
        ]
        contents = dataclasses.replace(made.contents, results=results)
        ran = dataclasses.replace(made, sha256=f"{number:064x}", contents=contents)
        jenkins("pace/nightly", number, ran, started=NOW + number * DAY)


def _seen(name: str, last: tuple[int, int] | None = None) -> SeenJob:
    return SeenJob(f"east/{name}", name, f"https://east.example/{name}/", "pipeline", last=last)


def damaged(name: str, **cases: str) -> ReadReport:
    """A report that ends in the middle."""
    read = report(name, suite=name, **cases)
    return dataclasses.replace(read, recovered=True, warnings=("It ends at line 7.",))


def retried(name: str, case: str) -> ReadReport:
    """A report with a case that passed at its third try."""
    read = report(name, suite=name, **{case: "P"})
    [number] = read.contents.cases
    failure = identity.number(f"{name} {case} failure")
    contents = dataclasses.replace(
        read.contents,
        failures={failure: ("TimeoutError", "too slow", "at x.y.z")},
        attempts=[
            (number, 1, int(Status.FAILED), 900, failure),
            (number, 2, int(Status.ERROR), None, failure),
        ],
    )
    return dataclasses.replace(read, contents=contents)


_PAYLOADS = (
    '<i id="m{n}">m{n}</i>',
    "<script>document.title='m{n}'</script>",
    '"><img src=x id=m{n} onerror="alert(\'m{n}\')">',
    "'onmouseover='alert(`m{n}`)' id='m{n}",
    "</pre></title><svg id=m{n} onload=alert(1)>",
    "{{{{ 7 * 191 }}}} m{n}",
    "javascript:alert('m{n}')",
    "https://evil.example/\"onclick=\"alert('m{n}')",
    "\u202em{n}\u0000\x1b[31m\u200b",
    "m{n}" + "W" * 400,
)


def _hostile() -> None:
    """A job in which every text that came from outside is markup, and has a mark of its own."""
    for payload in _PAYLOADS:
        _hostile_job(payload, itertools.count(100))


def _hostile_job(payload: str, numbers: itertools.count[int]) -> None:
    def marked() -> str:
        return payload.format(n=next(numbers))

    job = "hostile/" + marked().replace("/", "|").replace("\x00", "").replace("\x1b", "")
    case, suite, variant = marked(), marked(), marked()
    for number in (1, 2, 3):
        jenkins(
            job,
            number,
            _hostile_report(marked, suite, case, variant, failing=number != 2),
            report(marked(), failure=f"No parser reads `{marked()}`. {number}"),
            dataclasses.replace(
                report(marked(), suite=suite, **{f"{marked()}{number}": "S"}),
                recovered=True,
                warnings=(marked(), f"`{marked()}`"),
            ),
            result=marked() if number == 3 else "UNSTABLE",
            url=marked(),
            branch=marked(),
            commit=marked(),
            upstream_job=marked(),
            upstream_number=number,
            about=_hostile_about(marked),
            started=NOW + number * HOUR,
        )
    _is_at(job, marked())
    note_job_trouble(job, f"{marked()} `{marked()}`", now=NOW)


def _hostile_about(marked: Callable[[], str]) -> About:
    return About(
        display_name=marked(),
        description=marked(),
        node=marked(),
        causes=(marked(),),
        parameters=((marked(), marked()),),
        changes=(Change(marked(), marked(), marked(), NOW),),
        culprits=(marked(),),
        artifacts=(marked(),),
        tests=(7, 1, 0),
    )


def _hostile_details(marked: Callable[[], str]) -> str:
    return json.dumps(
        {
            "file": marked(),
            "line": 7,
            "raw_status": marked(),
            "expected_failure": "xfail",
            "properties": [[marked(), marked()]],
            "attachments": [marked()],
        }
    )


def _hostile_report(
    marked: Callable[[], str], suite: str, case: str, variant: str, *, failing: bool
) -> ReadReport:
    suite_number = identity.suite_id((suite, suite))
    number = identity.case_id(suite_number, case, variant)
    texts = (marked(), marked(), marked())
    failure = identity.number("".join(texts))
    rerun = identity.number("rerun" + "".join(texts))
    told = _hostile_details(marked)
    detail = identity.number(told)
    status = Status.FAILED if failing else Status.PASSED
    return ReadReport(
        name=f"r {marked()}",
        sha256=hashlib.sha256(repr(texts).encode()).hexdigest(),
        size=10,
        variant=variant,
        format=marked(),
        parser_version=1,
        warnings=(marked(),),
        contents=Contents(
            suites={suite_number: f"{suite}\n{suite}"},
            cases={number: (suite_number, case)},
            results=[(number, int(status), 500, failure if failing else None, detail)],
            failures={failure: texts, rerun: texts},
            attempts=[(number, 1, int(Status.ERROR), 1, rerun)],
            outputs={number: (marked(), marked())},
            details={detail: told},
            suite_runs={suite_number: (detail, marked(), marked())},
            variant=variant,
        ),
    )


def published_rich_history(factory: pytest.TempPathFactory) -> Settings:
    """A tracker of one's own with the rich history, published; its store is closed.

    It takes seconds to make, so the processes of one run of the tests copy one.
    """
    run = factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    made, folder = run / "rich-history", factory.mktemp("rich") / "copy"
    with (run / "rich-history.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            publish_rich_history(making := run / "rich-history-in-the-making")
            making.rename(made)
    shutil.copytree(made, folder, symlinks=True)
    return Settings.load({}, home=folder / "home", output=folder / "output")


def publish_rich_history(folder: Path) -> None:
    """Make it below `folder`, whatever an earlier attempt left there."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    open_store(lay_out(settings.store))
    record_rich_history()
    publish(settings.output, renderer(), newest=settings.publish_builds, keep=3, now=NOW)
    close_store()
