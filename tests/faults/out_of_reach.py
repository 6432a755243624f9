"""A folder of a disk that is there and refuses to be looked at: a stale NFS, a failing disk."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOOKS = ((os, "stat"), (os, "statvfs"), (os, "scandir"), (os, "mkdir"), (io, "open"))


def refuse_looks(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have every look at a folder, and at what is in it, fail as one at a stale NFS does."""
    for module, name in LOOKS:
        monkeypatch.setattr(module, name, _refusing(getattr(module, name), folder))


def _refusing(look: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    def refuse(path: Any, *given: Any, **more: Any) -> Any:
        if not isinstance(path, int) and Path(path).is_relative_to(folder):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
        return look(path, *given, **more)

    return refuse
