"""Both databases come to the same state, in any order and with any repetition."""

from __future__ import annotations

from tests import servers
from tests.counts import RecordCount
from tests.examples import examples
from tests.store import test_any_order as recordings
from tests.store.fresh import fresh_store
from tracker.queries.dump import lines
from tracker.store.judging import rebuild


def test_any_order_gives_the_state_that_sqlite_has(record_count: RecordCount) -> None:
    with servers.stores_in("sqlite"):
        wanted = list(recordings.expected())

    def check(order: list[int]) -> None:
        with servers.stores_in("postgresql"), fresh_store():
            assert recordings.state_after(order) == wanted
            rebuild()
            assert list(lines()) == wanted

    recordings.try_orders(check, examples(3, 60), record_count)
