"""Where `plugins` and `site_templates` are: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent


def folder(name: str) -> Path:
    """The folder called `name`: inside the installed package, else beside it."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else CHECKOUT / name


def is_checkout() -> bool:
    """Whether this code runs from a working copy rather than from an installed wheel."""
    return (CHECKOUT / "setup.cfg").is_file() and (CHECKOUT / "site_templates").is_dir()
