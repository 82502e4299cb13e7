"""What the rows of UCCX's database tell the engine, and which of them are not ripe yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from .base import CallResult
from .uccx_database import CALLBACK, VOICE, CallDetail, DialingRow, UccxDatabase

CODE_TABLE = "DialingList"
"""Code table of callstatus and callresult, for DialingListHistory too (reference §2.3, §2.4)."""


@dataclass(frozen=True)
class Reading:
    """Rows of one look into the database.

    :ivar details: call details by row id; None where they cannot be read
    :ivar agent_campaigns: ids of the campaigns whose calls go to agents
    """

    rows: list[DialingRow]
    details: dict[int, CallDetail] | None
    agent_campaigns: frozenset[int] = frozenset()

    def detail(self, row: DialingRow) -> CallDetail | None:
        if self.details is None:
            return None
        return self.details.get(row.id)

    def is_answered(self, row: DialingRow) -> bool:
        """Whether it is an agent's call that counts as Voice for now."""
        is_voice = row.final and row.result == VOICE
        return is_voice and row.campaign_id in self.agent_campaigns

    def awaits_agent(self, row: DialingRow) -> bool:
        """Whether an answered call's record of the agent is missing."""
        # Where details cannot be read at all, there is nothing to wait for.
        if self.details is None or not self.is_answered(row):
            return False
        detail = self.detail(row) or CallDetail()
        return not detail.by_agent

    def results(self, held_back: Collection[int] = ()) -> list[CallResult]:
        """Results, callbacks and what was never called, without the rows that are held back."""
        results = []
        for row in self.rows:
            is_told = row.reportable and row.id not in held_back
            if is_told or row.undialled:
                result = _call_result(row, self.detail(row))
                results.append(result)
        return results


def read_above(database: UccxDatabase, low: int, prefixes: Collection[str]) -> Reading:
    """Rows above an id whose keys start with one of the prefixes, with the details of those that
    report something.
    """
    with database.cursor() as cursor:
        rows = database.rows_above(cursor, low, prefixes)
        # Mostly nothing is new: then the detail tables are left alone.
        reportable = [row for row in rows if row.reportable]
        if not reportable:
            return Reading(rows, {})

        details = database.details(cursor, reportable)
        if details is None:
            return Reading(rows, None)
        agent_campaigns = frozenset(database.agent_campaigns(cursor))
        reading = Reading(rows, details, agent_campaigns)

        # UCCX corrects Voice when the agent classifies the call (reference §2.5): a row that was
        # read before its agent's record may still say Voice. Now the record is known to exist.
        answered = []
        for row in rows:
            if reading.is_answered(row) and reading.detail(row):
                answered.append(row.key)
        if not answered:
            return reading
        again = database.rows_for(cursor, answered)
        return replace(reading, rows=_replaced(rows, again))


def read_keys(database: UccxDatabase, keys: Collection[str]) -> Reading:
    """Rows with these keys, with the details of those that report something."""
    with database.cursor() as cursor:
        rows = database.rows_for(cursor, keys)
        reportable = [row for row in rows if row.reportable]
        if not reportable:
            return Reading(rows, None)
        details = database.details(cursor, reportable)
    return Reading(rows, details)


def _replaced(rows: list[DialingRow], again: list[DialingRow]) -> list[DialingRow]:
    """The rows, as they were read the second time where they were."""
    fresh = {row.id: row for row in again}
    return [fresh.get(row.id, row) for row in rows]


def _call_result(row: DialingRow, detail: CallDetail | None) -> CallResult:
    """The engine's view of a row."""
    detail = detail or CallDetail()
    # Number and time of a callback that is over may still stand in its row.
    is_callback = row.status == CALLBACK
    return CallResult(
        key=row.key,
        dialer_campaign_key=str(row.campaign_id),
        dialer_ref=str(row.id),
        final=row.final,
        table=CODE_TABLE,
        raw_status=str(row.status),
        raw_code=str(row.result),
        number=row.number,
        called_at=detail.called_at,
        agent=detail.agent,
        duration_seconds=detail.duration_seconds,
        wrap_up=detail.wrap_up,
        callback_at=row.callback_at if is_callback else None,
        callback_number=row.callback_number if is_callback else "",
        undialled=row.undialled,
    )
