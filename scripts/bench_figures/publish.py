"""Publishing the static site: all of it, and again after one more build."""

from __future__ import annotations

import time
from collections.abc import Iterator

from scripts.bench_figures import data
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Sizes
from tracker.resources import folder
from tracker.settings import Settings
from tracker.site.publish import publish
from tracker.site.render import Renderer
from tracker.store.record import record_build


def figures(sizes: Sizes) -> Iterator[Row]:
    """What a publish makes and how long it takes."""
    shape = sizes.published
    with temporary_home() as settings:
        say(f"publish: {shape.jobs * shape.builds} builds of {shape.cases} cases")
        newest = []
        for place in range(shape.jobs):
            *older, last = data.history(f"bench-{place}", shape.builds + 1, shape.cases)
            newest.append(last)
            for facts, report in older:
                record_build(facts, [report], now=facts.number)
        yield from _published("full", settings)
        facts, report = newest[0]
        record_build(facts, [report], now=facts.number)
        yield from _published("one new build", settings)


def _published(which: str, settings: Settings) -> Iterator[Row]:
    start = time.perf_counter()
    done = publish(
        settings.output,
        Renderer(folder("site_templates")),
        newest=settings.publish_builds,
        keep=settings.publish_keep,
        now=0,
    )
    yield row(f"publish, {which}, time", time.perf_counter() - start)
    yield row(f"publish, {which}, pages made", done.rendered)
    yield row(f"publish, {which}, files", done.written)
    yield row(f"publish, {which}, bytes", done.bytes)
