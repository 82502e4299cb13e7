import time

from odoo import api, fields, models

from ...tools.pacing import split


class EcmEngine(models.AbstractModel):
    """How the room at a feed target is divided between its campaigns (requirements C6, C7)."""

    _inherit = "ecm.engine"

    @api.model
    def _cron_feed(self):
        groups = self.env["ecm.campaign.group"]
        self._atomically(lambda: groups._adapt_buffers(fields.Datetime.now()))
        return super()._cron_feed()

    def _get_hungry(self, campaigns):
        """Running campaigns that have contacts to send; the others cost this tick one look into an
        index each.
        """
        campaigns.invalidate_recordset(["is_running"])
        return self.env["ecm.contact"]._filter_ready(
            campaigns.filtered("is_running"), fields.Datetime.now()
        )

    def _divide(self, room, campaigns, pools):
        """Whose turn it is, for how many contacts.

        :param dict pools: room of each campaign group
        :return: list of ``(campaign, number of contacts)``, in the order of priority
        """
        parts = split(room, campaigns._get_claimants(), int(time.time()), pools)
        return [(campaign, parts[campaign.id]) for campaign in campaigns if campaign.id in parts]
