"""What the rows of Dialer_Detail tell the engine, and how far they were read (reference §1.8)."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .base import CallResult
from .cce_config import CceConfig
from .cce_database import DetailRow
from .id_ranges import dump_ids, load_ids

_logger = logging.getLogger(__name__)

CODE_TABLE = "Dialer_Detail"
"""Code table of CallResult, which the dialing lists share (reference §2.1)."""

CALLBACK_STATUSES = "BS"
"""The dialer makes the callback itself: a regular one, or one of the agent's own."""

CALLBACK_RESULTS = (14, 15)


@dataclass(frozen=True)
class CceWatermark:
    """Where reading goes on. As text it is JSON; an empty or unknown text means: from the
    beginning.

    :ivar at: DbDateTime of the newest row that was read, on the database's clock
    :ivar told: RecoveryKey of rows since then, less the overlap
    :ivar host: the server that was read
    :ivar looked_at: epoch second at which it was last looked for contacts that were taken back
    """

    at: datetime | None = None
    told: frozenset[int] = frozenset()
    looked_at: int = 0
    host: str = ""

    @classmethod
    def loads(cls, text: str) -> CceWatermark:
        try:
            data = json.loads(text or "{}")
            at = data.get("at")
            return cls(
                at=datetime.fromisoformat(at) if at else None,
                told=load_ids(data.get("told", "")),
                looked_at=int(data.get("looked_at", 0)),
                host=str(data.get("host", "")),
            )
        except (ValueError, AttributeError, TypeError):
            _logger.warning(
                "The watermark of call results is unreadable; results are read from the beginning"
            )
            return cls()

    def dumps(self) -> str:
        data: dict[str, Any] = {"looked_at": self.looked_at}
        if self.at:
            data["at"] = self.at.isoformat()
        if self.host:
            data["host"] = self.host
        if self.told:
            data["told"] = dump_ids(self.told)
        return json.dumps(data)

    def begin(self, now: datetime, config: CceConfig, host: str = "") -> datetime:
        """From when on rows are read.

        :param host: the server that is read
        :param now: on the database's clock, which is set back once a year: what it wrote in that
            hour is older than what was read before
        """
        if self.at is None:
            return now - timedelta(seconds=config.open_horizon)
        # Each server writes them down when they reach it, which may be later than at the other.
        is_other = bool(self.host) and host != self.host
        overlap = config.switch_overlap if is_other else config.overlap
        return min(self.at, now) - timedelta(seconds=overlap)

    def following(
        self, rows: Collection[DetailRow], now: datetime, config: CceConfig, host: str = ""
    ) -> CceWatermark:
        """The next one.

        :param rows: all that was read from `begin` on
        """
        known = [self.at] if self.at else []
        newest = max([*known, *(row.DbDateTime for row in rows)], default=None)
        # Without a row yet, what is written from now on is behind the beginning all the same.
        at = newest or self.begin(now, config, host)
        kept = min(at, now) - timedelta(seconds=config.overlap)
        told = {int(row.RecoveryKey) for row in rows if row.DbDateTime >= kept}
        return CceWatermark(at, frozenset(told), self.looked_at, host)


def tell(rows: Iterable[DetailRow], told: Collection[int], config: CceConfig) -> list[CallResult]:
    """What the rows tell; those that were told before, or of which more calls follow, tell
    nothing.

    :param told: RecoveryKey of rows that were told before
    """
    results, seen = [], set(told)
    for row in rows:
        recovery_key = int(row.RecoveryKey)
        # It may stand there twice while the history is replicated.
        if recovery_key not in seen and (is_final(row, config) or is_callback(row)):
            results.append(call_result(row, is_final(row, config)))
        seen.add(recovery_key)
    return results


def is_final(row: DetailRow, config: CceConfig) -> bool:
    """Whether the dialer calls this contact no more. A letter that nobody knows is taken for an end:
    our strategy decides on retries, and the dialer's own attempts are 1.
    """
    status = (row.CallStatusZone1 or "").strip()
    return status not in config.waiting_statuses or not status


def is_callback(row: DetailRow) -> bool:
    """Whether the dialer will make a callback itself."""
    asked = row.CallResult in CALLBACK_RESULTS
    return asked and (row.CallStatusZone1 or "").strip() in tuple(CALLBACK_STATUSES)


def call_result(row: DetailRow, final: bool) -> CallResult:
    """The engine's view of a row."""
    asked = row.CallResult in CALLBACK_RESULTS
    return CallResult(
        key=row.AccountNumber or "",
        dialer_campaign_key=str(row.CampaignID or ""),
        dialer_ref=str(int(row.RecoveryKey)),
        final=final,
        table=CODE_TABLE,
        raw_status=(row.CallStatusZone1 or "").strip(),
        raw_code="" if row.CallResult is None else str(row.CallResult),
        number=row.Phone or "",
        called_at=to_utc(row.DateTime, row.TimeZone),
        agent=(row.AgentPeripheralNumber or "").strip(),
        # CCE counts milliseconds.
        duration_seconds=(row.CallDuration or 0) // 1000,
        wrap_up=(row.WrapupData or "").strip(),
        callback_at=_callback_at(row) if asked else None,
        callback_number=(row.CallbackPhone or "").strip() if asked else "",
    )


def _callback_at(row: DetailRow) -> datetime | None:
    """CCE keeps it on the customer's clock; where the zone is missing, the controller's is as near
    as one comes.
    """
    zone = row.TimeZone if row.CustomerTimeZone is None else row.CustomerTimeZone
    return to_utc(row.CallbackDateTime, zone)


def to_utc(moment: datetime | None, minutes_west: int | None) -> datetime | None:
    """
    >>> to_utc(datetime(2026, 7, 1, 8, 30), 300).isoformat()
    '2026-07-01T13:30:00+00:00'

    :param minutes_west: what is added to local time to get UTC, as CCE has it
    """
    if moment is None:
        return None
    return (moment + timedelta(minutes=minutes_west or 0)).replace(tzinfo=timezone.utc)
