from odoo import api, fields, models
from odoo.exceptions import UserError


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
        chosen = context.get("active_ids") if context.get("active_model") == model else []
        return [fields.Command.set(chosen)]

    @api.depends("campaign_ids", "list_ids")
    def _compute_contact_count(self):
        for wizard in self:
            wizard.contact_count = self.env["ecm.contact"].search_count(
                [
                    "|",
                    ("campaign_id", "in", wizard.campaign_ids.ids),
                    ("list_id", "in", wizard.list_ids.ids),
                ]
            )

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
            wizard.summary = " · ".join(f"{label}: {count:,}" for label, count in counts if count)

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
        action = self.env["ir.actions.act_window"]._for_xml_id(
            {
                "ecm.campaign": "ecm_campaign.ecm_campaign_action",
                "ecm.contact.list": "ecm_campaign.ecm_contact_list_action",
            }[records._name]
        )
        records.unlink()
        return {**action, "target": "main"}
