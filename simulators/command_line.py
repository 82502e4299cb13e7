"""The command lines of simulators: one option for each field of their settings, so that a test can
set everything that the command line can.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class CommandLine:
    """What a command line says of itself.

    :ivar program: module that is run
    :ivar helps: a sentence for each field
    :ivar choices: of fields that take few values
    """

    program: str
    description: str
    epilog: str
    helps: Mapping[str, str]
    choices: Mapping[str, list[str]] = field(default_factory=dict)

    def parse(self, kind: type[Settings], arguments: Sequence[str] | None) -> Settings:
        """Settings of a kind, as the command line gives them.

        :param kind: a dataclass; `dsn` is required, `fault` may be given several times
        """
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.program}",
            description=self.description,
            epilog=self.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for option in fields(kind):  # type: ignore[arg-type]
            self._add(parser, option.name, option.default)
        values = vars(parser.parse_args(arguments))
        values["fault"] = tuple(values["fault"])
        return kind(**values)

    def _add(self, parser: argparse.ArgumentParser, name: str, default: Any) -> None:
        flag, text = "--" + name.replace("_", "-"), self.helps[name]
        if name == "dsn":
            parser.add_argument(flag, required=True, help=text)
        elif name == "fault":
            parser.add_argument(flag, action="append", default=[], help=text)
        elif isinstance(default, bool):
            # --verbose and --no-verbose
            switch = argparse.BooleanOptionalAction
            parser.add_argument(flag, action=switch, default=default, help=text)
        else:
            if default != "":
                text = f"{text} (default: {default})"
            choices = self.choices.get(name)
            kind = type(default)
            parser.add_argument(flag, type=kind, default=default, choices=choices, help=text)
