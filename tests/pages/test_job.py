"""A job: its builds, newest first, and the trend of the newest of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import DAY, NOW, builds_of, history, jenkins, report, upload
from tests.pages import reading
from tests.pages.short import shorten_lists
from tracker.errors import NotFound
from tracker.pages import BY_NAME, build, job
from tracker.queries import jobs
from tracker.queries.columns import at
from tracker.site.links import Linker, live_linker, static_linker
from tracker.site.render import as_json, renderer
from tracker.store.backfills import ask_backfill, note_backfilled, note_unread, plan_backfill
from tracker.store.jobs import add_server, note_server_trouble, track_job
from tracker.store.judging import judge_waiting
from tracker.store.rules import add_name_rule
from tracker.store.seen import SeenJob, note_look
from tracker.store.work import claim, enqueue, fail

pytestmark = pytest.mark.usefixtures("store")


def test_builds_come_newest_first_and_the_trend_oldest_first() -> None:
    history("nightly", login="P F P")
    page = job.show("nightly")
    assert [build.label for build in page.builds] == ["3", "2", "1"]
    assert [build.label for build in page.trend] == ["1", "2", "3"]


def test_the_trend_has_the_newest_sixty_builds() -> None:
    history("nightly", login="P " * 62)
    assert [build.number for build in job.show("nightly").trend] == list(range(3, 63))


def test_builds_of_a_newer_epoch_come_first() -> None:
    for number, day in ((1, 0), (2, 1), (1, 100)):
        jenkins("nightly", number, report(login="P"), started=NOW + day * DAY)
    assert [build.label for build in job.show("nightly").builds] == ["1", "2", "1~0"]


def test_very_many_builds_are_pages_and_the_trend_stands_on_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shorten_lists(monkeypatch, 20)
    history("nightly", login="P " * 22)
    first, second = job.show("nightly"), job.show("nightly", "2")
    assert (len(first.builds), first.paging.pages, first.paging.total) == (20, 2, 22)
    assert [build.number for build in second.builds] == [2, 1]
    assert second.trend == first.trend


def test_a_job_that_was_never_built_has_one_empty_page() -> None:
    track_job("nightly")
    page = job.show("nightly")
    assert (page.builds, page.trend, page.job.latest) == ((), (), None)


def test_a_job_that_nobody_knows_is_not_found() -> None:
    with pytest.raises(NotFound, match="No job named 'nobody'"):
        job.show("nobody")


@pytest.mark.parametrize("page", ["0", "2"])
def test_a_page_that_is_not_there_is_not_found(page: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=f"no page {page}"):
        job.show("nightly", page)


def test_the_static_site_has_the_pages_that_hold_the_newest_builds() -> None:
    history("nightly", login="P P")
    track_job("other")
    assert list(job.every(1)) == [{"job": "nightly", "page": "1"}, {"job": "other", "page": "1"}]


# What is known of the job itself


@pytest.fixture
def nightly() -> str:
    """A job of a Jenkins, disabled or not as a look says; its name tells what it is about."""
    add_server("main", "https://ci.example/", token_file="/secret/token")
    add_name_rule("{release}/{module}/nightly-{platform}")
    see()
    return NAME


NAME = "5.2/core/nightly-linux"
STATIC = static_linker({("settings",)})


def see(name: str = NAME, *, now: int = NOW, listed: tuple[str, ...] = (), **more: object) -> None:
    url = f"https://ci.example/{name}/"
    found = SeenJob(name, name, url, "pipeline", **more)  # type: ignore[arg-type]
    note_look("main", [found], listed=[name, *listed], now=now)


def words(name: str = NAME, *, live: bool = True, linker: Linker | None = None) -> str:
    """The page as it is read, on one line."""
    html = html_of(name, live=live, linker=linker)
    return reading.words(html)


def html_of(name: str = NAME, *, live: bool = True, linker: Linker | None = None) -> str:
    used = linker or (live_linker() if live else STATIC)
    return renderer().html(
        BY_NAME["job"],
        {"job": name},
        job.show(name),
        used,
        live=live,
        moving=job.moving({"job": name}) if live else None,
    )


def test_the_parts_of_its_name_are_facts_that_lead_to_the_rules(nightly: str) -> None:
    assert "Release 5.2 Module core Platform linux Told by its name Rules of names" in words()
    assert '/settings/#names">Rules of names</a>' in html_of()
    assert "Server main Kind pipeline" in words()


def test_a_job_of_which_nothing_is_known_has_no_facts() -> None:
    history("nightly", login="P")
    assert "<dl" not in html_of("nightly")


def test_a_disabled_job_says_so_and_since_when(nightly: str) -> None:
    see(is_disabled=True, now=NOW + DAY)
    assert "In Jenkins this job is disabled since 2026-11-19 11:06 UTC" in words()


def test_a_deleted_job_says_that_its_history_stays_and_cannot_be_filled(nightly: str) -> None:
    history(NAME, login="P")
    see("other", listed=(NAME,))
    for _ in range(2):
        see("other", now=NOW + DAY)
    text = words()
    assert "Jenkins has had this job no more since 2026-11-19 11:06 UTC; its history stays" in text
    assert "#1" in text
    assert '<form class="ask"' not in html_of()


def test_a_renamed_job_tells_what_it_was_called_and_until_when(nightly: str) -> None:
    see("other", listed=(NAME,))
    jenkins(NAME, 7, report(login="P"), started=NOW)
    renamed = SeenJob("new", "new", "https://ci.example/new/", last=(7, NOW))
    note_look("main", [renamed], listed=["new", "other"], now=NOW + DAY)
    [former] = job.show("new").former
    assert (former.name, former.until) == (NAME, at(NOW + DAY))
    assert f"was called {NAME} until 2026-11-19 11:06 UTC" in words("new")


def test_the_trouble_of_a_whole_server_is_told_as_such_with_since_when(nightly: str) -> None:
    note_server_trouble("main", "It did not answer.", now=NOW)
    text = words()
    assert "The server main could not be read since 2026-11-18 11:06 UTC It did not" in text
    assert "This job could not be read" not in text


# The next look


def wait(kind: str, key: str, error: str, times: int = 1) -> None:
    """A task that went wrong so many times, the last time at NOW."""
    enqueue(kind, key, due=NOW)
    for _ in range(times):
        task = claim([kind], now=NOW + 3 * DAY, lease_ms=0)
        assert task is not None
        fail(task, now=NOW, error=error)


@pytest.mark.parametrize(
    ("kind", "key", "said"),
    [
        ("poll", NAME, "The next look at it: 2026-11-18 11:06 UTC"),
        ("backfill", NAME, "Reading older builds goes on: 2026-11-18 11:06 UTC"),
        ("watch", "main", "The next look at its server: 2026-11-18 11:06 UTC"),
    ],
)
def test_where_something_is_tried_again_the_live_page_tells_when_and_why(
    nightly: str, kind: str, key: str, said: str
) -> None:
    assert "Next looks" not in html_of()
    wait(kind, key, "It answered 503.")
    [look] = jobs.next_looks(NAME)
    assert look.due == at(NOW) + timedelta(seconds=2)  # type: ignore[operator]
    assert f"{said}. It answered 503." in words()


def test_the_next_look_is_no_part_of_the_data_since_it_moves_without_a_revision(
    nightly: str,
) -> None:
    before, static = as_json(job.show(NAME)), html_of(live=False)
    wait("poll", NAME, "It answered 503.")
    assert as_json(job.show(NAME)) == before
    assert html_of(live=False) == static


def test_a_look_that_was_given_up_names_the_command_that_looks(nightly: str) -> None:
    wait("poll", NAME, "It answered 503.", times=20)
    assert f"given up after many tries; tracker poll {NAME} looks now." in words()


def test_an_error_that_is_told_as_trouble_is_not_told_twice(nightly: str) -> None:
    note_server_trouble("main", "It did not answer. Look into it.", now=NOW)
    wait("watch", "main", "It did not answer.")
    assert words().count("It did not answer.") == 1


# Back-fills


def plan(done: int, *, total: int = 500, gaps: object = (), error: str | None = None) -> None:
    ask_backfill(NAME, builds=500, now=NOW)
    plan_backfill(NAME, list(range(total, 0, -1)), gaps, now=NOW)  # type: ignore[arg-type]
    if error is not None:
        note_unread(NAME, 390, error, again=False)
    note_backfilled(NAME, done=done, now=NOW + 500 * done)


def test_a_running_back_fill_tells_how_far_it_is_and_that_verdicts_may_change(
    nightly: str,
) -> None:
    plan(120)
    text = words()
    assert "History is being filled." in text
    assert "verdicts may still change" in text
    assert "120 of 500 builds, about 3 min left" in text
    assert '<progress max="500" value="120" aria-labelledby="filled">' in html_of()


@pytest.mark.parametrize(
    ("done", "total", "left"),
    [(1, 100_000, "about 14 h"), (1, 7200, "about 60 min"), (499, 500, "about a minute")],
)
def test_the_time_left_is_told_in_round_words(
    nightly: str, done: int, total: int, left: str
) -> None:
    plan(done, total=total)
    assert f"{left} left" in words()


def test_before_the_first_build_no_time_left_is_told(nightly: str) -> None:
    plan(0)
    assert "0 of 500 builds" in words()
    assert "left" not in words()


def test_a_back_fill_that_waits_says_that_jenkins_was_not_asked_yet(nightly: str) -> None:
    ask_backfill(NAME, builds=500, now=NOW)
    assert "Jenkins was not asked yet which of the newest 500 builds it has" in words()
    assert "<progress" not in html_of()


def test_the_page_of_a_back_fill_is_the_same_at_the_same_revision(nightly: str) -> None:
    plan(120)
    assert html_of() == html_of()
    assert as_json(job.show(NAME)) == as_json(job.show(NAME))


def test_what_jenkins_no_longer_has_is_told_as_text(nightly: str) -> None:
    plan(1, gaps=[(44, 44), (1, 40)])
    assert "Jenkins no longer has #44, #1 to #40." in words()


def test_many_gaps_are_counted(nightly: str) -> None:
    plan(1, gaps=[(place, place) for place in range(24, 0, -2)])
    assert "#8, #6 and 2 further gaps." in words()


def test_what_could_not_be_read_is_named(nightly: str) -> None:
    plan(500, error="#390: It answered 500.")
    assert "1 build could not be read: #390." in words()
    assert "#390: It answered 500." in words()


def test_a_finished_back_fill_is_one_quiet_sentence(nightly: str) -> None:
    plan(500)
    text = words()
    assert "500 older builds were worked through by 2026-11-18 11:10 UTC." in text
    assert "History is being filled" not in text
    assert "<progress" not in html_of()


def test_a_back_fill_that_found_nothing_says_so(nightly: str) -> None:
    ask_backfill(NAME, builds=500, now=NOW)
    plan_backfill(NAME, [], [], now=NOW)
    assert "Jenkins had none to read at 2026-11-18 11:06 UTC." in words()


# The form


def test_a_live_page_of_a_job_of_a_jenkins_has_a_form_to_read_older_builds(nightly: str) -> None:
    html = html_of()
    assert '<form class="ask" method="post" action="../../../../actions/backfill">' in html
    assert f'<input type="hidden" name="job" value="{NAME}">' in html
    assert 'name="builds" type="number" min="1" max="100000" value="60"' in html
    assert 'name="token" type="password"' in html


def test_a_static_page_and_a_job_of_uploads_have_no_form(nightly: str) -> None:
    history("uploads", login="P")
    assert "<form" not in html_of(live=False)
    assert '<form class="ask"' not in html_of("uploads")


def test_it_tells_that_builds_arrived_late_until_the_worker_judged_again() -> None:
    builds = dict(builds_of(login=" ".join("P" * 13)))
    for number in [*range(2, 14), 1]:
        upload("late", number, *builds[number], complete=True)
    assert job.show("late").judged_again
    assert build.show("late", "13").judged_again
    while judge_waiting("late", now=NOW):
        pass
    assert not job.show("late").judged_again


def test_what_failed_is_told_apart_in_the_table_and_the_tooltips_too() -> None:
    history(NAME, login="P P P F F", **{f"case{place}": "P P P P F" for place in range(12)})
    html = html_of()
    assert "13 of 13 failed, 1 still failing, 12 not alarming</title>" in html
    assert "1 of 13 failed, 1 newly broken</title>" in html
    for label, number in (("Still failing", 1), ("Not alarming", 12)):
        assert f'data-label="{label}">{number}</td>' in html


def test_the_tab_key_goes_past_bars_whose_builds_the_table_lists() -> None:
    history(NAME, one="P F")
    html = html_of()
    assert html.count('" tabindex="-1"><g role="img">') == html.count('<g role="img">') == 4


def test_a_newest_build_without_results_is_told_and_no_all_clear() -> None:
    history(NAME, login="P F")
    jenkins(NAME, 3, result="FAILURE")
    text = words()
    assert "#3 has no results: nothing is known of its tests. The last that has some is #2:" in text
    assert "Nothing is newly broken" not in text
