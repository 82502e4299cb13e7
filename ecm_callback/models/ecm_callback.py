from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from ..tools import rules, states
from ..tools.moments import read_moment, to_clock, to_iso
from ..tools.promise import Promise
from odoo.addons.ecm_campaign.actions import open_form
from odoo.addons.ecm_campaign.const import PHONE_SIZE, SUPERVISOR
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.formatting import format_moment, get_label
from odoo.addons.ecm_campaign.tools import phones
from odoo.addons.ecm_campaign.tools.number_places import zones_of
from odoo.addons.ecm_campaign.tools.time_zones import is_zone

# What changes the promise itself: checked anew, and the engine's contact follows.
PROMISED = ("due_at", "skill_id", "agent_id", "number")
OPEN_ONLY = "state IN ('scheduled', 'queued', 'dialing')"
# Somebody else may take the place that was free a moment ago, so many times.
SEAT_TRIES = 50
# What a request is told by its origin where it does not say itself.
TAKEN_FROM_CONTACT = ("first_name", "last_name", "account_number", "email", "tz")


class EcmCallback(models.Model):
    """A promise to call a customer at a time, by an agent (personal) or by a skill (normal).

    One model and one life, whoever asked: an agent's gadget, another system, a colleague in Odoo, or
    the customer on the telephone, whose callback the dialer's agent arranged (requirements B1, B5).
    What may follow each state stands in ``tools.states``. The call itself is the engine's: when it
    is due, a contact of the skill's callback campaign waits for the dialer, with all that holds for
    contacts: at most once, do-not-contact lists, calling hours.
    """

    _name = "ecm.callback"
    _description = "Callback"
    _inherit = [
        "ecm.engine.fields.mixin",
        "ecm.callback.terms.mixin",
        "ecm.callback.schedule.mixin",
        "ecm.callback.follow.mixin",
        "ecm.callback.lookup.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ecm.transaction.mixin",
        "ecm.callback.erasure.mixin",
    ]
    _order = "due_at desc, id desc"
    _rec_name = "number"
    _check_company_auto = True
    _fixed_fields = ("source", "origin_contact_id", "company_id")

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company, index=True
    )
    state = fields.Selection(
        [
            (states.SCHEDULED, "Scheduled"),
            (states.QUEUED, "Due"),
            (states.DIALING, "At the dialer"),
            (states.FINISHED, "Finished"),
            (states.FAILED, "Not reached"),
            (states.MISSED, "Missed"),
            (states.CANCELLED, "Cancelled"),
            (states.BLOCKED, "Do not contact"),
        ],
        required=True,
        default=states.SCHEDULED,
        readonly=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    number = fields.Char(
        "Phone number", size=PHONE_SIZE, required=True, tracking=True, help="Which is called."
    )
    due_at = fields.Datetime(
        "Call at", required=True, tracking=True, help="When the customer wants to be called."
    )
    due_local = fields.Char("On the customer's clock", compute="_compute_due_local")
    tz = fields.Char(
        "Customer's time zone",
        help="As in Europe/Berlin. Empty: as the number says.",
    )
    first_name = fields.Char("First name", size=64)
    last_name = fields.Char("Last name", size=64)
    account_number = fields.Char(
        "Customer key", size=64, help="The customer's key in your own systems."
    )
    email = fields.Char("E-mail", size=254)
    partner_id = fields.Many2one("res.partner", "Customer", index="btree_not_null")
    note = fields.Text(help="What the call is about, for the agent who makes it.")
    source = fields.Selection(
        [
            ("odoo", "Odoo"),
            ("gadget", "Agent's gadget"),
            ("api", "Another system"),
            ("ivr", "IVR script"),
            ("inbound", "Inbound call"),
            ("dialer", "Agent at the dialer"),
            ("strategy", "Strategy"),
        ],
        "Asked by",
        required=True,
        default="odoo",
    )
    skill_id = fields.Many2one(
        "ecm.callback.skill",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        default=lambda self: self._default_skill_id(),
    )
    agent_id = fields.Many2one(
        "ecm.callback.agent",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        help="Who promised to call. Empty: any agent of the skill.",
    )
    user_id = fields.Many2one(related="agent_id.user_id", string="User")
    agent = fields.Char(
        "Agent at the dialer",
        readonly=True,
        copy=False,
        help="As the dialer writes it, also where nobody has listed the agent here.",
    )
    kind = fields.Selection(
        [("personal", "Same agent"), ("normal", "Any agent")],
        required=True,
        default="normal",
        readonly=True,
        copy=False,
    )
    presented_number = fields.Char(
        "Presented number", size=PHONE_SIZE, help="From which the customer was called."
    )
    campaign_id = fields.Many2one(
        "ecm.campaign",
        "Callback campaign",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        copy=False,
        help="Whose dialer makes the call.",
    )
    contact_id = UncheckedMany2one(
        "ecm.contact",
        "Contact",
        readonly=True,
        copy=False,
        help="What waits for the dialer, with its attempts.",
    )
    origin_contact_id = UncheckedMany2one(
        "ecm.contact", "Asked on the call of", help="The contact whose customer asked."
    )
    asked_at = fields.Datetime(
        "Asked on", default=fields.Datetime.now, required=True, readonly=True, copy=False
    )
    promised_at = fields.Datetime(
        "Promised for",
        readonly=True,
        copy=False,
        help="What the customer was told; a callback that is moved since it was missed keeps it.",
    )
    hand_over_at = fields.Datetime(
        "Handed over on", compute="_compute_hand_over_at", store=True, readonly=True
    )
    called_at = fields.Datetime("First call on", readonly=True, copy=False)
    closed_at = fields.Datetime("Closed on", readonly=True, copy=False)
    next_attempt_at = fields.Datetime("Next call on", readonly=True, copy=False)
    attempt_count = fields.Integer("Attempts made", readonly=True, copy=False, aggregator="sum")
    move_count = fields.Integer("Times moved", readonly=True, copy=False, aggregator="sum")
    miss_count = fields.Integer("Times missed", readonly=True, copy=False, aggregator="sum")
    late_minutes = fields.Integer(
        "Minutes late",
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From the promise to the first call.",
    )
    kept = fields.Selection(
        [
            (states.ON_TIME, "On time"),
            (states.LATE, "Late"),
            (states.NOT_CALLED, "Not called"),
        ],
        "Promise kept",
        readonly=True,
        copy=False,
    )
    cancel_reason = fields.Char("Why cancelled", readonly=True, copy=False)
    acknowledged_at = fields.Datetime(
        "Arrived on", readonly=True, copy=False, help="When the call was with its agent."
    )
    contact_state = fields.Char(readonly=True, copy=False, help="Of the contact, when last looked.")
    after_attempt_id = fields.Integer(
        readonly=True, copy=False, help="The contact's attempts up to this one are none of its."
    )
    open_key = fields.Char(readonly=True, copy=False)
    slot_at = fields.Datetime(compute="_compute_slots", store=True, readonly=True)
    agent_slot_at = fields.Datetime(compute="_compute_slots", store=True, readonly=True)
    seat = fields.Integer(readonly=True, copy=False)
    agent_seat = fields.Integer(readonly=True, copy=False)
    open_seat = fields.Integer(readonly=True, copy=False)
    is_open = fields.Boolean(compute="_compute_is_open")
    has_contact = fields.Boolean(compute="_compute_has_contact")
    display_title = fields.Char("Whom", compute="_compute_display_title")
    color = fields.Integer(compute="_compute_color")

    # Two requests at once cannot have the same place, whatever their transactions see.
    _seat = models.UniqueIndex(f"(skill_id, slot_at, seat) WHERE {OPEN_ONLY} AND seat > 0")
    _agent_seat = models.UniqueIndex(
        f"(agent_id, agent_slot_at, agent_seat) WHERE {OPEN_ONLY} AND agent_seat > 0"
    )
    # Likewise, the last of as many as an agent may promise at once.
    _open_seat = models.UniqueIndex(
        f"(agent_id, open_seat) WHERE {OPEN_ONLY} AND open_seat > 0",
    )
    _open_key = models.UniqueIndex(
        f"(company_id, open_key) WHERE {OPEN_ONLY} AND open_key IS NOT NULL",
        "A callback of this number is open already. Move or cancel that one.",
    )
    # One contact makes one callback at a time.
    _contact_open = models.UniqueIndex(f"(contact_id) WHERE {OPEN_ONLY} AND contact_id IS NOT NULL")
    _contact = models.Index("(contact_id) WHERE contact_id IS NOT NULL")
    _origin_contact = models.Index("(origin_contact_id) WHERE origin_contact_id IS NOT NULL")
    # What the scheduler looks for each minute.
    _due = models.Index("(hand_over_at) WHERE state = 'scheduled' AND contact_id IS NULL")
    _uncalled = models.Index(
        "(promised_at) WHERE state IN ('scheduled', 'queued') AND called_at IS NULL"
    )
    # What is asked before each turn of a feeder.
    _queued = models.Index("(campaign_id) WHERE state = 'queued'")
    _number_state = models.Index("(number, state)")

    # -- defaults and computes --------------------------------------------------------------------

    def _default_skill_id(self):
        """The only skill that there is."""
        skills = self.env["ecm.callback.skill"].search(
            [("company_id", "=", self.env.company.id)], limit=2
        )
        return skills if len(skills) == 1 else False

    @api.depends("due_at", "tz", "number")
    def _compute_due_local(self):
        for callback in self:
            zone = callback._get_zone()
            moment = callback.due_at and format_moment(self.env, callback.due_at, zone)
            callback.due_local = moment and f"{moment} ({zone})"

    @api.depends("due_at", "skill_id")
    def _compute_hand_over_at(self):
        for callback in self:
            early = timedelta(minutes=callback.skill_id.sudo().early_minutes)
            callback.hand_over_at = callback.due_at and callback.due_at - early

    @api.depends("due_at", "skill_id", "agent_id")
    def _compute_slots(self):
        for callback in self:
            callback.slot_at = self._get_slot(callback.skill_id.sudo(), callback.due_at)
            callback.agent_slot_at = self._get_slot(callback.agent_id.sudo(), callback.due_at)

    @api.depends("state")
    def _compute_is_open(self):
        for callback in self:
            callback.is_open = callback.state in states.OPEN

    @api.depends("contact_id", "origin_contact_id")
    def _compute_has_contact(self):
        for callback in self:
            found = callback.contact_id.exists() or callback.origin_contact_id.exists()
            callback.has_contact = bool(found)

    @api.depends("first_name", "last_name", "number")
    def _compute_display_title(self):
        for callback in self:
            names = filter(None, [callback.first_name, callback.last_name])
            callback.display_title = " ".join(names) or callback.number

    @api.depends("first_name", "last_name", "number", "due_at")
    def _compute_display_name(self):
        for callback in self:
            callback.display_name = callback.display_title

    def _compute_color(self):
        """One colour for each agent, another for each skill's own."""
        for callback in self:
            callback.color = (callback.agent_id.id or callback.skill_id.id) % 11 + 1

    def _get_zone(self):
        """The clock of the customer: what is known, else that of the number, else of the skill."""
        if self.tz and is_zone(self.tz):
            return self.tz
        own = self.skill_id.sudo().tz or self.env.user.tz or "UTC"
        zones = zones_of(self.number) if (self.number or "").startswith("+") else ()
        return own if own in zones or not zones else zones[0]

    @api.constrains("tz")
    def _check_tz(self):
        for callback in self:
            if callback.tz and not is_zone(callback.tz):
                raise ValidationError(
                    self.env._(
                        "%s is not a time zone that is known; write it as in Europe/Berlin.",
                        callback.tz,
                    )
                )

    # -- a request --------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Promise callbacks, or move the open ones of the same numbers, as their skills say.

        :raise CallbackRefused: one cannot be promised; it names why, and free slots
        """
        requested = self.browse()
        for vals in vals_list:
            # Whoever catches the refusal of one finds nothing of it.
            with self.env.cr.savepoint():
                requested += self._request(vals)
        return requested

    def _request(self, vals):
        """:return: the callback that is promised now"""
        vals = self._prepare_request(vals)
        known = self._find_open(vals["company_id"], vals["number"])
        skill = self.env["ecm.callback.skill"].browse(vals["skill_id"]).sudo()
        if known and skill.repeat_policy == "update":
            return known._renew(vals)
        if known and skill.repeat_policy == "refuse":
            raise self._refuse_promise(rules.ALREADY_OPEN, self._make_promise(vals))
        promise = self._make_promise(vals)
        self._check_request(promise, fields.Datetime.now())
        is_alone = skill.repeat_policy != "new"
        created = super().create([vals])
        created._note(
            {
                "campaign_id": promise.campaign.id,
                "agent": promise.agent.sudo().name,
                "kind": "personal" if promise.agent else "normal",
                "promised_at": promise.at,
                "open_key": promise.number if is_alone else False,
            }
        )
        created._take_seats(*promise.get_capacities())
        created._plan_activity()
        return created

    @api.model
    def _create_unchecked(self, vals):
        """A callback that somebody has promised already: nothing is asked."""
        return super().create([vals])

    @api.model
    def _prepare_request(self, vals):
        """What a request says, completed by its origin; the number in E.164."""
        fields_ = ("skill_id", "company_id", "agent_id", "due_at", "number", "origin_contact_id")
        vals = {**self.default_get([*fields_, *TAKEN_FROM_CONTACT]), **vals}
        contact = self.env["ecm.contact"].browse(vals.get("origin_contact_id") or ())
        if contact:
            # Who may not see the contact learns nothing of it.
            contact.check_access("read")
            for name in TAKEN_FROM_CONTACT:
                vals[name] = vals.get(name) or contact[name]
            vals["number"] = vals.get("number") or contact.number_to_call or contact.phone_1
        if not vals.get("skill_id"):
            vals["skill_id"] = contact.campaign_id.sudo().callback_skill_id.id
        skill = self.env["ecm.callback.skill"].browse(vals["skill_id"] or ())
        if not skill:
            raise ValidationError(self.env._("Choose the skill that calls back."))
        skill.check_access("read")
        vals["company_id"] = skill.company_id.id
        vals["number"] = self._normalise(vals.get("number"), skill.company_id)
        if not vals.get("presented_number"):
            vals["presented_number"] = contact.campaign_id.sudo().presented_number
        return vals

    @api.model
    def _read_due(self, text, number, tz, skill):
        """What somebody writes as the time of a callback.

        :param str text: ISO 8601; without an offset it is on the customer's clock
        :param number: the customer's, whose clock counts where no zone is said
        :return: naive UTC
        :raise CallbackRefused: it is no moment
        """
        found = self._normalise(number, skill.company_id)
        vals = {"number": found, "tz": tz, "skill_id": skill.id, "agent_id": False}
        promise = self.browse()._make_promise({**vals, "due_at": False})
        moment = read_moment(text, promise.tz)
        if not moment:
            terms = self._get_terms(promise, fields.Datetime.now())
            raise self._refuse_promise(rules.INVALID_TIME, promise, terms)
        return moment

    @api.model
    def _normalise(self, number, company):
        """:return: E.164
        :raise CallbackRefused: it is no number
        """
        country = company.sudo().country_id.code
        found, _reason = phones.normalise(str(number or ""), country)
        if not found:
            promise = self._make_promise({"number": None, "due_at": None})
            raise self._refuse_promise(rules.INVALID_NUMBER, promise)
        return found

    def _make_promise(self, vals):
        """:param vals: of a new callback, or what changes of this one
        :rtype: Promise
        """
        skill = self._get_given("skill_id", vals)
        agent = self._get_given("agent_id", vals)
        number = vals.get("number", self.number)
        shown = self.new({"number": number, "tz": vals.get("tz", self.tz), "skill_id": skill.id})
        presented = vals.get("presented_number", self.presented_number)
        return Promise(
            skill=skill,
            agent=agent,
            campaign=skill._choose_campaign(presented) if skill else self.campaign_id,
            number=number or None,
            at=fields.Datetime.to_datetime(vals.get("due_at", self.due_at)) or None,
            tz=shown._get_zone(),
            account_number=vals.get("account_number", self.account_number) or None,
            besides=self,
        )

    def _get_given(self, name, vals):
        """A record that values name, else this callback's own."""
        model = self.env[self._fields[name].comodel_name]
        return model.browse(vals[name] or ()) if name in vals else self[name]

    def _find_open(self, company_id, number):
        """The open callback of a number, the earliest where there are several."""
        domain = [
            ("company_id", "=", company_id),
            ("number", "=", number),
            ("state", "in", states.OPEN),
        ]
        found = self.sudo().search(domain, order="due_at, id", limit=1)
        # One whose contact was deleted is open no more.
        if found._close_forgotten(found.ids):
            return self._find_open(company_id, number)
        return found.with_env(self.env)

    def _renew(self, vals):
        """A new request of the same customer takes this one's place (requirement B7).

        It may come while the customer is on the telephone: the call that goes on leads to nothing
        more, and the new time holds.
        """
        sudo = self.sudo()
        changed = {name: vals[name] for name in PROMISED if name in vals}
        for name in ("first_name", "last_name", "account_number", "email", "tz", "note"):
            if vals.get(name):
                changed[name] = vals[name]
        contact = sudo.contact_id
        if sudo.state == states.DIALING and contact and contact.state != "pending":
            sudo._leave_contact()
        sudo._move(changed)
        return self

    def _leave_contact(self):
        """Whatever the contact at the dialer comes to, this callback has another time."""
        if self.contact_id.current_attempt_id.callback_at:
            raise UserError(
                self.env._(
                    "The dialer makes this callback by itself. Change it there, or cancel it here "
                    "first."
                )
            )
        self._note(self._get_values_without_contact())

    # -- changes ----------------------------------------------------------------------------------

    def write(self, vals):
        """Whoever changes time, skill, agent or number moves the callback (requirement B7)."""
        changed = self._get_changed_promises(vals)
        if not changed:
            return super().write(vals)
        if "state" in vals:
            raise UserError(self.env._("A callback that is moved is scheduled anew."))
        for callback in self:
            with self.env.cr.savepoint():
                callback._move(vals)
        return True

    def _get_changed_promises(self, vals):
        """Names of fields that change the promise of one of these."""
        changed = []
        for name in PROMISED:
            if name in vals and any(self._differs(each, name, vals[name]) for each in self):
                changed.append(name)
        return changed

    @api.model
    def _differs(self, callback, name, value):
        field = self._fields[name]
        if field.type == "datetime":
            value = fields.Datetime.to_datetime(value)
        return field.convert_to_write(callback[name], callback) != (value or False)

    def _note(self, vals):
        """Write what follows from what happened; nothing is checked."""
        return super(EcmCallback, self.sudo()).write(vals)

    def _move(self, vals):
        """Promise another time, agent or skill; the counters begin anew.

        :raise CallbackRefused: it cannot be promised
        :raise UserError: it is closed, or the dialer has it
        """
        self.ensure_one()
        self.check_access("write")
        self._check_may_change()
        if "number" in vals:
            vals = {**vals, "number": self._normalise(vals["number"], self.company_id)}
        self._lock()
        if not states.may(self.state, "move"):
            raise UserError(self._get_closed_text())
        promise, now = self._make_promise(vals), fields.Datetime.now()
        if not promise.skill:
            raise ValidationError(self.env._("Choose the skill that calls back."))
        self._check_request(promise, now)

        own_campaign = self.contact_id.campaign_id or promise.campaign
        super().write({**vals, "skill_id": promise.skill.id})
        self._note(
            {
                "state": states.follow(self.state, "move"),
                "campaign_id": own_campaign.id,
                "agent": promise.agent.sudo().name,
                "kind": "personal" if promise.agent else "normal",
                "promised_at": promise.at,
                "asked_at": now,
                "move_count": self.move_count + 1,
                **self._get_fresh_values(),
            }
        )
        self._take_seats(*promise.get_capacities())
        self._move_contact(now)
        self._plan_activity()

    @api.model
    def _get_fresh_values(self):
        """Counters of a callback that begins anew."""
        return {
            "attempt_count": 0,
            "called_at": False,
            "closed_at": False,
            "acknowledged_at": False,
            "late_minutes": 0,
            "kept": False,
            "seat": False,
            "agent_seat": False,
            "open_seat": False,
        }

    def _move_contact(self, now):
        """The contact that waits for the dialer follows; one that is closed is left behind."""
        contact = self.contact_id.sudo()
        if not contact:
            return
        if contact.state == "pending":
            if self.number != contact.number_to_call:
                contact.write({"phone_1": self.number, "number_to_call": self.number})
            agent = self.agent if self.kind == "personal" else None
            if contact._move_callback(self.due_at, self.hand_over_at, now, agent):
                self._note(
                    {
                        "contact_state": "pending",
                        "next_attempt_at": contact.next_attempt_at,
                        "after_attempt_id": self._get_last_attempt_id(contact),
                    }
                )
                return
        if contact.is_open:
            raise UserError(self._get_closed_text())
        self._note(self._get_values_without_contact())

    def _get_values_without_contact(self):
        """A new contact is made when it is due; the former one stays known."""
        return {
            "origin_contact_id": self.contact_id.id,
            "contact_id": False,
            "contact_state": False,
            "next_attempt_at": False,
            "after_attempt_id": 0,
        }

    def _lock(self):
        """Nobody else changes it, nor does the feeder claim its contact, until this is through."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("SELECT id FROM ecm_callback WHERE id = ANY(%s) FOR UPDATE", self.ids)
        )
        self.env.cr.execute(
            SQL(
                """SELECT c.id FROM ecm_contact c JOIN ecm_callback b ON b.contact_id = c.id
                    WHERE b.id = ANY(%s) FOR UPDATE OF c""",
                self.ids,
            )
        )
        self.invalidate_recordset()
        self.contact_id.invalidate_recordset()
        # The contact may have gone on since it was looked at.
        self._follow(self.ids)

    def _get_closed_text(self):
        label = get_label(self.env, self._name, "state", self.state)
        if self.state in states.OPEN:
            return self.env._(
                "%s is being called. Wait for the result, or ask for a new callback.",
                self.display_title,
            )
        return self.env._(
            "This callback is closed (%s). Ask for a new one.",
            label,
        )

    def _check_may_change(self):
        """:raise AccessError: agents change their own callbacks, and those they asked for"""
        user = self.env.user
        if self.env.su or user.has_group(SUPERVISOR):
            return
        for callback in self.sudo():
            if user not in (callback.user_id, callback.create_uid):
                raise AccessError(
                    self.env._(
                        "Only its agent, who asked for it, and supervisors change a callback."
                    )
                )

    # -- places -----------------------------------------------------------------------------------

    def _take_seats(self, capacity, agent_capacity, open_limit):
        """Take a place in the slots of skill and agent, and among the agent's open callbacks, so that
        no two have the same.

        :param capacity: places at most, as the others; 0 for any number
        :raise CallbackRefused: the last one was taken a moment ago
        """
        if self.skill_id:
            self._take_seat("skill_id", "slot_at", "seat", capacity, rules.SLOT_FULL)
        if self.agent_id:
            names = ("agent_id", "agent_slot_at", "agent_seat")
            self._take_seat(*names, agent_capacity, rules.AGENT_FULL)
            self._take_seat("agent_id", None, "open_seat", open_limit, rules.AGENT_LIMIT)

    def _take_seat(self, owner, slot, seat, capacity, code):
        """The index decides: a transaction that took the same place meanwhile is waited for, and its
        place is passed over.

        :param slot: column of the slot, None where places do not depend on the time
        """
        self.flush_recordset()
        taken = self._get_taken_seats(owner, slot, seat)
        for _try in range(SEAT_TRIES):
            number = next(each for each in range(1, len(taken) + 2) if each not in taken)
            if capacity and number > capacity:
                break
            try:
                with self.env.cr.savepoint(flush=False):
                    query = SQL(
                        "UPDATE ecm_callback SET %s = %s WHERE id = %s",
                        SQL.identifier(seat),
                        number,
                        self.id,
                    )
                    self.env.cr.execute(query, log_exceptions=False)
            except UniqueViolation:
                taken.add(number)
            else:
                self.invalidate_recordset([seat])
                return
        promise = self._make_promise({})
        raise self._refuse_promise(code, promise, self._get_terms(promise, fields.Datetime.now()))

    def _get_taken_seats(self, owner, slot, seat):
        """:return: set of numbers"""
        is_same_slot = SQL("TRUE")
        if slot:
            is_same_slot = SQL("%s = %s", SQL.identifier(slot), self[slot])
        self.env.cr.execute(
            SQL(
                """SELECT %(seat)s FROM ecm_callback
                    WHERE %(owner)s = %(id)s AND %(is_same_slot)s AND %(seat)s > 0
                      AND state = ANY(%(open)s) AND id <> %(own)s""",
                seat=SQL.identifier(seat),
                owner=SQL.identifier(owner),
                id=self[owner].id,
                is_same_slot=is_same_slot,
                open=list(states.OPEN),
                own=self.id,
            )
        )
        return {number for (number,) in self.env.cr.fetchall()}

    # -- buttons ----------------------------------------------------------------------------------

    def action_cancel(self, reason=None):
        """The customer does not want the call any more (requirement B7). One that is at the dialer
        may still be called once.

        :param str reason: kept with the callback
        :return: True
        """
        self.check_access("write")
        self._check_may_change()
        if reason and not isinstance(reason, str):
            raise UserError(self.env._("The reason is a text."))
        self._lock()
        for callback in self:
            if not states.may(callback.state, "cancel"):
                raise UserError(callback._get_closed_text())
        said = reason or self.env._("Callback cancelled")
        open_contacts = self.sudo().contact_id.filtered("is_open")
        open_contacts.action_withdraw(said)
        self._close("cancel", {"cancel_reason": said[:500]})
        return True

    def action_view_contact(self):
        """The contact whose attempts are this callback's."""
        self.check_access("read")
        found = self.contact_id.exists() or self.origin_contact_id.exists()
        if not found:
            raise UserError(self.env._("Its contact was deleted."))
        return open_form(found)

    def action_acknowledge(self):
        """The call has arrived at its agent (requirement B9, Venga's step 13).

        :return: True
        """
        self.check_access("read")
        first = self.sudo().filtered(lambda callback: not callback.acknowledged_at)
        first._note({"acknowledged_at": fields.Datetime.now()})
        return True

    @api.model
    def api_offer_slots(self, skill_id, at=None, number=None, agent_id=None, count=6):
        """Free slots for whoever shows them (requirements B2, B9).

        :param int skill_id: of an ``ecm.callback.skill``; ``agent_id``: of an agent, for a personal
            callback
        :param at: the wanted moment, UTC as Odoo writes it; now where it is left out
        :param str number: the customer's, whose clock and calling hours count
        :param int count: how many, 50 at most
        :return: ``{"tz": the customer's zone, "slots": list of ISO 8601 on that clock}``
        :raise CallbackRefused: the number is none
        """
        skill = self.env["ecm.callback.skill"].browse(skill_id)
        skill.check_access("read")
        agent = self.env["ecm.callback.agent"].browse(agent_id or ())
        agent.check_access("read")
        now = fields.Datetime.now()
        found = self._normalise(number, skill.company_id)
        vals = {
            "number": found,
            "due_at": fields.Datetime.to_datetime(at) or now,
            "skill_id": skill.id,
            "agent_id": agent.id,
        }
        promise = self.browse()._make_promise(vals)
        terms = self._get_terms(promise, now)
        slots = self._offer_slots(promise, terms, min(max(int(count), 1), 50))
        return {"tz": promise.tz, "slots": [to_iso(slot, promise.tz) for slot in slots]}

    # -- closing and activities -------------------------------------------------------------------

    def _close(self, event, vals=None):
        """:param event: of ``tools.states``; those in which it cannot happen are left alone"""
        now = fields.Datetime.now()
        for callback in self:
            if not states.may(callback.state, event):
                continue
            state = states.follow(callback.state, event)
            tolerance = callback.skill_id.sudo().tolerance_minutes
            kept = states.punctuality(state, callback.promised_at, callback.called_at, tolerance)
            values = {"state": state, "closed_at": now, "kept": kept or False, **(vals or {})}
            callback._note(values)
        self._end_activities()

    def _plan_activity(self):
        """An agent who is a user finds the callback among the day's activities."""
        for callback in self.sudo():
            callback._end_activities()
            user = callback.user_id
            if not user or callback.kind != "personal":
                continue
            clock = to_clock(callback.due_at, user.tz or "UTC")
            callback.activity_schedule(
                "mail.mail_activity_data_call",
                clock.date(),
                summary=self.env._(
                    "Call %(name)s at %(time)s", name=callback.display_title, time=f"{clock:%H:%M}"
                ),
                user_id=user.id,
            )

    def _end_activities(self):
        self.sudo().activity_ids.unlink()
