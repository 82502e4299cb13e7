import re
from collections import Counter, defaultdict
from datetime import UTC
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql, table_exists

from ...actions import open_window
from ...const import (
    CLOSED_STATES,
    CONTACT_STATES,
    PENDING,
    PHONE_FIELDS,
    PHONE_SIZE,
)
from ...fields import UncheckedMany2one
from ...formatting import get_label
from ...sql import has_agreed
from ...tools import contact_limits, contact_search
from ...tools import phones as phone_tools
from ...tools.gates import CONSENT_WITHDRAWN
from ...tools.results import Decided, Wish
from ...tools.strategy import DNC_LISTED, Close, NextAttempt, first_attempt
from ...tools.time_zones import is_zone
from .ecm_contact_queue import HELD_BACK, LIST_STOPPED, Planned

# Reasons that mean that nothing of the strategy is left.
USED_UP = ("no_rule", "rule_close", "retries", "budget", "cycles", "missing_attempt")
# What is held to the limits of a file; phones have rules of their own.
CHECKED_FIELDS = (
    "first_name",
    "last_name",
    "account_number",
    "email",
    "consent_source",
    "priority",
)
# The order of a page of contacts that begins with the time of their last attempts.
BY_ATTEMPT = re.compile(r"\s*last_attempt_at(?:\s+(?:asc|desc))?(?=\s*(?:,|$))", re.IGNORECASE)
# Where a word is looked for.
SEARCHED_FIELDS = ("first_name", "last_name", "account_number", "email")
# What the engine writes about a contact: no reason to look at it again.
ENGINE_FIELDS = {
    "is_ready",
    "next_attempt_at",
    "state",
    "block_reason",
    "block_detail",
    "resume_at",
    "dial_key",
    "due_at",
}


