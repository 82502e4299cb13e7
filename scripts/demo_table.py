"""The demo's table of contacts per state, as it changes."""

import sys
import time

from .console import say

TABLE_SECONDS = 10.0


class Table:
    """Contacts per state: in place on a terminal, else printed every few seconds.

    :param kept_in_view: states that are shown when they are empty, too
    """

    def __init__(self, labels: dict[str, str], kept_in_view: tuple[str, ...]) -> None:
        self.labels, self.kept_in_view = labels, kept_in_view
        self.live = sys.stdout.isatty()
        self.lines_on_screen = 0
        self.printed_at = 0.0
        self.printed: dict[str, int] = {}
        self.started_at = time.monotonic()

    def show(self, tally: dict[str, int]) -> None:
        """Show the counts of now."""
        if self.live:
            self._draw(tally)
        elif tally != self.printed and self._is_due():
            self._print(tally)

    def _draw(self, tally: dict[str, int]) -> None:
        """Write the table over the one before."""
        lines = self.lines(tally)
        up = f"\033[{self.lines_on_screen}A\033[J" if self.lines_on_screen else ""
        text = "\n".join(lines)
        print(up + text, flush=True)
        self.lines_on_screen = len(lines)

    def _is_due(self) -> bool:
        return time.monotonic() - self.printed_at >= TABLE_SECONDS

    def _print(self, tally: dict[str, int]) -> None:
        self.printed_at = time.monotonic()
        self.printed = tally
        states = []
        for state, count in tally.items():
            if count:
                states.append(f"{self.labels[state]} {count}")
        say(f"{self._clock()}  {', '.join(states)}")

    def lines(self, tally: dict[str, int]) -> list[str]:
        """The table: a line per state that occurs, with a bar, and the total."""
        total = sum(tally.values())
        rows = []
        for state, count in tally.items():
            # Every contact passes through some.
            if count or state in self.kept_in_view:
                bar = _bar(count, total)
                rows.append(f"{self.labels[state]:<22}{count:>6,}  {bar}")
        head = f"{'State':<22}{'':>6}  {self._clock()}"
        foot = f"{'Total':<22}{total:>6,}"
        return [head, *rows, foot]

    def _clock(self) -> str:
        elapsed = time.monotonic() - self.started_at
        minutes, seconds = divmod(int(elapsed), 60)
        return f"{minutes:02}:{seconds:02}"


def _bar(count: int, total: int, width: int = 40) -> str:
    if not total:
        return ""
    # Rounded up: one of many is seen, too.
    length = -(-count * width // total)
    return "█" * length
