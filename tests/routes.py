"""Werkzeug's code that builds the address of a route, compiled once and not for each application.

Nearly every test of the web has an application of its own, and compiling this for its routes takes
ten times as long as all else that making one is. Nothing of ours ever asks for such an address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

_Builder = Callable[..., tuple[str, str]]


@pytest.fixture(autouse=True, scope="session")
def _builders_compiled_once() -> Iterator[None]:
    compiled: dict[Any, _Builder] = {}
    compile_one = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> _Builder:
        # The function belongs to no rule: it is bound to one, and asks that for its converters.
        key = (rule.rule, rule.subdomain, rule.host, str(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_one(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", builder)
        yield
