"""A process that reads a published site over and over: `SITE STOP-FILE`.

Each round it looks once where the link leads, and reads every file of that generation; and it reads
one page through the link, as a web server would. It says when the first round is over, and in the
end how many rounds and pages there were, how many files were not what the manifest says (torn), not
there (missing), or of another generation.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from pathlib import Path

import msgspec

from tracker.published import MANIFEST, Manifest, generation_name


def read_pinned(site: Path, counts: Counter[str]) -> None:
    """Read all of the generation that the link leads to now."""
    try:
        folder = site.parent / site.readlink()
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        counts["missing"] += 1
        return
    counts["mixed"] += folder.name != generation_name(manifest.generation)
    for name, digest in manifest.files.items():
        counts["pages"] += 1
        try:
            data = (folder / name).read_bytes()
        except FileNotFoundError:
            counts["missing"] += 1
            continue
        counts["torn"] += hashlib.sha256(data).hexdigest() != digest


def read_through(site: Path, counts: Counter[str]) -> None:
    """Read the first page through the link: it is whole whatever is published meanwhile."""
    counts["pages"] += 1
    try:
        counts["torn"] += not (site / "index.html").read_bytes().rstrip().endswith(b"</html>")
    except FileNotFoundError:
        counts["missing"] += 1


def main(site: str, stop: str) -> None:
    """Read until there is a file that says to stop."""
    counts: Counter[str] = Counter()
    while not Path(stop).exists():
        read_pinned(Path(site), counts)
        read_through(Path(site), counts)
        counts["rounds"] += 1
        if counts["rounds"] == 1:
            print("reading", flush=True)
    print(msgspec.json.encode(counts).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
