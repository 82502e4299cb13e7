from datetime import timedelta

from odoo import api, fields, models

from ...tools.strategy import Close

BATCH = 2000


class EcmEngine(models.AbstractModel):
    """Contacts whose time to live is over (requirement C5)."""

    _inherit = "ecm.engine"

    @api.model
    def _cron_expire_contacts(self):
        """Close what is too old. The gate keeps from being called what this has not come to yet."""
        self.env.flush_all()
        contacts = self.env["ecm.contact"]
        while self._atomically(lambda: contacts._expire_old(fields.Datetime.now(), BATCH)):
            continue
        self._forget()

    def _gate_expiry(self, campaign, candidates, now):
        """Contacts that are older than the campaign's time to live close."""
        if not campaign.ttl_days:
            return {}
        before = now - timedelta(days=campaign.ttl_days)
        return {
            candidate.contact_id: Close("expired", "ttl")
            for candidate in candidates
            if candidate.added_at and candidate.added_at < before
        }
