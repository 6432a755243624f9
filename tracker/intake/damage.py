"""What can be wrong with a report: it gave nothing at all, or only what came before a place."""

from __future__ import annotations

import msgspec


class ReportError(Exception):
    """This report cannot be read: `reason` in words, `position` such as "line 3, column 9"."""

    def __init__(self, reason: str, position: str = "") -> None:
        super().__init__(f"{reason} ({position})" if position else reason)
        self.reason = reason
        self.position = position


class Damage(msgspec.Struct, frozen=True):
    """The report is damaged from here on; what was yielded before is kept.

    A build with a damaged report is never shown as all passed.
    """

    reason: str
    position: str = ""
