"""JSON Schemas of what the API answers, made from the types that its answers are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

REFERENCE = "#/components/schemas/{name}"


def schemas_of(kinds: Iterable[Any]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """The schema of each type, and the named schemas that these refer to.

    An answer has all fields of its type, also those that the type could do without.
    """
    wanted = list(dict.fromkeys(kinds))
    found, named = msgspec.json.schema_components(wanted, ref_template=REFERENCE)
    for schema in named.values():
        schema.pop("title", None)
        if "properties" in schema:
            schema["required"] = list(schema["properties"])
            for each in schema["properties"].values():
                each.pop("default", None)
    for cls, kind in _named(inspect.multi_type_info(wanted), {}).items():
        _tell_times(kind, named[cls.__name__])
    return dict(zip(wanted, found, strict=True)), named


def _named(kinds: Iterable[Any], found: dict[type, Any]) -> dict[type, Any]:
    """All types with fields that these types hold, in whatever depth."""
    for kind in kinds:
        fields = getattr(kind, "fields", None)
        if fields is None:
            _named(_parts(kind), found)
        elif kind.cls not in found:
            found[getattr(kind.cls, "__origin__", kind.cls)] = kind
            _named((each.type for each in fields), found)
    return found


def _parts(kind: Any) -> Iterator[Any]:
    """What a type without fields of its own is made of."""
    yield from getattr(kind, "types", ())
    yield from getattr(kind, "item_types", ())
    for name in ("item_type", "value_type", "type"):
        if hasattr(kind, name):
            yield getattr(kind, name)


def _tell_times(kind: Any, schema: dict[str, Any]) -> None:
    """Say which fields are times: the library does it only where the type names the zone."""
    for each in kind.fields:
        parts = (each.type, *_parts(each.type))
        if any(isinstance(part, inspect.DateTimeType) for part in parts):
            told = schema["properties"][each.encode_name]
            told.get("anyOf", [told])[0]["format"] = "date-time"
