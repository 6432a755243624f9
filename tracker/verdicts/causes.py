"""Why each case is missing: of all that may explain it, the one cause that is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tracker.verdicts.broken_suites import told_by_suites
from tracker.verdicts.expected import is_surprise
from tracker.verdicts.lost_reports import told_by_reports
from tracker.verdicts.missing import Cause, Missing, Scene, suite_text
from tracker.verdicts.names import replaced
from tracker.verdicts.renames import Pair, pairs
from tracker.verdicts.seen_test import Test


def causes(scene: Scene) -> tuple[Missing, ...]:
    """Each missing case with exactly one cause, in the order of their ids.

    A sure rename goes first, then what ended too early, a report before a suite; then a proposed
    rename; what nothing explains was removed.
    """
    likely = pairs(scene.gone, scene.come) if scene.come else ()
    found = {pair.gone.id: pair for pair in likely}
    sure = {case: pair for case, pair in found.items() if pair.certain}
    left = tuple(test for test in scene.gone if test.id not in sure)
    reports = told_by_reports(scene, left)
    suites = told_by_suites(scene, left)
    told = [_skipped(test, scene) for test in scene.skipped]
    told += [_renamed(pair) for pair in sure.values()]
    for test in left:
        told.append(
            reports.get(test.id)
            or suites.get(test.id)
            or (_renamed(found[test.id]) if test.id in found else _removed(test))
        )
    return tuple(sorted(told, key=lambda missing: missing.test.id))


def _skipped(test: Test, scene: Scene) -> Missing:
    reason = f": {first}" if (first := test.trace.strip().partition("\n")[0]) else ""
    sentence = f"It is skipped in this build and ran in the builds before{reason}."
    return Missing(test, Cause.SKIPPED, sentence.replace("..", "."), reason[2:])


def _renamed(pair: Pair) -> Missing:
    gone, come = pair.gone, pair.come
    sure = "is" if pair.certain else "may be"
    about = ""
    if gone.variant != come.variant:
        about = f"{gone.variant or 'no variant'} → {come.variant or 'no variant'}"
        sentence = f"It {sure} now {come.name} of {come.variant or 'no variant'}"
    elif gone.suite == come.suite:
        sentence = f"It {sure} now called {come.name}, in the same suite"
    elif gone.name == come.name:
        old, new = replaced(gone.suite, come.suite)
        about = f"{old} → {new}"
        sentence = f"It {sure} now in the suite {suite_text(come.suite)}, under the same name"
    else:
        sentence = f"It {sure} now {come.name} in the suite {suite_text(come.suite)}"
    sentence += f" ({_percent(pair.score)} sure)."
    return Missing(gone, Cause.RENAMED, sentence, about, pair)


def _percent(share: float) -> str:
    """Whole per cents, rounded down, since nothing here is 100 % sure."""
    return f"{int(share * 100)} %" if share < 0.99 else "at least 99 %"


def _removed(test: Test) -> Missing:
    sentence = "Nothing else explains why: report and suite are whole, and no new case is like it."
    return Missing(test, Cause.REMOVED, sentence)


def settled(found: Iterable[Missing], rows: Mapping[int, Sequence[bool]]) -> tuple[Missing, ...]:
    """Without those that nothing but their absence speaks for, and that come and go anyway.

    `rows`: of cases removed, skipped or perhaps renamed, in which of the last builds each was
    there, or ran, newest first; 60 builds are enough. Cases without a row are kept.
    """
    return tuple(
        missing
        for missing in found
        if missing.is_explained or is_surprise(rows.get(missing.test.id, ()))
    )
