from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...formatting import say_moment
from ...tools.crash_points import reach


class EcmCampaignDatesMixin(models.AbstractModel):
    """A campaign that starts and ends by itself (requirement C3)."""

    _name = "ecm.campaign.dates.mixin"
    _description = "Dates of a Campaign"
    _inherit = ["mail.thread", "mail.activity.mixin", "ecm.transaction.mixin"]

    date_start = fields.Datetime(
        string="Starts on",
        tracking=True,
        copy=False,
        help="It starts by itself then, and is not fed before. Empty: when somebody starts it.",
    )
    date_end = fields.Datetime(
        string="Ends on",
        tracking=True,
        copy=False,
        help="It stops by itself then. Contacts at the dialer are still called. Empty: no end.",
    )
    end_contacts = fields.Selection(
        [("keep", "Stay open, should it go on"), ("close", "Close as Expired")],
        "Contacts at the end",
        default="keep",
        required=True,
        tracking=True,
        help="What becomes of contacts that are still pending when the campaign has ended.",
    )
    # Not when it starts, but whether it is to: who stops a campaign does not want it to start again.
    start_due = fields.Datetime(
        "Starts by itself on", copy=False, readonly=True, index="btree_not_null"
    )

    shown_from = fields.Datetime(
        "On the calendar from",
        compute="_compute_shown_from",
        store=True,
        help="When it starts by itself, was started last, or was created.",
    )
    # A calendar leaves out what has no end.
    shown_until = fields.Datetime(
        "On the calendar until",
        compute="_compute_shown_from",
        store=True,
        help="When it ends by itself; without an end, when it began.",
    )

    _dates_ordered = models.Constraint(
        "CHECK(date_end IS NULL OR date_start IS NULL OR date_end > date_start)",
        "A campaign ends after it starts.",
    )

    @api.depends("date_start", "started_at", "date_end")
    def _compute_shown_from(self):
        for campaign in self:
            moment = campaign.date_start or campaign.started_at or campaign.create_date
            begin = moment or fields.Datetime.now()
            campaign.shown_from = begin
            campaign.shown_until = max(begin, campaign.date_end or begin)

    @api.model_create_multi
    def create(self, vals_list):
        campaigns = super().create(vals_list)
        campaigns.filtered("date_start")._plan_start()
        return campaigns

    def write(self, vals):
        result = super().write(vals)
        if "date_start" in vals or "is_running" in vals:
            self._plan_start(is_planned="is_running" not in vals)
        return result

    def _plan_start(self, is_planned=True):
        """Note whether these campaigns start by themselves.

        :param bool is_planned: false where somebody has just started or stopped them by hand
        """
        now = fields.Datetime.now()
        for campaign in self.sudo():
            starts = is_planned and not campaign.is_running and campaign.date_start
            due = campaign.date_start if starts and campaign.date_start > now else False
            if campaign.start_due != due:
                campaign.start_due = due

    def _is_over(self, now):
        """Whether its end has passed."""
        return bool(self.date_end and self.date_end <= now)

    def _get_over_text(self):
        """When it ended and what to do to go on, as a sentence."""
        when = say_moment(self.env, self.date_end)
        return self.env._("It ended on %s. Change “Ends on”, then start it to go on.", when)

    @api.model
    def _cron_follow_dates(self):
        """Start and end the campaigns whose time has come, and close what those that are over leave
        behind where they say so.
        """
        now = fields.Datetime.now()
        starting = [("start_due", "<=", now), ("is_running", "=", False)]
        for campaign in self.search(starting):
            self._atomically(partial(campaign._start_by_date, now))
            reach("dates.started")
        ending = [("is_running", "=", True), ("date_end", "<=", now)]
        for campaign in self.search(ending):
            self._atomically(campaign.action_stop)
            reach("dates.ended")

        # Those that come back from the dialer are closed by the next sweeps.
        self.env["ecm.engine"]._sweep(self.env["ecm.contact"]._expire_ended)

    def _start_by_date(self, now):
        """One that cannot start says why to who is responsible, and is not tried again."""
        self.start_due = False
        if not self.active or self._is_over(now):
            return
        try:
            with self.env.cr.savepoint():
                self.action_start()
        except UserError as error:
            self._note_failed_start(str(error))

    def _note_failed_start(self, error):
        message = self.env._("The campaign was to start by itself and could not: %s", error)
        self.message_post(body=message)
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Start this campaign"),
                note=message,
                user_id=self.user_id.id,
            )
