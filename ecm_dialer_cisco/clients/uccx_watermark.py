"""How far the results of UCCX were read: what was told already, and what may still tell something."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .id_ranges import dump_ids, load_ids
from .uccx_database import DialingRow

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watermark:
    """Where reading goes on. As text it is JSON; an empty or unknown text means: from the
    beginning.

    :ivar low: no row with a ``dialinglistid`` up to it can appear any more
    :ivar told: rows above it that need not be read again
    :ivar waiting: rows up to it that have no result yet: one that waits for days keeps no other
        from being passed
    :ivar unattended: rows that were told as answered without the agent's record, which may still
        come
    :ivar awaiting_agent: rows whose call was answered but whose agent's record is missing, with the
        epoch second at which they were first seen so
    :ivar callbacks: what was told of rows that are callbacks: when, and on which number
    :ivar looked_at: epoch second of the last look at all that waits
    """

    low: int = 0
    told: frozenset[int] = frozenset()
    waiting: frozenset[int] = frozenset()
    unattended: frozenset[int] = frozenset()
    awaiting_agent: dict[int, int] = field(default_factory=dict)
    callbacks: dict[int, str] = field(default_factory=dict)
    looked_at: int = 0

    @classmethod
    def loads(cls, text: str) -> Watermark:
        try:
            data = json.loads(text or "{}")
            awaiting = data.get("awaiting_agent", {}).items()
            callbacks = data.get("callbacks", {}).items()
            return cls(
                low=int(data.get("low", 0)),
                told=load_ids(data.get("told", "")),
                waiting=load_ids(data.get("waiting", "")),
                unattended=load_ids(data.get("unattended", "")),
                awaiting_agent={int(key): int(seen) for key, seen in awaiting},
                callbacks={int(key): str(wish) for key, wish in callbacks},
                looked_at=int(data.get("looked_at", 0)),
            )
        except (ValueError, AttributeError, TypeError):
            _logger.warning(
                "The watermark of call results is unreadable; results are read from the beginning"
            )
            return cls()

    def dumps(self) -> str:
        data: dict[str, Any] = {"low": self.low, "looked_at": self.looked_at}
        for name in ("told", "waiting", "unattended"):
            if ids := getattr(self, name):
                data[name] = dump_ids(ids)
        # In order, so that an unchanged watermark is the same text.
        if self.awaiting_agent:
            data["awaiting_agent"] = dict(sorted(self.awaiting_agent.items()))
        if self.callbacks:
            data["callbacks"] = dict(sorted(self.callbacks.items()))
        return json.dumps(data)


@dataclass(frozen=True)
class WatermarkRules:
    """How far the low-water mark may rise, in seconds.

    :param overlap: rows created so shortly before the newest one may have neighbours not yet
        visible
    :param open_horizon: older rows without a result are looked at no longer (they are looked for by
        key)
    :param clock_skew: largest expected difference between our clock and the database's
    """

    overlap: float
    open_horizon: float
    clock_skew: float = 3_600

    def next_low(self, rows: Collection[DialingRow], low: int, now: datetime) -> int:
        """The highest id below which nothing can appear any more.

        :param rows: what was read, above `low` and below
        :param now: naive UTC
        """
        # The newest row's own time, because our clock may differ from the database's.
        created = [row.created_at for row in rows if row.created_at]
        newest = max(created, default=now)

        # The last row before the first recent one: between the two others may still appear. It
        # never sinks: what lies below was handed over already, or is remembered.
        for row in sorted(rows, key=lambda row: row.id):
            if self._is_recent(row, newest, now):
                break
            low = max(low, row.id)
        return low

    def _is_recent(self, row: DialingRow, newest: datetime, now: datetime) -> bool:
        # A transaction that began earlier may still commit a lower id than the newest. Once our
        # own clock, too, is that much further, nobody can be that late.
        created = row.created_at or now
        overlap = timedelta(seconds=self.overlap)
        clock_skew = timedelta(seconds=self.clock_skew)
        is_near_newest = created > newest - overlap
        return is_near_newest and created > now - overlap - clock_skew

    def is_given_up(self, row: DialingRow, now: datetime) -> bool:
        """Whether a row that has no result is too old to wait for; a callback is as old as its
        time.

        :param now: naive UTC
        """
        since = row.created_at or now
        if row.callback_at:
            since = max(since, row.callback_at.replace(tzinfo=None))
        return since <= now - timedelta(seconds=self.open_horizon)
