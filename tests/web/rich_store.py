"""A store in which every part of the API has something to tell, for tests of its contract."""

from __future__ import annotations

import msgspec

from tests.conftest import junit
from tests.factories import DAY, NOW, cluster_all, history, jenkins, key_of, report
from tests.store.test_paces import nights
from tracker.queries import families
from tracker.queries.answers import answer
from tracker.store import decisions
from tracker.store.catalogue import Catalogue, IssueFacts, TestFacts, take_catalogue
from tracker.store.records import About, Change, Recorded
from tracker.store.rules import add_name_rule
from tracker.store.sql import run
from tracker.store.work import claim, enqueue, finish

ROOT, LEAF, PACED = "2.0/shop/all", "2.0/shop/unit", "nightly"
CASE, ODD = key_of("login"), key_of("odd")
READ, REFUSED, WAITING = (digit * 32 for digit in "123")
# What is there, by the parameters of paths.
JOBS = (LEAF, ROOT, PACED, "1.9/shop/unit", "old/name")
BUILDS = ("24", "12", "1", "3")
CASES = (CASE, key_of("ok"), key_of("gone"))
FAMILY = "1"
KEYS = (READ, REFUSED, WAITING)
REPORT = junit(one="P", two="F")


def fill() -> None:
    """Put it all into the store that is open."""
    add_name_rule("{release}/{module}/*")
    _runs()
    history("1.9/shop/unit", login=_letters("P" * 24), ok=_letters("P" * 24))
    history("lacking", stays="P " * 9 + "P", goes="P " * 9 + ".")
    nights([500.0] * 25 + [1500.0] * 5)
    cluster_all()
    _decide()
    _catalogue()
    _uploads()
    run("INSERT INTO former (name, job_id, until) SELECT 'old/name', id, 1 FROM job WHERE id = 1")


def _letters(picture: str) -> str:
    return " ".join(picture)


def _runs() -> None:
    """Regression runs: a case that fails with its agent, one that is flaky, one that goes."""
    flaky = "PPFPPPFPPPPFPPPPFPPPPFFF"
    for number, letter in enumerate(flaky, 1):
        began = {"started": NOW + number * DAY, "duration": 60_000}
        jenkins(ROOT, number, url=f"https://jenkins.example/{number}/", **began)
        cases = {"login": letter, "ok": "P", "slow": "S", "odd": "PF"[number % 3 == 0]}
        cases |= {"gone": "P"} if number < 22 else {}
        about = About(
            node="win" if number % 3 == 0 else "linux",
            changes=(Change("abc", "Ada", "Count twice", NOW),),
            artifacts=("r.xml",),
            parameters=(("MODE", "full"),),
            tests=(120, 3, 1),
            estimated=8500,
        )
        jenkins(
            LEAF,
            number,
            report(**cases),
            about=about,
            upstream_job=ROOT,
            upstream_number=number,
            **began,
        )


def _decide() -> None:
    """People merge the first two families that fail, and name what they are now."""
    jenkins("disk", 1, report(suite="disk", message="the disk is full", a="F"), started=NOW)
    jenkins("page", 1, report(suite="page", message="no password fits", b="E"), started=NOW)
    cluster_all()
    first, second, *_ = sorted(row.id for row in families.families(limit=9) if row.failures)
    decisions.merge(first, [second], by="Ada", now=NOW)
    decisions.name(first, "Full disk", by="Ada", now=NOW)


def _catalogue() -> None:
    tests = (TestFacts("", "login", case_ref="C1", priority="P1", component="auth"),)
    issues = (IssueFacts("BUG-1", status="open", summary="Login breaks", refs=("C1",)),)
    take_catalogue(Catalogue(tests=tests, issues=issues), now=NOW)


def _uploads() -> None:
    """One that was read, one that was refused, one that waits."""
    said = answer(Recorded(0, LEAF, 24, 0, True, ("r.xml",), (), 1), {}, {})
    outcomes = (
        {"status": 201, **msgspec.to_builtins(said)},
        {"status": 415, "error": "No parser recognises it."},
    )
    for key, outcome in zip((READ, REFUSED), outcomes, strict=True):
        enqueue("ingest", key, due=NOW)
        task = claim(("ingest",), now=NOW, lease_ms=1000)
        assert task is not None
        finish(task, now=NOW, outcome=outcome)
    enqueue("ingest", WAITING, due=NOW)
