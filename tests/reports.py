"""Reports as bytes; imported by processes that tests start, which need little else."""

from __future__ import annotations

import io
import zipfile


def junit(**cases: str) -> bytes:
    """A JUnit report of one suite `s`; each case by its letter: P, F, E, S."""
    child = {
        "P": "",
        "F": '<failure message="it failed">at a.b.c</failure>',
        "E": '<error message="it broke" type="java.io.IOException">at a.b.c</error>',
        "S": '<skipped message="not today"/>',
    }
    body = "".join(
        f'<testcase classname="s" name="{name}" time="0.5">{child[letter]}</testcase>'
        for name, letter in cases.items()
    )
    return f'<testsuite name="s" tests="{len(cases)}">{body}</testsuite>'.encode()


def zipped(**files: bytes) -> bytes:
    """A zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()
