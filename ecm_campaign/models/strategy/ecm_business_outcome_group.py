from odoo import api, fields, models
from odoo.exceptions import UserError

from ...actions import open_form, open_window


class EcmBusinessOutcomeGroup(models.Model):
    """The wrap-up codes that agents of a campaign may choose (requirement S6)."""

    _name = "ecm.business.outcome.group"
    _description = "Wrap-ups"
    _inherit = ["ecm.logged.mixin", "ecm.copy.name.mixin", "mail.thread"]
    _order = "name, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", default=lambda self: self.env.company, help="Empty: all companies."
    )
    description = fields.Text(translate=True)
    outcome_ids = fields.One2many("ecm.business.outcome", "group_id", string="Wrap-ups", copy=True)
    outcome_count = fields.Integer(compute="_compute_outcome_count")
    campaign_ids = fields.One2many("ecm.campaign", "business_outcome_group_id", string="Campaigns")
    campaign_count = fields.Integer(compute="_compute_campaign_count")
    is_locked = fields.Boolean(
        compute="_compute_is_locked",
        help="A campaign that uses this group is running: stop it or duplicate this.",
    )

    @api.depends("outcome_ids")
    def _compute_outcome_count(self):
        for group in self:
            group.outcome_count = len(group.outcome_ids)

    def _compute_campaign_count(self):
        groups = self.env["ecm.campaign"]._read_group(
            [("business_outcome_group_id", "in", self.ids)],
            ["business_outcome_group_id"],
            ["__count"],
        )
        counts = {record.id: count for record, count in groups}
        for record in self:
            record.campaign_count = counts.get(record.id, 0)

    @api.depends("campaign_ids.is_running")
    def _compute_is_locked(self):
        running = self._get_running_campaigns().business_outcome_group_id
        for record in self:
            record.is_locked = record._origin in running

    def write(self, vals):
        if "outcome_ids" in vals or "active" in vals:
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Archived campaigns and those of other companies have their results by these wrap-ups.
        everything = self.sudo().with_context(active_test=False)
        if everything.campaign_ids:
            raise UserError(self.env._("Campaigns use these wrap-ups. Archive the group instead."))
        self.outcome_ids._unlink_except_used()

    def copy(self, default=None):
        copies = super().copy(default)
        for record, new in zip(self, copies, strict=True):
            record._copy_parents_to(new)
        return copies

    def _copy_parents_to(self, new):
        """A parent is an outcome of the same group: in the copy its twin, which has its code."""
        twins = {twin.code: twin for twin in new.outcome_ids}
        for outcome in self.outcome_ids.filtered("parent_id"):
            twin = twins[outcome.code]
            twin.parent_id = twins[outcome.parent_id.code]

    def _get_running_campaigns(self):
        """Running campaigns that use these groups, in whatever company."""
        domain = [
            ("business_outcome_group_id", "in", self.ids),
            ("is_running", "=", True),
        ]
        # A group may serve companies that this user does not see.
        campaigns = self.env["ecm.campaign"].sudo()
        return campaigns.search(domain)

    def _check_editable(self):
        """Like a strategy's, a wrap-up's rule changes only while no campaign that uses it runs
        (requirement S8).

        :raise UserError: naming the running campaigns
        """
        running = self._get_running_campaigns()
        if running:
            raise UserError(
                self.env._(
                    "These wrap-ups are in use by a running campaign (%(campaigns)s). Stop the "
                    "campaign first, or duplicate the group and change the copy.",
                    campaigns=", ".join(running.mapped("name")),
                )
            )

    def action_view_campaigns(self):
        """Open the campaigns that use this group."""
        self.ensure_one()
        return open_window(
            self.env,
            "ecm_campaign.ecm_campaign_action",
            domain=[("business_outcome_group_id", "=", self.id)],
            context={"default_business_outcome_group_id": self.id},
        )

    def action_duplicate(self):
        """Open a copy that can be changed while this one is in use."""
        self.ensure_one()
        return open_form(self.copy())

    def _get_wrap_ups(self):
        """What the dialer's wrap-up texts mean.

        :return: ``{text in small letters: (id, tools.strategy.WrapUp)}``; empty for an empty set
        """
        wrap_ups = {}
        for outcome in self.outcome_ids:
            meaning = (outcome.id, outcome._get_wrap_up())
            wrap_ups.update(dict.fromkeys(outcome._get_texts(), meaning))
        return wrap_ups

    def _get_retries(self):
        """How many tries the wrap-ups of a group may ask for in one cycle, beside the strategy's.

        Those that may try again as often as the budget allows add none to it.
        """
        retrying = self.outcome_ids.filtered(lambda outcome: outcome.action == "again")
        return sum(retrying.mapped("max_retry"))
