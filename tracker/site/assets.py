"""Style sheets and pictures, under names that hold a hash: they may be cached for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Assets:
    """The files of `site_templates/static`: hashed names by plain ones, files by hashed ones."""

    hashed: dict[str, str]
    files: dict[str, Path]

    @classmethod
    def of(cls, folder: Path) -> Assets:
        """The assets in a folder."""
        hashed: dict[str, str] = {}
        files: dict[str, Path] = {}
        for path in sorted(folder.iterdir()):
            if not path.is_file() or path.suffix == ".py":
                continue
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            name = f"{path.stem}.{digest}{path.suffix}"
            hashed[path.name] = name
            files[name] = path
        return cls(hashed, files)
