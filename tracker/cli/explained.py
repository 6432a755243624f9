"""An explanation of a verdict in lines for a terminal."""

from __future__ import annotations

from tracker.queries.explain import Explanation
from tracker.store.identity import title
from tracker.store.outcomes import GAP
from tracker.verdicts.states import State

# Of these the build since which is that in which the case broke.
_MENDING = frozenset({State.FIXED, State.RECOVERING})


def as_text(found: Explanation) -> list[str]:
    """The explanation for a terminal; what arrived later stands at its end, marked."""
    said = found.verdict
    lines = [
        f"{title(found.case.suite, found.case.name, found.case.variant)} in {found.job}",
        f"as of #{found.as_of}: {_standing(found)}",
        f"  {said.sentence}",
        f"said in #{found.said_in} by rule {said.rule}, from {said.before.state}"
        f" and {len(said.outcomes)} outcomes, oldest first:",
        *(f"  {said.outcomes[place : place + 60]}" for place in range(0, len(said.outcomes), 60)),
        f"  P passed, F failed, R passed when tried again; limit {said.limit:g}",
        f"numbers: odds {'-' if said.odds is None else f'{said.odds:g}'},"
        f" {_counted(said.failures, 'failure')} in {_counted(said.runs, 'result')},"
        f" {said.failures_before} in {said.runs_before} before;"
        f" {said.bad} bad ({said.retried} of them tried again) in {said.counted},"
        f" rate {said.low:g} to {said.high:g}",
    ]
    if found.after:
        seen = " ".join(f"#{each.label} {each.outcome}" for each in found.after)
        unseen = f" ({GAP} is no result that counts)" if GAP in seen else ""
        lines.append(f"since then: {seen}{unseen}")
    same = "the same" if found.is_replayed else "something else: the rule has changed since"
    lines.append(f"replayed by the rule of today: {same}")
    lines += [f"not part of it: #{each.label}, {each.what}" for each in found.late]
    if found.more_late:
        lines.append(f"not part of it: {_counted(found.more_late, 'more build')}")
    return lines


def _standing(found: Explanation) -> str:
    if found.since is None or not found.age:
        return found.state
    days = "" if found.days is None else f", {_counted(found.days, 'day')}"
    if found.state in _MENDING:
        ago = f"{_counted(found.age, 'judged build')}{days} before"
        return f"{found.state} after it broke in #{found.since} ({ago})"
    return f"{found.state} since #{found.since} ({found.age + 1} judged builds{days})"


def _counted(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
