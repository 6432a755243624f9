"""Text can be read on every ground it may stand on, in the light and in the dark."""

from __future__ import annotations

import re
from itertools import product

import pytest

from tests.conftest import ROOT

STYLE = (ROOT / "site_templates" / "static" / "site.css").read_text()
TEXTS = ("ink", "quiet", "link", "bad", "good", "warn")
GROUNDS = ("paper", "panel", "bad-panel", "warn-panel")
# WCAG 2.2: 4.5 is its level AA; in the dark the pages keep 7, its level AAA.
LEAST = {"light": 4.5, "dark": 7.0}


def colours(scheme: str) -> dict[str, str]:
    """The colours by their names in a scheme."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", STYLE)
    return {name: light if scheme == "light" else dark for name, light, dark in pairs}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (_linear(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("scheme", "text", "ground"),
    [*product(LEAST, TEXTS, GROUNDS), *((scheme, "on-bad", "bad") for scheme in LEAST)],
)
def test_a_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str) -> None:
    known = colours(scheme)
    assert contrast(known[text], known[ground]) >= LEAST[scheme]


@pytest.mark.parametrize("piece", ["fill-bad", "fill-still", "fill-skip"])
@pytest.mark.parametrize("scheme", LEAST)
def test_a_piece_of_the_chart_of_failures_stands_out_from_the_paper(
    scheme: str, piece: str
) -> None:
    known = colours(scheme)
    assert contrast(known[piece], known["paper"]) >= 3.0  # the line between pieces is the paper


def test_black_on_white_is_21() -> None:
    assert round(contrast("#000", "#ffffff"), 2) == 21


def test_where_light_dark_is_unknown_the_colours_are_the_light_ones() -> None:
    plain = dict(re.findall(r"--([\w-]+): (#\w+)", STYLE))
    assert {name: plain[name] for name in colours("light")} == colours("light")
