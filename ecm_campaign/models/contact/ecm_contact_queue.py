"""Every statement on the table of contacts, named by what it does."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import PHONE_FIELDS, REACHED_STATES
from ...sql import array_text, has_agreed, has_withdrawn, values_of
from ...tools import calling_hours
from ...tools.gates import Candidate, Hold, NextCycle, Queue, Skip, Switch, Wait
from ...tools.region_effects import Group
from ...tools.region_rules import Place
from ...tools.shared_list import Elsewhere
from ...tools.strategy import CALLBACK, Close, NextAttempt, first_attempt
from ..campaign.ecm_target_group import GroupCount
from .ecm_attempt import Promised

# What the gates look at, by the names of `Candidate` and in their order.
CANDIDATE_COLUMNS = {
    "contact_id": SQL("c.id"),
    "position": SQL("c.next_position"),
    "counted": SQL("c.attempt_count"),
    "uncounted": SQL("c.uncounted_count"),
    "first_name": SQL("COALESCE(c.first_name, '')"),
    "last_name": SQL("COALESCE(c.last_name, '')"),
    "phones": SQL("ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4, c.phone_5]"),
    "account_number": SQL("c.account_number"),
    "tz": SQL("c.tz"),
    "region": SQL("c.region"),
    "zip": SQL("c.zip"),
    "has_consent": has_agreed(),
    "has_withdrawn": has_withdrawn(),
    "list_id": SQL("c.list_id"),
    # What may not be called yet is not getting older.
    "added_at": SQL("GREATEST(c.added_at, c.not_before)"),
    "due_at": SQL("GREATEST(c.added_at, c.not_before, c.due_at)"),
    "cycle": SQL("COALESCE(c.cycle, 1)"),
    "callback": SQL("c.callback"),
    "callback_since": SQL("c.callback_since"),
    "callback_due": SQL("c.callback_due"),
    "is_retained": SQL("COALESCE(c.callback_retained, FALSE)"),
    "is_drawn": SQL("COALESCE(c.is_drawn, FALSE)"),
    "is_requested": SQL(
        "c.callback IS NOT NULL AND COALESCE(c.callback_since >= c.last_attempt_at, TRUE)"
    ),
    "campaign_id": SQL("c.campaign_id"),
    "group_id": SQL("c.target_group_id"),
}
PHONES_PLACE = list(CANDIDATE_COLUMNS).index("phones")
# What a customer takes along to another campaign.
TAKEN_ALONG = (
    "phone_1",
    "phone_2",
    "phone_3",
    "phone_4",
    "phone_5",
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "region",
    "zip",
    "consent_on",
    "consent_source",
    "consent_withdrawn_on",
    "priority",
)
# Which phones the contact ``c`` has: phone 1 counts 1, phone 2 counts 2, phone 3 counts 4 …
PHONES_MASK = SQL(" + ").join(
    SQL("(%s IS NOT NULL)::int * %s", SQL.identifier("c", name), 1 << place)
    for place, name in enumerate(PHONE_FIELDS)
)
# How contacts end that may move on: who must not be called does not.
MOVING_STATES = ("connected", "not_connected", "retries_completed")

# Why a contact may be held until its list, its campaign or itself changes.
LIST_STOPPED = "list_stopped"
HELD_BACK = ("selection", "target_group", "no_consent")
# Why one may wait for a time that calling hours, holidays or region rules say.
TIME_REASONS = (
    calling_hours.HOURS,
    calling_hours.ZONE,
    calling_hours.HOLIDAY,
    calling_hours.REGION,
    calling_hours.GROUP,
    calling_hours.DRAIN,
    "limit",
)

# A dry run chooses its sample by so many values of a hash.
HASHED = 1 << 20
# Numbers whose first so many characters are the same are of one country.
TELLING_SIZE = 10
# Explain counts a contact's place in line no further.
QUEUE_COUNTED = 10_000

DIAL_ORDERS = {
    "fifo": SQL("c.id"),
    "lifo": SQL("c.id DESC"),
    "priority": SQL("c.priority DESC, c.id"),
    "ascending": SQL('c.dial_key COLLATE "C", c.id'),
    "descending": SQL('c.dial_key COLLATE "C" DESC, c.id DESC'),
}
# Orders by a field; who has no key yet comes after the others, as in ``fifo``.
KEYED = ("ascending", "descending")
ANY_KEY = SQL("TRUE")
HAS_KEY, HAS_NONE = SQL("c.dial_key IS NOT NULL"), SQL("c.dial_key IS NULL")


@dataclass(frozen=True, slots=True)
class Pending:
    """A pending contact as it is stored, for a dry run."""

    is_retry: bool
    priority: int
    dial_key: str | None
    is_ready: bool
    due: datetime | None
    resume_at: datetime | None
    block_reason: str | None
    candidate: Candidate
    place: int = 0


class Part(NamedTuple):
    """How many ready contacts of a campaign are wanted, and in which order."""

    campaign_id: int
    count: int
    dial_order: str
    retry_order: str


class Left(NamedTuple):
    """A channel that a campaign does not contact on, or no longer."""

    campaign_id: int
    channel: str


class Sent(NamedTuple):
    """A contact that is claimed; ``callback`` says whose callback it is now."""

    contact_id: int
    attempt_id: int
    number: str
    callback: str | None


class Mapped(NamedTuple):
    """Where a business parameter goes on the way to another campaign."""

    line_id: int
    source: str
    target: str


class Opening(NamedTuple):
    """A contact's first attempt: its channel and which phone."""

    contact_id: int
    channel: str
    phone_index: int


class Following(NamedTuple):
    """What follows for a contact whose attempt has ended."""

    contact_id: int
    outcome_id: int | None
    counted: int
    uncounted: int
    position: int
    channel: str
    number: str
    at: datetime
    cycle: int
    priority: int | None
    callback: str | None
    agent: str | None
    retained: bool
    is_request: bool


class Closing(NamedTuple):
    """A contact that closes, and why."""

    contact_id: int
    outcome_id: int | None
    counted: int
    uncounted: int
    state: str
    reason: str


class Waiting(NamedTuple):
    """A contact that a gate moves to a later time."""

    contact_id: int
    until: datetime
    reason: str
    detail: str | None
    position: int | None = None
    cycle: int | None = None


class Held(NamedTuple):
    """A contact that a gate holds until somebody acts, or until its target group's turn."""

    contact_id: int
    reason: str
    detail: str | None
    group_id: int | None


class Switched(NamedTuple):
    """A contact whose next attempt is on another channel."""

    contact_id: int
    channel: str


class Planned(NamedTuple):
    """The first attempt on a contact."""

    contact_id: int
    is_ready: bool
    channel: str
    number: str


class Imported(NamedTuple):
    """What a file says of a contact that is known; what it leaves empty stays."""

    contact_id: int
    phone_2: str | None
    phone_3: str | None
    phone_4: str | None
    phone_5: str | None
    first_name: str | None
    last_name: str | None
    account_number: str | None
    email: str | None
    tz: str | None
    region: str | None
    zip: str | None
    consent_on: str | None
    consent_source: str | None
    priority: int
    business_parameters: dict | None


class Asked(NamedTuple):
    """A contact of a shared list, in the campaign that asks for it."""

    contact_id: int
    campaign_id: int


class Known(NamedTuple):
    """A contact that has a number in a campaign already."""

    contact_id: int
    list_id: int | None
    is_open: bool


