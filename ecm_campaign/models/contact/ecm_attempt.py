import secrets
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ...const import PHONE_SIZE
from ...fields import UncheckedMany2one
from ...formatting import format_moment
from ...sql import has_agreed, int_array, values_of
from ...tools.campaign_hours import find_zones
from ...tools.limits import Try
from ...tools.region_effects import Made
from ...tools.region_rules import Place
from ...tools.strategy import WRAP_UP_PREFIX

PREFIX = "ecm_campaign.attempt_key_prefix"
# What stands as the result's code of a send that failed, until it is known whether it did.
FAILED_CODE = "failed"
# Whether the person said no, by the outcome or by what the agent says.
IS_REFUSAL = SQL("(o.suppresses IS TRUE OR b.suppresses IS TRUE OR b.is_refusal IS TRUE)")
FORMER_PREFIXES = "ecm_campaign.attempt_key_prefixes_before"


class Claimed(NamedTuple):
    """An attempt that is about to be sent."""

    attempt_id: int
    key: str
    contact_id: int
    position: int
    cycle: int
    number: str
    campaign_id: int


class Addressee(NamedTuple):
    """Whom an attempt is about to leave for."""

    attempt_id: int
    key: str
    claimed_at: datetime
    campaign_id: int
    number: str
    account_number: str | None
    callback: str | None


class Ended(NamedTuple):
    """An attempt whose result came, with what its contact is at; both are locked."""

    id: int
    key: str
    state: str
    position: int
    number: str | None
    campaign_id: int
    contact_id: int
    is_current: bool
    attempt_count: int
    uncounted_count: int
    cycle: int
    callback: str | None
    callback_since: datetime | None
    callback_due: datetime | None
    phones: list
    company_id: int
    account_number: str | None
    channel: str


class Doubtful(NamedTuple):
    """An attempt whose send was never confirmed; one that *failed* counts as refused if the other
    side does not know it.
    """

    key: str
    attempt_id: int
    has_failed: bool
    claimed_at: datetime


class Standing(NamedTuple):
    """A try that waits at a target for its turn, or for its result, or is about to leave."""

    key: str
    campaign_id: int
    tz: str | None
    number: str
    channel: str
    phones: list
    region: str | None
    zip: str | None
    has_consent: bool = False

    @property
    def place(self):
        """Where the contact lives, and whether it has agreed."""
        return Place(self.region, self.zip, self.has_consent)


class Deadline(NamedTuple):
    """Attempts of a campaign whose results were read until then are too late when they were sent
    before.
    """

    campaign_id: int
    read_until: datetime
    claimed_before: datetime


class Recorded(NamedTuple):
    """The result of an attempt, as it is written."""

    attempt_id: int
    is_late: bool
    outcome_id: int
    raw_code: str | None
    agent: str | None
    duration_seconds: int
    wrap_up: str | None
    reference: str | None
    called_at: datetime | None
    business_outcome_id: int | None


class Promised(NamedTuple):
    """A callback that a channel makes itself. Where the callback strategy takes over, it does so
    from its first attempt; ``resets`` says whether the counters begin anew.
    """

    attempt_id: int
    contact_id: int
    at: datetime | None
    number: str | None
    agent: str | None
    takes_over: bool
    resets: bool


class Use(NamedTuple):
    """How often an earlier attempt by the same strategy ended so; ``wrap_up`` where its rule
    decided in the strategy's place.
    """

    contact_id: int
    is_same_run: bool
    position: int
    outcome: str
    wrap_up: str | None
    counts: bool
    misses_agent: bool
    times: int

    @property
    def key(self):
        """What the uses of the rule that decided are counted by."""
        if self.wrap_up:
            return 0, f"{WRAP_UP_PREFIX}{self.wrap_up}"
        return self.position, self.outcome


