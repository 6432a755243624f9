"""What the tests of JSON share: values of every kind, and reading one document."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import strategies as st

from tracker.intake.damage import Damage
from tracker.intake.json_text import json_document

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=20,
)


def document(data: str | bytes, *lists: str) -> tuple[Any, Damage | None]:
    """What is read of a document, whose `lists` wait."""
    return json_document(io.BytesIO(data.encode() if isinstance(data, str) else data), *lists)
