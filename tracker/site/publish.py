"""Publishing: a whole new generation of the static site, then one atomic swap of a link.

    output/
      site -> generations/000042      what readers see; always whole
      generations/000042/             pages, their JSON twins, a .gz beside each, manifest.json

Pages that depend on nothing that changed are linked from the generation before, so that many may
stay for those who still read them. Everything but the manifest is a function of the database and
the templates.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import itertools
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tracker.beat import Beat, unheard
from tracker.clock import HOUR
from tracker.durable import sync_file_system
from tracker.errors import Busy, StorageError
from tracker.pages import PAGES
from tracker.pages.page import Page, Params, Scope
from tracker.published import MANIFEST, Manifest, generation_name, read_head, read_manifest
from tracker.queries import jobs
from tracker.queries.select import snapshot
from tracker.site import names
from tracker.site.generation import Generation
from tracker.site.links import Linker, static_linker
from tracker.site.render import Renderer, as_json
from tracker.store.connection import try_publishing

# Generations at most, however often a busy site is published: each has folders of its own.
MOST = 100


@dataclass(frozen=True)
class Published:
    """What one publish did; `rendered` pages of `pages`, `written` new files of `files`."""

    generation: int
    folder: Path
    pages: int
    rendered: int
    files: int
    written: int
    bytes: int
    is_new: bool


def publish(
    output: Path,
    renderer: Renderer,
    *,
    newest: int,
    keep: int,
    now: int,
    force: bool = False,
    beat: Beat = unheard,
) -> Published:
    """Bring the static site up to date; with `force` also when nothing changed.

    Raises Busy when another process publishes, StorageError when the folder cannot be written.
    """
    try:
        with _publishing(output), snapshot():
            _check_alone()
            making = _Making(renderer, newest, jobs.revisions(), beat)
            return _publish(making, output, keep=keep, now=now, force=force)
    except OSError as error:
        raise StorageError(
            f"The static site cannot be written to {output}: {error.strerror}.",
            "Make room or mend the folder's permissions; the site that is there stays as it is.",
        ) from error


@dataclass(frozen=True)
class _Making:
    """What pages are made from, and who is told how far that is.

    `revisions` has that of each job by its name, and that of the whole database under "".
    """

    renderer: Renderer
    newest: int
    revisions: Mapping[str, int]
    beat: Beat

    @property
    def revision(self) -> int:
        """That of the whole database."""
        return self.revisions[""]

    @property
    def made_with(self) -> str:
        """What makes other pages of the same data: the templates, and how many builds they show."""
        return f"{self.renderer.fingerprint}:{self.newest}"


def _publish(making: _Making, output: Path, *, keep: int, now: int, force: bool) -> Published:
    link = output / "site"
    old = read_manifest(link)
    made_with = making.made_with
    if old and not force and (old.revision, old.made_with) == (making.revision, made_with):
        return Published(
            old.generation, link, len(old.pages), 0, len(old.files), 0, 0, is_new=False
        )
    _remove_unfinished(output)
    number = 1 + max([0, *_generations(output)])
    folder = output / "generations" / generation_name(number)
    folder.mkdir(parents=True)
    comparable = old if old and old.made_with == made_with and not force else None
    made = Generation(folder, link.resolve() if comparable else None, comparable)
    _fill(made, Manifest(number, now, making.revision, made_with, {}, {}, {}), making)
    _swap(output, link, folder)
    _prune(output, keep, now)
    return Published(
        generation=number,
        folder=link,
        pages=len(made.pages),
        rendered=made.rendered,
        files=len(made.files),
        written=made.written,
        bytes=made.bytes_written,
        is_new=True,
    )


def _fill(made: Generation, head: Manifest, making: _Making) -> None:
    """Write all files of a generation, the manifest last; where that fails nothing is left."""
    try:
        _write_pages(made, making)
        _write_assets(made, making.renderer)
        manifest = msgspec.structs.replace(
            head, pages=made.pages, files=made.files, links=made.links
        )
        (made.folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
        sync_file_system(made.folder)
        _check_alone()  # lost with the connection: another node may have begun
    except BaseException:
        shutil.rmtree(made.folder, ignore_errors=True)  # a full disk must not be filled further
        raise


# Pages of the site by the parts of their paths.
_Wanted = Mapping[tuple[str, ...], tuple[Page, Params]]


def _write_pages(made: Generation, making: _Making) -> None:
    """First gather what there is, then write it, so that all links are known."""
    plain = static_linker(())
    wanted = {
        plain.segments(page, params): (page, params)
        for page in PAGES
        for params in page.every(making.newest)
    }
    linker = static_linker(wanted)
    paths = {"/".join(segments) for segments in wanted}
    for place, (segments, (page, params)) in enumerate(wanted.items()):
        if place % 100 == 0:
            making.beat(f"publishing page {place} of {len(wanted)}")
        depends = f"{page.name}:{making.revisions[_owner(page, params)]}"
        name = "/".join(segments)
        if not _take_over(made, name, depends, paths):
            _render(made, making.renderer, linker, segments, wanted)
        made.pages[name] = depends
    made.write(names.PATH, names.names(wanted.values(), linker))


def _owner(page: Page, params: Params) -> str:
    """Whose revision the page depends on: its job's, or "" for that of the database."""
    return params["job"] if page.scope is Scope.JOB else ""