class EcmAttempt(models.Model):
    """One try on one number through one channel, with its result (requirement F9).

    Written before the try is sent, so that a crash at any point leaves a trace (requirement F6):
    *claimed* (the send may or may not have happened) → *sent* (the channel has it) → *done*
    (the result is known) or *dangling* (no result in time; a late one is still recorded).
    """

    _name = "ecm.attempt"
    _inherit = ["ecm.attempt.results.mixin", "ecm.exported.mixin"]
    _description = "Attempt"
    _order = "id desc"
    _rec_name = "key"
    _log_access = False

    key = fields.Char(
        required=True,
        readonly=True,
        help="Sent to the dialer as the account number.",
    )
    contact_id = fields.Many2one(
        "ecm.contact", required=True, readonly=True, ondelete="cascade", index=True
    )
    # The contact's own, whose key is checked.
    campaign_id = UncheckedMany2one("ecm.campaign", required=True, readonly=True, index=True)
    team_ids = fields.Many2many(related="campaign_id.calling_team_ids", string="Teams")
    company_id = UncheckedMany2one("res.company", required=True, readonly=True)
    state = fields.Selection(
        [("claimed", "Being sent"), ("sent", "Sent"), ("done", "Done"), ("dangling", "Dangling")],
        required=True,
        readonly=True,
        default="claimed",
    )
    channel = fields.Selection(
        lambda self: self.env["ecm.engine"]._get_channels(), required=True, readonly=True
    )
    position = fields.Integer("Step", readonly=True, help="Place in the strategy.")
    cycle = fields.Integer(readonly=True, help="Run through the strategy, counted from 1.")
    number = fields.Char(size=PHONE_SIZE, readonly=True)
    claimed_at = fields.Datetime("Sent on", required=True, readonly=True)
    called_at = fields.Datetime("Called on", readonly=True)
    result_at = fields.Datetime("Result on", readonly=True)
    callback_at = fields.Datetime(
        "Callback on",
        readonly=True,
        help="An agent has arranged it on the dialer, which makes it itself: the result comes then.",
    )
    callback_number = fields.Char("Callback number", size=PHONE_SIZE, readonly=True)
    is_late = fields.Boolean(
        "Late result", readonly=True, help="The result came after the contact was closed."
    )
    outcome_id = fields.Many2one("ecm.outcome", readonly=True)
    raw_code = fields.Char("Dialer code", readonly=True, help="The result as the dialer writes it.")
    agent = fields.Char(readonly=True)
    duration_seconds = fields.Integer("Talk time (s)", readonly=True, aggregator="sum")
    wrap_up = fields.Char("Wrap-up at the dialer", readonly=True, help="As the dialer writes it.")
    business_outcome_id = fields.Many2one(
        "ecm.business.outcome",
        "Wrap-up",
        readonly=True,
        help="What the agent's wrap-up means in the campaign's group.",
    )
    dialer_reference = fields.Char(
        "Dialer record", readonly=True, help="The dialer's own key of this contact."
    )

    list_id = fields.Many2one(
        "ecm.contact.list", "Contact list", related="contact_id.list_id", readonly=True
    )
    reached_percent = fields.Float(
        "Reached %",
        compute="_compute_percentages",
        aggregator="avg",
        digits=(5, 1),
        help="Attempts that reached a person, of those with a result.",
    )
    success_percent = fields.Float(
        "Success %",
        compute="_compute_percentages",
        aggregator="avg",
        digits=(5, 1),
        help="Attempts with a wrap-up of type Success, of those that reached a person.",
    )

    _key_unique = models.UniqueIndex("(key)")
    # What waits for an answer: few rows, however many attempts are stored.
    _awaiting = models.Index("(claimed_at) WHERE state IN ('claimed', 'sent')")
    # Lists and reports of some days among years: attempts stand nearly in the order of their time, so
    # that a few pages of this index say where these days are.
    _claimed = models.Index("USING brin (claimed_at) WITH (pages_per_range = 32)")
    # The ledger of limits over all campaigns.
    _number_claimed = models.Index("(number, claimed_at)")

    @api.depends("number", "claimed_at")
    def _compute_display_name(self):
        # The key is the dialer's: nobody knows an attempt by it.
        for attempt in self:
            when = format_moment(self.env, attempt.claimed_at) if attempt.claimed_at else ""
            attempt.display_name = ", ".join(filter(None, (attempt.number, when)))

    @api.depends("state", "outcome_id", "business_outcome_id")
    def _compute_percentages(self):
        for attempt in self:
            is_reached = attempt.outcome_id.is_live_voice
            is_success = is_reached and attempt.business_outcome_id.kind == "success"
            attempt.reached_percent = 100.0 * is_reached
            attempt.success_percent = 100.0 * is_success

    # -- guidance ---------------------------------------------------------------------------------

    def _get_guidance_path(self, agent, user=None):
        """Where whoever is on the phone finds the questions of this call (requirement R10): hook for a
        module that has them. The caller has checked that the agent may see the contact.

        :param str agent: as attempts name the agent; empty where nobody knows
        :param user: who alone may open it; None for whoever has the link
        :return: a path below the server's address, or None for none
        """
        return

    # -- keys -------------------------------------------------------------------------------------

    @api.model
    def _renew_key_prefix(self, keep):
        """Give new attempts a prefix of their own, so that two databases on one dialer never share
        a key.

        :param bool keep: whether results of attempts with the earlier prefixes are still ours
        """
        former = self._get_known_prefixes() if keep else []
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(FORMER_PREFIXES, " ".join(former))
        parameters.set_param(PREFIX, secrets.token_hex(4))

    @api.model
    def _get_key_prefix(self):
        """What every new attempt key of this database starts with, for example ``9f3c20ab-``."""
        prefix = self.env["ir.config_parameter"].sudo().get_param(PREFIX)
        if not prefix:
            self._renew_key_prefix(keep=False)
            return self._get_key_prefix()
        return f"{prefix}-"

    @api.model
    def _get_known_prefixes(self):
        """:return: list of what the keys of this database's attempts start with, new ones first"""
        former = self.env["ir.config_parameter"].sudo().get_param(FORMER_PREFIXES) or ""
        return [self._get_key_prefix(), *former.split()]

    @api.model
    def _reserve_ids(self, count):
        """:return: list of so many ids that no attempt has"""
        sequence = f"{self._table}_id_seq"
        query = SQL("SELECT nextval(%s) FROM generate_series(1, %s)", sequence, count)
        self.env.cr.execute(query)
        return [attempt_id for (attempt_id,) in self.env.cr.fetchall()]

    # -- the engine's statements ------------------------------------------------------------------

    @api.model
    def _insert_claimed(self, target, rows, now):
        """Write the attempts of claimed contacts.

        :param target: the record of an ``ecm.feed.target`` model that they are sent to
        :param rows: list of `Claimed`; their contacts are locked, so that nothing moves them to
            another campaign
        """
        if not rows:
            return
        # A contact's company is its campaign's: these are few rows to look at.
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_attempt (id, key, contact_id, position, cycle, number,
                                            campaign_id, company_id, channel, state, claimed_at,
                                            %(target_column)s)
                   SELECT v.attempt_id, v.key, v.contact_id, v.position, v.cycle, v.number,
                          p.id, p.company_id, %(channel)s, 'claimed', %(now)s, %(target)s
                     FROM %(values)s
                     JOIN ecm_campaign p ON p.id = v.campaign_id""",
                target_column=SQL.identifier(target._attempt_field),
                channel=target._channel,
                now=now,
                target=target.id,
                values=values_of(rows, Claimed),
            )
        )

    @api.model
    def _mark_accepted(self, attempt_ids):
        """The channel has them."""
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_attempt SET state = 'sent' WHERE id = ANY(%s) AND state = 'claimed'",
                int_array(attempt_ids),
            )
        )

    @api.model
    def _discard(self, attempt_ids):
        """Remove tries that certainly never took place."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM ecm_attempt WHERE id = ANY(%s) AND state IN ('claimed', 'sent')",
                list(attempt_ids),
            )
        )

    @api.model
    def _get_in_doubt(self, target, before):
        """Tries on a target whose send was never confirmed (index of the target's column).

        :param datetime before: naive UTC; younger ones may still be on their way
        :return: list of `Doubtful`
        """
        self.env.cr.execute(
            SQL(
                """SELECT key, id, raw_code IS NOT DISTINCT FROM %s, claimed_at FROM ecm_attempt
                    WHERE %s = %s AND state = 'claimed' AND claimed_at < %s
                 ORDER BY id""",
                FAILED_CODE,
                SQL.identifier(target._attempt_field),
                target.id,
                before,
            )
        )
        return [Doubtful(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _mark_failed(self, attempt_ids):
        """The channel failed to take them, and may have them all the same."""
        if not attempt_ids:
            return
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_attempt SET raw_code = %s WHERE id = ANY(%s) AND state = 'claimed'",
                FAILED_CODE,
                list(attempt_ids),
            )
        )

    @api.model
    def _get_unanswered(self, target):
        """Tries that a target has taken, or may have, and that have no result.

        :return: ``{key: attempt id}``
        """
        states = ("claimed", "sent")
        attempts = self.search([(target._attempt_field, "=", target.id), ("state", "in", states)])
        return {attempt.key: attempt.id for attempt in attempts}

    @api.model
    def _get_standing(self, target, since):
        """Tries that a target has taken, or may have, and that have no result, with what says when
        their contacts may be contacted (index of the target's column).

        :param datetime since: naive UTC; earlier ones were looked at before; None for all
        :return: list of `Standing`
        """
        self.env.flush_all()
        is_new = SQL("a.claimed_at >= %s", since) if since else SQL("TRUE")
        column = SQL.identifier("a", target._attempt_field)
        states = SQL("a.state IN ('claimed', 'sent')")
        return self._read_standing(SQL("%s = %s AND %s AND %s", column, target.id, states, is_new))

    @api.model
    def _get_leaving(self, attempt_ids):
        """What says when the contacts of these tries may be contacted.

        :return: list of `Standing`
        """
        return self._read_standing(SQL("a.id = ANY(%s)", int_array(attempt_ids)))

    def _read_standing(self, condition):
        """:param SQL condition: on the attempt ``a``
        :return: list of `Standing`
        """
        self.env.cr.execute(
            SQL(
                """SELECT a.key, a.campaign_id, c.tz, COALESCE(a.number, ''), a.channel,
                          ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4, c.phone_5],
                          c.region, c.zip, %s
                     FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                    WHERE %s""",
                has_agreed(),
                condition,
            )
        )
        return [Standing(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _get_holding_ids(self, targets):
        """Which targets hold tries without a result (index of the target's column).

        :return: list of ids
        """
        self.flush_model(["state", targets._attempt_field])
        column = SQL.identifier("a", targets._attempt_field)
        # Each state by itself: the planner takes a partial index for constants only. The first of
        # an order, not any: where many were open when PostgreSQL last counted, it would look for
        # any in the whole table.
        self.env.cr.execute(
            SQL(
                """SELECT t.id FROM unnest(%(ids)s::int[]) AS t(id)
                    WHERE (SELECT min(a.claimed_at) FROM ecm_attempt a
                            WHERE %(target)s = t.id AND a.state = 'claimed') IS NOT NULL
                       OR (SELECT min(a.claimed_at) FROM ecm_attempt a
                            WHERE %(target)s = t.id AND a.state = 'sent') IS NOT NULL""",
                ids=targets.ids,
                target=column,
            )
        )
        return [target_id for (target_id,) in self.env.cr.fetchall()]

    @api.model
    def _get_oldest_claim(self, target):
        """When the oldest try on a target was claimed whose send is not confirmed; None where all
        are.
        """
        self.env.cr.execute(
            SQL(
                "SELECT min(claimed_at) FROM ecm_attempt WHERE %s = %s AND state = 'claimed'",
                SQL.identifier(target._attempt_field),
                target.id,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _get_addressees(self, batch):
        """Who of a batch is still to be sent; others were settled meanwhile.

        :param batch: list of ``tools.channel.Outgoing``
        :return: list of `Addressee`
        """
        attempt_ids = int_array(outgoing.attempt_id for outgoing in batch)
        self.env.cr.execute(
            SQL(
                "SELECT id, claimed_at FROM ecm_attempt WHERE id = ANY(%s) AND state = 'claimed'",
                attempt_ids,
            )
        )
        # Who they are was read when they were claimed.
        claimed, found = dict(self.env.cr.fetchall()), []
        for outgoing in batch:
            attempt_id = outgoing.attempt_id
            if claimed_at := claimed.get(attempt_id):
                whose = outgoing.campaign_id, outgoing.number, outgoing.account_number
                row = Addressee(attempt_id, outgoing.key, claimed_at, *whose, outgoing.callback)
                found.append(row)
        return found

    @api.model
    def _stamp(self, attempt_ids, now):
        """Renew the time from which an unconfirmed send is in doubt.

        :return: ids of those that are still to be sent; others were settled meanwhile
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_attempt SET claimed_at = %s WHERE id = ANY(%s) AND state = 'claimed'
                RETURNING id""",
                now,
                int_array(attempt_ids),
            )
        )
        return {attempt_id for (attempt_id,) in self.env.cr.fetchall()}

    @api.model
    def _count_at(self, target):
        """How many tries a target holds (or may hold) without a result."""
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM ecm_attempt WHERE %s = %s AND state IN ('claimed', 'sent')",
                SQL.identifier(target._attempt_field),
                target.id,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _lock_by_key(self, keys, corrected=()):
        """Attempts that have no result yet and their contacts, locked in id order until the commit.

        One is *current* when its contact awaits its result. Of the corrected ones, those that were
        answered and have no agent come too (`_get_guess_condition`); one of these is current when its
        contact is still where that result has led it, and its counters are those before that result.

        :return: list of `Ended`
        """
        awaiting = self.env["ecm.contact"]._get_awaiting_states()
        # In id order, so that two who apply results wait for each other and never in a circle.
        self.env.cr.execute(
            SQL(
                """SELECT a.id, a.key, a.state, a.position, a.number, a.campaign_id, a.contact_id,
                          CASE a.state WHEN 'done' THEN %(stands)s
                               ELSE COALESCE(c.current_attempt_id = a.id, FALSE)
                                    AND c.state = ANY(%(awaiting)s) END,
                          GREATEST(c.attempt_count - (a.state = 'done')::int, 0),
                          c.uncounted_count, COALESCE(c.cycle, 1),
                          c.callback, c.callback_since, c.callback_due,
                          ARRAY[c.phone_1, c.phone_2, c.phone_3, c.phone_4, c.phone_5],
                          c.company_id, c.account_number, a.channel
                     FROM ecm_attempt a JOIN ecm_contact c ON c.id = a.contact_id
                    WHERE a.key = ANY(%(keys)s)
                      AND (a.state <> 'done' OR a.key = ANY(%(corrected)s) AND %(is_guess)s)
                 ORDER BY a.id
                      FOR UPDATE OF a, c""",
                stands=self._get_stands_condition(),
                awaiting=list(awaiting),
                keys=list(keys),
                corrected=list(corrected),
                is_guess=self._get_guess_condition(),
            )
        )
        return [Ended(*row) for row in self.env.cr.fetchall()]

    @api.model
    def _get_guess_condition(self):
        """Which results of attempts ``a`` may be told anew: hook for modules that learn later what
        a call came to.

        :rtype: SQL
        """
        return SQL(
            """a.agent IS NULL AND a.outcome_id IN (
                   SELECT id FROM ecm_outcome WHERE is_live_voice AND counts_as_attempt)"""
        )

    def _get_stands_condition(self):
        """Whether nothing has happened to the contact ``c`` since the result of its attempt ``a``.

        :rtype: SQL
        """
        # Closed by a person, a sweep or a gate, called again, or gone on to another campaign; or
        # the customer is open there by another contact, and would be called twice.
        return SQL(
            """NOT COALESCE(a.is_late, FALSE) AND c.current_attempt_id IS NULL
               AND (c.state = 'pending'
                    OR c.state = ANY(%s) AND c.last_outcome_id = a.outcome_id AND %s)
               AND NOT EXISTS (SELECT FROM ecm_attempt n
                                WHERE n.contact_id = c.id AND n.id > a.id)
               AND NOT EXISTS (SELECT FROM ecm_contact n WHERE n.again_from_id = c.id)
               AND NOT EXISTS (SELECT FROM ecm_contact n WHERE n.chained_from_id = c.id)""",
            ["connected", "not_connected", "retries_completed"],
            self.env["ecm.contact"]._has_no_open_twin(SQL("c.campaign_id")),
        )

    @api.model
    def _note_promises(self, rows):
        """Callbacks that a channel makes itself: the attempts go on.

        :param rows: list of `Promised`
        """
        if not rows:
            return
        # Once only: later the callback is moved, and nothing begins anew.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_attempt a
                      SET position = CASE WHEN a.callback_at IS NULL AND v.takes_over THEN 1
                                          ELSE a.position END,
                          callback_at = v.at, callback_number = v.number, agent = v.agent,
                          state = 'sent'
                     FROM %s
                    WHERE a.id = v.attempt_id""",
                values_of(rows, Promised),
            )
        )

    @api.model
    def _record_results(self, rows, now):
        """Write results on attempts.

        :param rows: list of `Recorded`
        """
        if not rows:
            return
        # A channel that does not say when it called did so after the claim at the earliest.
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_attempt a
                      SET state = 'done', result_at = %s,
                          is_late = CASE a.state WHEN 'done' THEN a.is_late ELSE v.is_late END,
                          outcome_id = v.outcome_id, raw_code = v.raw_code, agent = v.agent,
                          duration_seconds = v.duration_seconds, wrap_up = v.wrap_up,
                          dialer_reference = v.reference,
                          business_outcome_id = v.business_outcome_id,
                          called_at = COALESCE(v.called_at, a.claimed_at)
                     FROM %s
                    WHERE a.id = v.attempt_id""",
                now,
                values_of(rows, Recorded),
            )
        )

    @api.model
    def _sweep_dangling(self, now, limit):
        """Close what waited too long for a result (requirement F4; index ``_awaiting``).

        :return: ids of the contacts that were closed
        """
        deadlines = self._get_deadlines(now)
        if not deadlines:
            return []
        # The latest of all stands beside each one's own, for the index. Whoever is to be called back
        # at a time has no result before it.
        is_late = SQL(
            """a.claimed_at < %s AND EXISTS (
                   SELECT 1 FROM %s
                    WHERE v.campaign_id = a.campaign_id AND v.read_until = %s
                      AND GREATEST(a.claimed_at, a.callback_at) < v.claimed_before)""",
            max(deadline.claimed_before for deadline in deadlines),
            values_of(deadlines, Deadline),
            self._get_read_until(now),
        )
        return self._close_unanswered(is_late, now, limit)

    @api.model
    def _get_deadlines(self, now):
        """For what awaits a result, by campaign and by how far its results were read: before which
        moment it must have been sent to be too late.

        :return: list of `Deadline`
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT DISTINCT a.campaign_id, %s AS read_until FROM ecm_attempt a
                    WHERE a.state IN ('claimed', 'sent')""",
                self._get_read_until(now),
            )
        )
        found = []
        for campaign_id, read_until in self.env.cr.fetchall():
            # What was never read is not missing.
            if read_until:
                campaign = self.env["ecm.campaign"].browse(campaign_id)
                deadline = campaign._get_dangling_deadlines(read_until)[campaign_id]
                found.append(Deadline(campaign_id, read_until, deadline))
        return found

    @api.model
    def _get_read_until(self, now):
        """Up to which moment the results of the attempt ``a`` were read: what was not read is not
        missing. A channel that tells its results itself has nothing to read; one that is asked
        extends this.

        :param datetime now: naive UTC
        :return: naive UTC, not after now, NULL for never
        :rtype: SQL
        """
        return SQL("%s::timestamp", now)

    @api.model
    def _abandon(self):
        """Close all that waits for a result: it is another database's."""
        self.env.flush_all()
        everything = SQL("TRUE")
        self._close_unanswered(everything, fields.Datetime.now(), None)
        self.env.invalidate_all()

    def _close_unanswered(self, condition, now, limit):
        """:param condition: SQL on the attempt ``a`` and its campaign ``p``
        :param limit: attempts at most, None for all
        """
        contacts = self.env["ecm.contact"]
        # A contact that has gone on since awaits another attempt: it stays as it is.
        self.env.cr.execute(
            SQL(
                """WITH late AS (
                       SELECT a.id, a.contact_id
                         FROM ecm_attempt a JOIN ecm_campaign p ON p.id = a.campaign_id
                        WHERE a.state IN ('claimed', 'sent')
                          AND %s
                     ORDER BY a.claimed_at LIMIT %s
                          FOR UPDATE OF a SKIP LOCKED
                   ), swept AS (
                       UPDATE ecm_attempt a SET state = 'dangling' FROM late WHERE a.id = late.id
                       RETURNING a.id, a.contact_id
                   )
                   UPDATE ecm_contact c
                      SET state = 'dangling', close_reason = 'no_result', %s,
                          attempt_count = attempt_count + 1
                     FROM swept
                    WHERE c.id = swept.contact_id AND c.current_attempt_id = swept.id
                      AND c.state = ANY(%s)
                RETURNING c.id""",
                condition,
                limit,
                contacts._closing(now),
                list(contacts._get_awaiting_states()),
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    # -- the ledger -------------------------------------------------------------------------------

    @api.model
    def _get_tries(self, candidates, since, everywhere):
        """Tries that limits count: all that did not turn out not to count (indexes on the contact
        and ``_number``).

        A call is not later than its result, whatever the dialer's clock says.

        :param candidates: list of ``tools.gates.Candidate``
        :param datetime since: naive UTC, ``None`` for the whole history
        :param bool everywhere: whether tries of other contacts on the same numbers count too, of
            all campaigns of the contact's company: another company is another caller, to the law
            too, and nobody is told of what it does
        :return: ``{contact id: list of tools.limits.Try}``
        """
        # A look into the index for each contact, and one for each of its numbers.
        own = SQL("SELECT a.* FROM ecm_attempt a WHERE a.contact_id = v.contact_id")
        same_number = SQL(
            "SELECT a.* FROM ecm_attempt a"
            " WHERE a.number = ANY(v.numbers) AND a.company_id = v.company_id"
        )
        if since:
            # A callback that the dialer makes may be long after the claim.
            recent = SQL("(a.claimed_at > %s OR a.callback_at > %s)", since, since)
            own = SQL("%s AND %s", own, recent)
            same_number = SQL("%s AND %s", same_number, recent)
        found = SQL("%s UNION %s", own, same_number) if everywhere else own

        # What has no outcome yet may still turn out to count.
        self.env.cr.execute(
            SQL(
                """SELECT v.contact_id, LEAST(COALESCE(a.called_at, a.claimed_at), a.result_at),
                          COALESCE(a.number, ''), a.contact_id = v.contact_id, a.channel,
                          COALESCE(o.is_live_voice, FALSE), %s
                     FROM unnest(%s::int[], %s::text[]) AS given(contact_id, joined)
                     JOIN ecm_contact c ON c.id = given.contact_id
               CROSS JOIN LATERAL (SELECT given.contact_id, c.company_id,
                                          string_to_array(given.joined, ' ')::varchar[] AS numbers
                                  ) v
               CROSS JOIN LATERAL (%s) a
                LEFT JOIN ecm_outcome o ON o.id = a.outcome_id
                LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id
                    WHERE o.counts_as_attempt IS NOT FALSE""",
                IS_REFUSAL,
                [candidate.contact_id for candidate in candidates],
                [" ".join(candidate.get_numbers()) for candidate in candidates],
                found,
            )
        )
        tries = {candidate.contact_id: [] for candidate in candidates}
        for contact_id, made_at, *others in self.env.cr.fetchall():
            number, is_own, channel, is_conversation, is_refusal = others
            made = Try(
                made_at.replace(tzinfo=UTC),
                number,
                is_own,
                channel=channel,
                is_conversation=is_conversation,
                is_refusal=is_refusal,
            )
            tries[contact_id].append(made)
        return tries

    @api.model
    def _get_made(self, campaign, limit=50_000):
        """A campaign's last attempts, for what region rules would have said (no index: a user asks
        for it now and then).

        :return: list of ``tools.region_effects.Made`` in the order in which they were made
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT a.contact_id, a.number, a.channel,
                          LEAST(COALESCE(a.called_at, a.claimed_at), a.result_at) AS made_at,
                          c.tz, c.region, c.zip, %s,
                          COALESCE(o.is_live_voice, FALSE), %s
                     FROM ecm_attempt a
                     JOIN ecm_contact c ON c.id = a.contact_id
                LEFT JOIN ecm_outcome o ON o.id = a.outcome_id
                LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id
                    WHERE a.campaign_id = %s AND a.number IS NOT NULL
                      AND o.counts_as_attempt IS NOT FALSE
                 ORDER BY a.id DESC LIMIT %s""",
                has_agreed(),
                IS_REFUSAL,
                campaign.id,
                limit,
            )
        )
        found = []
        for contact_id, number, channel, made_at, tz, *others in self.env.cr.fetchall():
            zones = find_zones(tz, number, campaign.tz)
            place, said = Place(*others[:3]), others[3:]
            found.append(Made(contact_id, number, channel, made_at, zones, place, *said))
        return sorted(found, key=attrgetter("at"))

    @api.model
    def _get_uses(self, contact_ids, besides=()):
        """What earlier tries by the same strategy came to (index on the contact).

        :param besides: ids of attempts that are no earlier ones
        :return: list of `Use`
        """
        self.env.cr.execute(
            # The callback strategy began when the customer asked for it.
            SQL(
                """SELECT a.contact_id, COALESCE(a.cycle, 1) = COALESCE(c.cycle, 1) AS is_same_run,
                          a.position, o.code,
                          CASE WHEN b.action <> 'strategy' OR b.suppresses THEN b.code END,
                          o.counts_as_attempt, o.misses_agent, count(*)
                     FROM ecm_attempt a
                     JOIN ecm_contact c ON c.id = a.contact_id
                     JOIN ecm_outcome o ON o.id = a.outcome_id
                LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id
                    WHERE a.contact_id = ANY(%s) AND a.state = 'done' AND a.id <> ALL(%s)
                      AND a.claimed_at >= COALESCE(c.callback_since, '-infinity')
                 GROUP BY a.contact_id, is_same_run, a.position, o.id, b.id""",
                list(contact_ids),
                list(besides),
            )
        )
        return [Use(*row) for row in self.env.cr.fetchall()]

    # -- how much was sent ------------------------------------------------------------------------

    @api.model
    def _find_first_since(self, moment):
        """About the first attempt that was claimed since a moment, found by halves in the primary
        key: ids rise with the time, and no index on it has to be kept.

        :param datetime moment: naive UTC
        :return: its id, None where there are no attempts
        """
        self.env.cr.execute(
            SQL(
                """WITH RECURSIVE part(low, high) AS (
                       SELECT min(id)::bigint, max(id)::bigint + 1 FROM ecm_attempt
                    UNION ALL
                       SELECT CASE WHEN is_earlier THEN middle + 1 ELSE low END,
                              CASE WHEN is_earlier THEN high ELSE middle END
                         FROM (SELECT low, high, (low + high) / 2 AS middle,
                                      (SELECT a.claimed_at < %s FROM ecm_attempt a
                                        WHERE a.id >= (low + high) / 2
                                     ORDER BY a.id LIMIT 1) AS is_earlier
                                 FROM part WHERE low < high) AS halved)
                   SELECT low FROM part WHERE low >= high""",
                moment,
            )
        )
        found = self.env.cr.fetchone()
        return found and found[0]

    @api.model
    def _count_since(self, name, first_id, moment):
        """How many attempts were claimed since a moment, by target.

        :param str name: the target's field
        :param first_id: of `_find_first_since`
        :param datetime moment: naive UTC
        :return: ``{target's id: count}``
        """
        if not first_id:
            return {}
        column = SQL.identifier(name)
        self.env.cr.execute(
            SQL(
                """SELECT %(column)s, count(*) FROM ecm_attempt
                    WHERE id >= %(first)s AND claimed_at >= %(moment)s AND %(column)s IS NOT NULL
                 GROUP BY %(column)s""",
                column=column,
                first=first_id,
                moment=moment,
            )
        )
        return dict(self.env.cr.fetchall())

    # -- what a dry run assumes -------------------------------------------------------------------

    @api.model
    def _tally_recent(self, campaigns, limit):
        """Outcomes of the last attempts of some campaigns (index on the campaign).

        :return: ``{outcome code: count}``
        """
        self.env.cr.execute(
            # As many of each campaign, so that a large one does not speak for all.
            SQL(
                """SELECT o.code, sum(found.count)::int
                     FROM (SELECT recent.outcome_id, count(*) AS count
                             FROM unnest(%s::int[]) AS p(id)
                       CROSS JOIN LATERAL (SELECT a.outcome_id FROM ecm_attempt a
                                            WHERE a.campaign_id = p.id AND a.state = 'done'
                                         ORDER BY a.id DESC LIMIT %s) AS recent
                         GROUP BY 1) AS found
                     JOIN ecm_outcome o ON o.id = found.outcome_id
                 GROUP BY 1""",
                list(campaigns.ids),
                limit,
            )
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _tally_wrap_ups(self, campaign, limit):
        """What agents said of a campaign's last conversations (index on the campaign).

        :return: ``{id of the wrap-up: per cent of the conversations}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT recent.business_outcome_id, count(*)
                     FROM (SELECT a.outcome_id, a.business_outcome_id FROM ecm_attempt a
                            WHERE a.campaign_id = %s AND a.state = 'done'
                         ORDER BY a.id DESC LIMIT %s) AS recent
                     JOIN ecm_outcome o ON o.id = recent.outcome_id AND o.is_live_voice
                 GROUP BY 1""",
                campaign.id,
                limit,
            )
        )
        counts = dict(self.env.cr.fetchall())
        total = sum(counts.values())
        # Of some the agents said nothing.
        counts.pop(None, None)
        return {wrap_up: round(100 * count / total, 2) for wrap_up, count in counts.items()}

    @api.model
    def _get_recent_pace(self, campaign, limit, enough):
        """Calls in an average hour in which a campaign called lately; 0 when there are too few to
        say.
        """
        self.env.cr.execute(
            SQL(
                """SELECT count(*), count(DISTINCT date_trunc('hour', recent.claimed_at))
                     FROM (SELECT claimed_at FROM ecm_attempt
                            WHERE campaign_id = %s AND state = 'done'
                         ORDER BY id DESC LIMIT %s) AS recent""",
                campaign.id,
                limit,
            )
        )
        calls, hours = self.env.cr.fetchone()
        return round(calls / hours, 1) if calls >= enough else 0
