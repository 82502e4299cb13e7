from odoo import api, models
from odoo.tools import SQL

from ..const import OPEN_STATES
from ..fields import UncheckedMany2one

# What a customer takes along.
TAKEN_ALONG = (
    "phone_1",
    "phone_2",
    "phone_3",
    "phone_4",
    "phone_5",
    "first_name",
    "last_name",
    "account_number",
    "email",
    "tz",
    "priority",
    "business_parameters",
)
# How contacts end that may move on: who must not be called does not.
MOVING_STATES = ("connected", "not_connected", "retries_completed")


class EcmContact(models.Model):
    """From campaign to campaign (requirement C9)."""

    _inherit = "ecm.contact"

    chained_from_id = UncheckedMany2one(
        "ecm.contact",
        "Comes from",
        readonly=True,
        copy=False,
        help="The contact of another campaign that led here.",
    )
    chain_line_id = UncheckedMany2one("ecm.campaign.chain", readonly=True, copy=False)

    # A contact leads to one in another campaign at most, whoever applies its results, and however
    # often.
    _chained_from = models.UniqueIndex(
        "(chained_from_id, campaign_id) WHERE chained_from_id IS NOT NULL"
    )
    # What went each way.
    _chain_line = models.Index("(chain_line_id) WHERE chain_line_id IS NOT NULL")

    @api.model
    def _chain(self, ends, now):
        """Let contacts go on to the campaigns that their outcome leads to.

        Nobody comes in who is open there with the same phone 1 (index ``_phone_campaign``), and
        nobody comes back to a campaign that the way led through: so a circle of campaigns ends.

        :param SQL ends: a query of ``contact_id, outcome_id, is_result``; a result copies too, what
            else closes a contact only moves
        :return: the new contacts
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_contact (campaign_id, company_id, added_at, state, is_ready, is_retry, next_position,
                                            attempt_count, uncounted_count, cycle, number_to_call, chained_from_id,
                                            chain_line_id, %(columns)s)
                   SELECT DISTINCT ON (l.target_id, c.phone_1)
                          l.target_id, t.company_id, %(now)s, 'pending', TRUE, FALSE, 1, 0, 0, 1, c.phone_1, c.id, l.id,
                          %(values)s
                     FROM (%(ends)s) AS e(contact_id, outcome_id, is_result)
                     JOIN ecm_contact c ON c.id = e.contact_id
                     JOIN ecm_campaign_chain l ON l.campaign_id = c.campaign_id AND l.outcome_id = e.outcome_id
                     JOIN ecm_campaign t ON t.id = l.target_id AND t.active
                    WHERE CASE l.mode WHEN 'copy' THEN e.is_result AND c.state <> 'dnc_listed'
                                      ELSE c.state = ANY(%(moving)s) END
                      AND (SELECT o.id FROM ecm_contact o
                            WHERE o.phone_1 = c.phone_1 AND o.campaign_id = l.target_id AND o.state = ANY(%(open)s)
                            LIMIT 1) IS NULL
                      AND l.target_id <> ALL (%(way)s)
                 ORDER BY l.target_id, c.phone_1, c.id
              ON CONFLICT (chained_from_id, campaign_id) WHERE chained_from_id IS NOT NULL DO NOTHING
                RETURNING id""",
                columns=SQL(", ").join(SQL.identifier(name) for name in TAKEN_ALONG),
                values=SQL(", ").join(SQL.identifier("c", name) for name in TAKEN_ALONG),
                now=now,
                ends=ends,
                moving=list(MOVING_STATES),
                open=list(OPEN_STATES),
                way=self._get_way(),
            )
        )
        chained = self.browse([contact_id for (contact_id,) in self.env.cr.fetchall()])
        chained._plan_first_attempt()
        return chained

    def _get_way(self):
        """Campaigns that the contact ``c`` of a surrounding query came through."""
        return SQL(
            """WITH RECURSIVE way AS (
                   SELECT c.chained_from_id AS contact_id
                    UNION
                   SELECT f.chained_from_id FROM way JOIN ecm_contact f ON f.id = way.contact_id
               )
               SELECT f.campaign_id FROM way JOIN ecm_contact f ON f.id = way.contact_id"""
        )

    @api.model
    def _count_chained(self, lines):
        """:return: ``{id of the chain line: contacts that went this way}`` (index ``_chain_line``)"""
        groups = self.sudo()._read_group(
            [("chain_line_id", "in", lines.ids)], ["chain_line_id"], ["__count"]
        )
        return {line.id: count for line, count in groups}
