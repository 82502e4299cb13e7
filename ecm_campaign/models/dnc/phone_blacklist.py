from odoo import api, fields, models
from odoo.tools import SQL


class PhoneBlacklist(models.Model):
    """Numbers that do-not-contact lists put on Odoo's blacklist, and take off again (requirement
    N2).
    """

    _inherit = "phone.blacklist"

    is_mirrored = fields.Boolean(
        readonly=True, help="Stands here because of a do-not-contact list only."
    )

    @api.model_create_multi
    def create(self, vals_list):
        """What a person blacklists stays, whatever becomes of our lists."""
        records = super().create(vals_list)
        is_mirrored = bool(self.env.context.get("ecm_mirrors_numbers"))
        wrong = records.filtered(lambda record: record.is_mirrored != is_mirrored)
        wrong.is_mirrored = is_mirrored
        return records

    @api.model
    def _mirror(self, numbers):
        """Blacklist numbers that are not blacklisted yet.

        :param numbers: E.164
        """
        listed = self.search([("number", "in", list(numbers))])
        known = set(listed.mapped("number"))
        new = [number for number in numbers if number not in known]
        if new:
            self.with_context(ecm_mirrors_numbers=True)._add(new)

    @api.model
    def _unmirror(self, numbers, besides=()):
        """Take numbers off the blacklist that no list of ours mirrors any longer.

        :param besides: ids of lists that do not count (unique index of ``ecm.dnc.entry``)
        """
        if not numbers:
            return
        # Another list may mirror the same number: then it stays.
        self.env["ecm.dnc.entry"].flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT e.value FROM ecm_dnc_entry e JOIN ecm_dnc_list l ON l.id = e.list_id
                    WHERE e.value = ANY(%s) AND e.kind = 'number'
                      AND l.mirrors_blacklist AND l.id <> ALL(%s)""",
                list(numbers),
                list(besides),
            )
        )
        kept = {number for (number,) in self.env.cr.fetchall()}

        # What a person has blacklisted is not ours to take off.
        gone = [number for number in numbers if number not in kept]
        self.search([("number", "in", gone), ("is_mirrored", "=", True)]).action_archive()