class EcmContactQueue(models.AbstractModel):
    """The statements on ``ecm_contact``: claims, releases, decisions, holds and what closes
    contacts, many rows at a time.

    A pending contact is *waiting* until ``next_attempt_at`` and then *ready*; ready contacts are
    read in index order, so that feeding costs what is sent and not what is stored. The indexes
    stand on ``ecm.contact``.
    """

    _name = "ecm.contact.queue.mixin"
    _description = "Queue of Contacts"

    # -- what closing is --------------------------------------------------------------------------

    @api.model
    def _closing(self, now):
        """What becomes of a contact that closes, beside its state and reason: it leaves the queue
        and awaits nothing.

        :param datetime now: naive UTC
        :return: assignments for ``SET``
        """
        return SQL(
            """closed_at = %s, is_ready = FALSE, next_attempt_at = NULL, resume_at = NULL,
               block_reason = NULL, block_detail = NULL, current_attempt_id = NULL""",
            now,
        )

    @api.model
    def _released(self, now):
        """What becomes of a held contact that is let go: it is due when it was.

        :param datetime now: naive UTC
        :return: assignments for ``SET``
        """
        return SQL(
            """is_ready = (resume_at IS NULL OR resume_at <= %s), next_attempt_at = resume_at,
               resume_at = NULL, block_reason = NULL, block_detail = NULL""",
            now,
        )

    # -- whose turn it is -------------------------------------------------------------------------

    @api.model
    def _filter_ready(self, campaigns, channel, now):
        """Campaigns that have contacts to send on a channel: a look into indexes ``_ready_arrival``
        and ``_waiting`` each.

        The orders are those of the indexes: without them the planner may read the table for the
        first that matches.

        :param datetime now: naive UTC
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id
                     FROM unnest(%s::int[]) AS p(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND c.channel = %s
                              AND c.is_ready AND c.state = 'pending'
                         ORDER BY c.is_retry, c.id LIMIT 1)
                       OR (SELECT TRUE FROM ecm_contact c
                            WHERE c.campaign_id = p.id AND NOT c.is_ready AND c.state = 'pending'
                              AND c.next_attempt_at <= %s
                         ORDER BY c.next_attempt_at LIMIT 1)""",
                list(campaigns.ids),
                channel,
                now,
            )
        )
        ready_ids = {campaign_id for (campaign_id,) in self.env.cr.fetchall()}
        ready = campaigns.filtered(lambda campaign: campaign.id in ready_ids)

        # A target group's queue is drawn from when it is the campaign's turn.
        waiting = (campaigns - ready).target_group_ids
        if not waiting:
            return ready
        drawn_from = self._filter_queued(waiting).campaign_id
        return campaigns & (ready | drawn_from)

    @api.model
    def _count_sendable(self, campaigns, channel, limit):
        """How many contacts wait to be sent on a channel, counted up to a limit (index
        ``_ready_arrival``).
        """
        self.env.cr.execute(
            SQL(
                """SELECT count(*)
                     FROM (SELECT c.found
                             FROM unnest(%(ids)s::int[]) AS p(id)
                       CROSS JOIN LATERAL (SELECT TRUE AS found FROM ecm_contact c
                                            WHERE c.campaign_id = p.id AND c.channel = %(channel)s
                                              AND c.is_ready AND c.state = 'pending'
                                            LIMIT %(limit)s) AS c
                            LIMIT %(limit)s) AS counted""",
                ids=list(campaigns.ids),
                channel=channel,
                limit=limit,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _promote_due(self, campaigns, now, limit):
        """Make waiting contacts ready whose time has come (index ``_waiting``).

        :param datetime now: naive UTC
        :param int limit: of each campaign
        :return: how many
        """
        self.env.cr.execute(
            # Who is being claimed or closed elsewhere is passed over: it is not waiting any more.
            SQL(
                """UPDATE ecm_contact SET is_ready = TRUE
                    WHERE id IN (SELECT due.id
                                   FROM unnest(%s::int[]) AS p(id)
                             CROSS JOIN LATERAL (SELECT c.id FROM ecm_contact c
                                                  WHERE c.campaign_id = p.id
                                                    AND c.next_attempt_at <= %s
                                                    AND NOT c.is_ready AND c.state = 'pending'
                                               ORDER BY c.next_attempt_at, c.priority DESC, c.id
                                                  LIMIT %s FOR UPDATE SKIP LOCKED) AS due)""",
                list(campaigns.ids),
                now,
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _lock_ready(self, parts, channel):
        """Take ready contacts of campaigns in their dial orders, locked until the commit
        (requirement C6).

        :param parts: list of `Part`
        :return: list of ``tools.gates.Candidate``
        """
        missing = {part.campaign_id: part.count for part in parts}
        candidates = []
        # First the stratum that each campaign prefers, then the other one for what is missing.
        for first in ("before", "after"):
            for order in DIAL_ORDERS:
                asked = []
                for part in parts:
                    wanted = missing[part.campaign_id]
                    if wanted and part.dial_order == order:
                        asked.append(part._replace(count=wanted))
                for found in self._lock_strata(asked, order, first, channel):
                    missing[found.campaign_id] -= 1
                    candidates.append(found)
        return candidates

    def _lock_strata(self, parts, order, first, channel):
        """As `_lock_stratum`; of an order by a field, those without a key come last."""
        if order not in KEYED:
            return self._lock_stratum(parts, order, first, channel) if parts else []
        found = self._lock_stratum(parts, order, first, channel, HAS_KEY) if parts else []
        counts = Counter(candidate.campaign_id for candidate in found)
        left = []
        for part in parts:
            if missing := part.count - counts[part.campaign_id]:
                left.append(part._replace(count=missing))
        if left:
            found += self._lock_stratum(left, "fifo", first, channel, HAS_NONE)
        return found

    def _lock_stratum(self, parts, order, first, channel, where=ANY_KEY):
        """One stratum of each campaign, its retries or its fresh contacts (indexes
        ``_ready_arrival``, ``_ready_priority`` and ``_ready_key``).

        :param str first: the ``retry_order`` of campaigns whose retries are wanted
        :param SQL where: further condition on the contact ``c``
        """
        self.env.cr.execute(
            # The outer order restores each campaign's dial order, which the join does not keep.
            SQL(
                """SELECT c.*
                     FROM %(parts)s
               CROSS JOIN LATERAL (SELECT %(columns)s, %(place)s AS place
                                     FROM ecm_contact c
                                    WHERE c.campaign_id = v.campaign_id AND c.channel = %(channel)s
                                      AND c.is_retry = (v.retry_order = %(first)s)
                                      AND c.is_ready AND c.state = 'pending' AND %(where)s
                                      AND %(taker)s
                                 ORDER BY %(order)s LIMIT v.count
                                      FOR UPDATE SKIP LOCKED) AS c
                 ORDER BY c.campaign_id, %(outer_order)s""",
                parts=values_of(parts, Part),
                columns=self._get_candidate_columns(),
                place=self._get_place(order),
                channel=channel,
                first=first,
                where=where,
                taker=self._get_taker_condition(channel),
                order=DIAL_ORDERS[order],
                outer_order=self._get_outer_order(order),
            )
        )
        return [self._make_candidate(row[:-1]) for row in self.env.cr.fetchall()]

    @api.model
    def _get_taker_condition(self, channel):
        """Hook: which ready contacts ``c`` whoever claims may have, on a channel where people take
        them.

        :rtype: SQL
        """
        return ANY_KEY

    def _get_outer_order(self, order):
        """As a dial order sorts, by the place of `_get_place`."""
        orders = {
            "ascending": SQL('c.place COLLATE "C", c.contact_id'),
            "descending": SQL('c.place COLLATE "C" DESC, c.contact_id DESC'),
        }
        return orders.get(order, SQL("c.place"))

    def _get_place(self, order):
        """What a dial order sorts by, as one value."""
        places = {
            "fifo": SQL("ARRAY[c.id]"),
            "lifo": SQL("ARRAY[-c.id]"),
            "priority": SQL("ARRAY[-c.priority, c.id]"),
        }
        return places.get(order, SQL("c.dial_key"))

    @api.model
    def _get_candidate_columns(self):
        """``CANDIDATE_COLUMNS`` of the contact ``c``, under their names."""
        columns = []
        for name, expression in CANDIDATE_COLUMNS.items():
            columns.append(SQL("%s AS %s", expression, SQL.identifier(name)))
        return SQL(", ").join(columns)

    @api.model
    def _make_candidate(self, row):
        """:param row: values of `_get_candidate_columns`"""
        before, phones, behind = row[:PHONES_PLACE], row[PHONES_PLACE], row[PHONES_PLACE + 1 :]
        return Candidate(*before, tuple(phones), *behind)

    def _get_candidates(self):
        """These contacts as the gates see them, whether they are due or not; nothing is locked."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM ecm_contact c WHERE c.id = ANY(%s) ORDER BY c.id",
                self._get_candidate_columns(),
                self.ids,
            )
        )
        return [self._make_candidate(row) for row in self.env.cr.fetchall()]

    @api.model
    def _count_awaiting(self, campaigns):
        """Contacts whose result is awaited, counted in index ``_campaign_state``: costs what is
        there, not what is stored.

        :return: ``{campaign id: count}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT p.id, n.held
                     FROM unnest(%s::int[]) AS p(id)
               CROSS JOIN LATERAL (SELECT count(*) AS held FROM ecm_contact c
                                    WHERE c.campaign_id = p.id AND c.state = ANY(%s)) AS n""",
                list(campaigns.ids),
                list(self._get_awaiting_states()),
            )
        )
        return dict(self.env.cr.fetchall())

    # -- claimed, released, decided ---------------------------------------------------------------

    @api.model
    def _mark_sent(self, rows, state, now):
        """Claimed contacts leave *Pending*.

        :param rows: list of `Sent`
        :param str state: what they wait in for their result
        """
        if not rows:
            return
        # It awaits this attempt: the result of any other is a late one.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = %s, is_ready = FALSE, next_attempt_at = NULL,
                          last_attempt_at = %s, block_reason = NULL, block_detail = NULL,
                          current_attempt_id = v.attempt_id, number_to_call = v.number,
                          callback = v.callback
                     FROM %s
                    WHERE c.id = v.contact_id""",
                state,
                now,
                values_of(rows, Sent),
            )
        )

    @api.model
    def _release(self, attempt_ids):
        """Contacts of tries that never took place go back to *Pending*, ready as before; their last
        attempt is the one before.
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = TRUE, current_attempt_id = NULL,
                          last_attempt_at = (SELECT max(b.claimed_at) FROM ecm_attempt b
                                              WHERE b.contact_id = c.id AND b.id <> a.id)
                     FROM ecm_attempt a
                    WHERE a.id = ANY(%s) AND c.id = a.contact_id AND c.current_attempt_id = a.id
                      AND c.state = ANY(%s)
                RETURNING CASE WHEN c.is_drawn AND c.attempt_count + c.uncounted_count = 0
                               THEN c.target_group_id END""",
                list(attempt_ids),
                list(self._get_awaiting_states()),
            )
        )
        # Their target groups have a place again.
        counts = Counter(group_id for (group_id,) in self.env.cr.fetchall() if group_id)
        back = [GroupCount(group_id, -count) for group_id, count in counts.items()]
        self.env["ecm.target.group"]._note_sent(back)

    @api.model
    def _apply_decisions(self, rows, now):
        """Write what was decided on contacts whose result came.

        :param rows: list of ``tools.results.Decided``
        """
        closing, following = [], []
        for row in rows:
            # Two statements, however many contacts there are.
            if isinstance(row.decision, Close):
                closing.append(_get_closing(row))
            else:
                following.append(_get_following(row))
        if following:
            self._apply_following(following, now)
        if closing:
            self._apply_closing(closing, now)

    def _apply_following(self, rows, now):
        """:param rows: list of `Following`"""
        self.env.cr.execute(
            # An agent who asks for a callback is its agent from then on; it began then, too. One
            # that a correction opens again was closed.
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = (v.at <= %(now)s), is_retry = TRUE,
                          next_attempt_at = v.at, due_at = v.at, next_position = v.position,
                          channel = v.channel,
                          number_to_call = v.number, last_outcome_id = v.outcome_id,
                          attempt_count = v.counted, uncounted_count = v.uncounted,
                          current_attempt_id = NULL, cycle = v.cycle,
                          closed_at = NULL, close_reason = NULL,
                          priority = COALESCE(v.priority, c.priority),
                          callback = COALESCE(v.callback, c.callback),
                          callback_retained = NULLIF(v.retained, FALSE),
                          callback_agent = CASE WHEN v.is_request THEN v.agent
                                                ELSE c.callback_agent END,
                          callback_since = CASE WHEN v.is_request THEN %(now)s
                                                ELSE c.callback_since END,
                          callback_due = CASE WHEN v.is_request THEN v.at ELSE c.callback_due END
                     FROM %(values)s
                    WHERE c.id = v.contact_id""",
                now=now,
                values=values_of(rows, Following),
            )
        )

    def _apply_closing(self, rows, now):
        """:param rows: list of `Closing`"""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = v.state, close_reason = v.reason, %s,
                          last_outcome_id = COALESCE(v.outcome_id, c.last_outcome_id),
                          attempt_count = v.counted, uncounted_count = v.uncounted
                     FROM %s
                    WHERE c.id = v.contact_id""",
                self._closing(now),
                values_of(rows, Closing),
            )
        )

    @api.model
    def _await_callbacks(self, rows, now):
        """Contacts become callbacks that a channel makes itself: they go on waiting for the result
        of their attempt.

        :param rows: list of ``ecm.attempt``'s ``Promised``, whose attempts do not say so yet
        """
        if not rows:
            return
        # As by `_apply_following`, whose callbacks are ours to make.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET callback = 'personal', callback_due = v.at,
                          callback_agent = COALESCE(v.agent, c.callback_agent),
                          number_to_call = COALESCE(v.number, c.number_to_call),
                          callback_since = CASE WHEN is_new THEN %(now)s
                                                ELSE c.callback_since END,
                          cycle = CASE WHEN is_new AND v.takes_over THEN 1 ELSE c.cycle END,
                          attempt_count = CASE WHEN is_new AND v.resets THEN 0
                                               ELSE c.attempt_count END,
                          uncounted_count = CASE WHEN is_new AND v.resets THEN 0
                                                 ELSE c.uncounted_count END
                     FROM %(values)s
                     JOIN ecm_attempt a ON a.id = v.attempt_id
               CROSS JOIN LATERAL (SELECT a.callback_at IS NULL AS is_new) AS known
                    WHERE c.id = v.contact_id""",
                now=now,
                values=values_of(rows, Promised),
            )
        )

    # -- what the gates say -----------------------------------------------------------------------

    @api.model
    def _apply_verdicts(self, verdicts):
        """Write what the gates say of pending contacts, but for what closes them.

        :param verdicts: ``{contact id: verdict of tools.gates}``; those that decide what follows
            are left to `_apply_decisions`
        """
        waiting, held, switched = [], [], []
        for contact_id, verdict in verdicts.items():
            if isinstance(verdict, Skip):
                continue
            if isinstance(verdict, Wait):
                waiting.append(_get_waiting(contact_id, verdict))
            elif isinstance(verdict, Hold):
                held.append(_get_held(contact_id, verdict))
            elif isinstance(verdict, Switch):
                switched.append(Switched(contact_id, verdict.channel))

        # One statement for each kind, however many contacts there are.
        if waiting:
            self._apply_waits(waiting)
        if held:
            self._apply_holds(held)
        if switched:
            self._apply_switches(switched)

    def _apply_waits(self, rows):
        """Move contacts to their next legal time, with the reason (requirement N4).

        :param rows: list of `Waiting`
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, next_attempt_at = v.until,
                          block_reason = v.reason, block_detail = v.detail,
                          next_position = COALESCE(v.position, c.next_position),
                          cycle = COALESCE(v.cycle, c.cycle)
                     FROM %s
                    WHERE c.id = v.contact_id""",
                values_of(rows, Waiting),
            )
        )

    def _apply_holds(self, rows):
        """Take contacts out of the feed's sight until somebody acts: promotion passes over an empty
        time.

        :param rows: list of `Held`
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, resume_at = c.next_attempt_at, next_attempt_at = NULL,
                          block_reason = v.reason, block_detail = v.detail,
                          target_group_id = COALESCE(v.group_id, c.target_group_id)
                     FROM %s
                    WHERE c.id = v.contact_id""",
                values_of(rows, Held),
            )
        )

    def _apply_switches(self, rows):
        """Contacts are due on another channel.

        :param rows: list of `Switched`
        """
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_contact c SET channel = v.channel FROM %s WHERE c.id = v.contact_id",
                values_of(rows, Switched),
            )
        )

    def _apply_first_attempts(self, rows):
        """Contacts have come in, for whom the strategy begins.

        :param rows: list of `Planned`
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = v.is_ready, channel = v.channel, number_to_call = v.number
                     FROM %s
                    WHERE c.id = v.contact_id""",
                values_of(rows, Planned),
            )
        )

    @api.model
    def _adopt_stranded(self, rows, channel, limit):
        """Ready contacts on channels that their campaigns do not use come to one that they do
        (index ``_ready_arrival``).

        :param rows: list of `Left`
        :param str channel: where they are looked at next
        :param int limit: of each campaign and channel
        """
        self.env.cr.execute(
            # The strategy has changed since they were planned: its gate names the attempt anew.
            SQL(
                """UPDATE ecm_contact SET channel = %s
                    WHERE id IN (SELECT found.id
                                   FROM %s
                             CROSS JOIN LATERAL (SELECT c.id FROM ecm_contact c
                                                  WHERE c.campaign_id = v.campaign_id
                                                    AND c.channel = v.channel
                                                    AND c.is_ready AND c.state = 'pending'
                                               ORDER BY c.is_retry, c.id
                                                  LIMIT %s FOR UPDATE SKIP LOCKED) AS found)""",
                channel,
                values_of(rows, Left),
                limit,
            )
        )

    # -- closed from outside ----------------------------------------------------------------------

    @api.model
    def _withdraw(self, ids, reason):
        """:param SQL ids: a query of contact ids
        :return: list of ``(customer key, phone 1, … phone 5)`` of the contacts that were open
        """
        self.env.cr.execute(
            # As an array the ids are found first: joined, the planner might read the whole table.
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, %s
                    WHERE id = ANY(ARRAY(%s)) AND state = ANY(%s)
                RETURNING account_number, phone_1, phone_2, phone_3, phone_4, phone_5""",
                reason or None,
                self._closing(fields.Datetime.now()),
                ids,
                list(self._get_open_states()),
            )
        )
        self.invalidate_model()
        return self.env.cr.fetchall()

    @api.model
    def _withdraw_matching(self, columns, values, where, reason):
        """Withdraw the open contacts that a file names.

        :param columns: the fields to look at: the phones, or account_number
        :param SQL where: further condition on the contact ``c``
        :return: as `_withdraw`
        """
        return self._withdraw(self._get_matching(columns, values, where), reason)

    @api.model
    def _get_matching(self, columns, values, where):
        """Open contacts with one of these values (indexes ``_phone_campaign``, ``_phone_2`` … and
        ``_account_number``).

        :return: a query of contact ids
        """
        open_states = list(self._get_open_states())
        look_ups = []
        # A query for each column, so that each goes by the index of its own.
        for column in columns:
            contacts = self._look_up(column, SQL("n.value"))
            look_up = SQL(
                """SELECT found.id
                     FROM unnest(%s::varchar[]) AS n(value)
               CROSS JOIN LATERAL (SELECT c.id FROM %s AS c
                                    WHERE c.state = ANY(%s) AND %s) AS found""",
                array_text(values),
                contacts,
                open_states,
                where,
            )
            look_ups.append(look_up)
        return SQL(" UNION ").join(look_ups)

    @api.model
    def _look_up(self, column, value):
        """The contacts with one value, for a ``FROM``: by the index that this column leads.

        OFFSET keeps other conditions outside. What is younger than the planner's statistics looks
        empty to it: it would take the index of the campaign or list, and read all of that for each
        value of an import.

        :param SQL value: of the surrounding query
        """
        return SQL(
            "(SELECT k.* FROM ecm_contact AS k WHERE %s = %s OFFSET 0)",
            SQL.identifier("k", column),
            value,
        )

    @api.model
    def _look_up_any(self, columns, value):
        """As `_look_up`, in several columns; ``place`` says in which. A contact may come twice."""
        look_ups = []
        for place, column in enumerate(columns):
            contacts = self._look_up(column, value)
            look_ups.append(SQL("SELECT %s AS place, f.* FROM %s AS f", place, contacts))
        return SQL("(%s)", SQL(" UNION ALL ").join(look_ups))

    @api.model
    def _get_numbered(self, alias, number):
        """Contacts with a number, or with a part of it in their customer key (index of
        ``ecm.contact.number``: of millions of contacts those alone are read that may match).

        :param str alias: of the contacts
        :param number: ``tools.contact_search.Number``
        :return: a condition
        """
        patterns, key = list(number.patterns), f"%{number.text}%"
        columns = [SQL.identifier(alias, name) for name in PHONE_FIELDS]
        alike = [SQL("%s LIKE ANY(%s)", column, patterns) for column in columns]
        alike.append(SQL("%s LIKE %s", SQL.identifier(alias, "account_number"), key))
        is_alike = SQL("(%s)", SQL(" OR ").join(alike))
        # A page of what nearly everybody has is full after few contacts.
        numbers = self.env["ecm.contact.number"]
        if numbers._is_common([*patterns, key]):
            return is_alike
        # As an array the ids are found first: joined, the planner might read the whole table.
        return SQL(
            "%s = ANY(ARRAY(%s)) AND %s",
            SQL.identifier(alias, "id"),
            numbers._get_candidates([*patterns, key]),
            is_alike,
        )

    @api.model
    def _close_uncalled(self, where, reason, limit):
        """Withdraw pending contacts that were never called.

        :param SQL where: which, a condition on the contact ``c`` that an index serves
        :param str reason: in words, for whoever asks later
        :return: how many
        """
        self.env.cr.execute(
            # A call is history that must stay: who was called goes on as its strategy says.
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, %s
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE %s AND c.state = 'pending'
                                    AND NOT EXISTS (SELECT 1 FROM ecm_attempt a
                                                     WHERE a.contact_id = c.id)
                                  LIMIT %s)""",
                reason,
                self._closing(fields.Datetime.now()),
                where,
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _expire_old(self, now, limit):
        """Close pending contacts whose time to live is over (index ``_time_to_live``; C5).

        :param datetime now: naive UTC
        :return: ids of the contacts
        """
        since = SQL("GREATEST(c.added_at, c.not_before)")
        old = SQL(
            "AND %(since)s < %(now)s::timestamp - make_interval(days => p.ttl_days) "
            "ORDER BY %(since)s",
            since=since,
            now=now,
        )
        # Each campaign has a time of its own.
        return self._expire_in(SQL("p.ttl_days > 0"), old, "ttl", now, limit)

    @api.model
    def _expire_ended(self, now, limit):
        """Close pending contacts of campaigns that have ended and keep none (index
        ``_campaign_state``; C3).

        :param datetime now: naive UTC
        :return: ids of the contacts
        """
        ended = SQL("p.date_end <= %s AND p.end_contacts = 'close' AND NOT p.is_running", now)
        return self._expire_in(ended, SQL(), "campaign_ended", now, limit)

    def _expire_in(self, campaigns, contacts, reason, now, limit):
        """Close pending contacts of some campaigns.

        :param SQL campaigns: which campaigns ``p``
        :param SQL contacts: which of their pending contacts ``c``, and in which order
        :return: ids of the contacts
        """
        self.env.cr.execute(
            # The inner limit keeps a large campaign from being read whole.
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = %(reason)s, %(closing)s
                    WHERE id IN (SELECT due.id
                                   FROM ecm_campaign p,
                                        LATERAL (SELECT c.id FROM ecm_contact c
                                                  WHERE c.campaign_id = p.id AND c.state = 'pending'
                                                        %(contacts)s
                                                  LIMIT %(limit)s
                                                    FOR UPDATE SKIP LOCKED) AS due
                                  WHERE %(campaigns)s LIMIT %(limit)s)
                RETURNING id""",
                reason=reason,
                closing=self._closing(now),
                contacts=contacts,
                campaigns=campaigns,
                limit=limit,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    # -- lists that are stopped or over -----------------------------------------------------------

    @api.model
    def _hold_lists(self, lists, limit=None):
        """Take pending contacts of these lists out of the feed's sight: promotion passes over an
        empty time (index ``_list_state``).

        :param int limit: at most; none for all
        :return: how many
        """
        self.env.flush_all()
        # What is held for another reason has no time either, and keeps its reason. Whom a claim has
        # in hand is passed over: the gate looks at each contact's list anyway.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = FALSE, resume_at = next_attempt_at, next_attempt_at = NULL,
                          block_reason = 'list_stopped', block_detail = NULL
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE c.list_id = ANY(%s) AND c.state = 'pending'
                                    AND (c.is_ready OR c.next_attempt_at IS NOT NULL)
                                  LIMIT %s FOR UPDATE SKIP LOCKED)""",
                lists.ids,
                limit,
            )
        )
        return self._note_settled(lists)

    @api.model
    def _resume_lists(self, lists, now, limit=None):
        """Undo `_hold_lists`: what was planned meanwhile is due, the rest waits for its time (index
        ``_list_held``).

        :param int limit: at most; none for all
        :return: how many
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET %s
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE c.list_id = ANY(%s) AND c.block_reason = 'list_stopped'
                                    AND c.state = 'pending'
                                  LIMIT %s FOR UPDATE)""",
                self._released(now),
                lists.ids,
                limit,
            )
        )
        return self._note_settled(lists)

    def _note_settled(self, lists):
        """:return: how many contacts the last statement changed"""
        count = self.env.cr.rowcount
        self.invalidate_model()
        lists.invalidate_recordset(["contact_count", "pending_count", "available_count"])
        return count

    @api.model
    def _release_of_active_lists(self, now, limit):
        """Let go what is held for a list that is active again: a claim that began before the list
        was restarted may have held it afterwards (index ``_list_held``).

        :return: how many
        """
        self.env.cr.execute(
            # A list has few of them: the limit keeps a transaction short all the same.
            SQL(
                """UPDATE ecm_contact SET %s
                    WHERE id IN (SELECT held.id
                                   FROM ecm_contact_list l
                             CROSS JOIN LATERAL (SELECT c.id FROM ecm_contact c
                                                  WHERE c.list_id = l.id
                                                    AND c.block_reason = 'list_stopped'
                                                    AND c.state = 'pending'
                                                  LIMIT %s) AS held
                                  WHERE l.status = 'active' LIMIT %s)""",
                self._released(now),
                limit,
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _expire_lists(self, lists, now, limit):
        """Close pending contacts of lists that are over (index ``_list_state``).

        :return: ids of the contacts
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = 'expired', %s
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE list_id = ANY(%s) AND state = 'pending' LIMIT %s)
                RETURNING id""",
                self._closing(now),
                lists.ids,
                limit,
            )
        )
        closed = [contact_id for (contact_id,) in self.env.cr.fetchall()]
        self._note_settled(lists)
        return closed

    # -- lists that campaigns share ---------------------------------------------------------------

    @api.model
    def _find_elsewhere(self, candidates):
        """What other campaigns of their shared lists have made of the same people: of whoever has
        one of the numbers, or the customer key (indexes ``_phone_campaign``, ``_phone_2`` … and
        ``_account_number``).

        :param candidates: list of ``tools.gates.Candidate`` of lists that are shared
        :return: ``{contact id: list of tools.shared_list.Elsewhere}``
        """
        asked = [Asked(candidate.contact_id, candidate.campaign_id) for candidate in candidates]
        self.env.cr.execute(
            # A list that took a contact over, and one that it was moved to, have not brought it.
            SQL(
                """SELECT DISTINCT c.id, p.name, o.state = ANY(%(awaiting)s),
                          o.state = ANY(%(reached)s),
                          o.state = 'pending' AND p.is_running
                          AND (c.last_attempt_at IS NULL OR o.last_attempt_at > c.last_attempt_at),
                          o.next_attempt_at
                     FROM %(asked)s
               CROSS JOIN LATERAL %(contacts)s AS c
                     JOIN ecm_contact_list l ON l.id = c.list_id
               CROSS JOIN LATERAL (%(same_person)s) AS o
                     JOIN ecm_campaign p ON p.id = o.campaign_id
                    WHERE o.id <> c.id AND o.campaign_id <> v.campaign_id
                      AND o.last_attempt_at IS NOT NULL
                      AND EXISTS (SELECT FROM ecm_contact_list s
                                   WHERE s.id IN (o.list_id, o.origin_list_id)
                                     AND s.global_list_id = l.global_list_id)""",
                awaiting=list(self._get_awaiting_states()),
                reached=list(REACHED_STATES),
                asked=values_of(asked, Asked),
                contacts=self._look_up("id", SQL("v.contact_id")),
                same_person=self._look_up_person(),
            )
        )
        found = defaultdict(list)
        for contact_id, *values in self.env.cr.fetchall():
            found[contact_id].append(Elsewhere(*values))
        return found

    def _look_up_person(self):
        """The contacts that have a number or the customer key of the contact ``c`` of a surrounding
        query; ``c`` itself is among them.
        """
        numbered = self._look_up_any(PHONE_FIELDS, SQL("n.number"))
        keyed = self._look_up("account_number", SQL("c.account_number"))
        # The columns of both are those of the table, but for the place of a number.
        columns = SQL(
            "f.id, f.campaign_id, f.list_id, f.origin_list_id, f.state, f.last_attempt_at, "
            "f.next_attempt_at"
        )
        return SQL(
            """SELECT %(columns)s
                 FROM unnest(ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4, c.phone_5])
                      AS n(number)
           CROSS JOIN LATERAL %(numbered)s AS f WHERE n.number IS NOT NULL
                UNION ALL SELECT %(columns)s FROM %(keyed)s AS f""",
            columns=columns,
            numbered=numbered,
            keyed=keyed,
        )

    # -- imports ----------------------------------------------------------------------------------

    @api.model
    def _get_known_phones(self, where, numbers, columns=("phone_1",)):
        """Which of these numbers a contact has (indexes ``_phone_campaign``, ``_phone_2`` …).

        :param SQL where: further condition on the contact ``c``
        :param columns: the phones that are looked at
        :rtype: set
        """
        self.env.cr.execute(
            SQL(
                """SELECT n.phone
                     FROM unnest(%s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT 1 FROM %s AS c WHERE %s LIMIT 1) AS known""",
                array_text(numbers),
                self._look_up_any(columns, SQL("n.phone")),
                where,
            )
        )
        return {number for (number,) in self.env.cr.fetchall()}

    @api.model
    def _find_by_phone(self, campaign, numbers, closed, columns=("phone_1",)):
        """The contact of each number in a campaign, an open one where there is one, of these one
        with the number in front (indexes ``_phone_campaign``, ``_phone_2`` …).

        :param SQL closed: which closed contacts count, a condition on the contact ``c``
        :param columns: the phones that are looked at
        :return: ``{number: Known}``
        """
        self.env.cr.execute(
            # The first of several open ones: the same each time that the file is read.
            SQL(
                """SELECT n.phone, known.id, known.list_id, known.is_open
                     FROM unnest(%(numbers)s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT c.id, c.list_id, c.state = ANY(%(open)s) AS is_open
                                     FROM %(contacts)s AS c
                                    WHERE c.campaign_id = %(campaign)s
                                      AND (c.state = ANY(%(open)s) OR %(closed)s)
                                 ORDER BY is_open DESC, c.place, c.id LIMIT 1) AS known""",
                closed=closed,
                numbers=array_text(numbers),
                contacts=self._look_up_any(columns, SQL("n.phone")),
                open=list(self._get_open_states()),
                campaign=campaign.id,
            )
        )
        return {number: Known(*row) for number, *row in self.env.cr.fetchall()}

    @api.model
    def _update_imported(self, rows, list_id=None):
        """Give open contacts what a file says of them; what it leaves empty stays, and so does the
        history.

        :param rows: list of `Imported`
        :param int list_id: the list that they belong to from now on; none to leave them in theirs
        """
        if not rows:
            return
        # All other columns of a file are text: an empty cell is None.
        others = ("contact_id", "consent_on", "priority", "business_parameters")
        texts = [name for name in Imported._fields if name not in others]
        columns = [SQL.identifier(name) for name in texts]
        given = [SQL("%s = COALESCE(v.%s, c.%s)", name, name, name) for name in columns]
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET %s, consent_on = COALESCE(v.consent_on::date, c.consent_on),
                          priority = COALESCE(NULLIF(v.priority, 0), c.priority),
                          business_parameters = COALESCE(c.business_parameters, '{}')
                                                || COALESCE(v.business_parameters, '{}'),
                          list_id = COALESCE(%s, c.list_id)
                     FROM %s
                    WHERE c.id = v.contact_id""",
                SQL(", ").join(given),
                list_id,
                values_of(rows, Imported),
            )
        )

        # What changed may match the campaign's selection now, and its new list may be active.
        ids = SQL("SELECT unnest(%s::int[])", [row.contact_id for row in rows])
        reasons = (*HELD_BACK, LIST_STOPPED) if list_id else HELD_BACK
        self._release_held(ids, reasons)

    @api.model
    def _group_by_beginning(self, campaign, size):
        """A campaign's open contacts by how their first number begins and where they live, for
        what region rules say of them.

        :param int size: so many characters of the number at least
        :return: list of ``tools.region_effects.Group``
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                # A number that was cut is none: one of them stands for all.
                """SELECT min(phone_1), region, zip, count(*) FROM ecm_contact
                    WHERE campaign_id = %s AND state = 'pending'
                 GROUP BY left(phone_1, %s), 2, 3""",
                campaign.id,
                max(size, TELLING_SIZE),
            )
        )
        found = []
        for number, region, code, count in self.env.cr.fetchall():
            found.append(Group(number, Place(region, code), count))
        return found

    @api.model
    def _delete_of(self, column, owner_ids):
        """Delete the contacts that campaigns or lists leave behind: no foreign key does so.

        :param str column: ``campaign_id`` or ``list_id``
        :param owner_ids: of records whose deletion was checked; their contacts were never called
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM ecm_contact WHERE %s = ANY(%s)",
                SQL.identifier(column),
                list(owner_ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _delete_uncalled(self, lists):
        """Delete the contacts that these lists brought and that were never called (index
        ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM ecm_contact c
                    WHERE c.list_id = ANY(%s) AND c.origin_list_id = c.list_id
                      AND NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id)""",
                lists.ids,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _count_what_undoing_does(self, lists):
        """What `_delete_uncalled` and `_return_to_origin` would do (index ``_list_state``).

        :return: how many would be deleted, go back to the list that brought them, and stay
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FILTER (WHERE found.is_own AND NOT found.is_called),
                          count(*) FILTER (WHERE NOT found.is_own),
                          count(*) FILTER (WHERE found.is_own AND found.is_called)
                     FROM (SELECT c.origin_list_id IS NOT DISTINCT FROM c.list_id AS is_own,
                                  EXISTS (SELECT 1 FROM ecm_attempt a
                                           WHERE a.contact_id = c.id) AS is_called
                             FROM ecm_contact c WHERE c.list_id = ANY(%s)) AS found""",
                lists.ids,
            )
        )
        return self.env.cr.fetchone()

    @api.model
    def _return_to_origin(self, lists):
        """Give contacts that these lists took over back to the lists that brought them, or to none
        where there is none any more (index ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET list_id = (SELECT l.id FROM ecm_contact_list l
                                      WHERE l.id = c.origin_list_id)
                    WHERE c.list_id = ANY(%s) AND c.origin_list_id IS DISTINCT FROM c.list_id""",
                lists.ids,
            )
        )
        return self.env.cr.rowcount

    # -- selection and target groups --------------------------------------------------------------

    @api.model
    def _release_held(self, ids, reasons=HELD_BACK):
        """Contacts that were held back are due when they were, and are looked at again then.

        :param SQL ids: a query of contact ids
        :param reasons: why they may be held
        :return: ids of those that were held
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET %s, target_group_id = NULL
                    WHERE id IN (%s) AND block_reason = ANY(%s) AND state = 'pending'
                RETURNING id""",
                self._released(fields.Datetime.now()),
                ids,
                list(reasons),
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    @api.model
    def _release_waiting(self, campaign, now, limit):
        """Make contacts ready that a gate has put off to a time (index ``_blocked``): they were due
        when it did.

        :param datetime now: naive UTC
        :return: how many
        """
        # Whom a claim has in hand is passed over: it is looked at by the new rules.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = TRUE, next_attempt_at = LEAST(next_attempt_at, %(now)s),
                          block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE campaign_id = %(campaign)s AND NOT is_ready
                                    AND state = 'pending' AND block_reason = ANY(%(reasons)s)
                                    AND next_attempt_at IS NOT NULL
                                  LIMIT %(limit)s FOR UPDATE SKIP LOCKED)""",
                now=now,
                campaign=campaign.id,
                reasons=list(TIME_REASONS),
                limit=limit,
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount

    @api.model
    def _release_next(self, campaign, after, limit):
        """The next held contacts of a campaign (index ``_held``).

        :param int after: only ids above
        :return: the last id, None when there are no more
        """
        ids = SQL(
            """SELECT id FROM ecm_contact
                WHERE campaign_id = %s AND id > %s
                  AND block_reason IN ('selection', 'target_group', 'no_consent')
                  AND state = 'pending'
             ORDER BY id LIMIT %s FOR UPDATE""",
            campaign.id,
            after,
            limit,
        )
        return max(self._release_held(ids), default=None)

    @api.model
    def _filter_queued(self, groups):
        """Target groups that have contacts in their queue (index ``_queue_arrival``)."""
        self.env.cr.execute(
            SQL(
                """SELECT g.id FROM unnest(%s::int[]) AS g(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.target_group_id = g.id AND c.block_reason = 'target_group'
                              AND c.state = 'pending'
                         ORDER BY c.id LIMIT 1)""",
                list(groups.ids),
            )
        )
        queued = {group_id for (group_id,) in self.env.cr.fetchall()}
        return groups.filtered(lambda group: group.id in queued)

    @api.model
    def _count_drawn(self, campaign, channel):
        """Contacts whose turn it is on a channel and that are not called yet (index ``_drawn``)."""
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FROM ecm_contact
                    WHERE campaign_id = %s AND is_drawn AND is_ready AND state = 'pending'
                      AND channel = %s""",
                campaign.id,
                channel,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _count_turns(self, groups):
        """Contacts whose target group's turn it was and that were never sent; they wait for their
        time or the next feed (index ``_drawn_group``).

        :return: ``{group id: count}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT target_group_id, count(*) FROM ecm_contact
                    WHERE target_group_id = ANY(%s) AND is_drawn AND state = 'pending'
                      AND NOT is_retry
                      AND COALESCE(block_reason, '') NOT IN ('selection', 'no_consent')
                 GROUP BY target_group_id""",
                groups.ids,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _draw(self, group, limit):
        """It is the turn of the first contacts in a target group's queue (indexes ``_queue_…``).

        :return: how many
        """
        order = group.campaign_id._get_dial_order()
        if order not in KEYED:
            return self._draw_in_order(group, order, limit)
        count = self._draw_in_order(group, order, limit, HAS_KEY)
        if count < limit:
            count += self._draw_in_order(group, "fifo", limit - count, HAS_NONE)
        return count

    def _draw_in_order(self, group, order, limit, where=ANY_KEY):
        """:param SQL where: further condition on the contact ``c``"""
        self.env.cr.execute(
            # Ready from then on, and marked, so that the gate does not queue them again.
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = TRUE, is_drawn = TRUE, next_attempt_at = resume_at,
                          resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE c.target_group_id = %s AND c.block_reason = 'target_group'
                                    AND c.state = 'pending' AND %s
                               ORDER BY %s LIMIT %s FOR UPDATE SKIP LOCKED)""",
                group.id,
                where,
                DIAL_ORDERS[order],
                limit,
            )
        )
        return self.env.cr.rowcount

    # -- from campaign to campaign ----------------------------------------------------------------

    @api.model
    def _chain(self, ends, now):
        """Let contacts go on to the campaigns that what came of them leads to.

        Nobody comes in who is open there with the same phone 1 (index ``_phone_campaign``), and
        nobody comes back to a campaign that the way led through: so a circle of campaigns ends.

        :param SQL ends: a query of ``contact_id, outcome_id, business_outcome_id, is_result``; a
            result copies too, what else closes a contact only moves
        :return: the new contacts
        """
        maps = self._get_chain_lines(ends)._get_parameter_maps()
        taken_along = self._get_taken_along()
        # Copies and moves are one statement: of those with the same phone 1, the first comes in.
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_contact (campaign_id, company_id, added_at, state, is_ready,
                                            is_retry, next_position, attempt_count, uncounted_count,
                                            cycle, channel, number_to_call, chained_from_id,
                                            chain_line_id, business_parameters, %(columns)s)
                   SELECT DISTINCT ON (l.target_id, c.phone_1)
                          l.target_id, t.company_id, %(now)s, 'pending', TRUE,
                          FALSE, 1, 0, 0,
                          1, c.channel, c.phone_1, c.id,
                          l.id, %(parameters)s, %(values)s
                     FROM (%(ends)s) AS e(contact_id, outcome_id, business_outcome_id, is_result)
                     JOIN ecm_contact c ON c.id = e.contact_id
                     JOIN ecm_campaign_chain l
                       ON l.campaign_id = c.campaign_id
                      AND CASE l.event WHEN 'outcome' THEN l.outcome_id = e.outcome_id
                                       WHEN 'wrap_up'
                                       THEN l.business_outcome_id = e.business_outcome_id
                                       ELSE l.event = c.state AND NOT e.is_result END
                     JOIN ecm_campaign t ON t.id = l.target_id AND t.active
                    WHERE CASE WHEN l.event IN ('expired', 'dangling') THEN TRUE
                               WHEN l.mode = 'copy' THEN e.is_result AND c.state <> 'dnc_listed'
                               ELSE c.state = ANY(%(moving)s) END
                      AND (SELECT o.id FROM %(same_phone)s AS o
                            WHERE o.campaign_id = l.target_id AND o.state = ANY(%(open)s)
                            LIMIT 1) IS NULL
                      AND l.target_id <> ALL (%(way)s)
                 ORDER BY l.target_id, c.phone_1, c.id
              ON CONFLICT (chained_from_id, campaign_id) WHERE chained_from_id IS NOT NULL
                          DO NOTHING
                RETURNING id""",
                columns=SQL(", ").join(SQL.identifier(name) for name in taken_along),
                values=SQL(", ").join(SQL.identifier("c", name) for name in taken_along),
                parameters=self._get_taken_parameters(maps),
                now=now,
                ends=ends,
                moving=list(MOVING_STATES),
                same_phone=self._look_up("phone_1", SQL("c.phone_1")),
                open=list(self._get_open_states()),
                way=self._get_way(),
            )
        )

        # What the target's own strategy begins with is not known to the statement.
        chained = self.browse([contact_id for (contact_id,) in self.env.cr.fetchall()])
        chained._plan_first_attempts()
        chained._set_dial_keys()
        return chained

    def _get_chain_lines(self, ends):
        """The ways on of the campaigns that these contacts are in.

        :param SQL ends: see `_chain`
        """
        self.env.cr.execute(
            SQL(
                """SELECT DISTINCT l.id
                     FROM (%s) AS e(contact_id, outcome_id, business_outcome_id, is_result)
                     JOIN ecm_contact c ON c.id = e.contact_id
                     JOIN ecm_campaign_chain l ON l.campaign_id = c.campaign_id""",
                ends,
            )
        )
        ids = [line_id for (line_id,) in self.env.cr.fetchall()]
        return self.env["ecm.campaign.chain"].sudo().browse(ids)

    @api.model
    def _get_taken_along(self):
        """What a customer takes along to another campaign beside the parameters: also fields that a
        database has added by itself. A module that adds fields names them here.

        :return: list of names of columns
        """
        own = [name for name, field in self._fields.items() if field.manual and field.column_type]
        return [*TAKEN_ALONG, *own]

    def _get_taken_parameters(self, maps):
        """Business parameters of the contact ``c`` on its way by the line ``l``.

        :param maps: list of tuples as `Mapped`
        """
        if not maps:
            return SQL("NULL::jsonb")
        return SQL(
            """(SELECT jsonb_object_agg(v.target, c.business_parameters -> v.source) FROM %s
                 WHERE v.line_id = l.id AND c.business_parameters -> v.source IS NOT NULL)""",
            values_of(maps, Mapped),
        )

    def _plan_first_attempts(self):
        """Set the channel and number of first attempts, in one statement for any number of
        contacts.
        """
        if not self:
            return
        self.env.cr.execute(
            SQL(
                "SELECT c.id, c.campaign_id, %s FROM ecm_contact c WHERE c.id = ANY(%s)",
                PHONES_MASK,
                self.ids,
            )
        )
        # Of each campaign, contacts with the same phones begin with the same attempt.
        found, openings = {}, []
        for contact_id, *pattern in self.env.cr.fetchall():
            key = tuple(pattern)
            if key not in found:
                found[key] = self._get_opening(*pattern)
            openings.append(Opening(contact_id, *found[key]))
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET channel = v.channel,
                          number_to_call = (ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4,
                                                  c.phone_5])[v.phone_index]
                     FROM %s
                    WHERE c.id = v.contact_id""",
                values_of(openings, Opening),
            )
        )
        self.invalidate_recordset()

    def _get_opening(self, campaign_id, mask):
        """A campaign's first attempt on contacts that have certain phones.

        Where no phone can be called, the first one stands for the claim to close.

        :param int mask: as `PHONES_MASK` has it
        :return: ``(channel, which phone)``
        """
        campaign = self.env["ecm.campaign"].sudo().browse(campaign_id)
        plan = campaign.strategy_id._get_plan()
        phones = [str(place) if mask >> place & 1 else None for place in range(len(PHONE_FIELDS))]
        first = first_attempt(plan, phones, None, fields.Datetime.now().replace(tzinfo=UTC))
        if isinstance(first, NextAttempt):
            return first.channel, first.phone_index
        return plan.attempts[0].channel if plan.attempts else "voice", 1

    def _get_way(self):
        """Campaigns that the contact ``c`` of a surrounding query came through."""
        return SQL(
            """WITH RECURSIVE way AS (
                   SELECT c.chained_from_id AS contact_id
                    UNION
                   SELECT f.chained_from_id FROM way JOIN ecm_contact f ON f.id = way.contact_id
               )
               SELECT f.campaign_id FROM way JOIN ecm_contact f ON f.id = way.contact_id"""
        )

    @api.model
    def _count_chained(self, lines):
        """How many contacts went each way (index ``_chain_line``).

        :return: ``{id of the chain line: count}``
        """
        domain = [("chain_line_id", "in", lines.ids)]
        contacts = self.sudo()
        groups = contacts._read_group(domain, ["chain_line_id"], ["__count"])
        return {line.id: count for line, count in groups}

    # -- counted for Explain, read for a dry run --------------------------------------------------

    def _count_ready(self, is_retry, where):
        """Ready contacts of this contact's campaign and channel, up to one more than
        `QUEUE_COUNTED` (indexes ``_ready_arrival``, ``_ready_priority`` and ``_ready_key``).

        :param is_retry: of which stratum, the retries or the fresh contacts
        :param SQL where: further condition on the contact ``c``
        """
        order = self.campaign_id._get_dial_order()
        if order in KEYED:
            where = SQL("%s AND %s", where, HAS_KEY)
        self.env.cr.execute(
            # In the dial order, which is the index's: what stands before it is read and no more.
            SQL(
                """SELECT count(*)
                     FROM (SELECT FROM ecm_contact c
                            WHERE c.campaign_id = %s AND c.channel = %s AND c.is_retry = %s
                              AND c.is_ready AND c.state = 'pending'
                              AND %s
                         ORDER BY %s LIMIT %s) AS earlier""",
                self.campaign_id.id,
                self.channel,
                is_retry,
                where,
                DIAL_ORDERS[order],
                QUEUE_COUNTED + 1,
            )
        )
        return self.env.cr.fetchone()[0]

    def _tally_states(self, campaign):
        """:return: ``{(state, close reason): count}`` (index ``_campaign_state``)"""
        self.env.cr.execute(
            SQL(
                "SELECT state, close_reason, count(*) FROM ecm_contact WHERE campaign_id = %s "
                "GROUP BY 1, 2",
                campaign.id,
            )
        )
        return {(state, reason): count for state, reason, count in self.env.cr.fetchall()}

    def _tally_waiting(self, campaign, now):
        """:return: ``(how many wait for a time, the next time, how many are held)`` (index
        ``_waiting``)
        """
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FILTER (WHERE next_attempt_at > %(now)s),
                          min(next_attempt_at) FILTER (WHERE next_attempt_at > %(now)s),
                          count(*) FILTER (WHERE next_attempt_at IS NULL)
                     FROM ecm_contact
                    WHERE campaign_id = %(campaign)s AND NOT is_ready AND state = 'pending'""",
                now=now,
                campaign=campaign.id,
            )
        )
        return self.env.cr.fetchone()

    def _tally_blocked(self, campaign, now):
        """What the gates hold back or have put off, by their reasons (index ``_blocked``).

        :return: list of ``("blocked" or "held", reason, count, the next time)``
        """
        self.env.cr.execute(
            # Held is what has no time at all: somebody must act.
            SQL(
                """SELECT CASE WHEN next_attempt_at IS NULL THEN 'held' ELSE 'blocked' END,
                          block_reason, count(*), min(next_attempt_at)
                     FROM ecm_contact
                    WHERE campaign_id = %s AND NOT is_ready AND state = 'pending'
                      AND block_reason IS NOT NULL
                      AND (next_attempt_at IS NULL OR next_attempt_at > %s)
                 GROUP BY 1, 2 ORDER BY 3 DESC""",
                campaign.id,
                now,
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _read_pending(self, campaign, share, contact_list=None):
        """Pending contacts of a campaign or a list, or a part of them that their ids choose
        (indexes ``_campaign_state`` and ``_list_state``).

        :return: list of `Pending`
        """
        # A hash of the id chooses: the same contacts each time, from all of the campaign.
        part = SQL()
        if share < 1:
            part = SQL("AND (hashint4(c.id) & %s) < %s", HASHED - 1, round(share * HASHED))
        whose = SQL("c.campaign_id = %s", campaign.id)
        if contact_list:
            whose = SQL("c.list_id = %s", contact_list.id)
        self.env.cr.execute(
            SQL(
                """SELECT c.is_retry, c.priority, c.dial_key, c.is_ready, c.next_attempt_at,
                          c.resume_at, c.block_reason, %s
                     FROM ecm_contact c
                    WHERE %s AND c.state = 'pending' %s
                 ORDER BY c.id""",
                self._get_candidate_columns(),
                whose,
                part,
            )
        )
        rows = self.env.cr.fetchall()
        # The last columns are the candidate's.
        return [Pending(*row[:7], self._make_candidate(row[7:])) for row in rows]

    # -- the order by a field ---------------------------------------------------------------------

    def _set_dial_keys(self):
        """Work out the keys of contacts that came or changed, where their campaign's order is that
        of a field (requirement C11).
        """
        for campaign, contacts in self.grouped("campaign_id").items():
            ordered = campaign.sudo()
            if ordered.dial_order == "field":
                self._key_contacts(ordered, SQL("c.id = ANY(%s)", contacts.ids))

    @api.model
    def _key_contacts(self, campaign, where):
        """:param SQL where: which contacts ``c`` of the campaign, a condition that an index serves"""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c SET dial_key = %s
                    WHERE c.campaign_id = %s AND c.state = ANY(%s) AND %s""",
                campaign._get_order_key(),
                campaign.id,
                list(self._get_open_states()),
                where,
            )
        )
        self.invalidate_model(["dial_key"])

    @api.model
    def _key_range(self, campaign, first, last):
        """Work out the keys of a campaign's open contacts among some ids (primary key).

        :param int first: this one and those before are done
        :param int last: the last one
        """
        self._key_contacts(campaign, SQL("c.id > %s AND c.id <= %s", first, last))

    @api.model
    def _get_last_id(self):
        """The id of the contact that came last, whatever became of it."""
        self.env.cr.execute("SELECT last_value FROM ecm_contact_id_seq")
        return self.env.cr.fetchone()[0]


def _get_waiting(contact_id, verdict):
    """:param verdict: ``tools.gates.Wait``
    :rtype: Waiting
    """
    moved = (None, None)
    if isinstance(verdict, NextCycle):
        moved = (verdict.position, verdict.cycle)
    return Waiting(contact_id, verdict.until, verdict.reason, verdict.detail or None, *moved)


def _get_held(contact_id, verdict):
    """:param verdict: ``tools.gates.Hold``
    :rtype: Held
    """
    group_id = verdict.group_id if isinstance(verdict, Queue) else None
    return Held(contact_id, verdict.reason, verdict.detail or None, group_id)


def _get_following(row):
    """:param row: ``tools.results.Decided``
    :rtype: Following
    """
    choice = row.decision
    # A callback begins anew, where the campaign says so.
    counted, uncounted = (0, 0) if choice.resets else (row.counted, row.uncounted)
    return Following(
        contact_id=row.contact_id,
        outcome_id=row.outcome_id,
        counted=counted,
        uncounted=uncounted,
        position=choice.position,
        channel=choice.channel,
        number=choice.number,
        at=choice.at.replace(tzinfo=None),
        cycle=choice.cycle,
        priority=choice.priority,
        callback=choice.callback,
        agent=row.agent,
        retained=choice.retained,
        is_request=choice.reason == CALLBACK,
    )


def _get_closing(row):
    """:param row: ``tools.results.Decided``
    :rtype: Closing
    """
    close = row.decision
    return Closing(
        contact_id=row.contact_id,
        outcome_id=row.outcome_id,
        counted=row.counted,
        uncounted=row.uncounted,
        state=close.state,
        reason=close.reason,
    )
