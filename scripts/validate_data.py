#!/usr/bin/env python3
"""`tracker validate` for jobs that call a script: the same options, output and exit codes.

.venv/bin/python scripts/validate_data.py [--home DIR] [--verbose] [--export-report FILE] [--json]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tracker.cli import main


def arguments_of(given: list[str]) -> list[str]:
    """The arguments of `tracker` for those of this script: `--home` stands before the command."""
    if given[:1] == ["--home"]:
        return [*given[:2], "validate", *given[2:]]
    if given and given[0].startswith("--home="):
        return [given[0], "validate", *given[1:]]
    return ["validate", *given]


if __name__ == "__main__":
    sys.argv[1:] = arguments_of(sys.argv[1:])
    main()
