"""How long a probe of readiness takes, of a tracker that is asked for nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator

from scripts.bench_figures.measure import percentile
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import Server, temporary_home, tracker
from scripts.bench_figures.sizes import Sizes

# Probes that come within half a second share a look; so one of a few really looks.
PAUSE = 0.05


def figures(sizes: Sizes) -> Iterator[Row]:
    """Probes, one after another, a little apart."""
    with temporary_home() as settings, tracker(settings) as server:
        say(f"health: {sizes.probed} probes")
        _waits(server, 5)
        waits = _waits(server, sizes.probed)
    yield row("health, median of ready", 1000 * percentile(waits, 0.5))
    yield row("health, p99 of ready", 1000 * percentile(waits, 0.99))


def _waits(server: Server, probes: int) -> list[float]:
    """How long each took (s); every one has to be 200."""
    client, taken = server.connect(), []
    for _ in range(probes):
        time.sleep(PAUSE)
        began = time.perf_counter()
        client.request("GET", "/health/ready")
        answer = client.getresponse()
        answer.read()
        taken.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"a probe was answered with {answer.status}")
    client.close()
    return taken
