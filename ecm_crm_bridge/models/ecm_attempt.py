from odoo import fields, models

from odoo.addons.ecm_campaign.formatting import get_label


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    def _describe_for_crm(self):
        """An attempt as a line of the timeline on a CRM record; times are UTC.

        :rtype: dict
        """
        outcome = self.outcome_id
        return {
            "id": self.id,
            "time": fields.Datetime.to_string(self.called_at or self.claimed_at),
            "campaign": self.campaign_id.name,
            "channel": self.channel,
            "channel_name": get_label(self.env, self._name, "channel", self.channel),
            "number": self.number or "",
            "outcome": outcome.name or get_label(self.env, self._name, "state", self.state),
            "is_reached": outcome.is_live_voice,
            "wrap_up": self.business_outcome_id.name or self.wrap_up or "",
            "agent": self.agent or "",
            "seconds": self.duration_seconds or 0,
        }
