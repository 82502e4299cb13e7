"""When a campaign may be fed (requirement C4): values in, values out, all times naive UTC."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """Whether it is open at a moment; when it closes if so, and when it opens next if not (``None``: not known)."""

    is_open: bool
    closes_at: datetime | None = None
    opens_at: datetime | None = None

    @classmethod
    def at(
        cls,
        now: datetime,
        intervals: Sequence[Interval] | None,
        date_start: datetime | None = None,
        date_end: datetime | None = None,
    ) -> "Window":
        """Look at ``now`` through the open intervals cut to the date range.

        :param intervals: open times in order, not overlapping; ``None`` when there are no hours to keep
        :param date_start: first moment of the campaign, ``None`` or False when there is none
        :param date_end: first moment after the campaign, likewise
        """
        for opens, closes in _clip(intervals, date_start or None, date_end or None):
            if closes is not None and closes <= now:
                continue
            if opens is None or opens <= now:
                return cls(True, closes_at=closes)
            return cls(False, opens_at=opens)
        return cls(False)


def _clip(
    intervals: Sequence[Interval] | None, date_start: datetime | None, date_end: datetime | None
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Open times cut to the date range, as ``(opens or None, closes or None)``."""
    always: list[tuple[datetime | None, datetime | None]] = [(None, None)]
    for opens, closes in always if intervals is None else intervals:
        starts = max((moment for moment in (opens, date_start) if moment), default=None)
        ends = min((moment for moment in (closes, date_end) if moment), default=None)
        if starts is None or ends is None or starts < ends:
            yield starts, ends
