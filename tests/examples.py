"""How many examples a property is tried with: a few in every run, many in a nightly one.

`scripts/test --nightly` chooses the profile "nightly" by `--hypothesis-profile`.
"""

from __future__ import annotations

from hypothesis import settings

FAST, NIGHTLY = "fast", "nightly"

# No deadlines: how long one example takes says more of the machine than of the code.
settings.register_profile(FAST, deadline=None, max_examples=30)
settings.register_profile(NIGHTLY, deadline=None, max_examples=100)
settings.load_profile(FAST)


def examples(fast: int, nightly: int) -> int:
    """How many there are in this run, of what is dear to try."""
    return nightly if settings.get_current_profile_name().startswith(NIGHTLY) else fast
