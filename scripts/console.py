"""Words for the person at the terminal."""

import shutil
import sys
import time
from typing import NoReturn

# To the beginning of the line, and clear it.
_CLEAR_LINE = "\r\033[K"


class SetupError(Exception):
    """Something the person has to do or decide; the message says what."""


def say(message: str) -> None:
    """Print one line at once, also where the output is a file."""
    print(message, flush=True)


def fail(message: str) -> NoReturn:
    """Stop with a message on the error stream and exit code 1."""
    print(message, file=sys.stderr, flush=True)
    raise SystemExit(1)


class Progress:
    """One line that changes in place on a terminal, and a line every few seconds elsewhere."""

    def __init__(self, label: str, quiet_interval_s: float = 5.0) -> None:
        self.label = label
        # A log file cannot be written over: there, a line now and then says that work goes on.
        self.live = sys.stdout.isatty()
        self.quiet_interval_s = quiet_interval_s
        self.started_at = self.printed_at = time.monotonic()
        self._write(f"{label} …", end="" if self.live else "\n")

    def update(self, detail: str) -> None:
        """Show how far the work is, for example `45 %`."""
        now = time.monotonic()
        text = f"{self.label} … {detail}"
        if self.live:
            self._write(_CLEAR_LINE + self._fit(text), end="")
        elif now - self.printed_at >= self.quiet_interval_s:
            self.printed_at = now
            self._write(text)

    def done(self, detail: str = "done") -> None:
        """Close the line, with the time it took."""
        seconds = time.monotonic() - self.started_at
        start = _CLEAR_LINE if self.live else ""
        text = f"{self.label} … {detail} ({seconds:.0f} s)"
        self._write(start + text)

    def _write(self, text: str, end: str = "\n") -> None:
        print(text, end=end, flush=True)

    def _fit(self, text: str) -> str:
        # A line that wraps would leave its first half behind when it is written over.
        width = shutil.get_terminal_size().columns
        return text[: width - 1]
