"""What the rows of UCCX's database tell the engine, and which of them are not ripe yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .base import CallResult
from .id_ranges import gaps_above, to_ranges
from .uccx_config import UccxConfig
from .uccx_database import CALLBACK, VOICE, CallDetail, DialingRow, UccxDatabase
from .uccx_watermark import Watermark, WatermarkRules

CODE_TABLE = "DialingList"
"""Code table of callstatus and callresult, for DialingListHistory too (reference §2.3, §2.4)."""

CALLBACK_RESULT = 8


@dataclass(frozen=True)
class Reading:
    """Rows of one look into the database.

    :ivar details: call details by row id; None where they cannot be read
    :ivar agent_campaigns: ids of the campaigns whose calls go to agents, and whether the agents see
        a preview first; none where details cannot be read: then there is nothing to wait for
    """

    rows: list[DialingRow]
    details: dict[int, CallDetail] | None
    agent_campaigns: dict[int, bool] = field(default_factory=dict)

    def detail(self, row: DialingRow) -> CallDetail | None:
        if self.details is None:
            return None
        return self.details.get(row.id)

    def is_preview(self, row: DialingRow) -> bool:
        """Of an answered call (`is_answered`)."""
        return self.agent_campaigns[row.campaign_id]

    def is_answered(self, row: DialingRow) -> bool:
        """Whether it is an agent's call that counts as Voice for now."""
        is_voice = row.final and row.result == VOICE
        return is_voice and row.campaign_id in self.agent_campaigns

    def awaits_agent(self, row: DialingRow) -> bool:
        """Whether an answered call's record of the agent is missing."""
        if not self.is_answered(row):
            return False
        detail = self.detail(row) or CallDetail()
        return not detail.by_agent

    def results(
        self, rows: Iterable[DialingRow], corrections: Collection[int] = ()
    ) -> list[CallResult]:
        """:param corrections: ids of rows that were told before, without their agent's record"""
        results = []
        for row in rows:
            results.append(_call_result(row, self.detail(row), row.id in corrections))
        return results


class Sorting:
    """Goes through the rows of one look: what is told now, and what is looked at again.

    :param mark: of the look before
    :param patience: seconds that an answered call waits for its agent's record, by whether it is a
        preview
    :param second: now, since the epoch
    """

    def __init__(
        self, reading: Reading, mark: Watermark, patience: dict[bool, float], second: int
    ) -> None:
        self._reading, self._mark = reading, mark
        self._patience, self._second = patience, second
        self.told: list[DialingRow] = []
        self.settled: set[int] = set()
        self.waiting: set[int] = set()
        self.unattended: set[int] = set()
        self.awaiting_agent: dict[int, int] = {}
        self.callbacks: dict[int, str] = {}
        for row in reading.rows:
            self._sort(row)

    def _sort(self, row: DialingRow) -> None:
        if row.id in self._mark.unattended:
            self._sort_unattended(row)
        elif self._reading.awaits_agent(row):
            self._sort_answered(row)
        elif row.final or row.withdrawn:
            self._settle(row)
        else:
            self.waiting.add(row.id)
            self._note_callback(row)

    def _settle(self, row: DialingRow) -> None:
        self.settled.add(row.id)
        # What was deleted between two of its calls gets no result, and tells nothing.
        if row.final or row.undialled or row.status == CALLBACK:
            self.told.append(row)

    def _sort_answered(self, row: DialingRow) -> None:
        """An answered agent call waits for its agent's record, but not for ever: some get none."""
        seen = self._mark.awaiting_agent.get(row.id, self._second)
        patience = self._patience[self._reading.is_preview(row)]
        if self._second - seen < patience:
            self.awaiting_agent[row.id] = seen
            self.waiting.add(row.id)
            return
        self.unattended.add(row.id)
        self._settle(row)

    def _sort_unattended(self, row: DialingRow) -> None:
        """It was told as answered; what its agent made of it may come hours later."""
        if row.final and not self._reading.awaits_agent(row):
            self._settle(row)
        elif not row.withdrawn:
            self.unattended.add(row.id)

    def _note_callback(self, row: DialingRow) -> None:
        """A callback is told once, and again when it is moved."""
        if row.status != CALLBACK:
            return
        self.callbacks[row.id] = row.wish
        if self._mark.callbacks.get(row.id) != row.wish:
            self.told.append(row)


