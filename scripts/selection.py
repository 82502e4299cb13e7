"""What a person wants to run: ARGS told into options of pytest and paths of tests."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from . import paths


@dataclass(frozen=True)
class Selection:
    """Options and paths; empty for everything."""

    options: list[str]
    files: list[str]

    @classmethod
    def parse(cls, text: str) -> "Selection":
        """Tell paths from options."""
        words = shlex.split(text)
        files = [word for word in words if _is_path(word)]
        return cls([word for word in words if word not in files], files)

    def __bool__(self) -> bool:
        return bool(self.options or self.files)

    def within(self, targets: list[str]) -> list[str]:
        """The targets of a stage, or those of the given paths that belong to them."""
        if not self.files:
            return targets
        return [file for file in self.files if any(_is_inside(file, target) for target in targets)]


def _is_path(word: str) -> bool:
    return not word.startswith("-") and (paths.ROOT / word.split("::")[0]).exists()


def _is_inside(file: str, target: str) -> bool:
    file_path, target_path = Path(file.split("::")[0]), Path(target)
    return target_path == file_path or target_path in file_path.parents
