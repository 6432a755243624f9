"""One figure of the benchmark beside what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value; at most `most` and at least `least`, where that is a target."""

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def reached(self) -> bool | None:
        """Whether the target was reached; None where there is none."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )


def share(part: int, whole: int) -> float:
    """A part of a whole; 1 where the whole is nothing, so that nothing missed is all found."""
    return part / whole if whole else 1.0
