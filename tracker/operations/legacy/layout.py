"""Which builds the earlier application has of which module, and which rows lead nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tracker.errors import TrackerError
from tracker.intake.text import storable
from tracker.operations.legacy.catalogue import release_of
from tracker.operations.legacy.mapping import number_of
from tracker.operations.legacy.names import Place, jenkins_job, names_of
from tracker.operations.legacy.reader import LegacyDatabase
from tracker.operations.legacy.tables import LegacyJob
from tracker.store.jobs import check_job_name


@dataclass(frozen=True)
class LegacyModuleBuilds:
    """A module of a release: the tracker's name of its job, and its builds by number.

    `main_job` is the tracker's name of the job that starts them, "" where that is not known.
    """

    release: str
    module: str
    name: str
    main_job: str
    builds: Mapping[int, LegacyJob]


@dataclass(frozen=True)
class Layout:
    """All modules that can be kept, how many rows cannot be, and what is notable about names.

    `parents` are the builds of main jobs that started builds, by job: number and address.
    """

    modules: tuple[LegacyModuleBuilds, ...]
    parents: Mapping[str, Mapping[int, str]]
    lost_modules: int
    lost_builds: int
    odd_numbers: int
    repeated_builds: int
    unnamed: tuple[str, ...]
    shared: Mapping[str, tuple[str, ...]]


def layout_of(
    legacy: LegacyDatabase, prefixes: Mapping[str, str], given: Mapping[Place, str]
) -> Layout:
    """The layout; `prefixes` are those of the tracker's servers, `given` names of earlier times."""
    releases = {row.id: storable(row.name) for row in legacy.releases}
    places: dict[int | None, Place] = {
        row.id: (releases[row.release_id], storable(row.name))
        for row in legacy.modules
        if row.release_id in releases
    }
    jobs: dict[Place, list[LegacyJob]] = {place: [] for place in places.values()}
    for job in legacy.jobs:
        if job.module_id in places:
            jobs[places[job.module_id]].append(job)
    names = names_of(
        {place: [job.jenkins_url for job in found] for place, found in jobs.items()},
        prefixes,
        given,
    )
    main_jobs = _main_jobs(legacy, prefixes)
    modules = tuple(
        LegacyModuleBuilds(*place, names[place], main_jobs[place[0]][0], _numbered(jobs[place]))
        for place in sorted(names)
    )
    kept = [job for place in names for job in jobs[place]]
    odd = sum(number_of(job.job_id) is None for job in kept)
    return Layout(
        modules=modules,
        parents=_parents(modules, main_jobs),
        lost_modules=len(legacy.modules) - len(places),
        lost_builds=len(legacy.jobs) - len(kept),
        odd_numbers=odd,
        repeated_builds=len(kept) - odd - sum(len(module.builds) for module in modules),
        unnamed=tuple("/".join(place) for place in sorted(jobs.keys() - names.keys())),
        shared=_shared(jobs),
    )


def _numbered(jobs: list[LegacyJob]) -> dict[int, LegacyJob]:
    """Builds by number, in order; of two of one number the later row."""
    found = {number_of(job.job_id): job for job in jobs}
    return {number: found[number] for number in sorted(n for n in found if n is not None)}


def _main_jobs(legacy: LegacyDatabase, prefixes: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """For each release the tracker's name of its main job, and that job's address."""
    found = {}
    for row in legacy.releases:
        told = release_of(row, prefixes)
        try:
            name = check_job_name(told.main_job) if told.main_job else ""
        except TrackerError:
            name = ""
        found[told.name] = (name, row.jenkins_job_url)
    return found


def _parents(
    modules: tuple[LegacyModuleBuilds, ...], main_jobs: Mapping[str, tuple[str, str]]
) -> dict[str, dict[int, str]]:
    own = {(module.name, number) for module in modules for number in module.builds}
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for module in modules:
        name, url = main_jobs[module.release]
        for job in module.builds.values():
            number = number_of(job.parent_job_id)
            if name and number and (name, number) not in own:
                found[name][number] = f"{url.rstrip('/')}/{number}/"
    return {name: dict(sorted(found[name].items())) for name in sorted(found)}


def _shared(jobs: Mapping[Place, list[LegacyJob]]) -> dict[str, tuple[str, ...]]:
    """The jobs of Jenkins that build several modules or releases, with these."""
    found: dict[str, set[str]] = defaultdict(set)
    for place, rows in jobs.items():
        for row in rows:
            if known := jenkins_job(row.jenkins_url):
                found[known.name].add("/".join(place))
    return {name: tuple(sorted(found[name])) for name in sorted(found) if len(found[name]) > 1}
