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
        selection = cls([], [])
        for word in shlex.split(text):
            kind = selection.files if _is_path(word) else selection.options
            kind.append(word)
        return selection

    def __bool__(self) -> bool:
        return bool(self.options or self.files)

    def within(self, targets: list[str]) -> list[str]:
        """The targets of a stage, or those of the given paths that belong to them."""
        if not self.files:
            return targets
        return [file for file in self.files if _is_in_any(file, targets)]


def _is_path(word: str) -> bool:
    if word.startswith("-"):
        return False
    file = paths.ROOT / _file_of(word)
    return file.exists()


def _is_in_any(test: str, targets: list[str]) -> bool:
    file = _file_of(test)
    return any(file.is_relative_to(target) for target in targets)


def _file_of(test: str) -> Path:
    """The file of a test that is named as pytest does: `file::class::name`."""
    file, _separator, _name = test.partition("::")
    return Path(file)
