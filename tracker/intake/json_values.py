"""Values of JSON as plugins need them, whatever a stranger wrote in their place."""

from __future__ import annotations

from typing import Any


def printed(value: object, most: int | None = None) -> str:
    """Text as it is, null as none, and what is odd as Python prints it, up to `most` of that."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else str(value)[:most]
    except RecursionError:  # brackets as deep as could just be read
        return ""


def text_of(value: object) -> str:
    """Text as it is, all else as none."""
    return value if isinstance(value, str) else ""


def list_of(value: object) -> list[Any]:
    """A list as it is, all else as an empty one."""
    return value if isinstance(value, list) else []


def objects_of(value: object) -> list[dict[str, Any]]:
    """The objects of a list, none of all else; most lists are empty."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def object_of(value: object) -> dict[str, Any]:
    """An object as it is, all else as an empty one."""
    return value if isinstance(value, dict) else {}
