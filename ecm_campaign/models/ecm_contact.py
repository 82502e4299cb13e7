from datetime import UTC

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..const import (
    CLOSED_STATES,
    CONTACT_STATES,
    OPEN_STATES,
    PENDING,
    PHONE_FIELDS,
    PHONE_SIZE,
    SENT_TO_DIALER,
)
from ..fields import UncheckedMany2one
from ..tools import phones as phone_tools
from ..tools import strategy as decision
from ..tools.gates import Candidate
from ..tools.time_zones import is_zone

CLOSE_REASONS = [
    ("live_voice", "Customer reached"),
    ("rule_close", "Closed by a rule"),
    ("wrap_up_close", "Closed by the wrap-up"),
    ("no_rule", "No rule for the outcome"),
    ("budget", "All attempts made"),
    ("cycles", "All cycles made"),
    ("uncounted_budget", "Too many failed tries"),
    ("limit", "Limit of attempts reached"),
    ("missing_attempt", "No further attempt"),
    ("no_number", "No number to call"),
    ("suppressed", "Do not contact"),
    ("refused", "Refused by the dialer"),
    ("no_result", "No result from the dialer"),
    ("withdrawn", "Withdrawn"),
    ("expired", "List expired"),
]

# Why a pending contact that was due is not sent now; modules that bring a gate add its reasons.
BLOCK_REASONS = [
    ("list_stopped", "List stopped"),
    ("limit", "Limit of attempts"),
    ("hours", "Outside calling hours"),
    ("zone", "Not open in all its time zones"),
    ("holiday", "Holiday"),
    ("region", "Region rule"),
    ("group", "Time zones of the campaign group"),
    ("drain", "Hours end soon"),
]


