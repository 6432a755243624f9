"""What a take-over cannot keep, and what people should know before they switch off."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.operations.legacy.catalogue import TakenCatalogue
from tracker.operations.legacy.layout import Layout
from tracker.operations.legacy.reader import LegacyDatabase
from tracker.operations.legacy.summary import NotKept
from tracker.operations.legacy.tables import LEFT_OUT, SCHEMA

# The settings that were kept in its database, and what decides the same here.
COUNTERPARTS = {
    "AUTO_UPDATE_ENABLED": "`tracker worker` reads every server of `tracker server list`",
    "POLLING_INTERVAL_HOURS": "poll_seconds, the seconds between two looks at a server",
}


def not_kept(
    legacy: LegacyDatabase,
    layout: Layout,
    catalogue: TakenCatalogue,
    *,
    repeats: int,
    strays: int,
    odd_times: int,
    differing: int,
) -> Iterator[NotKept]:
    """Each kind of row that is not kept, where there are any."""
    lost = (
        ("modules", layout.lost_modules, "their release is not there"),
        ("builds", layout.lost_builds, "their module is not there or not kept"),
        ("builds", layout.odd_numbers, "what stands for their number is none"),
        ("builds", layout.repeated_builds, "a later row of their module has their number"),
        ("results", strays, "their build is not there or not kept"),
        ("results", repeats, "a later row of their build is of the same test and topology"),
        ("releases", catalogue.repeated_releases, "a later row has their name"),
        ("rows of test metadata", catalogue.lost_tests, "their release is not there"),
        ("rows of test metadata", catalogue.repeated_tests, "another row says just the same"),
        ("bugs", catalogue.unnamed_issues, "they have no key"),
        ("bugs", catalogue.repeated_issues, "a later row has their key"),
        ("links of bugs", catalogue.lost_links, "their bug is not there, or has no key"),
        ("times of builds", odd_times, "they are none, or none of a build; it has no time here"),
        (
            "priorities of results",
            differing,
            "the metadata of the test says another one now, which is kept",
        ),
    )
    yield from (NotKept(*each) for each in lost if each[1])
    for table, why in LEFT_OUT.items():
        if count := legacy.left_out.get(table):
            yield NotKept(f"rows of {table}", count, why)


def notes(legacy: LegacyDatabase, layout: Layout, without_metadata: int) -> Iterator[str]:
    """What is notable and no loss."""
    if legacy.schema != SCHEMA:
        said = f"says that its schema is {legacy.schema}" if legacy.schema else "names no schema"
        yield f"The file {said}; the one that was tried is {SCHEMA}. It was read by its columns."
    if legacy.unknown:
        yield f"Not known, and not read: {', '.join(legacy.unknown)}."
    for name, places in layout.shared.items():
        yield (
            f"The Jenkins job {name!r} builds {', '.join(places)}: their builds are kept apart by"
            f" release and module, and what the tracker reads from Jenkins itself is {name!r}."
        )
    if layout.unnamed:
        yield (
            f"No job can be called {', '.join(layout.unnamed)}, or one is already: their builds are"
            " not kept. Other names there would do."
        )
    if without_metadata:
        yield (
            f"{without_metadata} tests have no metadata; priority, topology and removal are as"
            " their newest results have them."
        )
    for key, value in legacy.settings.items():
        if key in COUNTERPARTS:
            yield f"The setting {key} was {value}; here it is: {COUNTERPARTS[key]}."
    yield (
        "The administrator's PIN is in the earlier application's environment (ADMIN_PIN_HASH), not"
        " in its database: `tracker person take-pin NAME --from FILE` takes it over from there."
    )
