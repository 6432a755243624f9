"""Both databases come to the same state, in any order and with any repetition."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings

from tests import servers
from tests.examples import examples
from tests.store import test_any_order as recordings
from tests.store.fresh import fresh_store
from tracker.queries.dump import lines
from tracker.store.judging import rebuild


@settings(
    max_examples=examples(3, 60),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(recordings.orders())
def test_any_order_gives_the_state_that_sqlite_has(order: list[int]) -> None:
    with servers.stores_in("sqlite"):
        wanted = list(recordings.expected())
    with servers.stores_in("postgresql"), fresh_store():
        assert recordings.state_after(order) == wanted
        rebuild()
        assert list(lines()) == wanted
