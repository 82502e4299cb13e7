from odoo import fields, models
from odoo.tools import SQL

from ...const import LINKS


class EcmCrmLaunchMember(models.Model):
    """A record that a live segment has found before: whoever is no member yet joins, whoever is
    found no more leaves (requirement R1).
    """

    _name = "ecm.crm.launch.member"
    _description = "Member of a Live Segment"
    _log_access = False

    launch_id = fields.Many2one("ecm.crm.launch", required=True, ondelete="cascade")
    res_id = fields.Integer("Record", required=True)
    seen_at = fields.Datetime(required=True)

    _once = models.UniqueIndex("(launch_id, res_id)")

    def _find_joining(self, launch, query, now):
        """Make members of what is found and is none yet, and of those that came to nothing before
        and were changed since: a number may have been added.

        :param query: of the found records
        :return: ids of these records, ordered
        """
        link = LINKS[launch.model]
        self.env.cr.execute(
            SQL(
                """WITH found AS (
                       SELECT r.id FROM %(table)s r
                    LEFT JOIN ecm_crm_launch_member m
                           ON m.launch_id = %(launch)s AND m.res_id = r.id
                        WHERE r.id IN %(found)s
                          AND (m.id IS NULL
                               OR r.write_date > m.seen_at
                                  AND NOT EXISTS (SELECT FROM ecm_contact c
                                                   WHERE %(link)s = r.id
                                                     AND c.campaign_id = %(campaign)s
                                                     AND c.has_left IS NOT TRUE)))
                   INSERT INTO ecm_crm_launch_member AS m (launch_id, res_id, seen_at)
                   SELECT %(launch)s, id, %(now)s FROM found
              ON CONFLICT (launch_id, res_id) DO UPDATE SET seen_at = EXCLUDED.seen_at
                RETURNING res_id""",
                table=SQL.identifier(self.env[launch.model]._table),
                launch=launch.id,
                found=query.subselect(),
                link=SQL.identifier("c", link),
                campaign=launch.campaign_id.id,
                now=now,
            )
        )
        return sorted(res_id for (res_id,) in self.env.cr.fetchall())

    def _drop_leaving(self, launch, query):
        """Forget the members that are found no more.

        :return: ids of their records
        """
        self.env.cr.execute(
            SQL(
                """WITH found AS MATERIALIZED (SELECT r.id FROM %s r WHERE r.id IN %s)
                   DELETE FROM ecm_crm_launch_member m
                    WHERE m.launch_id = %s
                      AND NOT EXISTS (SELECT FROM found WHERE found.id = m.res_id)
                RETURNING m.res_id""",
                SQL.identifier(self.env[launch.model]._table),
                query.subselect(),
                launch.id,
            )
        )
        return [res_id for (res_id,) in self.env.cr.fetchall()]
