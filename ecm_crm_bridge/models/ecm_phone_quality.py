from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.tools.erasure import ERASED

QUALITIES = [("invalid", "Invalid number"), ("right_party", "Right party")]


class EcmPhoneQuality(models.Model):
    """What calls have shown about a number (requirement R2): it is none, or the right person answers
    it. Kept by the number, so that customers and leads with it show it, whoever they are.
    """

    _name = "ecm.phone.quality"
    _description = "Quality of a Number"
    _inherit = ["ecm.erasable.mixin"]
    _order = "noted_at desc, id desc"
    _rec_name = "number"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    number = fields.Char(required=True, readonly=True)
    quality = fields.Selection(QUALITIES, required=True, readonly=True)
    noted_at = fields.Datetime("Noted on", required=True, readonly=True)

    _number_unique = models.UniqueIndex("(number, company_id)")

    @api.model
    def _note(self, company_id, numbers, quality):
        """Note what calls have shown; the last one counts.

        :param numbers: E.164
        :param str quality: a code of ``QUALITIES``
        """
        values = sorted({number for number in numbers if number and number != ERASED})
        if not values:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_phone_quality AS q (company_id, number, quality, noted_at)
                   SELECT %(company)s, v.number, %(quality)s, %(now)s
                     FROM unnest(%(numbers)s::varchar[]) AS v(number)
                       ON CONFLICT (number, company_id)
                       DO UPDATE SET quality = EXCLUDED.quality, noted_at = EXCLUDED.noted_at""",
                company=company_id,
                quality=quality,
                now=fields.Datetime.now(),
                numbers=values,
            )
        )
        self.invalidate_model()

    @api.model
    def _get_of_numbers(self, numbers):
        """:return: ``{number: quality}`` in the user's companies"""
        known = [("number", "in", list(set(numbers) - {False}))]
        own = [("company_id", "in", self.env.companies.ids)]
        found = {}
        for row in self.sudo().search([*known, *own], order="noted_at, id"):
            found[row.number] = row.quality
        return found

    # -- erasure (N6) -----------------------------------------------------------------------------

    @api.model
    def _find_person(self, person):
        """Unique index, led by the number."""
        return self._find_by_number(person)

    @api.model
    def _erase_ids(self, ids):
        """Without its number it says nothing: it goes."""
        self.env.cr.execute(SQL("DELETE FROM ecm_phone_quality WHERE id = ANY(%s)", list(ids)))
        self.invalidate_model()
        return {self._name: self.env.cr.rowcount}