class EcmContact(models.Model):
    """One person in one campaign: up to five phones, a state, the next attempt (requirements L5,
    F3).

    A lean table for millions of rows: no chatter, no stored computed field of another model. A
    pending contact is *waiting* until ``next_attempt_at`` and then *ready*; ready contacts are read
    in index order, so that feeding costs what is sent and not what is stored.
    """

    _name = "ecm.contact"
    _inherit = [
        "ecm.engine.fields.mixin",
        "ecm.contact.queue.mixin",
        "ecm.contact.bulk.mixin",
        "ecm.contact.explain.mixin",
        "ecm.contact.details.mixin",
        "ecm.contact.erasure.mixin",
        "ecm.exported.mixin",
    ]
    _description = "Contact"
    _order = "id desc"
    _rec_name = "phone_1"
    _log_access = False  # four columns and two foreign keys less in each of millions of rows
    _fixed_fields = ("campaign_id", "company_id", "list_id", "next_attempt_at")

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
    region = fields.Char(
        "State or region", help="State or region, by name or code, for region rules."
    )
    zip = fields.Char("Postal code", help="Region rules may be about postal codes.")
    consent_on = fields.Date(
        "Agreed on",
        help="When the customer agreed to be called, as you can prove. What the law lifts for whoever "
        "has agreed does not hold for this contact.",
    )
    consent_source = fields.Char(
        "Agreed how", help="Where and in which words the customer agreed, as your proof."
    )
    consent_withdrawn_on = fields.Date(
        "Withdrawn on",
        help="When the customer withdrew consent. The contact closes, and its numbers come on the "
        "list of customers' wishes. Who agrees on a later day has agreed anew, but stays on the "
        "list until somebody takes the numbers off.",
    )
    has_agreed = fields.Boolean(
        "Has agreed",
        compute="_compute_has_agreed",
        search="_search_has_agreed",
        help="Agreed to be contacted, and not withdrawn since.",
    )
    priority = fields.Integer(
        default=0,
        required=True,
        help="Higher is called first where the campaign's order is priority.",
    )
    business_parameters = fields.Properties(
        "Business parameters", definition="campaign_id.parameters_definition", copy=False
    )

    is_ready = fields.Boolean(
        default=True,
        required=True,
        readonly=True,
        copy=False,
        help="Due: may be sent in the next feed.",
    )
    is_retry = fields.Boolean(default=False, required=True, readonly=True, copy=False)
    not_before = fields.Datetime(
        "Not before",
        copy=False,
        help="The contact is not called before, and its time to live counts from then. Empty: at "
        "once.",
    )
    next_attempt_at = fields.Datetime(
        "Next attempt on", readonly=True, copy=False, help="Not called before. Empty: at once."
    )
    due_at = fields.Datetime(
        "Due since",
        readonly=True,
        copy=False,
        help="When its strategy, or whoever moved it, wanted the next attempt, whatever has put it "
        "off since. Empty: when it came.",
    )
    next_position = fields.Integer(
        "Next step",
        default=1,
        required=True,
        readonly=True,
        copy=False,
        help="Place in the strategy of the next attempt.",
    )
    channel = fields.Selection(
        lambda self: self.env["ecm.engine"]._get_channels(),
        default="voice",
        required=True,
        readonly=True,
        copy=False,
        help="On which the current or next attempt is made.",
    )
    number_to_call = fields.Char(
        "Number to call",
        size=PHONE_SIZE,
        readonly=True,
        copy=False,
        help="The number that the current or next attempt is made on.",
    )
    cycle = fields.Integer(
        default=1, readonly=True, copy=False, help="Run through the strategy, counted from 1."
    )
    block_reason = fields.Selection(
        "_get_block_reasons",
        string="Held back by",
        readonly=True,
        copy=False,
        help="Why the contact was not sent when it was due. It is looked at again at its next "
        "attempt's time.",
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
    callback_due = fields.Datetime(
        "Callback due",
        readonly=True,
        copy=False,
        help="When the callback was to be made first: from then on it is kept for its agent.",
    )
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
        "Last attempt on",
        readonly=True,
        copy=False,
        help="When the last attempt was made. One that was taken back does not count.",
    )
    reach = fields.Selection(
        [("reached", "Reached"), ("success", "Success")],
        readonly=True,
        copy=False,
        help="An attempt reached a person; the agent's wrap-up was a success. Written by a trigger.",
    )
    last_outcome_id = UncheckedMany2one("ecm.outcome", "Last outcome", readonly=True, copy=False)
    current_attempt_id = UncheckedMany2one(
        "ecm.attempt", readonly=True, copy=False, help="The attempt whose result is awaited."
    )
    closed_at = fields.Datetime("Closed on", readonly=True, copy=False)
    close_reason = fields.Selection(
        "_get_close_reasons", string="Why closed", readonly=True, copy=False
    )
    close_text = fields.Char("Why it is closed", compute="_compute_close_text")
    withdraw_reason = fields.Char("Reason of withdrawal", readonly=True, copy=False)
    resume_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="Next attempt of a contact whose list is stopped; planned again by a restart.",
    )
    dial_key = fields.Char(
        readonly=True, copy=False, help="Its place where the campaign's order is that of a field."
    )
    target_group_id = UncheckedMany2one("ecm.target.group", readonly=True, copy=False)
    is_drawn = fields.Boolean(readonly=True, copy=False, help="It was its target group's turn.")
    chained_from_id = UncheckedMany2one(
        "ecm.contact",
        "Comes from",
        readonly=True,
        copy=False,
        help="The contact of another campaign that led here.",
    )
    chain_line_id = UncheckedMany2one("ecm.campaign.chain", readonly=True, copy=False)
    again_from_id = UncheckedMany2one(
        "ecm.contact",
        "Called again after",
        readonly=True,
        copy=False,
        help="The closed contact that this one continues; its attempts stay there.",
    )
    bulk_id = UncheckedMany2one(
        "ecm.bulk.action",
        "Last bulk action",
        readonly=True,
        copy=False,
        help="What changed this contact together with others.",
    )
    attempt_ids = fields.One2many("ecm.attempt", "contact_id", string="Attempts", readonly=True)
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")

    # Counters and the list view of one campaign; why its contacts are closed. With the company,
    # which the rule of access asks for, contacts are grouped by campaign from the index alone.
    _campaign_state = models.Index("(campaign_id, state, close_reason) INCLUDE (company_id)")
    # Duplicates within the campaign and over all of them, withdrawal and search by number. With the
    # id, a part of a number is looked for in the index alone.
    _phone_campaign = models.Index("(phone_1, campaign_id) INCLUDE (id)")
    # Withdrawal and "do not contact" by another number: they cost an import nothing where contacts
    # have one phone.
    _phone_2 = models.Index("(phone_2) INCLUDE (id) WHERE phone_2 IS NOT NULL")
    _phone_3 = models.Index("(phone_3) INCLUDE (id) WHERE phone_3 IS NOT NULL")
    _phone_4 = models.Index("(phone_4) INCLUDE (id) WHERE phone_4 IS NOT NULL")
    _phone_5 = models.Index("(phone_5) INCLUDE (id) WHERE phone_5 IS NOT NULL")
    # Withdrawal and search by the customer's key.
    _account_number = models.Index("(account_number) INCLUDE (id) WHERE account_number IS NOT NULL")
    # The list of contacts in the order of their last attempts; costs an import nothing.
    _last_attempt = models.Index("(last_attempt_at, id) WHERE last_attempt_at IS NOT NULL")
    # A list's counters, and what stopping, restarting or expiring it changes.
    _list_state = models.Index("(list_id, state)")
    # What is held for its list, should that be active again.
    _list_held = models.Index("(list_id) WHERE block_reason = 'list_stopped' AND state = 'pending'")
    # The feed: FIFO forwards, LIFO backwards.
    _ready_arrival = models.Index(
        "(campaign_id, channel, is_retry, id) WHERE is_ready AND state = 'pending'"
    )
    # The feed by priority.
    _ready_priority = models.Index(
        "(campaign_id, channel, is_retry, priority DESC, id) WHERE is_ready AND state = 'pending'"
    )
    # The feed by a field, from either end; costs nothing where no campaign has such an order.
    _ready_key = models.Index(
        '(campaign_id, channel, is_retry, dial_key COLLATE "C", id) '
        "WHERE is_ready AND state = 'pending' AND dial_key IS NOT NULL"
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

    # What a changed selection looks at again.
    _held = models.Index(
        "(campaign_id, id) WHERE block_reason IN ('selection', 'target_group', 'no_consent') "
        "AND state = 'pending'"
    )
    # A target group's queue in the order of arrival, and by priority.
    _queue_arrival = models.Index(
        "(target_group_id, id) WHERE block_reason = 'target_group' AND state = 'pending'"
    )
    _queue_priority = models.Index(
        "(target_group_id, priority DESC, id) WHERE block_reason = 'target_group' AND state = "
        "'pending'"
    )

    _queue_key = models.Index(
        "(target_group_id, dial_key COLLATE \"C\", id) WHERE block_reason = 'target_group' AND "
        "state = 'pending' AND dial_key IS NOT NULL"
    )

    # What was drawn and is not called yet.
    _drawn = models.Index("(campaign_id) WHERE is_drawn AND is_ready AND state = 'pending'")
    # What has a place of its target group and waits.
    _drawn_group = models.Index(
        "(target_group_id) WHERE is_drawn AND state = 'pending' AND NOT is_retry"
    )
    # What the sweep closes, oldest first in each campaign.
    _time_to_live = models.Index(
        "(campaign_id, GREATEST(added_at, not_before)) WHERE state = 'pending'"
    )
    # A contact leads to one in another campaign at most, whoever applies its results, and however
    # often.
    _chained_from = models.UniqueIndex(
        "(chained_from_id, campaign_id) WHERE chained_from_id IS NOT NULL"
    )
    # A contact is called again once in a campaign, however often the job runs.
    _again_from = models.UniqueIndex("(again_from_id, campaign_id) WHERE again_from_id IS NOT NULL")
    # What went each way.
    _chain_line = models.Index("(chain_line_id) WHERE chain_line_id IS NOT NULL")

    def init(self):
        # Every attempt changes a row: without room and early vacuum the feed would wade through
        # dead index entries. Odoo calls this without having made the table, where another module is
        # updated first.
        if not table_exists(self.env.cr, self._table):
            return
        self.env.cr.execute(
            SQL(
                "ALTER TABLE %s SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, "
                "autovacuum_analyze_scale_factor = 0.02)",
                SQL.identifier(self._table),
            )
        )

    @api.depends("first_name", "last_name", "phone_1")
    @api.depends_context("ecm_name_only")
    def _compute_display_name(self):
        # Beside a column of numbers the number is there already.
        name_only = self.env.context.get("ecm_name_only")
        for contact in self:
            name = " ".join(filter(None, (contact.first_name, contact.last_name)))
            full = f"{name} ({contact.phone_1})" if name else contact.phone_1
            contact.display_name = name if name and name_only else full

    @api.model
    def _search_display_name(self, operator, value):
        """Each word in a name, the customer key or the e-mail; numbers however they are written."""
        if operator != "ilike" or not isinstance(value, str):
            return super()._search_display_name(operator, value)

        # Statements read the table, past what the cache holds.
        self.flush_model()
        query = contact_search.parse_query(value, self.env.company.country_id.code)
        domain = Domain.TRUE
        for number in query.numbers:
            domain &= Domain.custom(to_sql=partial(_has_number, number))
        for word in map(escape_psql, query.words):
            domain &= Domain.OR(Domain(name, "ilike", word) for name in SEARCHED_FIELDS)
        return domain

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        """In the order of their last attempts, who was never called comes last (index
        ``_last_attempt``).
        """
        by_attempt = BY_ATTEMPT.match(order or "")
        if not (by_attempt and limit):
            return super()._search(domain, offset, limit, order, **kwargs)

        # Of millions that wait, those who were called are few, and fill the page in most cases.
        called = Domain(domain) & Domain("last_attempt_at", "!=", False)
        query = super()._search(called, offset, limit, order, **kwargs)
        if len(query.get_result_ids()) == limit:
            return query
        order = f"{by_attempt[0]} nulls last{order[by_attempt.end() :]}"
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.depends("state", "close_reason", "last_outcome_id")
    def _compute_close_text(self):
        for contact in self:
            outcome = contact.last_outcome_id.sudo().name
            reason = contact.close_reason
            text = contact._get_close_text(contact.state, reason, outcome) if reason else False
            contact.close_text = text

    @api.model
    def _get_close_text(self, state, reason, outcome=None):
        """Why a contact is closed, in words. That the plan says nothing more after its last attempt
        is no fault: all attempts are used.

        :param str outcome: what the last attempt came to, for people
        """
        if state != "retries_completed" or reason not in USED_UP:
            return get_label(self.env, "ecm.contact", "close_reason", reason)
        if outcome:
            return self.env._("All attempts used (last: %s)", outcome)
        return self.env._("All attempts used")

    @api.depends("consent_on", "consent_withdrawn_on")
    def _compute_has_agreed(self):
        for contact in self:
            agreed, withdrawn = contact.consent_on, contact.consent_withdrawn_on
            contact.has_agreed = agreed and not (withdrawn and withdrawn >= agreed)

    def _search_has_agreed(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model()
        found = Domain.custom(to_sql=_has_agreed)
        return Domain.OR(found if wanted else ~found for wanted in value)

    @api.depends("state")
    def _compute_is_open(self):
        for contact in self:
            contact.is_open = contact.state not in CLOSED_STATES

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        states = []
        if True in value:
            states += self._get_open_states()
        if False in value:
            states += CLOSED_STATES
        return [("state", "in", states)]

    @api.model
    def _get_open_states(self):
        """States of contacts that are not closed; those that modules add are among them.

        :return: tuple of codes
        """
        states = self._fields["state"].get_values(self.env)
        return tuple(state for state in states if state not in CLOSED_STATES)

    @api.model
    def _get_closing_states(self):
        """:return: list of ``(code, label)``"""
        states = self._fields["state"]._description_selection(self.env)
        return [(code, label) for code, label in states if code in CLOSED_STATES]

    @api.model
    def _get_awaiting_states(self):
        """States in which a channel has the contact, and its result is awaited."""
        return tuple(state for state in self._get_open_states() if state != PENDING)

    @api.model
    def _get_block_reasons(self):
        """Why a pending contact that was due is not sent now: what the gates say."""
        reasons = []
        for gate in self.env["ecm.gate"]._get_gates():
            reasons += gate._get_block_reasons()
        return reasons

    @api.model
    def _get_close_reasons(self):
        """Why a contact is closed: what the gates say, the strategy decides or somebody does."""
        reasons = [
            ("live_voice", self.env._("Customer reached")),
            ("rule_close", self.env._("Closed by a rule")),
            ("wrap_up_close", self.env._("Closed by the wrap-up")),
            ("no_rule", self.env._("No rule for the outcome")),
            ("retries", self.env._("All retries of an outcome made")),
            ("budget", self.env._("All attempts made")),
            ("cycles", self.env._("All cycles made")),
            ("uncounted_budget", self.env._("Too many failed tries")),
            ("missing_attempt", self.env._("No further attempt")),
            ("refused", self.env._("Refused by the dialer")),
            ("no_result", self.env._("No result from the dialer")),
            ("withdrawn", self.env._("Withdrawn")),
            ("campaign_ended", self.env._("Campaign ended")),
        ]
        # A gate of another module brings its own.
        for gate in self.env["ecm.gate"]._get_gates():
            reasons += gate._get_close_reasons()
        return reasons

    # -- counted ----------------------------------------------------------------------------------

    @api.model
    def _count_by_campaign(self, campaigns):
        """Contacts by state (index ``_campaign_state``), whoever may read them.

        :return: list of ``(campaign id, state, count)``
        """
        domain = [("campaign_id", "in", campaigns.ids)]
        groups = self.sudo()._read_group(domain, ["campaign_id", "state"], ["__count"])
        return [(campaign.id, state, count) for campaign, state, count in groups]

    @api.model
    def _count_by_list(self, lists):
        """Contacts by state (index ``_list_state``), and pending ones by whether they are ready,
        whoever may read them.

        :return: list of ``(list id, state, whether ready, count)``
        """
        domain = [("list_id", "in", lists.ids)]
        groups = self.sudo()._read_group(domain, ["list_id", "state", "is_ready"], ["__count"])
        return [(contact_list.id, *group) for contact_list, *group in groups]

    # -- few contacts: forms and API --------------------------------------------------------------

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

    @api.constrains("campaign_id", "list_id")
    def _check_list(self):
        for contact in self:
            contact_list = contact.list_id.sudo()
            if not contact_list:
                continue
            if contact_list.campaign_id != contact.campaign_id:
                raise ValidationError(self.env._("The contact list is of another campaign."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_values(vals)
            vals.update(self._prepare_contact_values(vals))
        self._refuse_known(vals_list)
        contacts = super().create(vals_list)
        contacts._plan_first_attempt()
        contacts._set_dial_keys()
        contacts.filtered("consent_withdrawn_on")._on_consent_withdrawn()
        contacts.campaign_id.filtered("is_running")._trigger_feed()
        return contacts

    def write(self, vals):
        self._check_values(vals)
        phones = {name: vals[name] for name in PHONE_FIELDS if name in vals}
        if phones:
            company = self.company_id[:1] or self.env.company
            vals = {**vals, **self._normalise_phones(phones, company)}
        result = super().write(vals)
        if "not_before" in vals:
            self._follow_not_before()

        # Who was held back may match the selection now, unless it is the engine that writes.
        if set(vals) - ENGINE_FIELDS:
            held = self.filtered(lambda contact: contact.block_reason in HELD_BACK)
            held._release_after_change()
            self._set_dial_keys()
        if vals.get("consent_withdrawn_on"):
            self._on_consent_withdrawn()
        return result

    def _release_after_change(self):
        """A contact that changed may match now."""
        if not self:
            return
        self.flush_recordset()
        self._release_held(SQL("SELECT unnest(%s::int[])", self.ids))
        self.invalidate_recordset()
        self.campaign_id.filtered("is_running")._trigger_feed()

    @api.model
    def _prepare_contact_values(self, vals):
        """Values that follow from the campaign, and phones in E.164 (requirement L6)."""
        context = self.env.context
        campaign_id = vals.get("campaign_id") or context.get("default_campaign_id")
        company = self.env["ecm.campaign"].browse(campaign_id).company_id
        phones = {"phone_1": context.get("default_phone_1"), **vals}
        waiting = {}
        due = fields.Datetime.to_datetime(vals.get("not_before"))
        if due and due > fields.Datetime.now() and not vals.get("next_attempt_at"):
            waiting["next_attempt_at"] = due
        return {"company_id": company.id, **waiting, **self._normalise_phones(phones, company)}

    @api.model
    def _check_values(self, vals):
        """Hold forms and other systems to what a file is held to (requirement L5).

        :raise ValidationError: names the value that cannot be stored
        """
        checked = {name: vals[name] for name in CHECKED_FIELDS if name in vals}
        checked |= _get_parameter_values(vals.get("business_parameters"))
        for name, value in checked.items():
            code = contact_limits.find_problem(name, value)
            if code:
                raise ValidationError(self._get_value_problem(name, code))

    def _get_value_problem(self, name, code):
        """Why a value cannot be stored, as a sentence.

        :param str code: of ``tools.contact_limits``
        """
        texts = {
            contact_limits.SHORTENED: self.env._("It has more than 64 characters."),
            contact_limits.NOT_AN_INTEGER: self.env._(
                "It is not a whole number between -2147483647 and 2147483647."
            ),
            contact_limits.NUL: self.env._("It has a character that cannot be stored."),
            contact_limits.NO_TEXT: self.env._("It is not a text."),
        }
        reason = texts.get(code) or self.env["ecm.contact.list.reject"]._get_reason_text(code)
        labels = dict(self.env["ecm.contact.list"]._get_targets())
        return self.env._("%(field)s: %(reason)s", field=labels.get(name, name), reason=reason)

    @api.model
    def _refuse_known(self, vals_list):
        """Refuse numbers that a campaign knows already, as an import does (requirement L9).

        :raise ValidationError: names the first one
        """
        campaigns = self.env["ecm.campaign"]
        given = defaultdict(list)
        for vals in vals_list:
            campaign_id = vals.get("campaign_id") or self.env.context.get("default_campaign_id")
            campaign = campaigns.browse(campaign_id)
            if campaign and campaign.sudo().duplicate_policy == "reject":
                given[campaign].append(vals.get("phone_1"))

        self.flush_model()
        for campaign, numbers in given.items():
            known = self._get_known_phones(SQL("c.campaign_id = %s", campaign.id), set(numbers))
            # Those of one call know each other, too.
            twice = [number for number, count in Counter(numbers).items() if count > 1]
            for number in (*known, *twice):
                raise ValidationError(
                    self.env._(
                        "%(number)s is known already in the campaign %(campaign)s. Change the "
                        "contact that has it, or let the campaign take known numbers.",
                        number=number,
                        campaign=campaign.sudo().name,
                    )
                )

    def _follow_not_before(self):
        """Have pending contacts wait for the time that was typed, or no longer."""
        now = fields.Datetime.now()
        self.flush_recordset()
        for contact in self.filtered(lambda contact: contact.state == PENDING):
            # These fields are the engine's: nobody else may write them.
            super(EcmContact, contact.sudo()).write(contact._prepare_waiting(now))
        self.campaign_id.filtered("is_running")._trigger_feed()

    def _prepare_waiting(self, now):
        """What follows from *not before* for a contact that is not called yet."""
        due = self.not_before
        # A stopped list keeps the time for later.
        if self.block_reason == LIST_STOPPED:
            return {"resume_at": due}
        if due and due > now:
            return {"is_ready": False, "next_attempt_at": due}
        # A retry, and what is held back, have a time of their own.
        is_fresh = not (self.attempt_count or self.uncounted_count or self.block_reason)
        return {"is_ready": True, "next_attempt_at": False} if is_fresh else {}

    def _normalise_phones(self, vals, company):
        """:raise ValidationError: naming the phone that cannot be called"""
        if "phone_1" in vals and not vals["phone_1"]:
            raise ValidationError(
                self.env._("Phone 1 is empty: without it a contact cannot be called.")
            )

        normalised = {}
        for name in PHONE_FIELDS:
            if not vals.get(name):
                continue
            # Without a country code a number is one of the company's country.
            number, reason = phone_tools.normalise_for(
                str(vals[name]), lambda: company.country_id.code
            )
            if reason:
                raise ValidationError(self._get_phone_problem(name, vals[name], reason))
            normalised[name] = number
        return normalised

    def _get_phone_problem(self, name, number, reason):
        """Why a number cannot be called, as a sentence.

        :param str reason: code of ``tools.phones``
        """
        return self.env._(
            "%(field)s: %(number)s is not a number that can be called (%(reason)s). Write it with "
            "its country code, for example +49 30 123456.",
            field=self._fields[name]._description_string(self.env),
            number=number,
            reason=self.env["ecm.contact.list.reject"]._get_reason_text(reason),
        )

    def _plan_first_attempt(self):
        """Set the channel and number of the first attempt, as the strategy has it now."""
        now = fields.Datetime.now()
        rows = []
        for campaign, contacts in self.grouped("campaign_id").items():
            plan = campaign.strategy_id.sudo()._get_first_plan()
            rows += [contact._plan_first(plan, now) for contact in contacts]
        if not rows:
            return
        # One statement, however many have come in.
        self.flush_recordset()
        self._apply_first_attempts(rows)
        self.invalidate_recordset(["is_ready", "channel", "number_to_call"])

    def _plan_first(self, plan, now):
        """Where no number can be called, a claim says so and closes the contact.

        :rtype: Planned
        """
        first = first_attempt(plan, self._get_phones(), None, now.replace(tzinfo=UTC))
        waits = self.next_attempt_at and self.next_attempt_at > now
        # Where no number can be called, the first one stands for the claim to close.
        channel, number = self.channel, self.phone_1
        if isinstance(first, NextAttempt):
            channel, number = first.channel, first.number
        elif plan.attempts:
            channel = plan.attempts[0].channel
        return Planned(self.id, not waits, channel, number)

    def _get_phones(self):
        self.ensure_one()
        return tuple(self[name] or None for name in PHONE_FIELDS)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_called(self):
        attempts = self.env["ecm.attempt"].sudo()
        if attempts.search_count([("contact_id", "in", self.ids)], limit=1):
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
        if reason and not isinstance(reason, str):
            raise UserError(self.env._("The reason is a text."))
        self.flush_model()
        self._withdraw(SQL("SELECT unnest(%s::int[])", self.ids), reason)
        return True

    def action_withdraw_consent(self, reason=None):
        """The customers have withdrawn their consent today: they close at once as *DNC Listed*, and
        no campaign of their company contacts them again (requirement N5).

        :param str reason: kept with their numbers, for whoever asks later
        :return: True
        """
        self.check_access("write")
        if reason and not isinstance(reason, str):
            raise UserError(self.env._("The reason is a text."))
        contacts = self.with_context(ecm_wish_reason=reason) if reason else self
        contacts.write({"consent_withdrawn_on": fields.Date.context_today(self)})
        return True

    def _on_consent_withdrawn(self):
        """Remember the wish before anything else goes on, and close what is open."""
        withdrawn = self.sudo().filtered(lambda contact: not contact.has_agreed)
        reason = self.env.context.get("ecm_wish_reason") or self.env._("Withdrew consent")
        wishes, closing = [], []
        for contact in withdrawn:
            wishes.append(contact._get_wish(reason))
            if contact.is_open:
                counted = (contact.attempt_count, contact.uncounted_count)
                closing.append(Decided(contact.id, *counted, Close(DNC_LISTED, CONSENT_WITHDRAWN)))
        self.env["ecm.dnc.list"]._suppress(wishes)
        self.flush_recordset()
        withdrawn._apply_decisions(closing, fields.Datetime.now())
        self.invalidate_recordset()

    def _get_wish(self, reason):
        """:rtype: tools.results.Wish"""
        number, phones = self.phone_1, self._get_phones()
        return Wish(self.company_id.id, number, phones, self.account_number or None, reason)

    def _note_on_records(self, body):
        """A note for the records that this contact is about: hook for modules that link some.

        :param Markup body: safe HTML
        """

    def action_call_again(self):
        """Ask how the chosen contacts are called again; without a choice, those of the filter."""
        return self.env["ecm.bulk.start"]._open(self, "again")

    def action_change_in_bulk(self):
        """Ask what becomes of the chosen contacts; without a choice, of those of the filter."""
        return self.env["ecm.bulk.start"]._open(self, "reschedule")

    def action_withdraw_in_bulk(self):
        """Ask why the chosen contacts are withdrawn."""
        return self.env["ecm.bulk.start"]._open(self, "withdraw")

    def action_view_earlier_attempts(self):
        """Open the attempts of earlier contacts of this customer."""
        domain = [("contact_id", "in", self._get_earlier().ids)]
        xml_id = "ecm_campaign.ecm_attempt_action"
        return open_window(self.env, xml_id, domain=domain, context={})

    def action_withdraw_with_reason(self):
        """Ask for the reason first."""
        self.check_access("write")
        return open_window(
            self.env,
            "ecm_campaign.ecm_contact_withdraw_action",
            context={"default_contact_ids": self.filtered("is_open").ids},
        )


def _has_number(number, model, alias, _query):
    """For `Domain.custom`.

    :param number: ``tools.contact_search.Number``
    """
    return model._get_numbered(alias, number)


def _has_agreed(_model, alias, _query):
    """For `Domain.custom`."""
    return has_agreed(alias)


def _get_parameter_values(properties):
    """Values of business parameters, in whichever form they are written.

    :param properties: ``{name: value}``, or list of dicts with ``name`` and ``value``
    :return: ``{name: value}``
    """
    if isinstance(properties, dict):
        return properties
    return {item["name"]: item.get("value") for item in properties or () if "name" in item}
