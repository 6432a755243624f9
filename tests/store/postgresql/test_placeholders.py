"""Statements as psycopg has them."""

from __future__ import annotations

import pytest

from tracker.store.postgresql.placeholders import marked


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT 1 WHERE a = ? AND b > ?", "SELECT 1 WHERE a = %s AND b > %s"),
        ("SELECT ?2, ?1, ?2", "SELECT %(p2)s, %(p1)s, %(p2)s"),
        (
            "SELECT 'why?' WHERE a LIKE '%_' AND b = ?",
            "SELECT 'why?' WHERE a LIKE '%%_' AND b = %s",
        ),
        ("SELECT 'it''s ?', a % 2", "SELECT 'it''s ?', a %% 2"),
        ("SELECT 1 FROM a CROSS JOIN b c ON c.x = a.x", "SELECT 1 FROM a JOIN b c ON c.x = a.x"),
        ("SELECT 1 FROM a CROSS JOIN b c WHERE 1", "SELECT 1 FROM a CROSS JOIN b c WHERE 1"),
        ("SELECT 1 FROM a b INDEXED BY a_open WHERE c", "SELECT 1 FROM a b WHERE c"),
    ],
)
def test_a_statement_is_written_as_the_driver_has_it(ours: str, theirs: str) -> None:
    assert marked(ours, 2)[0] == theirs


def test_numbered_marks_are_given_by_name() -> None:
    assert marked("SELECT ?1", 2)[1](("a", "b")) == {"p1": "a", "p2": "b"}


def test_other_marks_are_given_in_their_order() -> None:
    assert marked("SELECT ?", 1)[1](["a"]) == ("a",)
