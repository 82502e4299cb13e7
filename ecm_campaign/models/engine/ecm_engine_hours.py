from datetime import timedelta

from odoo import fields, models

from ...tools.gates import Wait

# A contact without any legal time within the horizon is looked at again so much later.
LOOK_AGAIN = timedelta(days=1)


class EcmEngine(models.AbstractModel):
    """Nobody is called or written to outside the hours that are legal where they are (requirements
    N3, N4).
    """

    _inherit = "ecm.engine"

    def _claim(self, target, campaigns):
        """Campaigns whose hours have ended since the feed began are left alone, with their contacts
        ready.
        """
        windows = campaigns._get_windows(fields.Datetime.now())
        return super()._claim(
            target, campaigns.filtered(lambda campaign: windows[campaign.id].is_open)
        )

    def _gate_hours(self, campaign, candidates, now):
        """Contacts whose hours are closed wait for their next legal time.

        Contacts that share zones and rules share the computation.
        """
        campaign_hours = campaign._get_campaign_hours(now)[campaign.id]
        verdicts = {}
        for candidate in candidates:
            attempt = candidate.attempt
            hours = campaign_hours.for_contact(
                candidate.tz, attempt.number, attempt.channel, candidate.phones
            )
            opening = hours.opening(now)
            if not opening.is_open:
                until = opening.opens_at or now + LOOK_AGAIN
                verdicts[candidate.contact_id] = Wait(until, opening.reason, opening.detail)
        return verdicts
