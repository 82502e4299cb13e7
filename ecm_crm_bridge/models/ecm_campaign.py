from odoo import fields, models


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    is_crm_launch = fields.Boolean(
        "Sales may launch",
        help="Sales people who may launch campaigns find this one among those to launch, and add "
        "their leads and customers to it.",
    )
    utm_campaign_id = fields.Many2one(
        "utm.campaign",
        "Marketing campaign",
        ondelete="restrict",
        help="Leads, orders and invoices that this campaign converts, and that have none, get it.",
    )
    utm_medium_id = fields.Many2one("utm.medium", "Medium", ondelete="restrict")
    utm_source_id = fields.Many2one("utm.source", "Source", ondelete="restrict")
    conversion_count = fields.Integer("Conversions", compute="_compute_conversions")
    conversion_revenue = fields.Monetary("Revenue", compute="_compute_conversions")
    currency_id = fields.Many2one(related="company_id.currency_id")

    def _compute_conversions(self):
        conversions = self.env["ecm.conversion"].sudo()
        groups = conversions._read_group(
            [("campaign_id", "in", self.ids)], ["campaign_id"], ["__count", "revenue:sum"]
        )
        found = {campaign.id: sums for campaign, *sums in groups}
        for campaign in self:
            count, revenue = found.get(campaign.id, (0, 0.0))
            campaign.conversion_count = count
            campaign.conversion_revenue = revenue

    def _get_utm_values(self):
        """What records that it converts are marked with.

        :return: ``{field: id}``
        """
        values = {
            "campaign_id": self.utm_campaign_id.id,
            "medium_id": self.utm_medium_id.id,
            "source_id": self.utm_source_id.id,
        }
        return {name: value for name, value in values.items() if value}

    def action_view_conversions(self):
        """What it has brought."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ecm_crm_bridge.ecm_conversion_action"
        )
        return {**action, "domain": [("campaign_id", "in", self.ids)], "context": {}}
