from odoo import api, models

from odoo.addons.ecm_campaign.fields import UncheckedMany2one


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    ecm_campaign_id = UncheckedMany2one("ecm.campaign", "Outbound campaign", readonly=True)

    @api.model
    def _shorten_for_campaign(self, links, campaign):
        """Short links whose clicks are counted for a campaign (requirement M4).

        :return: ``{link: short link}``
        """
        if not links:
            return {}
        # With a title nobody asks the page for one; the label tells campaigns apart.
        shared = {"label": f"SMS {campaign.id}", "ecm_campaign_id": campaign.id}
        vals_list = [{"url": link, "title": link, **shared} for link in links]
        trackers = self.sudo().search_or_create(vals_list)
        return {link: tracker.short_url for link, tracker in zip(links, trackers, strict=True)}
