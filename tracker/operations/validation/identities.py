"""Ids that are hashes of what they name, and twins: those that are not the ones of their text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tracker.operations.validation.checks import (
    Check,
    Look,
    Looking,
    Scene,
    rows_by_id,
    seen,
)
from tracker.operations.validation.remedies import RESTORE
from tracker.store import identity

# What intake cuts ends so: the id was made of more than is kept.
_CUT = "…"
_REPEAT = re.compile(r"(?s)(.*) #([2-9]|[1-9]\d+)")


def identities() -> Iterator[Check]:
    """One check for each table whose ids are hashes, and one for twins."""
    yield _hashes(
        "suite", "Suites whose id is not the hash of their path", "t.id, t.path", _is_suite
    )
    yield _hashes(
        "test_case",
        "Cases whose id is not the hash of suite, name and variant",
        "t.id, t.suite_id, t.name, t.variant",
        _is_case,
    )
    yield _hashes(
        "failure",
        "Failures whose id is not the hash of their texts",
        "t.id, t.type, t.message, t.trace",
        _is_failure,
    )
    yield _hashes(
        "detail", "Details whose id is not the hash of their text", "t.id, t.data", _is_detail
    )
    yield Check(
        "integrity.identity.twin",
        "Cases that cannot be told from other formats' since their twin is not that of their name",
        RESTORE,
        _looking("test_case", "t.twin, t.name", lambda twin, name: twin == identity.twin(name)),
    )


def _hashes(table: str, sentence: str, columns: str, is_hash: Callable[..., bool]) -> Check:
    return Check(
        f"integrity.identity.{table}", sentence, RESTORE, _looking(table, columns, is_hash)
    )


def _looking(table: str, columns: str, is_right: Callable[..., bool]) -> Looking:
    """Look for rows for whose id and columns the claim does not hold."""

    def look(scene: Scene) -> Look:
        rows = rows_by_id(table, columns)
        wrong = [name for name, *told in rows if not is_right(*told)]
        return seen(scene.counts[table], wrong)

    return look


def _is_suite(number: int, path: str) -> bool:
    return number == identity.number(path) or _CUT in path


def _is_case(number: int, suite: int, name: str, variant: str) -> bool:
    if number == identity.case_id(suite, name, variant):
        return True
    found = _REPEAT.fullmatch(name)
    if found and number == identity.case_id(suite, found[1], variant, int(found[2])):
        return True
    return name.endswith(_CUT)


def _is_failure(number: int, *texts: str) -> bool:
    return number == identity.number(identity.SEPARATOR.join(texts))


def _is_detail(number: int, data: str) -> bool:
    return number == identity.number(data)
