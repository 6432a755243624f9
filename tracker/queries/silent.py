"""Builds without results, of jobs that had some in another build: they are no all-clear.

Nothing failed in such a build and nothing is new in it, since nothing is known of its tests. A job
that never had results, as one that only starts others, has no silent builds.
"""

from __future__ import annotations

from tracker.store.outcomes import JUDGED

# SQL: the builds of a job that were judged and have results.
TELLING = f"build INDEXED BY build_with_results WHERE total > 0 AND {JUDGED}"
# SQL: a judged build `b` is silent.
IS_SILENT = f"(b.total = 0 AND EXISTS (SELECT 1 FROM {TELLING} AND job_id = b.job_id))"
