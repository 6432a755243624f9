"""How much each figure measures: the whole run, and the quick one."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shape:
    """So many jobs, of so many builds each, of so many cases each."""

    jobs: int
    builds: int
    cases: int

    @property
    def results(self) -> int:
        """How many results there are in all."""
        return self.jobs * self.builds * self.cases


@dataclass(frozen=True)
class Sizes:
    """The sizes of one run.

    rounds         how often each way of a comparison is taken, in turn
    cases          cases of the one big report
    of_a_format    cases of the file of each format, and rounds of reading it
    years          what a job had before the builds that are recorded
    judged         the history whose newest build is judged
    visible        how often that report is uploaded
    surefire       small reports of one multipart upload, and how often it is sent
    uploaded       builds that four clients upload
    bombed         uploads beside hostile files, and as many without
    browsed        what is in the database while pages are asked for
    asked          how often each page is asked for, by one client and again by four
    published      what is published in full
    demo_copies    copies of the demo Jenkins' jobs, while the first page is waited for
    demo_builds    builds of each of its three jobs that are read
    back_filled    what is read of a Jenkins at the usual rate
    watched        what is all read, and looked at while nothing changes
    faults         the ways in which a Jenkins goes wrong
    validated      what is in the database that is validated
    probed         probes of readiness
    taken_over     modules, builds and results of the earlier application
    """

    rounds: int = 5
    cases: int = 100_000
    of_a_format: int = 100_000
    format_rounds: int = 2
    years: Shape = Shape(1, 5_000, 500)
    judged: Shape = Shape(1, 61, 100_000)
    visible: int = 3
    surefire: int = 500
    surefire_rounds: int = 3
    uploaded: Shape = Shape(4, 50, 1_000)
    bombed: int = 100
    browsed: Shape = Shape(5, 40, 5_000)
    asked: int = 600
    published: Shape = Shape(10, 20, 500)
    demo_copies: int = 84
    demo_builds: int = 40
    back_filled: Shape = Shape(1, 60, 1_000)
    watched: Shape = Shape(500, 1, 0)
    faults: tuple[str, ...] = ("hang", "drip", "huge")
    validated: Shape = Shape(1, 60, 17_000)
    probed: int = 500
    taken_over: Shape = Shape(8, 30, 1_000)


WHOLE = Sizes()
QUICK = replace(
    WHOLE,
    rounds=2,
    of_a_format=10_000,
    format_rounds=1,
    years=Shape(1, 1_000, 500),
    judged=Shape(1, 31, 5_000),
    visible=1,
    surefire_rounds=1,
    uploaded=Shape(4, 5, 1_000),
    bombed=20,
    browsed=Shape(5, 4, 5_000),
    asked=50,
    published=Shape(5, 5, 100),
    demo_copies=1,
    demo_builds=2,
    back_filled=Shape(1, 3, 1_000),
    watched=Shape(20, 1, 0),
    faults=("drip",),
    validated=Shape(1, 20, 2_000),
    probed=40,
    taken_over=Shape(2, 5, 1_000),
)