def _take_over(made: Generation, name: str, depends: str, paths: Collection[str]) -> bool:
    """Link a page from the generation before, where nothing that it shows has changed.

    A change in one job raises the revision of those whose pages link to it. What belongs to no job
    (a family that failed long ago) vanishes without that: then the page must lose its link.
    """
    if made.old is None or made.old.pages.get(name) != depends:
        return False
    links = made.old.links.get(name, [])
    if not all(there in paths for there in links):
        return False
    if not all(made.can_keep(file) for file in _page_files(name)):
        return False
    for file in _page_files(name):
        made.keep(file)
        made.keep(f"{file}.gz")
    if links:
        made.links[name] = links
    return True


def _render(
    made: Generation,
    renderer: Renderer,
    linker: Linker,
    segments: tuple[str, ...],
    wanted: _Wanted,
) -> None:
    """Write a page and its JSON twin, and note the pages it links to that belong to no job."""
    page, params = wanted[segments]
    linked: set[str] = set()

    def exists(there: tuple[str, ...]) -> bool:
        found = wanted.get(there)
        if found and page.scope is Scope.JOB and found[0].params and not _owner(*found):
            linked.add("/".join(there))
        return found is not None

    view = page.show(**params)
    noting = dataclasses.replace(linker, exists=exists)
    html = renderer.html(page, params, view, noting, live=False).encode()
    name = "/".join(segments)
    html_name, json_name = _page_files(name)
    made.write(html_name, html)
    made.write(json_name, as_json(view))
    if linked:
        made.links[name] = sorted(linked)
    made.rendered += 1


def _page_files(name: str) -> tuple[str, str]:
    above = f"{name}/" if name else ""
    return f"{above}index.html", f"{above}index.json"


def _write_assets(made: Generation, renderer: Renderer) -> None:
    for name, path in renderer.assets.files.items():
        made.write(f"static/{name}", path.read_bytes())


def _swap(output: Path, link: Path, folder: Path) -> None:
    """Let readers see a generation, every byte of which is on the disk."""
    aside = output / ".site.new"
    with contextlib.suppress(FileNotFoundError):
        aside.unlink()
    aside.symlink_to(folder.relative_to(output))
    aside.replace(link)
    sync_file_system(output)


def _generations(output: Path) -> list[int]:
    folder = output / "generations"
    return sorted(int(path.name) for path in folder.glob("[0-9]*")) if folder.is_dir() else []


def _remove_unfinished(output: Path) -> None:
    """Remove what a publish left behind that failed or was killed before readers saw it."""
    shown = (output / "site").resolve().name
    for number in _generations(output):
        if not shown.isdigit() or number > int(shown):
            shutil.rmtree(output / "generations" / generation_name(number))


def _prune(output: Path, keep: int, now: int) -> None:
    """Remove what is not whole, and old generations but the newest `keep` and the one shown.

    Who resolved the link before the swap, as rsync and archiving do, reads on where no one else
    looks any more: a generation stays for an hour after its follower came, MOST of them at most.
    """
    folder, every = output / "generations", _generations(output)
    whole = [number for number in every if (folder / generation_name(number) / MANIFEST).is_file()]
    follower = dict(itertools.pairwise(whole))

    def is_left(number: int) -> bool:
        head = read_head(folder / generation_name(follower[number]))
        # A moment far ahead is that of a clock which was put right since: it tells nothing.
        return head is None or abs(now - head.published) >= HOUR

    lately = itertools.dropwhile(is_left, whole[-MOST:-keep])
    kept = {generation_name(number) for number in [*lately, *whole[-keep:]]}
    for name in {generation_name(number) for number in every} - kept:
        if name != (output / "site").resolve().name:
            shutil.rmtree(folder / name)


def _check_alone() -> None:
    """Busy where another node publishes: on a shared folder the lock file may not tell."""
    if not try_publishing():
        raise Busy("Another process is publishing the site.", "Wait for it to end.")


@contextmanager
def _publishing(output: Path) -> Iterator[None]:
    """One publisher of this machine at a time; the kernel drops the lock of one that dies."""
    output.mkdir(parents=True, exist_ok=True)
    with (output / ".publish.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy("Another process is publishing the site.", "Wait for it to end.") from error
        yield
