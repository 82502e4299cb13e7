from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..purge_plan import DAILY, INTERVAL, NEVER, PurgePlan
from odoo.addons.ecm_campaign.actions import notify
from odoo.addons.ecm_campaign.const import SUPERVISOR
from odoo.addons.ecm_campaign.formatting import say_moment

PLAN_FIELDS = {"purge_schedule", "purge_hour", "purge_hours", "tz", "company_id"}


class EcmDialerPurge(models.AbstractModel):
    """When contacts that a dialer is through with are deleted there (requirement F7)."""

    _name = "ecm.dialer.purge.mixin"
    _description = "Purge of Finished Contacts"

    purge_schedule = fields.Selection(
        [(NEVER, "Never"), (DAILY, "Daily"), (INTERVAL, "Every so many hours")],
        "Delete finished contacts",
        default=NEVER,
        required=True,
        tracking=True,
        help="Contacts that the dialer is through with and whose result is here. CCE's dialing "
        "lists: these alone. UCCX and CCE's REST interface can only delete all contacts of a Cisco "
        "campaign: that is done where no other system's are there and no callback is promised; "
        "UCCX gives back what waits, and gets it again, CCE's interface must hold nobody who waits.",
    )
    purge_hour = fields.Float(
        "At",
        default=3.0,
        help="When nobody is called: reading long lists slows the dialer. On the clock of the "
        "dialer's time zone, or else of its company.",
    )
    purge_hours = fields.Integer("Hours between", default=6)
    purge_due_at = fields.Datetime("Next time", readonly=True, copy=False)
    last_purge_at = fields.Datetime("Last time", readonly=True, copy=False)
    last_purge_count = fields.Integer("Deleted last time", readonly=True, copy=False)
    purge_note = fields.Char(
        "Not deleted", readonly=True, copy=False, help="What was left, and why."
    )
    purge_failures = fields.Integer(readonly=True, copy=False)
    purge_until = fields.Datetime(readonly=True, copy=False)
    purge_error = fields.Char(readonly=True, copy=False)
    purge_text = fields.Char("Deleted", compute="_compute_purge_text")

    _purge_valid = models.Constraint(
        "CHECK(purge_hour >= 0 AND purge_hour < 24 AND purge_hours BETWEEN 1 AND 720)",
        "Finished contacts are deleted at an hour of the day, or every 1 to 720 hours.",
    )

    @api.depends("last_purge_at", "last_purge_count", "purge_due_at", "purge_schedule")
    def _compute_purge_text(self):
        for dialer in self:
            dialer.purge_text = dialer._describe_purges()

    def _describe_purges(self):
        parts = []
        if self.last_purge_at:
            at = say_moment(self.env, self.last_purge_at)
            parts.append(self.env._("%(count)s on %(at)s.", count=self.last_purge_count, at=at))
        if self.purge_due_at:
            parts.append(self.env._("Next on %s.", say_moment(self.env, self.purge_due_at)))
        return " ".join(parts) or False

    @api.model_create_multi
    def create(self, vals_list):
        dialers = super().create(vals_list)
        dialers.filtered(lambda dialer: dialer.purge_schedule != NEVER)._plan_purges()
        return dialers

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & PLAN_FIELDS:
            self._plan_purges()
        return result

    def _plan_purges(self):
        now = fields.Datetime.now()
        for dialer in self.sudo():
            dialer.purge_due_at = dialer._get_purge_plan().following(now)

    def _get_purge_plan(self):
        """:rtype: purge_plan.PurgePlan"""
        zone = self.tz or self.company_id.partner_id.tz or "UTC"
        return PurgePlan(self.purge_schedule, self.purge_hour, self.purge_hours, zone)

    def _is_purge_due(self, now):
        return bool(self.purge_due_at and self.purge_due_at <= now)

    def action_purge_finished(self):
        """Delete finished contacts with the next turn, which begins at once."""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(
                self.env._("Only supervisors have finished contacts deleted at once.")
            )
        for dialer in self.sudo():
            dialer._try_soon()
            dialer.purge_due_at = fields.Datetime.now()
            dialer._trigger_turn()
        return notify(self.env._("Finished contacts are deleted within a minute."), "info")
