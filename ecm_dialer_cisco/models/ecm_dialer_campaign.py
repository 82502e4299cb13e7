from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..clients.exceptions import DialerError
from ..clients.uccx_wire import write_dial_time
from ..sender import DialerSender, unavailable
from odoo.addons.ecm_campaign.tools.crash_points import reach
from odoo.addons.ecm_campaign.tools.pacing import Backlog, next_pace

# Clocks of two servers may differ by so many seconds.
DOUBT_MARGIN = 30
# Two looks that are further apart say nothing of how fast it dials.
MEASURED_WITHIN = timedelta(minutes=10)


class EcmDialerCampaign(models.Model):
    """A campaign as the dialer has it, mirrored (requirement C2); where voice attempts are sent."""

    _name = "ecm.dialer.campaign"
    _description = "Cisco Campaign"
    _inherit = [
        "ecm.feed.target",
        "ecm.dialer.campaign.hours.mixin",
        "ecm.dialer.campaign.purge.mixin",
        "ecm.dialer.campaign.figures.mixin",
        "ecm.transaction.mixin",
    ]
    _order = "dialer_id, name, id"
    _attempt_field = "dialer_campaign_id"
    _channel = "voice"
    _sent_state = "sent_to_dialer"
    # UCCX keeps 25 characters of an account number (DialingList.accountnumber).
    _key_size = 25
    _check_company_auto = True

    dialer_id = fields.Many2one(
        "ecm.dialer", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="dialer_id.company_id", store=True, index=True)
    can_be_switched = fields.Boolean(compute="_compute_can_be_switched")
    key = fields.Char("Cisco campaign ID", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    description = fields.Char(readonly=True)
    kind = fields.Selection([("agent", "Agent"), ("ivr", "IVR")], required=True, readonly=True)
    dialing_mode = fields.Selection(
        [("preview", "Preview"), ("progressive", "Progressive"), ("predictive", "Predictive")],
        "Dialing mode",
        readonly=True,
    )
    skill_groups = fields.Char(
        "Skill groups", readonly=True, help="Whose agents get the calls, where the dialer tells."
    )
    is_enabled = fields.Boolean("Enabled on the dialer", readonly=True)
    pending_contacts = fields.Integer(
        "Waiting on the dialer", readonly=True, help="As of the last fetch."
    )
    fetched_at = fields.Datetime("Fetched on", readonly=True)
    max_attempts = fields.Integer(
        "Calls per contact",
        readonly=True,
        help="How often the dialer calls a contact by itself before it gives a result (Maximum "
        "Attempts to Dial Contact). 0: not known.",
    )
    attempts_warning = fields.Char(compute="_compute_attempts_warning")
    is_missing = fields.Boolean("Gone from the dialer", readonly=True)
    campaign_ids = fields.One2many("ecm.campaign", "dialer_campaign_id", string="Campaigns")
    pace = fields.Float(
        "Calls a minute",
        readonly=True,
        copy=False,
        help="As measured lately; 0: not measured yet. Before the hours end no more contacts are "
        "sent than the dialer calls by then.",
    )
    held_count = fields.Integer("Held after the last feed", readonly=True, copy=False)
    measured_at = fields.Datetime("Pace measured on", readonly=True, copy=False)
    fails_with_dialer = fields.Boolean(
        readonly=True, copy=False, help="The last error was the whole dialer's, not its own."
    )
    at_dialer_count = fields.Integer("Contacts at the dialer", compute="_compute_at_dialer_count")

    _key_unique = models.Constraint(
        "UNIQUE(dialer_id, key)", "The dialer has one campaign with this ID."
    )

    def _compute_display_name(self):
        for target in self:
            target.display_name = f"{target.name} ({target.dialer_id.name})"

    @api.depends("dialer_id.provider", "dialer_id.cce_delivery")
    def _compute_can_be_switched(self):
        for target in self:
            target.can_be_switched = target.dialer_id._can_switch_campaigns()

    @api.depends("max_attempts", "name", "dialer_id.provider")
    def _compute_attempts_warning(self):
        for target in self:
            target.attempts_warning = target._get_attempts_warning()

    def _get_attempts_warning(self):
        """That the dialer multiplies what the strategy allows, as a sentence, or False."""
        if self.max_attempts <= 1:
            return False
        return self.dialer_id._get_attempts_warning(self.name, self.max_attempts)

    def _compute_at_dialer_count(self):
        for target in self:
            target.at_dialer_count = self.env["ecm.attempt"]._count_at(target) if target.id else 0

    def action_enable(self):
        """Have the dialer dial this campaign."""
        return self._set_enabled(True)

    def action_disable(self):
        """Have the dialer pause this campaign."""
        return self._set_enabled(False)

    def _set_enabled(self, enabled):
        self.check_access("write")
        self.env["ecm.database.identity"]._check()
        for target in self:
            if enabled:
                target._check_active_limit()
            dialer = target.dialer_id
            with dialer._user_errors():
                dialer._get_client().set_enabled(target.key, enabled)
            # The mirror is read-only for whoever pressed the button.
            target.sudo().is_enabled = enabled
        return True

    def action_set_single_attempt(self):
        """Have the dialer call each contact once: the strategy decides on retries."""
        self.check_access("write")
        self.env["ecm.database.identity"]._check()
        for target in self:
            dialer = target.dialer_id
            with dialer._user_errors():
                dialer._get_client().set_single_attempt(target.key)
            # The mirror is read-only for whoever pressed the button.
            target.sudo().max_attempts = 1
        return True

    def _check_active_limit(self):
        """Requirement F5: the dialer runs a limited number of campaigns at a time.

        :raise UserError: naming the limit
        """
        others = self.dialer_id.dialer_campaign_ids - self
        active = others.filtered(lambda target: target.is_enabled and not target.is_missing)
        # What is gone from the dialer takes no place there.
        limit = self.dialer_id.max_active_campaigns
        if len(active) >= limit:
            raise UserError(
                self.env._(
                    "The dialer runs %s campaigns at a time. Disable another one first.", limit
                )
            )

    def _get_off_reason(self):
        if not self.dialer_id.is_enabled:
            return self.env._("The dialer %s is switched off.", self.dialer_id.name)
        # A mirrored campaign outlives the dialer's, for its history.
        if self.is_missing:
            return self.env._("The Cisco campaign %s no longer exists on the dialer.", self.name)
        if not self.is_enabled:
            return self.env._("The Cisco campaign %s is disabled on the dialer.", self.name)
        return super()._get_off_reason()

    # -- feed target ------------------------------------------------------------------------------

    def _get_owner(self):
        return self.dialer_id

    def _get_channel_label(self):
        return self.env._("Voice")

    def _get_place_label(self):
        return self.env._("Dialer")

    def _get_log_name(self):
        return f"{self.dialer_id.name}/{self.name}"

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "It is at the dialer since %(since)s, with attempt %(number)s: its result is awaited.",
            since=since,
            number=number,
        )

    def _get_wish_text(self):
        return self.env._("Said so on the phone")

    def _has_unconfirmed(self):
        return self.dialer_id.is_enabled and super()._has_unconfirmed()

    def _get_most_held(self):
        return min(self.dialer_id.contacts_at_dialer, self.dialer_id.max_contacts_per_campaign)

    def _get_room(self):
        return max(0, self._get_most_held() - self._count_held())

    def _get_batch_size(self):
        return self.dialer_id.rows_per_request

    def _get_doubt_seconds(self):
        config = self.dialer_id.sudo()._prepare_client_config()
        return config.doubt_seconds + DOUBT_MARGIN

    def _get_sender(self):
        return DialerSender(self.dialer_id._get_client(), self.key, self.name)

    def _get_contents(self, candidates):
        """What a call is sent with beside its number: when agents are to see a callback, in UCCX's
        direct preview campaigns (*Dial Time*); whose callback it is, where CCE has a list for that.

        :return: ``{contact id: values by the names of clients.base.PushContact}``
        """
        contents = super()._get_contents(candidates)
        for contact_id, callback in self.dialer_id._get_personal_callbacks(candidates).items():
            contents[contact_id] = {"callback": callback}
        zone = self._get_zone()
        if self.dialer_id.provider != "uccx" or self.dialing_mode != "preview" or not zone:
            return contents
        ids = [candidate.contact_id for candidate in candidates if candidate.callback]
        now = fields.Datetime.now()
        for contact_id, due_at in self._get_callback_times(ids):
            if dial_time := write_dial_time(due_at, now, zone):
                contents[contact_id] = {"dial_time": dial_time}
        return contents

    def _get_callback_times(self, contact_ids):
        """:return: list of ``(contact id, naive UTC)``"""
        if not contact_ids:
            return []
        self.env.cr.execute(
            SQL(
                """SELECT id, callback_due FROM ecm_contact
                    WHERE id = ANY(%s) AND callback_due IS NOT NULL""",
                contact_ids,
            )
        )
        return self.env.cr.fetchall()

    def _note_failure(self, error, now):
        targets = self
        is_whole = getattr(error, "whole_service", False)
        # What the whole dialer answers holds for its other campaigns too.
        if is_whole:
            targets |= self.dialer_id.dialer_campaign_ids
        targets.fails_with_dialer = is_whole
        for target in targets:
            super(EcmDialerCampaign, target)._note_failure(error, now)

    def _forget_failures(self):
        # A dialer that answers one answers all: what has nothing to send never finds out.
        alike = self.dialer_id.dialer_campaign_ids.filtered("fails_with_dialer")
        alike.fails_with_dialer = False
        super(EcmDialerCampaign, self | alike)._forget_failures()

    # -- pace -------------------------------------------------------------------------------------

    def _get_backlog(self):
        return Backlog(self.env["ecm.attempt"]._count_at(self), self.pace)

    def _measure_pace(self):
        held = self.env["ecm.attempt"]._count_at(self)
        if not held and not self.held_count:
            return
        since, self.measured_at = self.measured_at, False
        interval = fields.Datetime.now() - since if since else MEASURED_WITHIN
        # After a break nobody knows how long it was dialling.
        if timedelta() < interval < MEASURED_WITHIN:
            minutes = interval / timedelta(minutes=1)
            self.pace = next_pace(self.pace, self.held_count - held, held, minutes)

    def _note_held(self):
        held = self.env["ecm.attempt"]._count_at(self)
        if held or self.held_count:
            self.write({"held_count": held, "measured_at": fields.Datetime.now()})

    # -- purge ------------------------------------------------------------------------------------

    def _purge(self):
        """Delete everything that waits on the dialer in this campaign; what was not called is
        pending again.

        What is not taken back here, because an answer is lost or the process dies, comes back with
        the next results: they tell what was deleted and never called.

        :return: how many contacts came back
        :raise UserError: the dialer failed, or this database is a copy; nothing changed here
        """
        self.ensure_one()
        self.env["ecm.database.identity"]._check()
        dialer = self.dialer_id
        with self._exclusively(dialer) as is_ours, dialer._user_errors(is_ours):
            # What is in doubt may be on the dialer too: it is settled first.
            self.env["ecm.engine"]._reconcile(self)
            return self._take_waiting_back()

    def _take_waiting_back(self):
        """:raise clients.exceptions.DialerError: the dialer failed"""
        waiting = self.env["ecm.attempt"]._get_unanswered(self)
        # No transaction is open while the dialer is asked.
        client, key = self.dialer_id._get_client(), self.key
        self._commit()
        reach("purge.asking")
        # Nothing is deleted of which nobody can say afterwards whether it was called.
        client.undialled(set())
        reach("purge.deleting")
        client.purge(key)
        reach("purge.deleted")

        # What it was calling at that moment was dialled: its result comes.
        undialled = client.undialled(set(waiting))
        returned = [waiting[each] for each in waiting if each in undialled]
        reach("purge.returning")
        self._atomically(lambda: self._take_back(returned))
        reach("purge.returned")
        return len(returned)

    def _may_take_back(self):
        dialer = self.dialer_id.sudo()
        is_off = not dialer.is_enabled or self.is_missing
        return not is_off and dialer.take_back != "never" and dialer._can_tell_uncalled()

    def _is_shared_taken_back(self):
        return self.dialer_id.take_back == "always"

    def _recall(self):
        try:
            count = self._take_waiting_back()
        except DialerError as error:
            raise unavailable(error) from error
        self._atomically(lambda: self._note_returned(count))
        return count

    def _note_returned(self, count):
        # What came back was not called: it says nothing of the pace.
        self.held_count = max(0, self.held_count - count)

    @api.model
    def _take_back(self, attempt_ids):
        """Contacts that will never be called by these attempts are pending again."""
        self.env["ecm.contact"]._release(attempt_ids)
        self.env["ecm.attempt"]._discard(attempt_ids)

    def _mirror(self, found):
        """Values of a campaign that the dialer lists.

        :param found: clients.base.DialerCampaign
        """
        return {
            "name": found.name,
            "description": found.description,
            "kind": found.kind,
            # A campaign without a skill group has none.
            "dialing_mode": found.dialing_mode or False,
            "skill_groups": ", ".join(found.groups),
            "is_enabled": found.enabled,
            "start_time": found.start_time,
            "end_time": found.end_time,
            "time_zone": found.time_zone,
            "pending_contacts": found.pending_contacts,
            "max_attempts": found.max_attempts,
            "fetched_at": fields.Datetime.now(),
            # One that was gone may be there again.
            "is_missing": False,
        }
