from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.ecm_campaign.sql import array_text


class EcmDialerListed(models.Model):
    """A number that stands on a dialer's own do-not-call list because a list here says so; those that
    somebody else had put there stay when it comes off.
    """

    _name = "ecm.dialer.listed"
    _description = "Number on a Dialer's Do-not-call List"
    _order = "id desc"
    _rec_name = "number"
    _log_access = False

    dialer_id = fields.Many2one("ecm.dialer", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="dialer_id.company_id")
    number = fields.Char(required=True, readonly=True)
    state = fields.Selection(
        [("writing", "Being written"), ("written", "Written"), ("found", "Was there before")],
        required=True,
        readonly=True,
    )

    _number_unique = models.UniqueIndex("(dialer_id, number)")
    _writing = models.Index("(dialer_id) WHERE state = 'writing'")

    @api.model
    def _has_any(self, dialer):
        """Whether the dialer has numbers of ours."""
        return bool(self.sudo().search_count([("dialer_id", "=", dialer.id)], limit=1))

    @api.model
    def _find_new(self, dialer, limit):
        """Numbers on the dialer's lists that were not written yet (unique index of the entries).

        :return: list of texts
        """
        return self._read_numbers(
            SQL(
                """SELECT DISTINCT e.value FROM ecm_dnc_entry e
                    WHERE %s AND NOT EXISTS (SELECT FROM ecm_dialer_listed n
                                              WHERE n.dialer_id = %s AND n.number = e.value)
                    LIMIT %s""",
                self._is_listed(dialer),
                dialer.id,
                limit,
            )
        )

    @api.model
    def _find_begun(self, dialer, limit):
        """Numbers that were about to be written.

        :return: list of texts
        """
        return self._read_numbers(
            SQL(
                """SELECT number FROM ecm_dialer_listed
                    WHERE dialer_id = %s AND state = 'writing' LIMIT %s""",
                dialer.id,
                limit,
            )
        )

    @api.model
    def _find_gone(self, dialer, limit):
        """Numbers that stand on none of the dialer's lists any more.

        :return: ``{number: state}``
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT n.number, n.state FROM ecm_dialer_listed n
                    WHERE n.dialer_id = %s AND NOT EXISTS (SELECT FROM ecm_dnc_entry e
                                                            WHERE e.value = n.number AND %s)
                    LIMIT %s""",
                dialer.id,
                self._is_listed(dialer),
                limit,
            )
        )
        return dict(self.env.cr.fetchall())

    def _is_listed(self, dialer):
        """A condition on the entry ``e``: it is in force today, on one of the dialer's lists."""
        today = fields.Date.context_today(self)
        return SQL(
            """e.kind = 'number' AND e.list_id = ANY(%s)
               AND (e.date_from IS NULL OR e.date_from <= %s)
               AND (e.date_to IS NULL OR e.date_to >= %s)""",
            dialer._get_listing().ids,
            today,
            today,
        )

    def _read_numbers(self, query):
        self.env.flush_all()
        self.env.cr.execute(query)
        return [number for (number,) in self.env.cr.fetchall()]

    @api.model
    def _begin(self, dialer, numbers, found):
        """Say that numbers are about to be written: from then on they are ours.

        :param found: those that stand there already
        """
        for state, part in (("writing", set(numbers) - found), ("found", found)):
            self.env.cr.execute(
                SQL(
                    """INSERT INTO ecm_dialer_listed (dialer_id, number, state)
                       SELECT %s, v.number, %s FROM unnest(%s::text[]) AS v(number)
                           ON CONFLICT DO NOTHING""",
                    dialer.id,
                    state,
                    array_text(sorted(part)),
                )
            )

    @api.model
    def _note_written(self, dialer, numbers):
        """They stand there."""
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_dialer_listed SET state = 'written'
                    WHERE dialer_id = %s AND state = 'writing' AND number = ANY(%s::text[])""",
                dialer.id,
                array_text(numbers),
            )
        )

    @api.model
    def _forget(self, dialer, numbers):
        """They stand there no more, or not because of us."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM ecm_dialer_listed WHERE dialer_id = %s AND number = ANY(%s::text[])",
                dialer.id,
                array_text(numbers),
            )
        )
