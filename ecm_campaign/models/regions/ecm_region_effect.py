from dataclasses import asdict

from odoo import fields, models

from ...actions import open_form


class EcmRegionEffect(models.TransientModel):
    """A region rule as it bears on one campaign (requirement N3)."""

    _name = "ecm.region.effect"
    _description = "Region Rule of a Campaign"
    _order = "sequence, stopped desc, contacts desc, id"

    campaign_id = fields.Many2one("ecm.campaign", required=True, index=True, ondelete="cascade")
    rule_id = fields.Many2one("ecm.region.rule", required=True, ondelete="cascade")
    sequence = fields.Integer()
    status = fields.Selection(
        [
            ("holds", "Holds"),
            ("hours_lifted", "Holds; consent lifts its hours"),
            ("off", "Switched off"),
            ("not_in_force", "Not in force"),
            ("purpose", "For another purpose"),
            ("consent", "Consent lifts it"),
            ("ignored", "The campaign keeps no rules"),
        ]
    )
    hours_summary = fields.Char(related="rule_id.hours_summary")
    limits_summary = fields.Char(related="rule_id.limits_summary")
    certainty = fields.Selection(related="rule_id.certainty")
    contacts = fields.Integer(help="Open contacts whose first number the rule is about.")
    attempts = fields.Integer(help="Of the campaign's last 50,000 attempts, those it is about.")
    outside_hours = fields.Integer(
        "Outside hours", help="Attempts that were made outside the rule's hours."
    )
    over_limits = fields.Integer(
        "Over limits",
        help="Attempts that came too soon or too often, as this campaign's own attempts tell.",
    )
    stopped = fields.Integer(
        "Would have stopped", help="Attempts outside its hours or over its limits."
    )

    def _fill(self, campaign, effects):
        """Replace what the user was shown of a campaign.

        :param effects: ``{rule id: tools.region_effects.Effect}``
        """
        own = [("campaign_id", "=", campaign.id), ("create_uid", "=", self.env.uid)]
        self.search(own).unlink()
        values = []
        for rule_id, effect in effects.items():
            rule = self.env["ecm.region.rule"].browse(rule_id)
            # Those that hold are shown first.
            status = self._get_status(campaign, rule)
            values.append(
                {
                    "campaign_id": campaign.id,
                    "rule_id": rule_id,
                    "status": status,
                    "sequence": 0 if status in ("holds", "hours_lifted") else 1,
                    **asdict(effect),
                }
            )
        return self.create(values)

    def _get_status(self, campaign, rule):
        """Whether a rule holds for a campaign today, or why it does not."""
        value = rule.sudo()._get_value(fields.Date.today())
        if not campaign.keeps_region_rules:
            return "ignored"
        if not rule.active:
            return "off"
        if not value.is_in_force(fields.Date.today()):
            return "not_in_force"
        if value.purpose not in ("", campaign.purpose):
            return "purpose"
        if campaign.has_consent and value.consent != "nothing":
            return "consent" if value.consent == "everything" else "hours_lifted"
        return "holds"

    def action_open_rule(self):
        """The rule itself, with its source."""
        return open_form(self.rule_id)
