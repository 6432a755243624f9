"""A job while its cases are still being given their histories; what is planted is noted."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from scripts.demo_history import (
    BROKEN,
    Archive,
    Build,
    Case,
    Commit,
    Job,
    Kind,
    Planted,
    Sheet,
    named,
)
from scripts.demo_words import (
    AREAS,
    AUTHORS,
    CAUSES,
    EDITS,
    OBJECTS,
    ODD_NAMES,
    SKIP_REASONS,
    THINGS,
)


class Sketch:
    """A job while its cases are still being given their histories."""

    def __init__(
        self,
        job: str,
        seed: int,
        builds: int,
        names: Sequence[tuple[str, str]],
        variants: tuple[str, ...] = ("",),
        archive: Archive = Archive.FILES,
        kind: Kind = Kind.FREESTYLE,
    ) -> None:
        self.name, self.seed, self.count = job, seed, builds
        self.variants, self.archive, self.kind = variants, archive, kind
        self.rng = Random(f"{seed}:{job}")
        self.planted: list[Planted] = []
        self.cases = [
            Case(suite, name, variant, "P" * builds, self._usual_ms(), self.rng.choice(CAUSES))
            for variant in variants
            for suite, name in names
        ]
        self.free = [pair for pair in names if pair[1] not in ODD_NAMES]
        self._skip_some(len(names) // 40)

    def breaks(
        self,
        build: int,
        cause: str,
        variants: tuple[str, ...] = ("",),
        kind: str = "regression",
    ) -> None:
        """A case that passed always fails from this build to the end."""
        outcomes = "P" * (build - 1) + "F" * (self.count - build + 1)
        chosen = self._pick()
        for variant in variants:
            case = self._set(chosen, outcomes, cause, variant)
            self._note(kind, case, build, cause=cause)

    def flaky(self, rate: float) -> None:
        """Each build by itself; drawn again while what came out is not a flaky case's history."""
        outcomes = ""
        while not 0.1 * self.count <= outcomes.count("F") <= 0.4 * self.count:
            outcomes = "".join("F" if self.rng.random() < rate else "P" for _ in range(self.count))
        case = self._set(self._pick(), outcomes)
        self._note("flaky", case, outcomes.index("F") + 1, rate=rate)

    def fixed(
        self, broken: int, build: int, passes_in: int | None = None, among: int | None = None
    ) -> None:
        """Fails from one build on and passes again from another.

        `passes_in` is a build between the two that was aborted, where it passed and means nothing.
        """
        outcomes = "P" * (broken - 1) + "F" * (build - broken) + "P" * (self.count - build + 1)
        if passes_in is not None:
            outcomes = _with(outcomes, passes_in, "P")
        case = self._set(self._pick(among), outcomes)
        self._note("fix", case, build, broken_in=broken)

    def renamed(self, last: int) -> None:
        old = self._set(self._pick(), "P" * last + "." * (self.count - last))
        new = replace(
            old, name=f"{old.name}Always", outcomes="." * last + "P" * (self.count - last)
        )
        self.cases.insert(self.cases.index(old) + 1, new)
        more = {"new_case": named(new.id), "new_build": last + 1}
        self._note("renamed", old, last, **more)

    def vanishes(self, last: int) -> None:
        case = self._set(self._pick(), "P" * last + "." * (self.count - last))
        self._note("vanished", case, last)

    def born_failing(self, build: int) -> None:
        outcomes = "." * (build - 1) + "F" * (self.count - build + 1)
        self._note("new_failing", self._set(self._pick(), outcomes), build)

    def skipped_in_a_streak(self, broken: int, skipped: int) -> None:
        outcomes = "P" * (broken - 1) + "F" * (self.count - broken + 1)
        case = self._set(self._pick(), _with(outcomes, skipped, "S"))
        self._note("skipped_in_streak", case, broken, skipped_in=skipped)

    def always_fails(self) -> None:
        self._note("always_failing", self._set(self._pick(), "F" * self.count), 1)

    def fails_only_in_aborted(self, build: int, among: int) -> None:
        case = self._set(self._pick(among), _with("P" * self.count, build, "F"))
        self._note("failed_in_aborted", case, build)

    def blank(self, build: int, keep: int = 0) -> None:
        """Only the first `keep` cases have a result in this build."""
        for at, case in enumerate(self.cases[keep:], keep):
            self.cases[at] = replace(case, outcomes=_with(case.outcomes, build, "."))

    def made(
        self,
        starts: Sequence[datetime],
        minutes: tuple[int, int],
        running: int | None = None,
        aborted: int | None = None,
        changes: bool = True,
    ) -> tuple[Build, ...]:
        """The builds, their results read off the cases."""
        made: list[Build] = []
        revision = sha1(self.seed, self.name, "start")
        for number, start in enumerate(starts, 1):
            rng = Random(f"{self.seed}:{self.name}:{number}")
            commits = tuple(commits_of(self.seed, self.name, number, start, rng)) if changes else ()
            revision = commits[-1].sha1 if commits else revision
            length = round(60_000 * rng.uniform(*minutes) * (0.4 if number == aborted else 1))
            result = "ABORTED" if number == aborted else self._result(number)
            if number == running:
                length, result = 0, None
            made.append(Build(number, start, length, result, revision, commits))
        return tuple(made)

    def job(self, made: tuple[Build, ...], upstream: str | None = None) -> Job:
        planted = tuple(self._with_failures(planted) for planted in self.planted)
        sheet = Sheet(tuple(self.cases))
        return Job(
            self.name, self.archive, self.variants, upstream, sheet, made, planted, self.kind
        )

    def _with_failures(self, planted: Planted) -> Planted:
        """A flaky case also tells in which builds it failed, blanked builds left out."""
        if planted.kind != "flaky":
            return planted
        [outcomes] = [case.outcomes for case in self.cases if case.id == planted.case]
        failed = [number for number, letter in enumerate(outcomes, 1) if letter in BROKEN]
        return replace(planted, build=failed[0], more={**planted.more, "failed_in": failed})

    def _result(self, number: int) -> str | None:
        broken = any(case.outcome(number) in BROKEN for case in self.cases)
        return "UNSTABLE" if broken else "SUCCESS"

    def _usual_ms(self) -> float:
        return min(30_000.0, self.rng.lognormvariate(math.log(45), 1.3))

    def _skip_some(self, count: int) -> None:
        for _ in range(count):
            chosen = self._pick()
            for variant in self.variants:
                self._set(chosen, "S" * self.count, variant=variant)

    def _pick(self, among: int | None = None) -> tuple[str, str]:
        """A healthy case with a plain name, taken once; `among` the first so many cases."""
        early = {case.id[:2] for case in self.cases[:among]}
        chosen = self.rng.choice([names for names in self.free if names in early])
        self.free.remove(chosen)
        return chosen

    def _set(
        self, names: tuple[str, str], outcomes: str, cause: str = "", variant: str = ""
    ) -> Case:
        """Give a case its history; an F becomes an E where the cause is an error."""
        at = self._index((*names, variant))
        told = next((known for known in CAUSES if known.name == cause), self.cases[at].cause)
        letters = outcomes.replace("F", told.letter) if self.archive is Archive.FILES else outcomes
        reason = self.rng.choice(SKIP_REASONS) if "S" in outcomes else ""
        case = replace(self.cases[at], outcomes=letters, cause=told, skip_reason=reason)
        self.cases[at] = case
        return case

    def _index(self, wanted: tuple[str, str, str]) -> int:
        return next(at for at, case in enumerate(self.cases) if case.id == wanted)

    def _note(self, kind: str, case: Case, build: int, **more: object) -> None:
        self.planted.append(Planted(kind, self.name, case.id, build, more))


def _with(outcomes: str, build: int, letter: str) -> str:
    return outcomes[: build - 1] + letter + outcomes[build:]


def commits_of(seed: int, job: str, number: int, before: datetime, rng: Random) -> Iterator[Commit]:
    """What a build brought: up to three commits, made shortly before it started."""
    for at in range(rng.choice((0, 1, 1, 2, 3))):
        path = f"src/main/java/com/acme/shop/{rng.choice(AREAS)}/{rng.choice(THINGS)}.java"
        when = before - timedelta(minutes=40 - 9 * at)
        message = f"{rng.choice(EDITS)}{_in_words(rng.choice(OBJECTS))}"
        digest = sha1(seed, job, f"{number}.{at}")
        yield Commit(digest, rng.choice(AUTHORS), when, message, path)


def _in_words(name: str) -> str:
    """The words that a name is joined from, a space before each."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def sha1(seed: int, job: str, what: str) -> str:
    return hashlib.sha1(f"{seed}:{job}:{what}".encode(), usedforsecurity=False).hexdigest()
