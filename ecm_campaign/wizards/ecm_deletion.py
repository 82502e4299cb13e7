from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..actions import open_window

# Where the user is once the records are gone.
NEXT_ACTIONS = {
    "ecm.campaign": "ecm_campaign.ecm_campaign_action",
    "ecm.contact.list": "ecm_campaign.ecm_contact_list_action",
}


class EcmDeletion(models.TransientModel):
    """Says how much goes with campaigns or lists before they are deleted, or why they must stay."""

    _name = "ecm.deletion"
    _description = "Delete Campaigns or Lists"

    campaign_ids = fields.Many2many(
        "ecm.campaign",
        readonly=True,
        context={"active_test": False},
        default=lambda self: self._get_chosen("ecm.campaign"),
    )
    list_ids = fields.Many2many(
        "ecm.contact.list",
        readonly=True,
        default=lambda self: self._get_chosen("ecm.contact.list"),
    )
    contact_count = fields.Integer("Contacts", compute="_compute_contact_count")
    summary = fields.Char(compute="_compute_summary")
    obstacle = fields.Char(compute="_compute_obstacle")

    def _get_chosen(self, model):
        """What the action was called on, if it is of this model."""
        context = self.env.context
        is_meant = context.get("active_model") == model
        return [fields.Command.set(context.get("active_ids") if is_meant else [])]

    @api.depends("campaign_ids", "list_ids")
    def _compute_contact_count(self):
        contacts = self.env["ecm.contact"]
        for wizard in self:
            of_campaigns = Domain("campaign_id", "in", wizard.campaign_ids.ids)
            of_lists = Domain("list_id", "in", wizard.list_ids.ids)
            wizard.contact_count = contacts.search_count(of_campaigns | of_lists)

    @api.depends("contact_count")
    def _compute_summary(self):
        for wizard in self:
            campaigns = wizard.campaign_ids
            lists = campaigns.list_ids | wizard.list_ids
            counts = [
                (self.env._("Campaigns"), len(campaigns)),
                (self.env._("Lists"), len(lists)),
                (self.env._("Contacts that were never called"), wizard.contact_count),
            ]
            texts = [f"{label}: {count:,}" for label, count in counts if count]
            wizard.summary = " · ".join(texts)

    @api.depends("campaign_ids", "list_ids")
    def _compute_obstacle(self):
        for wizard in self:
            wizard.obstacle = wizard._find_obstacle()

    def _find_obstacle(self):
        """:return: the sentence of the first guard that would refuse, or False"""
        try:
            for records in (self.campaign_ids._origin, self.list_ids._origin):
                for guard in records._ondelete_methods:
                    guard(records)
        except UserError as error:
            return str(error)
        return False

    def action_delete(self):
        """Delete them, and go back to what is left.

        :raise UserError: they must stay
        """
        self.ensure_one()
        records = self.campaign_ids or self.list_ids
        records.unlink()
        return open_window(self.env, NEXT_ACTIONS[records._name], target="main")
