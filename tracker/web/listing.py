"""Lists of the API in pages by key: `limit` and `after` in, `items` and `next` out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlencode

import msgspec
from flask import request

from tracker.errors import UsageError
from tracker.store.identity import KEY, id_of
from tracker.web import openapi_parameters
from tracker.web.links import below
from tracker.web.openapi_parameters import Parameter
from tracker.web.parameters import MAX_NUMBER, Args

DEFAULT_LIMIT = 50
MOST = 200

Item = TypeVar("Item")
Row = TypeVar("Row")
Answer = TypeVar("Answer", bound=msgspec.Struct)

LIMIT = openapi_parameters.number(
    "limit", "How many items a page has at most.", most=MOST, default=DEFAULT_LIMIT
)


class InJob(Protocol):
    """A row about a case of a job."""

    @property
    def key(self) -> str:
        """The case."""

    @property
    def job(self) -> str:
        """The job's name."""


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """A page of a list; `next` is the address of the following one, null on the last."""

    items: Sequence[Item]
    next: str | None


def paging(pattern: str, read: Callable[[str], Any]) -> tuple[Parameter, Parameter]:
    """`limit` and `after`; `read` makes a place in the list of an `after` that fits the pattern.

    Its value is None for the first page, and where `read` answers None it is refused.
    """

    def place(args: Args, name: str) -> Any:
        sent = args.get(name)
        if sent is None:
            return None
        found = read(sent) if re.fullmatch(pattern, sent) else None
        if found is None:
            raise bad_cursor(sent)
        return found

    means = "Where the page begins: take it from `next` of the one before."
    after = Parameter("after", means, {"type": "string", "pattern": f"^{pattern}$"}, place)
    return LIMIT, after


def paging_by_key() -> tuple[Parameter, Parameter]:
    """Pages of a list in the order of keys of cases: `after` is the id of the last one."""
    return paging(KEY, id_of)


def paging_by_case() -> tuple[Parameter, Parameter]:
    """Pages of a list of cases of many jobs: `after` is (case id, job) of the last one."""
    return paging(rf"{KEY}\.{openapi_parameters.LINE}", _case_and_job)


def case_cursor(row: InJob) -> str:
    """What `paging_by_case` reads: a case by its key, and the job, whose name may hold anything."""
    return f"{row.key}.{row.job}"


def paging_by_number() -> tuple[Parameter, Parameter]:
    """Pages of a list in the order of numbers: `after` is the last one."""
    return paging("[0-9]{1,18}", int)


def paging_by_build() -> tuple[Parameter, Parameter]:
    """Pages of a list of builds: `after` is (epoch, number) of the last one."""
    return paging(r"[0-9]{1,9}\.[0-9]{1,19}", _epoch_and_number)


def bad_cursor(after: str) -> UsageError:
    """For an `after` that is no place in the list."""
    return UsageError(
        f"after={after[:40]!r} does not come from a `next` of this list.",
        "Leave it out for the first page.",
    )


def page(
    kind: Callable[..., Answer],
    rows: Sequence[Row],
    limit: int,
    *,
    item: Callable[[Row], Any],
    cursor: Callable[[Row], str],
    **about: Any,
) -> Answer:
    """The page of a list that `rows` begin; where there are more than `limit`, others follow.

    `cursor` says of the last row of the page where the next one begins; `about` are the fields
    that the answer has beside `items` and `next`.
    """
    shown = rows[:limit]
    following = _address(cursor(shown[-1])) if len(rows) > limit else None
    return kind(items=tuple(item(row) for row in shown), next=following, **about)


def _address(after: str) -> str:
    given = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    return f"{below(request.path)}?{urlencode([*given, ('after', after)])}"


def _case_and_job(text: str) -> tuple[int, str] | None:
    case, _, job = text.partition(".")
    number = id_of(case)
    return None if number is None else (number, job)


def _epoch_and_number(text: str) -> tuple[int, int] | None:
    epoch, _, number = text.partition(".")
    return (int(epoch), int(number)) if int(number) <= MAX_NUMBER else None
