"""A generation of the static site: its files, taken from the one before where they are the same."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tracker.published import Manifest


@dataclass
class Generation:
    """A generation while it is made."""

    folder: Path
    old_folder: Path | None
    old: Manifest | None
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    rendered: int = 0
    written: int = 0
    bytes_written: int = 0

    def can_keep(self, name: str) -> bool:
        """Whether the old generation still has a file and its compressed twin."""
        old = self.old_folder
        return old is not None and all((old / each).is_file() for each in (name, f"{name}.gz"))

    def keep(self, name: str) -> None:
        """Take a file over from the old generation."""
        assert self.old is not None
        assert self.old_folder is not None
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(self.old_folder / name, target)
        except OSError:
            shutil.copy2(self.old_folder / name, target)
        self.files[name] = self.old.files[name]

    def write(self, name: str, data: bytes) -> None:
        """Write a file and its compressed twin, or take them over where they are the same."""
        digest = hashlib.sha256(data).hexdigest()
        if self.old is not None and self.old.files.get(name) == digest and self.can_keep(name):
            self.keep(name)
            self.keep(f"{name}.gz")
            return
        packed = gzip.compress(data, compresslevel=6, mtime=0)
        for path, content in ((name, data), (f"{name}.gz", packed)):
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            self.files[path] = hashlib.sha256(content).hexdigest()
            self.written += 1
            self.bytes_written += len(content)
