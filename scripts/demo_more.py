"""Jobs of every other kind: pipelines, a Maven job, parameters, a chain, a console.

Their histories are short and written out; the seed draws times, causes and commits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from scripts.demo_history import (
    BROKEN,
    Archive,
    Build,
    Case,
    Commit,
    History,
    Job,
    Kind,
    Planted,
    Sheet,
)
from scripts.demo_sketch import commits_of, sha1
from scripts.demo_words import CAUSES, SKIP_REASONS

FOLDERS = {
    "acme": "jenkins.branch.OrganizationFolder",
    "acme/shop": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
}
VIEWS = {"nightlies": ("team/nightly", "lab/tools/links", "firmware")}
LINUX, WINDOWS = ("Test / linux", "Test / windows")
CORE, WEB = ("com.acme:shop-core", "com.acme:shop-web")
QUEUE = 50_000_000

# The letters of each case, by variant and suite.
Pictures = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Plan:
    """A job as it is written down: `special` is what single builds have of their own."""

    name: str
    pictures: Pictures
    kind: Kind = Kind.FREESTYLE
    archive: Archive = Archive.REPORT
    upstream: str | None = None
    broken: str = "UNSTABLE"
    special: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    planted: tuple[Planted, ...] = ()
    disabled: bool = False
    gathers: bool = False
    description: str | None = None
    hours_ago: int = 5

    @property
    def length(self) -> int:
        suites = next(iter(self.pictures.values()))
        return len(next(iter(next(iter(suites.values())).values())))


def with_more(history: History) -> History:
    """The history and, beside its jobs, one of every other kind."""
    made: dict[str, Job] = {}
    for at, plan in enumerate(_plans()):
        job = _job(plan, history.seed, history.now, made.get(plan.upstream or ""))
        made[plan.name] = replace(job, queue=QUEUE + 1000 * at)
    return replace(
        history,
        jobs=(*history.jobs, *made.values()),
        folders={**history.folders, **FOLDERS},
        views={**history.views, **VIEWS},
    )


def _plans() -> Iterator[Plan]:
    yield Plan("lab/tools/links", _links(), archive=Archive.FILES)
    yield from _branches()
    yield _maven()
    yield _release()
    yield from _chain()
    yield Plan("retired", {"": {"old.SmokeTest": {"starts": "PPF"}}}, disabled=True, hours_ago=999)
    yield _firmware()


def _links() -> Pictures:
    return {
        "": {
            "lab.tools.LinksTest": {
                "followsRedirects": "PPPPPPPP",
                "findsDeadLinks": "PPPPPFFF",
                "knowsAnchors": "PFPPPPPP",
            },
            "lab.tools.RobotsTest": {"obeysRobotsTxt": "PPPPSSPP"},
        }
    }


def _branches() -> Iterator[Plan]:
    """A multibranch pipeline; the same suites run in two stages side by side."""
    suite, tests = "com.acme.shop.login.LoginTest", "com.acme.shop.stock.StockIT"
    main = {
        LINUX: {
            suite: {"acceptsAPassword": "PPPPPPPP", "refusesExpiredTokens": "PPPPPPPP"},
            tests: {"countsParcels": "PPFFPPPP", "reportsTheLastItem": "PPPPPPPP"},
        },
        WINDOWS: {
            suite: {"acceptsAPassword": "PPPPPPPP", "refusesExpiredTokens": "PPPPPFFF"},
            tests: {"countsParcels": "PPFFPPPP", "reportsTheLastItem": "SSSSSSSS"},
        },
    }
    case = (suite, "refusesExpiredTokens", WINDOWS)
    planted = (Planted("windows_only", "acme/shop/main", case, 6),)
    yield Plan("acme/shop/main", main, Kind.PIPELINE, planted=planted)
    feature = {
        LINUX: {suite: {"acceptsAPassword": "P.PP", "acceptsASecondFactor": "..FP"}},
        WINDOWS: {suite: {"acceptsAPassword": "P.PP", "acceptsASecondFactor": "..FP"}},
    }
    name = "acme/shop/feature%2Flogin"
    yield Plan(name, feature, Kind.PIPELINE, special={2: _failed_early()}, hours_ago=3)
    request = {
        LINUX: {suite: {"acceptsAPassword": "PPP", "refusesExpiredTokens": "PPP"}},
        WINDOWS: {suite: {"acceptsAPassword": "P.P", "refusesExpiredTokens": "P.P"}},
    }
    aborted = {2: {"result": "ABORTED"}}
    yield Plan("acme/shop/PR-7", request, Kind.PIPELINE, special=aborted, hours_ago=2)


def _maven() -> Plan:
    """In build 5 nothing of the web module had changed: Jenkins shows its build 4 again."""
    pictures = {
        CORE: {"com.acme.shop.core.OrderTest": {"adds": "PPPPPP", "rounds": "PPPFFP"}},
        WEB: {"com.acme.shop.web.PageTest": {"renders": "PPPF.F", "escapes": "PPPP.P"}},
    }
    more = {"module": WEB, "child_build": 4}
    planted = (Planted("module_not_rebuilt", "shop-maven", None, 5, more),)
    return Plan(
        "shop-maven", pictures, Kind.MAVEN, special={5: {"older": {WEB: 4}}}, planted=planted
    )


def _release() -> Plan:
    """Started by hand, with a password among its parameters; builds are named after versions."""
    pictures = {"": {"com.acme.shop.ReleaseIT": {"installs": "PPP", "upgrades": "PFP"}}}
    special: dict[int, Mapping[str, Any]] = {}
    for number in (1, 2, 3):
        given = (("BRANCH", f"release/1.{number}"), ("DRY_RUN", number < 3), ("TOKEN", None))
        special[number] = {"title": f"1.4.{number} (#{number})", "parameters": given}
    special[3] = {**special[3], "description": "Release candidate, <b>kept</b> for the audit"}
    return Plan(
        "release", pictures, archive=Archive.FILES, special=special, description="Ships the shop."
    )


def _chain() -> Iterator[Plan]:
    """What follows build 3 fails before its tests; nothing follows build 5."""
    build = {"": {"com.acme.chain.UnitTest": {"compiles": "PPPPPPP", "starts": "PPPPPPP"}}}
    planted = (Planted("child_missing", "chain/build", None, 5, {"child_job": "chain/verify"}),)
    yield Plan("chain/build", build, gathers=True, planted=planted, hours_ago=6)
    verify = {"": {"com.acme.chain.VerifyIT": {"talks": "PP.PPF", "listens": "PF.FPP"}}}
    followed = dict(enumerate((1, 2, 3, 4, 6, 7), start=1))
    special: dict[int, Mapping[str, Any]] = {
        number: {"upstream": ("chain/build", up)} for number, up in followed.items()
    }
    special[3] = {**special[3], **_failed_early()}
    early = Planted("failed_before_tests", "chain/verify", None, 3, {"upstream_build": 3})
    yield Plan("chain/verify", verify, upstream="chain/build", special=special, planted=(early,))


def _firmware() -> Plan:
    """Its tests are told on the console alone."""
    pictures = {
        "": {
            "": {
                "boots": "PPPPP",
                "mounts the card": "PPPFF",
                "sets the clock": "PFPPP",
                "sleeps and wakes": "SSSSS",
                "sends a beacon, 2 of 3": "PPPPP",
            }
        }
    }
    return Plan("firmware", pictures, archive=Archive.CONSOLE, broken="FAILURE")


def _failed_early() -> Mapping[str, Any]:
    return {"result": "FAILURE", "tested": False}


def _job(plan: Plan, seed: int, now: datetime, up: Job | None) -> Job:
    cases = tuple(_cases(plan, seed))
    builds = tuple(_builds(plan, seed, now, cases))
    builds = tuple(_after(up, build) for build in builds) if up else builds
    return Job(
        plan.name,
        plan.archive,
        tuple(plan.pictures),
        plan.upstream,
        Sheet(cases),
        builds,
        plan.planted,
        plan.kind,
        disabled=plan.disabled,
        description=plan.description,
        gathers=plan.gathers,
    )


def _cases(plan: Plan, seed: int) -> Iterator[Case]:
    for variant, suites in plan.pictures.items():
        for suite, pictures in suites.items():
            for name, letters in pictures.items():
                rng = Random(f"{seed}:{plan.name}:{suite}:{name}")
                cause, usual = rng.choice(CAUSES), rng.uniform(4, 900)
                told = cause.letter if plan.archive is Archive.FILES else "F"
                reason = rng.choice(SKIP_REASONS) if "S" in letters else ""
                outcomes = letters.replace("F", told)
                yield Case(suite, name, variant, outcomes, usual, cause, reason)


def _builds(plan: Plan, seed: int, now: datetime, cases: tuple[Case, ...]) -> Iterator[Build]:
    revision = sha1(seed, plan.name, "start")
    for number in range(1, plan.length + 1):
        rng = Random(f"{seed}:{plan.name}:{number}")
        before = timedelta(hours=plan.hours_ago + 24 * (plan.length - number))
        start = now - before + timedelta(milliseconds=rng.randrange(600_000))
        commits: tuple[Commit, ...] = ()
        if plan.upstream is None:
            commits = tuple(commits_of(seed, plan.name, number, start, rng))
        revision = commits[-1].sha1 if commits else revision
        is_broken = any(case.outcome(number) in BROKEN for case in cases)
        result = plan.broken if is_broken else "SUCCESS"
        build = Build(number, start, rng.randrange(60_000, 240_000), result, revision, commits)
        yield replace(build, **plan.special.get(number, {}))


def _after(up: Job, build: Build) -> Build:
    """A build that begins when the one it follows has ended, with the same revision."""
    before = up.build(build.upstream[1]) if build.upstream else None
    if before is None:
        return build
    start = before.started + timedelta(milliseconds=before.duration_ms + 6400)
    return replace(build, started=start, revision=before.revision)
