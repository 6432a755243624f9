"""Publishing: readers see whole generations, and a site is a function of what is recorded."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import ROOT, environ_of
from tests.examples import examples
from tests.factories import DAY, NOW, history, jenkins, key_of, report, upload
from tests.pages.short import shorten_lists
from tests.servers import end_sessions, new_database
from tests.store.fresh import lay_out
from tracker.clock import HOUR, MINUTE, SECOND
from tracker.errors import Busy, StorageError
from tracker.pages import PAGES
from tracker.pages.page import Scope
from tracker.published import MANIFEST, read_manifest
from tracker.settings import Settings
from tracker.site import publish as publishing
from tracker.site.check import broken_links
from tracker.site.publish import Published, publish
from tracker.site.render import renderer
from tracker.store.connection import close_connection, close_store, open_store
from tracker.store.families import cluster_waiting
from tracker.store.jobs import track_job

PublishTo = Callable[..., Published]
# At least so many kills, at most so many until one came in the middle of a publish.
KILLS, KILLS_AT_MOST = examples(2, 10), 10
GENERATIONS = examples(5, 20)

pytestmark = pytest.mark.usefixtures("store")


def files_of(site: Path) -> dict[str, str]:
    """The SHA-256 of every file of a site, but for the manifest: that holds the time."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def is_whole(folder: Path) -> bool:
    manifest = read_manifest(folder)
    return manifest is not None and files_of(folder) == manifest.files


def generations(output: Path) -> list[str]:
    return sorted(path.name for path in (output / "generations").iterdir())


# What readers see


