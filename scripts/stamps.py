"""Steps that are done once for their input: a stamp keeps the hash of what a step was made from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from . import paths


def digest(parts: Iterable[str | Path]) -> str:
    """Hash of texts and of the contents of files."""
    result = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        # The length in front: "ab", "c" is not "a", "bc".
        length = len(content).to_bytes(8, "big")
        result.update(length)
        result.update(content)
    return result.hexdigest()


def is_current(step: str, key: str) -> bool:
    """Whether the step was completed from the same input."""
    stamp = paths.STAMPS / step
    return stamp.is_file() and stamp.read_text() == key


def write(step: str, key: str) -> None:
    """Remember that the step is complete."""
    paths.STAMPS.mkdir(parents=True, exist_ok=True)
    (paths.STAMPS / step).write_text(key)


def forget(step: str) -> None:
    """Make the next run do the step again."""
    (paths.STAMPS / step).unlink(missing_ok=True)
