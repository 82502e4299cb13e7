"""How far the results of UCCX were read: below it no row can change or appear any more."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .uccx_database import DialingRow

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watermark:
    """Where reading goes on: rows with a higher ``dialinglistid`` than `low` are read again.

    `awaiting_agent` has the rows above it whose call was answered but whose agent's record is
    missing, with the epoch second at which they were first seen so. As text it is JSON; an empty or
    unknown text means: from the beginning.
    """

    low: int = 0
    awaiting_agent: dict[int, int] = field(default_factory=dict)

    @classmethod
    def loads(cls, text: str) -> Watermark:
        try:
            data = json.loads(text or "{}")
            low = int(data.get("low", 0))
            awaiting = data.get("awaiting_agent", {}).items()
            return cls(low, {int(key): int(seen) for key, seen in awaiting})
        except (ValueError, AttributeError, TypeError):
            _logger.warning(
                "The watermark of call results is unreadable; results are read from the beginning"
            )
            return cls()

    def without_passed(self) -> Watermark:
        """Without rows that are not read again."""
        above = {}
        for key, seen in self.awaiting_agent.items():
            if key > self.low:
                above[key] = seen
        return Watermark(self.low, above)

    def dumps(self) -> str:
        data: dict[str, Any] = {"low": self.low}
        if self.awaiting_agent:
            # In order, so that an unchanged watermark is the same text.
            in_order = sorted(self.awaiting_agent.items())
            data["awaiting_agent"] = dict(in_order)
        return json.dumps(data)


@dataclass(frozen=True)
class WatermarkRules:
    """How far the low-water mark may rise, in seconds.

    :param overlap: rows created so shortly before the newest one may have neighbours not yet
        visible
    :param open_horizon: older rows without a result hold the mark no longer (they are looked for by
        key)
    :param clock_skew: largest expected difference between our clock and the database's
    """

    overlap: float = 300
    open_horizon: float = 86_400
    clock_skew: float = 3_600

    def next_low(
        self, rows: Collection[DialingRow], low: int, waiting: Collection[int], now: datetime
    ) -> int:
        """The highest id below which nothing can change or appear any more.

        :param waiting: ids of rows without a final result
        :param now: naive UTC
        """
        if not rows:
            return low
        # The newest row's own time, because our clock may differ from the database's.
        created = [row.created_at for row in rows if row.created_at]
        newest = max(created, default=now)
        blocking = []
        for row in rows:
            if self._blocks(row, row.id in waiting, newest, now):
                blocking.append(row.id)

        # It never sinks: what lies below was handed over already.
        if blocking:
            return max(low, min(blocking) - 1)
        highest = max(row.id for row in rows)
        return max(low, highest)

    def _blocks(self, row: DialingRow, waits: bool, newest: datetime, now: datetime) -> bool:
        created = row.created_at or now
        horizon = now - timedelta(seconds=self.open_horizon)
        if waits and created > horizon:
            return True

        # A transaction that began earlier may still commit a lower id than the newest. Once our
        # own clock, too, is that much further, nobody can be that late.
        overlap = timedelta(seconds=self.overlap)
        clock_skew = timedelta(seconds=self.clock_skew)
        is_near_newest = created > newest - overlap
        is_recent = created > now - overlap - clock_skew
        return is_near_newest and is_recent
