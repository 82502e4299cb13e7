from datetime import timedelta

from odoo import api, fields, models

from ...actions import open_window
from ...tools.pacing import Buffer, Pacing, adapt

PARAMETERS = ("initial_contacts", "increment", "decrement", "upper_threshold", "interval_minutes")


class EcmCampaignGroup(models.Model):
    """Campaigns that are delivered together, at the pace at which the dialer works them off
    (requirement C7).

    The buffer is how many of their contacts the dialer may hold. It is a column of the group
    because it changes once per interval; what is at the dialer now is counted.
    """

    _name = "ecm.campaign.group"
    _description = "Campaign Group"
    _inherit = ["ecm.logged.mixin", "ecm.copy.name.mixin", "ecm.engine.fields.mixin", "mail.thread"]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True)
    is_on = fields.Boolean(
        "Switched on",
        default=True,
        tracking=True,
        help="Off: none of its campaigns sends anything, whether or not it runs. Contacts at the "
        "dialer are still called.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    initial_contacts = fields.Integer(
        "Initial number of contacts",
        default=85,
        required=True,
        tracking=True,
        help="How many contacts of the group the dialer may hold at first, and again after a "
        "break.",
    )
    increment = fields.Integer(
        "Increment (%)",
        default=30,
        required=True,
        tracking=True,
        help="Added, in per cent of the initial number, when the dialer is hungry: at the end of "
        "an interval it holds less than half of what it may, and more could be sent.",
    )
    decrement = fields.Integer(
        "Decrement (%)",
        default=60,
        required=True,
        tracking=True,
        help="Taken off, in per cent of the initial number, when the dialer is backed up: at the "
        "end of an interval it still holds 90 % or more of what it may. Never less stays than one "
        "decrement leaves of the initial number.",
    )
    upper_threshold = fields.Integer(
        "Upper threshold (%)",
        default=200,
        required=True,
        tracking=True,
        help="Never more than this, in per cent of the initial number.",
    )
    interval_minutes = fields.Integer(
        "Interval (minutes)",
        default=5,
        required=True,
        tracking=True,
        help="How often the dialer is looked at.",
    )
    buffer_size = fields.Integer("Dialer may hold now", readonly=True, copy=False)
    buffer_at = fields.Datetime("Looked at", readonly=True, copy=False)
    at_dialer_count = fields.Integer("Contacts at the dialer", compute="_compute_at_dialer_count")
    campaign_ids = fields.One2many(
        "ecm.campaign", "group_id", string="Campaigns", check_company=True
    )
    campaign_count = fields.Integer(compute="_compute_campaign_count")
    team_ids = fields.Many2many(
        "ecm.team",
        string="Teams",
        check_company=True,
        help="Whose agents take the calls and see the campaigns of the group that name no teams "
        "of their own.",
    )
    zone_ids = fields.One2many(
        "ecm.campaign.group.zone", "group_id", string="Time zones", copy=True
    )

    _name_unique = models.Constraint(
        "UNIQUE(company_id, name)", "There is already a campaign group with this name."
    )
    _initial_positive = models.Constraint(
        "CHECK(initial_contacts >= 1)", "Initial number of contacts: at least 1."
    )
    _increment_range = models.Constraint(
        "CHECK(increment BETWEEN 0 AND 1000)", "Increment: 0 to 1000 per cent."
    )
    _decrement_range = models.Constraint(
        "CHECK(decrement BETWEEN 0 AND 100)", "Decrement: 0 to 100 per cent."
    )
    _threshold_range = models.Constraint(
        "CHECK(upper_threshold BETWEEN 100 AND 1000)", "Upper threshold: 100 to 1000 per cent."
    )
    _interval_positive = models.Constraint(
        "CHECK(interval_minutes >= 1)", "Interval: at least 1 minute."
    )

    def _compute_at_dialer_count(self):
        counts = self._count_at_dialer()
        for group in self:
            group.at_dialer_count = counts.get(group.id, 0)

    @api.depends("campaign_ids")
    def _compute_campaign_count(self):
        domain = [("group_id", "in", self.ids)]
        counts = dict(self.env["ecm.campaign"]._read_group(domain, ["group_id"], ["__count"]))
        for group in self:
            group.campaign_count = counts.get(group, 0)

    def write(self, vals):
        result = super().write(vals)
        if set(PARAMETERS) & set(vals):
            # Other contact parameters: the group begins anew with them.
            super(EcmCampaignGroup, self.sudo()).write({"buffer_size": 0, "buffer_at": False})
        if "active" in vals:
            # An archived group's zones hold no more.
            self.sudo().campaign_ids._on_times_changed()
        if vals.get("is_on"):
            self.campaign_ids.filtered("is_running")._trigger_feed()
        return result

    def action_view_campaigns(self):
        """Open the group's campaigns."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_campaign_action",
            domain=[("group_id", "=", self.id)],
            context={"default_group_id": self.id},
        )

    # -- pacing -----------------------------------------------------------------------------------

    def _get_pacing(self):
        """:rtype: tools.pacing.Pacing"""
        self.ensure_one()
        return Pacing(
            initial=self.initial_contacts,
            increment=self.increment,
            decrement=self.decrement,
            threshold=self.upper_threshold,
            interval=timedelta(minutes=self.interval_minutes),
        )

    def _count_at_dialer(self):
        """:return: ``{group id: contacts at the dialer}``"""
        # An archived campaign's contacts are called all the same.
        everything = self.env["ecm.campaign"].sudo().with_context(active_test=False)
        campaigns = everything.search([("group_id", "in", self.ids)])
        counts = self.env["ecm.contact"]._count_awaiting(campaigns)
        totals = dict.fromkeys(self.ids, 0)
        for campaign in campaigns:
            totals[campaign.group_id.id] += counts.get(campaign.id, 0)
        return totals

    def _get_rooms(self):
        """How many more contacts of each group the dialer may hold.

        :return: ``{group id: room}``
        """
        held = self._count_at_dialer()
        rooms = {}
        for group in self:
            # A group that was never looked at has no size of its own yet.
            most_held = group.buffer_size or group.initial_contacts
            rooms[group.id] = max(0, most_held - held[group.id])
        return rooms

    @api.model
    def _adapt_buffers(self, now):
        """Look at the groups whose interval has passed, before the dialer is fed again.

        A group of which no campaign is open is left alone: what its contacts wait for is the next
        morning.
        """
        due = self.search([]).filtered(lambda group: group._is_due(now))
        running = due.campaign_ids.filtered("is_running")
        windows = running._get_windows(now)
        campaigns = running.filtered(lambda campaign: windows[campaign.id].is_open)

        groups = campaigns.group_id
        at_dialer = groups._count_at_dialer()
        waiting = self._get_waiting_groups(campaigns, now)
        for group in groups:
            # A group that was never looked at begins with its initial number.
            before = None
            if group.buffer_at:
                before = Buffer(group.buffer_size, group.buffer_at)
            is_waiting = group in waiting
            after = adapt(group._get_pacing(), before, at_dialer[group.id], is_waiting, now)
            group.write({"buffer_size": after.size, "buffer_at": after.at})

    @api.model
    def _get_waiting_groups(self, campaigns, now):
        """Groups of which more contacts could be sent, on whatever channel."""
        contacts, waiting = self.env["ecm.contact"], self.browse()
        channels = set()
        for campaign in campaigns:
            channels.update(campaign._get_channels())
        # Each channel has a queue of its own.
        for channel in channels:
            waiting |= contacts._filter_ready(campaigns, channel, now).group_id
        return waiting

    def _is_due(self, now):
        if not self.buffer_at:
            return True
        return now - self.buffer_at >= timedelta(minutes=self.interval_minutes)

    def _get_zone_hours(self):
        """Hours between which customers of each zone may be called, in that zone.

        :return: ``{zone name: (from, to) in minutes of the day}``; ``None`` when the group does not
        restrict zones
        """
        if not self.zone_ids:
            return None
        return {zone.tz: zone._get_minutes() for zone in self.zone_ids}