def read_results(
    database: UccxDatabase, mark: Watermark, config: UccxConfig, now: datetime
) -> tuple[list[CallResult], Watermark]:
    """What is new since the watermark, and the next one.

    :param now: aware UTC
    """
    second = int(now.timestamp())
    # Now and then all that waits is read, to forget what is too old or gone.
    looks_at_all = second - mark.looked_at >= config.look_interval
    reading = _read_since(database, mark, config.key_prefixes, looks_at_all)
    patience = {False: config.detail_patience, True: config.preview_patience}
    sorting = Sorting(reading, mark, patience, second)

    rules = WatermarkRules(config.overlap, config.open_horizon)
    naive_now = now.replace(tzinfo=None)
    low = rules.next_low(reading.rows, mark.low, naive_now)
    given_up = set()
    for row in reading.rows:
        # One that is answered waits no longer than for its agent's record.
        is_answered = row.id in sorting.awaiting_agent
        if not is_answered and rules.is_given_up(row, naive_now):
            given_up.add(row.id)

    # Of what was not read again, nothing is known anew: it stays as it was.
    unread = Watermark() if looks_at_all else mark
    waiting = (unread.waiting - sorting.settled) | sorting.waiting
    unattended = unread.unattended | sorting.unattended
    settled = mark.told | sorting.settled | given_up
    following = Watermark(
        low=low,
        told=frozenset(each for each in settled if each > low),
        waiting=frozenset(each for each in waiting - given_up if each <= low),
        unattended=frozenset(unattended - given_up),
        awaiting_agent=sorting.awaiting_agent,
        callbacks=sorting.callbacks,
        looked_at=second if looks_at_all else mark.looked_at,
    )
    return reading.results(sorting.told, mark.unattended), following


def _read_since(
    database: UccxDatabase, mark: Watermark, prefixes: Collection[str], looks_at_all: bool
) -> Reading:
    """Rows that may tell something new, with the details of those that do."""
    known = mark.waiting | mark.unattended if looks_at_all else mark.waiting
    with database.cursor() as cursor:
        fresh = database.rows_in(cursor, gaps_above(mark.low, mark.told), prefixes)
        earlier = database.rows_in(cursor, to_ranges(known), prefixes, not looks_at_all)
        # More may have been read than was asked for.
        rows = [row for row in fresh if row.id not in mark.told]
        rows += [row for row in earlier if row.id in known]

        # Mostly nothing is new: then the detail tables are left alone.
        telling = []
        for row in rows:
            is_told = row.status == CALLBACK and mark.callbacks.get(row.id) == row.wish
            if row.reportable and not is_told:
                telling.append(row)
        if not telling:
            return Reading(rows, {})
        return _with_details(database, cursor, rows, telling)


def _with_details(
    database: UccxDatabase, cursor: Any, rows: list[DialingRow], telling: list[DialingRow]
) -> Reading:
    details = database.details(cursor, telling)
    if details is None:
        return Reading(rows, None)
    reading = Reading(rows, details, database.agent_campaigns(cursor))

    # UCCX corrects Voice when the agent classifies the call (reference §2.5): a row that was read
    # before its agent's record may still say Voice. Now the record is known to exist.
    answered = [row.key for row in rows if reading.is_answered(row) and reading.detail(row)]
    again = database.rows_for(cursor, answered)
    return replace(reading, rows=_replaced(rows, again))


def read_keys(database: UccxDatabase, keys: Collection[str]) -> list[CallResult]:
    """What the rows with these keys tell, wherever they are."""
    with database.cursor() as cursor:
        rows = database.rows_for(cursor, keys)
        told = [row for row in rows if row.reportable or row.undialled]
        details = database.details(cursor, told)
    return Reading(told, details).results(told)


def _replaced(rows: list[DialingRow], again: list[DialingRow]) -> list[DialingRow]:
    """The rows, as they were read the second time where they were."""
    fresh = {row.id: row for row in again}
    return [fresh.get(row.id, row) for row in rows]


def _call_result(row: DialingRow, detail: CallDetail | None, corrects: bool) -> CallResult:
    """The engine's view of a row; `corrects` as of `CallResult`."""
    detail = detail or CallDetail()
    # Number and time of a callback that is over may still stand in its row.
    is_callback = row.status == CALLBACK
    # One that was deleted with its list is made no more: whoever asked for it is to be called by
    # somebody else.
    is_dropped = is_callback and row.withdrawn
    return CallResult(
        key=row.key,
        dialer_campaign_key=str(row.campaign_id),
        dialer_ref=str(row.id),
        final=row.final or is_dropped,
        table=CODE_TABLE,
        raw_status=str(row.status),
        raw_code=str(CALLBACK_RESULT if is_callback else row.result),
        number=row.number,
        called_at=detail.called_at,
        agent=detail.agent,
        duration_seconds=detail.duration_seconds,
        wrap_up=detail.wrap_up,
        callback_at=row.callback_at if is_callback else None,
        callback_number=row.callback_number if is_callback else "",
        undialled=row.undialled,
        corrects=corrects,
    )
