"""The pages of the tracker, live and static alike: PAGES is the table of contents.

The more special route comes first, since a job's name may hold anything.
"""

from tracker.pages import about, build, case, home, job, naming, results, run, settings
from tracker.pages.page import Page, Scope

PAGES: tuple[Page, ...] = (
    Page("home", "/", "home.html", home.show, home.every, Scope.SITE, "What is new"),
    Page("about", "/about/", "about.html", about.show, about.every, Scope.SITE, "About"),
    Page(
        "settings",
        "/settings/",
        "settings.html",
        settings.show,
        settings.every,
        Scope.SITE,
        "Settings",
    ),
    Page(
        "naming",
        "/settings/names/{job}/",
        "naming.html",
        naming.show,
        naming.every,
        Scope.SITE,
        "A job's name",
    ),
    Page(
        "results",
        "/jobs/{job}/builds/{build}/results/{list}/",
        "results.html",
        results.show,
        results.every,
        Scope.JOB,
        "A list of results",
    ),
    Page(
        "run",
        "/jobs/{job}/builds/{build}/run/",
        "run.html",
        run.show,
        run.every,
        Scope.SITE,
        "A regression run",
    ),
    Page(
        "build",
        "/jobs/{job}/builds/{build}/",
        "build.html",
        build.show,
        build.every,
        Scope.JOB,
        "A build",
    ),
    Page(
        "case",
        "/jobs/{job}/cases/{case}/",
        "case.html",
        case.show,
        case.every,
        Scope.JOB,
        "A case's history",
    ),
    Page("job", "/jobs/{job}/", "job.html", job.show, job.every, Scope.JOB, "A job"),
)

BY_NAME = {page.name: page for page in PAGES}
