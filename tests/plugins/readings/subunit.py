"""Subunit: an expected failure is skipped here."""

READINGS: dict[str, tuple[dict[str, float] | None, str]] = {
    "subunit-v2/recorded-here/unittest-outcomes.subunit": (
        {"passed": 1, "skipped": 2},
        "ambiguity: expected failure. The counting rule and formats.md have it skipped; the "
        "manifest's figures took it for passed (by_status has one success, one skip, one xfail)",
    ),
}