def test_the_site_is_a_relative_link_to_the_newest_generation(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P")
    publish_to()
    assert str((tmp_path / "output/site").readlink()) == "generations/000001"


def test_readers_see_only_whole_generations_while_more_are_published(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F", logout="F P")
    publish_to(keep=30)
    site, is_over = tmp_path / "output/site", threading.Event()
    seen: list[tuple[Path, bool]] = []

    def read() -> None:
        while not is_over.is_set():
            generation = site.readlink()
            seen.append((generation, is_whole(site.parent / generation)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(GENERATIONS):
            upload("nightly", 3 + number, report(login="PF"[number % 2]))
            publish_to(keep=30)
    finally:
        is_over.set()
        reader.join()
    assert {whole for _, whole in seen} == {True}
    assert len({generation for generation, _ in seen}) > 3


FOLLOW_THE_LINK = """
import os, sys
tries = misses = 0
while not os.path.exists(sys.argv[2]):
    tries += 1
    try:
        open(os.path.join(sys.argv[1], "index.html")).close()
    except FileNotFoundError:
        misses += 1
    if tries == 1:
        print("ready", flush=True)
print(tries > 1000, misses)
"""


def test_a_reader_who_follows_the_link_always_finds_a_page(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    publish_to(keep=30)
    site, is_over = tmp_path / "output/site", tmp_path / "is over"
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", FOLLOW_THE_LINK, str(site), str(is_over)],
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        try:
            for _ in range(8):
                publish_to(keep=30, force=True)
        finally:
            is_over.touch()
        assert reader.stdout.read() == "True 0\n"


def test_a_reader_who_stays_in_a_generation_can_read_on_for_two_more(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    publish_to()
    standing = (tmp_path / "output/site").resolve()
    for _ in range(2):
        publish_to(force=True)
        assert is_whole(standing)


def test_three_generations_are_kept(tmp_path: Path, publish_to: PublishTo) -> None:
    history("nightly", login="P F")
    for hour in range(5):
        publish_to(force=True, now=NOW + hour * HOUR)
    assert generations(tmp_path / "output") == ["000003", "000004", "000005"]


def test_a_generation_is_kept_for_an_hour_after_readers_saw_it(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    for minute in (0, 50, 51, 52, 109):
        publish_to(force=True, now=NOW + minute * MINUTE)
    assert len(generations(tmp_path / "output")) == 5
    publish_to(force=True, now=NOW + 110 * MINUTE)
    assert generations(tmp_path / "output")[0] == "000002"


def test_so_many_generations_are_kept_and_no_more(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MOST", 4)
    history("nightly", login="P F")
    for second in range(6):
        publish_to(force=True, now=NOW + second)
    assert len(generations(tmp_path / "output")) == 4


@pytest.mark.parametrize(("seconds", "kept"), [(-60, 5), (-100 * 24 * 3600, 3)])
def test_a_clock_that_is_put_back_keeps_what_readers_saw_lately(
    tmp_path: Path, publish_to: PublishTo, seconds: int, kept: int
) -> None:
    history("nightly", login="P F")
    for _ in range(4):
        publish_to(force=True, now=NOW)
    publish_to(force=True, now=NOW + seconds * SECOND)
    assert len(generations(tmp_path / "output")) == kept


# What a publish does


def test_a_publish_of_the_same_revision_makes_nothing(publish_to: PublishTo) -> None:
    history("nightly", login="P F")
    first = publish_to()
    second = publish_to()
    assert (second.is_new, second.generation, second.written) == (False, first.generation, 0)


def test_only_pages_of_the_job_that_changed_and_of_the_site_are_rendered(
    publish_to: PublishTo,
) -> None:
    history("nightly", login="P F P")
    history("other", login="P P P P")
    assert publish_to().rendered == pages_of_site() + pages_of_job("nightly") + pages_of_job(
        "other"
    )
    upload("other", 5, report(login="P"))
    assert publish_to().rendered == pages_of_site() + pages_of_job("other")
    assert pages_of_job("other") > 5


def pages_of_site() -> int:
    """How many pages depend on the whole database."""
    return sum(1 for page in PAGES if page.scope is Scope.SITE for _ in page.every(60))


def pages_of_job(name: str) -> int:
    """How many pages depend on one job."""
    return sum(
        params["job"] == name
        for page in PAGES
        if page.scope is Scope.JOB
        for params in page.every(60)
    )


def test_what_did_not_change_is_a_hard_link(tmp_path: Path, publish_to: PublishTo) -> None:
    history("nightly", login="P F P")
    history("other", login="P P")
    publish_to()
    before = (tmp_path / "output/site").resolve()
    upload("other", 3, report(login="P"))
    publish_to()
    after = (tmp_path / "output/site").resolve()
    for file in ("jobs/nightly/index.html", "jobs/nightly/index.json.gz"):
        assert (before / file).samefile(after / file)
    assert not (before / "jobs/other/index.html").samefile(after / "jobs/other/index.html")


def test_a_page_that_was_rendered_to_the_same_bytes_is_a_hard_link_too(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P P P")
    publish_to()
    before = (tmp_path / "output/site").resolve()
    upload("nightly", 4, report(login="P"))
    done = publish_to()
    after = (tmp_path / "output/site").resolve()
    oldest = "jobs/nightly/builds/1/index.html"
    assert done.rendered == pages_of_site() + pages_of_job("nightly")
    assert (before / oldest).samefile(after / oldest)


def test_a_page_loses_its_link_to_a_family_that_is_published_no_more(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    history("nightly", login="P F")
    cluster_waiting((), now=NOW)
    publish_to()
    site = tmp_path / "output/site"
    build = site / "jobs/nightly/builds/2/index.html"
    assert "families/1/" in build.read_text()
    history("other", login="P")
    publish_to()
    assert "families/1/" in build.read_text()
    # As where 500 newer ones failed since, or none of its failures is of the last 60 days.
    monkeypatch.setattr("tracker.queries.families.families", lambda **_: [])
    history("third", login="P")
    publish_to()
    assert "families/1/" not in build.read_text()
    assert list(broken_links(site.resolve())) == []


def test_changed_templates_render_everything_anew(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    history("nightly", login="P F")
    first = publish_to()
    monkeypatch.setattr(renderer(), "fingerprint", "other templates")
    assert publish_to().rendered == first.rendered


def test_a_case_or_build_that_left_the_window_leaves_the_site(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="F P P")
    publish_to(newest=3)
    case = tmp_path / "output/site/jobs/nightly/cases" / key_of("login") / "index.html"
    build = tmp_path / "output/site/jobs/nightly/builds/1/index.html"
    assert case.is_file()
    assert build.is_file()
    upload("nightly", 4, report(login="P"))
    publish_to(newest=3)
    assert not case.exists()
    assert not build.exists()


# The same data, the same bytes


@pytest.mark.nightly
def test_two_publishes_of_one_revision_are_the_same_bytes(
    rich: Settings, tmp_path: Path, publish_to: PublishTo
) -> None:
    publish_to("another", now=NOW + DAY)
    assert files_of(tmp_path / "another/site") == files_of(rich.output / "site")


def test_the_time_of_publishing_stands_in_the_manifest_alone(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    publish_to("a", now=1_234_567_890_123)
    publish_to("b", now=1)
    manifest = read_manifest(tmp_path / "a/site")
    assert manifest is not None
    assert manifest.published == 1_234_567_890_123
    assert files_of(tmp_path / "a/site") == files_of(tmp_path / "b/site")
    publish_to("b", now=2, force=True)
    assert files_of(tmp_path / "a/site") == files_of(tmp_path / "b/site")


JOBS = ("up", "down", "far/away")
ONE_BUILD = st.tuples(
    st.sampled_from(JOBS),
    st.integers(1, 5),
    st.dictionaries(st.sampled_from(("login", "logout")), st.sampled_from("PFES"), min_size=1),
    st.sampled_from([None, "SUCCESS", "ABORTED"]),
    st.none() | st.tuples(st.sampled_from(JOBS), st.integers(1, 5)),
    st.sampled_from([0, 100]),
    st.booleans(),
)
outputs = itertools.count()


@hypothesis_settings(
    max_examples=examples(4, 25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(told=st.lists(ONE_BUILD, min_size=1, max_size=8), newest=st.integers(1, 4))
def test_a_site_brought_up_to_date_is_the_same_as_one_made_from_nothing(
    tmp_path: Path, told: list[tuple[object, ...]], newest: int
) -> None:
    folder = tmp_path / str(next(outputs))
    open_store(lay_out(folder / "tracker.db"))
    for job, number, letters, result, upstream, day, publish_now in told:
        jenkins(
            job,  # type: ignore[arg-type]
            number,  # type: ignore[arg-type]
            report(f"{letters}", **letters),  # type: ignore[arg-type]
            result=result,  # type: ignore[arg-type]
            started=NOW + (number + day) * DAY,  # type: ignore[operator]
            upstream_job=upstream[0] if upstream else "",  # type: ignore[index]
            upstream_number=upstream[1] if upstream else None,  # type: ignore[index]
        )
        if publish_now:
            publish(folder / "step", renderer(), newest=newest, keep=2, now=1)
    for name in ("step", "nothing"):
        publish(folder / name, renderer(), newest=newest, keep=2, now=2)
    assert files_of(folder / "step/site") == files_of(folder / "nothing/site")
    assert list(broken_links((folder / "step/site").resolve())) == []


# Killed, disturbed, refused

PUBLISH_FOR_EVER = """
import itertools
import sys
from pathlib import Path
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store.connection import open_store
open_store(Path(sys.argv[1]))
for newest in itertools.count(10):  # another window renders every page anew
    print("ready", flush=True)
    publish(Path(sys.argv[2]), renderer(), newest=newest, keep=3, now=1)
"""


def test_a_publish_that_is_killed_leaves_a_whole_site_and_the_next_one_cleans_up(
    settings: Settings, publish_to: PublishTo
) -> None:
    history("nightly", login="P F P F P F", logout="P P P F F F")
    publish_to(force=True)
    site = settings.output / "site"
    rng = random.Random(7)
    in_the_middle = 0
    for kill in range(1, KILLS_AT_MOST + 1):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISH_FOR_EVER, str(settings.database), str(settings.output)],
            env=environ_of(settings),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.3))
            process.kill()
        assert is_whole(site.resolve())
        assert list(broken_links(site.resolve())) == []
        in_the_middle += generations(settings.output)[-1] != site.readlink().name
        publish_to(force=True, now=NOW + kill * HOUR)
        left = [settings.output / "generations" / name for name in generations(settings.output)]
        assert len(left) <= 3
        assert all(map(is_whole, left))
        if kill >= KILLS and in_the_middle:
            break
    assert in_the_middle, "no kill came in the middle: this test proves nothing"


def test_a_second_publisher_is_told_to_wait(publish_to: PublishTo) -> None:
    history("nightly", login="P")
    with pytest.raises(Busy, match="Another process is publishing"):
        publish_to(beat=lambda _: publish_to())


def test_after_the_first_publisher_ended_the_second_may(publish_to: PublishTo) -> None:
    history("nightly", login="P")
    with contextlib.suppress(Busy):
        publish_to(beat=lambda _: publish_to())
    assert publish_to().is_new


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, publish_to: PublishTo) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match=r"cannot be written to .*file/output: Not a directory"):
        publish_to("file/output")


def test_a_full_disk_leaves_the_old_site(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    history("nightly", login="P F")
    publish_to()
    before = files_of(tmp_path / "output/site")
    upload("nightly", 3, report(login="P"))

    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="No space left on device"):
            publish_to()
    assert files_of(tmp_path / "output/site") == before
    assert publish_to().is_new
    assert generations(tmp_path / "output") == ["000001", "000002"]


def test_a_site_whose_manifest_was_lost_is_made_from_nothing(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    first = publish_to()
    (tmp_path / "output/site" / MANIFEST).unlink()
    assert publish_to().rendered == first.rendered


# Which pages there are


def test_the_newest_sixty_builds_of_a_job_have_pages(settings: Settings) -> None:
    history("nightly", login="P " * 61)
    publish(settings.output, renderer(), newest=settings.publish_builds, keep=3, now=NOW)
    builds = {path.name for path in (settings.output / "site/jobs/nightly/builds").iterdir()}
    assert builds == {str(number) for number in range(2, 62)}


def test_a_setting_makes_the_window_smaller(tmp_path: Path, publish_to: PublishTo) -> None:
    history("nightly", login="P P P P")
    publish_to(newest=2)
    builds = {path.name for path in (tmp_path / "output/site/jobs/nightly/builds").iterdir()}
    assert builds == {"3", "4"}


def test_a_case_that_always_passed_has_no_page(tmp_path: Path, publish_to: PublishTo) -> None:
    history("nightly", login="P P", logout="P S", old="F P")
    publish_to(newest=1)
    cases = {path.name for path in (tmp_path / "output/site/jobs/nightly/cases").iterdir()}
    assert cases == {key_of("logout")}


def test_every_list_that_is_too_long_has_pages_of_its_own(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_lists(monkeypatch, 20)
    names = [f"case {place}" for place in range(21)]
    upload("long", 1, report(**dict.fromkeys(names, "F")))
    publish_to()
    results = tmp_path / "output/site/jobs/long/builds/1/results"
    assert {
        path.parent.relative_to(results).as_posix() for path in results.rglob("index.html")
    } == {
        "new",
        "new/pages/2",
        "all",
        "all/pages/2",
    }


def test_a_long_list_of_jobs_has_pages(
    tmp_path: Path, publish_to: PublishTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten_lists(monkeypatch, 20)
    for number in range(21):
        track_job(f"job{number:03}")
    publish_to(newest=1)
    second = (tmp_path / "output/site/pages/2/index.html").read_text()
    assert "job020" in second
    assert "job019" not in second
    assert "pages/2/index.html" in (tmp_path / "output/site/index.html").read_text()


def test_beside_each_file_lies_its_packed_twin(rich_settings: Settings) -> None:
    site = rich_settings.output / "site"
    for path in site.rglob("*"):
        if path.is_file() and path.suffix != ".gz" and path.name != MANIFEST:
            packed = path.with_name(f"{path.name}.gz").read_bytes()
            assert gzip.decompress(packed) == path.read_bytes(), path
            assert packed[4:8] == bytes(4), f"{path}: its packed twin holds a time"


def test_the_manifest_has_the_digest_of_every_other_file(rich_settings: Settings) -> None:
    assert is_whole(rich_settings.output / "site")


# Links into another job's window


def test_a_link_into_a_window_that_moved_becomes_words(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("up", login="P")
    jenkins("down", 1, report(login="P"), upstream_job="up", upstream_number=1)
    publish_to(newest=2)
    page = tmp_path / "output/site/jobs/down/builds/1/index.html"
    assert "up/builds/1/index.html" in page.read_text()
    for number in (2, 3):
        upload("up", number, report(login="P"))
    publish_to(newest=2)
    assert "up #1" in page.read_text()
    assert "up/builds/1/" not in page.read_text()
    assert list(broken_links((tmp_path / "output/site").resolve())) == []


def test_words_become_a_link_when_the_build_is_recorded(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    jenkins("down", 1, report(login="P"), upstream_job="up", upstream_number=1)
    publish_to()
    page = tmp_path / "output/site/jobs/down/builds/1/index.html"
    assert "not recorded here" in page.read_text()
    history("up", login="P")
    publish_to()
    assert "up/builds/1/index.html" in page.read_text()


# What a page shows of builds of another job


def assert_up_to_date(tmp_path: Path, publish_to: PublishTo) -> None:
    publish_to()
    publish_to("from nothing")
    assert files_of(tmp_path / "output/site") == files_of(tmp_path / "from nothing/site")


def test_a_downstream_build_that_an_older_one_changed_is_shown_as_it_is_now(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("up", login="P")
    history("down", login="P")
    jenkins("down", 3, report(login="F"), upstream_job="up", upstream_number=1)
    publish_to()
    upload("down", 2, report("late", login="F"))
    assert_up_to_date(tmp_path, publish_to)


def test_a_downstream_build_of_an_older_epoch_is_linked_by_its_new_label(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("up", login="P")
    jenkins("down", 1, report(login="F"), started=NOW, upstream_job="up", upstream_number=1)
    publish_to()
    jenkins("down", 1, report(login="P"), started=NOW + 100 * DAY)
    assert_up_to_date(tmp_path, publish_to)


def test_a_file_that_is_missing_from_the_old_generation_is_made_again(
    tmp_path: Path, publish_to: PublishTo
) -> None:
    history("nightly", login="P F")
    publish_to()
    lost = tmp_path / "output/site/jobs/nightly/index.html.gz"
    lost.unlink()
    upload("other", 1, report(login="P"))
    publish_to()
    assert lost.is_file()


# On several machines


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Settings]:
    """The settings of one of several nodes; its store is open."""
    its = Settings.load(
        {}, home=tmp_path / "home", output=tmp_path / "output", database_url=new_database()
    )
    open_store(its.store)
    history("nightly", login="P")
    yield its
    close_store()


def test_one_publishes_where_lock_files_do_not_tell_of_another(
    shared: Settings, publish_to: PublishTo
) -> None:
    """The other one's folder is another here, so that its lock file is no help."""
    with ThreadPoolExecutor(1) as other:  # a thread has a connection of its own

        def is_told_to_wait(_: str) -> None:
            with pytest.raises(Busy, match="Another process is publishing the site"):
                other.submit(publish_to, "elsewhere").result()

        assert publish_to(beat=is_told_to_wait).is_new
        assert other.submit(publish_to, "elsewhere").result().is_new
        other.submit(close_connection).result()


def test_a_publisher_that_was_cut_off_shows_nothing(
    shared: Settings, publish_to: PublishTo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another may have begun since: what it made is not put in the other one's place."""
    publish_to()
    history("weekly", login="P")
    before = (tmp_path / "output" / "site").resolve()

    def cut_off(folder: Path) -> None:
        end_sessions(shared.database_url)

    with monkeypatch.context() as patch:
        patch.setattr("tracker.site.publish.sync_file_system", cut_off)
        with pytest.raises(StorageError):
            publish_to()
    assert (tmp_path / "output" / "site").resolve() == before
    assert publish_to().is_new