class EcmContact(models.Model):
    """One person in one campaign: up to five phones, a state, the next attempt (requirements L5,
    F3).

    A lean table for millions of rows: no chatter, no stored computed field of another model. A
    pending contact is *waiting* until ``next_attempt_at`` and then *ready*; ready contacts are read
    in index order, so that feeding costs what is sent and not what is stored.
    """

    _name = "ecm.contact"
    _description = "Contact"
    _order = "id desc"
    _rec_name = "phone_1"
    _log_access = False  # four columns and two foreign keys less in each of millions of rows

    # No foreign keys: deleting a campaign or a list deletes its contacts by _delete_of.
    campaign_id = UncheckedMany2one("ecm.campaign", required=True)
    list_id = UncheckedMany2one("ecm.contact.list")
    # Written once, by the import that stores the contact: an undo deletes nobody else's contacts.
    origin_list_id = UncheckedMany2one(
        "ecm.contact.list",
        "Brought by",
        readonly=True,
        copy=False,
        help="The list whose import stored the contact; a list that overwrites may have taken it "
        "over since. Empty: it was not imported.",
    )
    company_id = UncheckedMany2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    added_at = fields.Datetime("Added on", default=fields.Datetime.now, readonly=True, copy=False)
    state = fields.Selection(
        CONTACT_STATES,
        required=True,
        default=PENDING,
        string="Request State",
        readonly=True,
        copy=False,
    )

    phone_1 = fields.Char(size=PHONE_SIZE, required=True)
    phone_2 = fields.Char(size=PHONE_SIZE)
    phone_3 = fields.Char(size=PHONE_SIZE)
    phone_4 = fields.Char(size=PHONE_SIZE)
    phone_5 = fields.Char(size=PHONE_SIZE)
    first_name = fields.Char("First name")
    last_name = fields.Char("Last name")
    account_number = fields.Char("Customer key", help="The customer's key in your own systems.")
    email = fields.Char("E-mail")
    tz = fields.Char(
        "Time zone", help="Where the customer is, as in Europe/Berlin. Empty: as the number says."
    )
    priority = fields.Integer(
        default=0,
        required=True,
        help="Higher is called first where the campaign's order is priority.",
    )
    business_parameters = fields.Properties(
        definition="campaign_id.parameters_definition", copy=False
    )

    is_ready = fields.Boolean(
        default=True,
        required=True,
        readonly=True,
        copy=False,
        help="Due: may be sent in the next feed.",
    )
    is_retry = fields.Boolean(default=False, required=True, readonly=True, copy=False)
    next_attempt_at = fields.Datetime(
        "Next attempt on", readonly=True, copy=False, help="Not called before. Empty: at once."
    )
    next_position = fields.Integer(
        "Next attempt",
        default=1,
        required=True,
        readonly=True,
        copy=False,
        help="Place in the strategy of the next attempt.",
    )
    number_to_call = fields.Char(
        size=PHONE_SIZE,
        readonly=True,
        copy=False,
        help="The number that the current or next attempt is made on.",
    )
    cycle = fields.Integer(
        default=1, readonly=True, copy=False, help="Run through the strategy, counted from 1."
    )
    block_reason = fields.Selection(
        BLOCK_REASONS,
        string="Held back by",
        readonly=True,
        copy=False,
        help="Why the contact was not sent when it was due. It is looked at again at its next attempt's time.",
    )
    block_detail = fields.Char(readonly=True, copy=False)
    callback = fields.Selection(
        [("personal", "Same agent"), ("normal", "Any agent")],
        readonly=True,
        copy=False,
        help="The customer asked to be called back: the callback strategy decides.",
    )
    callback_agent = fields.Char("Callback agent", readonly=True, copy=False)
    callback_since = fields.Datetime("Callback since", readonly=True, copy=False)
    callback_retained = fields.Boolean(
        "Kept for the agent",
        readonly=True,
        copy=False,
        help="A rule keeps the callback for its agent, however long.",
    )
    attempt_count = fields.Integer(
        "Attempts made", default=0, required=True, readonly=True, copy=False
    )
    uncounted_count = fields.Integer(
        "Failed tries", default=0, required=True, readonly=True, copy=False
    )
    last_attempt_at = fields.Datetime(
        "Request Time", readonly=True, copy=False, help="When the last attempt was made."
    )
    last_outcome_id = UncheckedMany2one("ecm.outcome", "Last outcome", readonly=True, copy=False)
    current_attempt_id = UncheckedMany2one(
        "ecm.attempt", readonly=True, copy=False, help="The attempt whose result is awaited."
    )
    closed_at = fields.Datetime("Closed on", readonly=True, copy=False)
    close_reason = fields.Selection(CLOSE_REASONS, string="Why closed", readonly=True, copy=False)
    withdraw_reason = fields.Char("Reason of withdrawal", readonly=True, copy=False)
    resume_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="Next attempt of a contact whose list is stopped; planned again by a restart.",
    )
    attempt_ids = fields.One2many("ecm.attempt", "contact_id", string="Attempts", readonly=True)
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")

    # Counters and the list view of one campaign; why its contacts are closed.
    _campaign_state = models.Index("(campaign_id, state, close_reason)")
    # Duplicates within the campaign and over all of them, withdrawal and search by number.
    _phone_campaign = models.Index("(phone_1, campaign_id)")
    # Withdrawal and "do not contact" by another number: they cost an import nothing where contacts
    # have one phone.
    _phone_2 = models.Index("(phone_2) WHERE phone_2 IS NOT NULL")
    _phone_3 = models.Index("(phone_3) WHERE phone_3 IS NOT NULL")
    _phone_4 = models.Index("(phone_4) WHERE phone_4 IS NOT NULL")
    _phone_5 = models.Index("(phone_5) WHERE phone_5 IS NOT NULL")
    # Withdrawal by the customer's key.
    _account_number = models.Index("(account_number) WHERE account_number IS NOT NULL")
    # A list's counters, and what stopping, restarting or expiring it changes.
    _list_state = models.Index("(list_id, state)")
    # The feed: FIFO forwards, LIFO backwards.
    _ready_arrival = models.Index(
        "(campaign_id, is_retry, id) WHERE is_ready AND state = 'pending'"
    )
    # The feed by priority.
    _ready_priority = models.Index(
        "(campaign_id, is_retry, priority DESC, id) WHERE is_ready AND state = 'pending'"
    )
    # Promotion of contacts that become due; many have the same time, where calling hours begin.
    _waiting = models.Index(
        "(campaign_id, next_attempt_at, priority DESC, id) WHERE NOT is_ready AND state = 'pending'"
    )
    # Explain: what holds back how many.
    _blocked = models.Index(
        "(campaign_id, block_reason, next_attempt_at) "
        "WHERE NOT is_ready AND state = 'pending' AND block_reason IS NOT NULL"
    )

    def init(self):
        # Every attempt changes a row: without room and early vacuum the feed would wade through
        # dead index entries.
        self.env.cr.execute(
            SQL(
                "ALTER TABLE %s SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, "
                "autovacuum_analyze_scale_factor = 0.02)",
                SQL.identifier(self._table),
            )
        )

    @api.depends("first_name", "last_name", "phone_1")
    def _compute_display_name(self):
        for contact in self:
            name = " ".join(filter(None, (contact.first_name, contact.last_name)))
            contact.display_name = f"{name} ({contact.phone_1})" if name else contact.phone_1

    @api.depends("state")
    def _compute_is_open(self):
        for contact in self:
            contact.is_open = contact.state in OPEN_STATES

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = [
            *(OPEN_STATES if True in value else ()),
            *(CLOSED_STATES if False in value else ()),
        ]
        return [("state", "in", states)]

    # -- few contacts: forms and API ----------------------------------------------------------------

    @api.constrains("tz")
    def _check_tz(self):
        for contact in self:
            if contact.tz and not is_zone(contact.tz):
                raise ValidationError(
                    self.env._(
                        "%s is not a time zone that is known; write it as in Europe/Berlin.",
                        contact.tz,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.update(self._prepare_contact_values(vals))
        contacts = super().create(vals_list)
        contacts._plan_first_attempt()
        contacts.campaign_id.filtered("is_running")._trigger_feed()
        return contacts

    def write(self, vals):
        changed = {name: vals[name] for name in PHONE_FIELDS if vals.get(name)}
        if changed:
            vals = {
                **vals,
                **self._normalise_phones(changed, self.company_id[:1] or self.env.company),
            }
        return super().write(vals)

    @api.model
    def _prepare_contact_values(self, vals):
        """Values that follow from the campaign, and phones in E.164 (requirement L6)."""
        campaign = self.env["ecm.campaign"].browse(
            vals.get("campaign_id") or self.env.context.get("default_campaign_id")
        )
        company = campaign.company_id
        return {"company_id": company.id, **self._normalise_phones(vals, company)}

    def _normalise_phones(self, vals, company):
        """:raise ValidationError: naming the phone that cannot be called"""
        country = company.country_id.code
        normalised = {}
        for name in PHONE_FIELDS:
            if vals.get(name):
                number, reason = phone_tools.normalise(vals[name], country)
                if reason:
                    raise ValidationError(
                        self.env._(
                            "%(field)s: %(number)s is not a number that can be called (%(reason)s). Write it with "
                            "its country code, for example +49 30 123456.",
                            field=self._fields[name]._description_string(self.env),
                            number=vals[name],
                            reason=self.env["ecm.contact.list.reject"]._get_reason_text(reason),
                        )
                    )
                normalised[name] = number
        return normalised

    def _plan_first_attempt(self):
        """Set the number of the first attempt, as the strategy has it now."""
        now = fields.Datetime.now()
        for campaign, contacts in self.grouped("campaign_id").items():
            plan = campaign.strategy_id._get_plan()
            for contact in contacts:
                first = decision.first_attempt(
                    plan, contact._get_phones(), None, now.replace(tzinfo=UTC)
                )
                number = (
                    first.number if isinstance(first, decision.NextAttempt) else contact.phone_1
                )
                waits = contact.next_attempt_at and contact.next_attempt_at > now
                super(EcmContact, contact).write({"number_to_call": number, "is_ready": not waits})

    def _get_phones(self):
        self.ensure_one()
        return tuple(self[name] or None for name in PHONE_FIELDS)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_called(self):
        if self.env["ecm.attempt"].sudo().search_count([("contact_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "These contacts were called: the history must stay. Withdraw them instead."
                )
            )

    def action_withdraw(self, reason=None):
        """Close open contacts at once (requirement L10). One that is at the dialer may still be
        called once; its result is recorded and leads to nothing more.

        :param str reason: kept with the contact, for whoever asks later
        :return: True
        """
        self.check_access("write")
        self.flush_model()
        self._withdraw(SQL("SELECT unnest(%s::int[])", self.ids), reason)
        return True

    def action_withdraw_with_reason(self):
        """Ask for the reason first."""
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecm_campaign.ecm_contact_withdraw_action"
        )
        return {**action, "context": {"default_contact_ids": self.filtered("is_open").ids}}

    @api.model
    def _withdraw(self, ids, reason):
        """:param SQL ids: a query of contact ids
        :return: list of ``(customer key, phone 1, … phone 5)`` of the contacts that were open
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, closed_at = %s,
                          is_ready = FALSE, next_attempt_at = NULL, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id = ANY(ARRAY(%s)) AND state = ANY(%s)
                RETURNING account_number, phone_1, phone_2, phone_3, phone_4, phone_5""",
                reason or None,
                fields.Datetime.now(),
                ids,
                list(OPEN_STATES),
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
        # OFFSET keeps one look into the index for each value.
        look_ups = [
            SQL(
                """SELECT found.id
                     FROM unnest(%s::varchar[]) AS n(value)
               CROSS JOIN LATERAL (SELECT c.id FROM ecm_contact c
                                    WHERE c.%s = n.value AND c.state = ANY(%s) AND %s OFFSET 0) AS found""",
                list(values),
                SQL.identifier(column),
                list(OPEN_STATES),
                where,
            )
            for column in columns
        ]
        return SQL(" UNION ").join(look_ups)

    @api.model
    def _delete_of(self, column, owner_ids):
        """Delete the contacts that campaigns or lists leave behind; there is no foreign key to do so.

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
    def _return_to_origin(self, lists):
        """Give contacts that these lists took over back to the lists that brought them, or to none
        where there is none any more (index ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET list_id = (SELECT l.id FROM ecm_contact_list l WHERE l.id = c.origin_list_id)
                    WHERE c.list_id = ANY(%s) AND c.origin_list_id IS DISTINCT FROM c.list_id""",
                lists.ids,
            )
        )
        return self.env.cr.rowcount

    # -- many contacts: the engine's statements -----------------------------------------------------

    @api.model
    def _promote_due(self, campaign, now, limit):
        """Make waiting contacts ready whose time has come (index ``_waiting``).

        :param datetime now: naive UTC
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET is_ready = TRUE
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE campaign_id = %s AND next_attempt_at <= %s
                                    AND NOT is_ready AND state = 'pending'
                               ORDER BY next_attempt_at, priority DESC, id LIMIT %s
                                    FOR UPDATE SKIP LOCKED)""",
                campaign.id,
                now,
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _lock_ready(self, campaign, limit):
        """Take ready contacts of a campaign in its dial order, locked until the commit (requirement
        C6).

        :return: list of ``tools.gates.Candidate``
        """
        candidates = []
        strata = (True, False) if campaign.retry_order == "before" else (False, True)
        for is_retry in strata:
            if len(candidates) < limit:
                candidates += self._lock_ready_stratum(campaign, is_retry, limit - len(candidates))
        return candidates

    _dial_orders = {
        "fifo": SQL("id"),
        "lifo": SQL("id DESC"),
        "priority": SQL("priority DESC, id"),
    }

    def _lock_ready_stratum(self, campaign, is_retry, limit):
        # Indexes _ready_arrival and _ready_priority; is_retry is inlined so that it meets the
        # index's second column.
        self.env.cr.execute(
            SQL(
                """SELECT %s
                     FROM ecm_contact
                    WHERE campaign_id = %s AND is_retry = %s AND is_ready AND state = 'pending'
                 ORDER BY %s LIMIT %s
                      FOR UPDATE SKIP LOCKED""",
                self._candidate_columns,
                campaign.id,
                is_retry,
                self._dial_orders[campaign.dial_order],
                limit,
            )
        )
        return [self._make_candidate(row) for row in self.env.cr.fetchall()]

    _candidate_columns = SQL(
        """id, next_position, attempt_count, uncounted_count, first_name, last_name, account_number, tz, list_id,
           added_at, COALESCE(cycle, 1), callback, callback_since, callback_retained,
           phone_1, phone_2, phone_3, phone_4, phone_5"""
    )

    @api.model
    def _make_candidate(self, row):
        """:param row: values of ``_candidate_columns``"""
        contact_id, position, counted, uncounted, first_name, last_name, *other = row
        (
            account_number,
            tz,
            list_id,
            added_at,
            cycle,
            callback,
            callback_since,
            is_retained,
            *phones,
        ) = other
        return Candidate(
            contact_id,
            position,
            counted,
            uncounted,
            first_name or "",
            last_name or "",
            tuple(phones),
            account_number,
            tz,
            list_id,
            added_at,
            cycle,
            callback,
            callback_since,
            bool(is_retained),
        )

    def _get_candidates(self):
        """These contacts as the gates see them, whether they are due or not; nothing is locked."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM ecm_contact WHERE id = ANY(%s) ORDER BY id",
                self._candidate_columns,
                self.ids,
            )
        )
        return [self._make_candidate(row) for row in self.env.cr.fetchall()]

    @api.model
    def _mark_sent(self, rows, state, now):
        """Claimed contacts leave *Pending*.

        :param rows: list of ``(contact id, attempt id, number, callback)``; the last says whose
        callback it is now
        """
        if not rows:
            return
        contact_ids, attempt_ids, numbers, callbacks = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = %s, is_ready = FALSE, next_attempt_at = NULL, last_attempt_at = %s,
                          block_reason = NULL, block_detail = NULL,
                          current_attempt_id = v.attempt_id, number_to_call = v.number, callback = v.callback
                     FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[])
                          AS v(contact_id, attempt_id, number, callback)
                    WHERE c.id = v.contact_id""",
                state,
                now,
                list(contact_ids),
                list(attempt_ids),
                list(numbers),
                list(callbacks),
            )
        )

    @api.model
    def _release(self, attempt_ids):
        """Contacts of tries that never took place go back to *Pending*, ready as before."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = TRUE, current_attempt_id = NULL
                     FROM ecm_attempt a
                    WHERE a.id = ANY(%s) AND c.id = a.contact_id AND c.current_attempt_id = a.id AND c.state = %s""",
                list(attempt_ids),
                SENT_TO_DIALER,
            )
        )

    @api.model
    def _apply_decisions(self, rows, now):
        """Write what was decided on contacts whose result came.

        :param rows: list of ``tools.results.Decided``
        """
        closing = [row for row in rows if isinstance(row.decision, decision.Close)]
        following = [row for row in rows if not isinstance(row.decision, decision.Close)]
        if following:
            self._apply_next(following, now)
        if closing:
            self._apply_close(closing, now)

    def _apply_next(self, rows, now):
        choices = [row.decision for row in rows]
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = 'pending', is_ready = (v.at <= %(now)s), is_retry = TRUE, next_attempt_at = v.at,
                          next_position = v.position, number_to_call = v.number, last_outcome_id = v.outcome_id,
                          attempt_count = v.counted, uncounted_count = v.uncounted, current_attempt_id = NULL,
                          cycle = v.cycle, priority = COALESCE(v.priority, c.priority),
                          callback = COALESCE(v.callback, c.callback), callback_retained = NULLIF(v.retained, FALSE),
                          callback_agent = CASE WHEN v.callback IS NOT NULL AND c.callback IS NULL THEN v.agent
                                                ELSE c.callback_agent END,
                          callback_since = CASE WHEN v.callback IS NOT NULL AND c.callback IS NULL THEN %(now)s
                                                ELSE c.callback_since END
                     FROM unnest(%(ids)s::int[], %(outcomes)s::int[], %(counted)s::int[], %(uncounted)s::int[],
                                 %(positions)s::int[], %(moments)s::timestamp[], %(numbers)s::text[],
                                 %(cycles)s::int[], %(priorities)s::int[], %(callbacks)s::text[], %(agents)s::text[],
                                 %(retained)s::bool[])
                          AS v(contact_id, outcome_id, counted, uncounted, position, at, number, cycle, priority,
                               callback, agent, retained)
                    WHERE c.id = v.contact_id""",
                now=now,
                ids=[row.contact_id for row in rows],
                outcomes=[row.outcome_id for row in rows],
                counted=[0 if row.decision.resets else row.counted for row in rows],
                uncounted=[0 if row.decision.resets else row.uncounted for row in rows],
                positions=[choice.position for choice in choices],
                moments=[choice.at.replace(tzinfo=None) for choice in choices],
                numbers=[choice.number for choice in choices],
                cycles=[choice.cycle for choice in choices],
                priorities=[choice.priority for choice in choices],
                callbacks=[choice.callback for choice in choices],
                agents=[row.agent for row in rows],
                retained=[choice.retained for choice in choices],
            )
        )

    def _apply_close(self, rows, now):
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET state = v.state, close_reason = v.reason, closed_at = %s, is_ready = FALSE,
                          next_attempt_at = NULL, last_outcome_id = COALESCE(v.outcome_id, c.last_outcome_id),
                          attempt_count = v.counted, uncounted_count = v.uncounted, current_attempt_id = NULL,
                          block_reason = NULL, block_detail = NULL
                     FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::text[], %s::text[])
                          AS v(contact_id, outcome_id, counted, uncounted, state, reason)
                    WHERE c.id = v.contact_id""",
                now,
                [row.contact_id for row in rows],
                [row.outcome_id for row in rows],
                [row.counted for row in rows],
                [row.uncounted for row in rows],
                [row.decision.state for row in rows],
                [row.decision.reason for row in rows],
            )
        )

    @api.model
    def _apply_waits(self, rows):
        """Move contacts to their next legal time, with the reason (requirement N4).

        :param rows: list of ``(contact id, tools.gates.Wait)``
        """
        if not rows:
            return
        contact_ids, waits = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, next_attempt_at = v.until, block_reason = v.reason, block_detail = v.detail
                     FROM unnest(%s::int[], %s::timestamp[], %s::text[], %s::text[])
                          AS v(contact_id, until, reason, detail)
                    WHERE c.id = v.contact_id""",
                list(contact_ids),
                [wait.until for wait in waits],
                [wait.reason for wait in waits],
                [wait.detail or None for wait in waits],
            )
        )

    @api.model
    def _apply_holds(self, rows):
        """Take contacts out of the feed's sight until somebody acts: promotion passes over an empty
        time.

        :param rows: list of ``(contact id, tools.gates.Hold)``
        """
        if not rows:
            return
        contact_ids, holds = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET is_ready = FALSE, resume_at = c.next_attempt_at, next_attempt_at = NULL,
                          block_reason = v.reason, block_detail = v.detail
                     FROM unnest(%s::int[], %s::text[], %s::text[]) AS v(contact_id, reason, detail)
                    WHERE c.id = v.contact_id""",
                list(contact_ids),
                [hold.reason for hold in holds],
                [hold.detail or None for hold in holds],
            )
        )

    @api.model
    def _get_known_phones(self, where, numbers):
        """Which of these numbers are phone 1 of a contact (index ``_phone_campaign``).

        One look into the index for each number, whatever the planner thinks of a table that grows
        while it is read.

        :param SQL where: further condition on the contact ``c``
        :rtype: set
        """
        self.env.cr.execute(
            SQL(
                """SELECT n.phone
                     FROM unnest(%s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT 1 FROM ecm_contact c WHERE c.phone_1 = n.phone AND %s LIMIT 1) AS known""",
                list(numbers),
                where,
            )
        )
        return {number for (number,) in self.env.cr.fetchall()}

    @api.model
    def _find_by_phone(self, campaign, numbers):
        """The contact of each number in a campaign, an open one where there is one (index
        ``_phone_campaign``).

        :return: ``{number: (contact id, list id, whether it is open)}``
        """
        self.env.cr.execute(
            SQL(
                """SELECT n.phone, known.id, known.list_id, known.is_open
                     FROM unnest(%(numbers)s::varchar[]) AS n(phone)
               CROSS JOIN LATERAL (SELECT c.id, c.list_id, c.state = ANY(%(open)s) AS is_open
                                     FROM ecm_contact c
                                    WHERE c.phone_1 = n.phone AND c.campaign_id = %(campaign)s
                                 ORDER BY is_open DESC, c.id LIMIT 1) AS known""",
                numbers=list(numbers),
                open=list(OPEN_STATES),
                campaign=campaign.id,
            )
        )
        return {number: tuple(row) for number, *row in self.env.cr.fetchall()}

    @api.model
    def _update_imported(self, rows, list_id=None):
        """Give open contacts what a file says of them; what it leaves empty stays, and so does the
        history.

        :param rows: list of ``(contact id, phone 2 … 5, first name, last name, account number,
            e-mail, tz, priority, business parameters as JSON)``
        :param int list_id: the list that they belong to from now on; none to leave them in theirs
        """
        if not rows:
            return
        names = (
            "phone_2",
            "phone_3",
            "phone_4",
            "phone_5",
            "first_name",
            "last_name",
            "account_number",
            "email",
            "tz",
        )
        columns = list(zip(*rows, strict=True))
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c
                      SET %s, priority = COALESCE(NULLIF(v.priority, 0), c.priority),
                          business_parameters = COALESCE(c.business_parameters, '{}') || COALESCE(v.parameters, '{}'),
                          list_id = COALESCE(%s, c.list_id)
                     FROM unnest(%s::int[], %s::int[], %s::jsonb[], %s) AS v(id, priority, parameters, %s)
                    WHERE c.id = v.id""",
                SQL(", ").join(
                    SQL("%s = COALESCE(v.%s, c.%s)", *[SQL.identifier(name)] * 3) for name in names
                ),
                list_id,
                list(columns[0]),
                list(columns[10]),
                list(columns[11]),
                SQL(", ").join(SQL("%s::varchar[]", list(column)) for column in columns[1:10]),
                SQL(", ").join(map(SQL.identifier, names)),
            )
        )

    @api.model
    def _close_uncalled(self, where, reason, limit):
        """Withdraw pending contacts that were never called.

        :param SQL where: which, a condition on the contact ``c`` that an index serves
        :param str reason: in words, for whoever asks later
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'withdrawn', close_reason = 'withdrawn', withdraw_reason = %s, closed_at = %s,
                          is_ready = FALSE, next_attempt_at = NULL, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE %s AND c.state = 'pending'
                                    AND NOT EXISTS (SELECT 1 FROM ecm_attempt a WHERE a.contact_id = c.id)
                                  LIMIT %s)""",
                reason,
                fields.Datetime.now(),
                where,
                limit,
            )
        )
        return self.env.cr.rowcount

    # -- lists that are stopped or over -------------------------------------------------------------

    @api.model
    def _hold_lists(self, lists):
        """Take pending contacts of these lists out of the feed's sight: promotion passes over an
        empty time.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = FALSE, resume_at = next_attempt_at, next_attempt_at = NULL,
                          block_reason = 'list_stopped', block_detail = NULL
                    WHERE list_id = ANY(%s) AND state = 'pending' AND (is_ready OR next_attempt_at IS NOT NULL)""",
                lists.ids,
            )
        )
        self.invalidate_model()
        lists.invalidate_recordset()

    @api.model
    def _resume_lists(self, lists, now):
        """Undo `_hold_lists`: what was planned meanwhile is due, the rest waits for its time."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = (resume_at IS NULL OR resume_at <= %(now)s),
                          next_attempt_at = resume_at, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE list_id = ANY(%(lists)s) AND state = 'pending'
                      AND NOT is_ready AND next_attempt_at IS NULL""",
                now=now,
                lists=lists.ids,
            )
        )
        self.invalidate_model()
        lists.invalidate_recordset()

    @api.model
    def _expire_lists(self, lists, now, limit):
        """Close pending contacts of lists that are over (index ``_list_state``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET state = 'expired', close_reason = 'expired', closed_at = %s, is_ready = FALSE,
                          next_attempt_at = NULL, resume_at = NULL, block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE list_id = ANY(%s) AND state = 'pending' LIMIT %s)""",
                now,
                lists.ids,
                limit,
            )
        )
        return self.env.cr.rowcount
