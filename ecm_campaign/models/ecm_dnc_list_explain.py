from odoo import api, models
from odoo.fields import Domain

from .ecm_dnc_list import PREFIX_LENGTHS


class EcmDncList(models.Model):
    _inherit = "ecm.dnc.list"

    @api.model
    def _explain_listed(self, campaign, numbers, keys):
        """Which of a campaign's lists hold these numbers and customer keys, and since when.

        :return: list of sentences
        """
        in_force = self._get_in_force_domain()
        lists = self._get_applicable(campaign)
        beginnings = {number[:length] for number in numbers for length in PREFIX_LENGTHS}
        wanted = Domain("kind", "=", "number") & Domain("value", "in", list(numbers))
        wanted |= Domain("kind", "=", "prefix") & Domain("value", "in", list(beginnings))
        wanted |= Domain("kind", "=", "key") & Domain("value", "in", list(keys))
        entries = (
            self.env["ecm.dnc.entry"]
            .sudo()
            .search(wanted & in_force & Domain("list_id", "in", lists.ids))
        )
        sentences = [entry._explain() for entry in entries]
        blacklisted = self.env["phone.blacklist"].sudo().search([("number", "in", list(numbers))])
        name = self.env._("Odoo's blacklist")
        return sentences + [
            self._describe_listing(row.number, name, row.create_date) for row in blacklisted
        ]

    @api.model
    def _describe_listing(self, value, name, since):
        if not since:
            return self.env._("%(value)s is on the list %(name)s.", value=value, name=name)
        day = self.env["ecm.engine"]._format_day(since)
        return self.env._(
            "%(value)s is on the list %(name)s since %(day)s.", value=value, name=name, day=day
        )


class EcmDncEntry(models.Model):
    _inherit = "ecm.dnc.entry"

    def _explain(self):
        """Where this entry stands and since when, as a sentence."""
        self.ensure_one()
        since = self.date_from or self.added_at
        return self.list_id._describe_listing(self.value, self.list_id.name, since)
