from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import UncheckedMany2one

HELD = ("selection", "target_group")
# What the engine writes about a contact: no reason to look at it again.
OWN_FIELDS = {"is_ready", "next_attempt_at", "state", "block_reason", "block_detail", "resume_at"}


class EcmContact(models.Model):
    """Contacts that the selection holds back, and those that wait for their target group's turn
    (requirement C11).
    """

    _inherit = "ecm.contact"

    block_reason = fields.Selection(
        selection_add=[
            ("selection", "Left out by the selection"),
            ("target_group", "Waits for its target group's turn"),
        ]
    )
    target_group_id = UncheckedMany2one("ecm.target.group", readonly=True, copy=False)
    is_drawn = fields.Boolean(readonly=True, copy=False, help="It was its target group's turn.")

    # What a changed selection looks at again.
    _held = models.Index(
        "(campaign_id, id) WHERE block_reason IN ('selection', 'target_group') AND state = 'pending'"
    )
    # A target group's queue in the order of arrival, and by priority.
    _queue_arrival = models.Index(
        "(target_group_id, id) WHERE block_reason = 'target_group' AND state = 'pending'"
    )
    _queue_priority = models.Index(
        "(target_group_id, priority DESC, id) WHERE block_reason = 'target_group' AND state = 'pending'"
    )

    # What was drawn and is not called yet.
    _drawn = models.Index("(campaign_id) WHERE is_drawn AND is_ready AND state = 'pending'")

    def write(self, vals):
        result = super().write(vals)
        if set(vals) - OWN_FIELDS:
            held = self.filtered(lambda contact: contact.block_reason in HELD)
            held._look_again()
        return result

    @api.model
    def _update_imported(self, rows, list_id=None):
        result = super()._update_imported(rows, list_id)
        self._release_held(SQL("SELECT unnest(%s::int[])", [row[0] for row in rows]))
        return result

    def _look_again(self):
        """A contact that changed may match now."""
        if self:
            self.flush_recordset()
            self._release_held(SQL("SELECT unnest(%s::int[])", self.ids))
            self.invalidate_recordset()
            self.campaign_id.filtered("is_running")._trigger_feed()

    @api.model
    def _release_held(self, ids):
        """Contacts that were held back are due when they were, and are looked at again then.

        :param SQL ids: a query of contact ids
        :return: ids of those that were held
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = (resume_at IS NULL OR resume_at <= %s), next_attempt_at = resume_at,
                          resume_at = NULL, block_reason = NULL, block_detail = NULL, target_group_id = NULL
                    WHERE id IN (%s) AND block_reason IN ('selection', 'target_group') AND state = 'pending'
                RETURNING id""",
                fields.Datetime.now(),
                ids,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    @api.model
    def _release_next(self, campaign, after, limit):
        """The next held contacts of a campaign (index ``_held``).

        :param int after: only ids above
        :return: the last id, None when there are no more
        """
        ids = SQL(
            """SELECT id FROM ecm_contact
                WHERE campaign_id = %s AND id > %s AND block_reason IN ('selection', 'target_group')
                  AND state = 'pending'
             ORDER BY id LIMIT %s FOR UPDATE""",
            campaign.id,
            after,
            limit,
        )
        return max(self._release_held(ids), default=None)

    @api.model
    def _enqueue(self, rows):
        """:param rows: list of ``(contact id, target group id)`` of held contacts"""
        contact_ids, group_ids = zip(*rows, strict=True)
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact c SET target_group_id = v.group_id
                     FROM unnest(%s::int[], %s::int[]) AS v(contact_id, group_id) WHERE c.id = v.contact_id""",
                list(contact_ids),
                list(group_ids),
            )
        )

    @api.model
    def _filter_drawn(self, contact_ids):
        """Which of these contacts it is the turn of.

        :rtype: set
        """
        self.env.cr.execute(
            SQL("SELECT id FROM ecm_contact WHERE id = ANY(%s) AND is_drawn", list(contact_ids))
        )
        return {contact_id for (contact_id,) in self.env.cr.fetchall()}

    @api.model
    def _filter_queued(self, groups):
        """Target groups that have contacts in their queue (index ``_queue_arrival``)."""
        self.env.cr.execute(
            SQL(
                """SELECT g.id FROM unnest(%s::int[]) AS g(id)
                    WHERE (SELECT TRUE FROM ecm_contact c
                            WHERE c.target_group_id = g.id AND c.block_reason = 'target_group' AND c.state = 'pending'
                         ORDER BY c.id LIMIT 1)""",
                list(groups.ids),
            )
        )
        queued = {group_id for (group_id,) in self.env.cr.fetchall()}
        return groups.filtered(lambda group: group.id in queued)

    @api.model
    def _count_drawn(self, campaign):
        """Contacts whose turn it is and that are not called yet (index ``_drawn``)."""
        self.env.cr.execute(
            SQL(
                """SELECT count(*) FROM ecm_contact
                    WHERE campaign_id = %s AND is_drawn AND is_ready AND state = 'pending'""",
                campaign.id,
            )
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _draw(self, group, limit):
        """It is the turn of the first contacts in a target group's queue (indexes ``_queue_…``).

        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact
                      SET is_ready = TRUE, is_drawn = TRUE, next_attempt_at = resume_at, resume_at = NULL,
                          block_reason = NULL, block_detail = NULL
                    WHERE id IN (SELECT id FROM ecm_contact
                                  WHERE target_group_id = %s AND block_reason = 'target_group' AND state = 'pending'
                               ORDER BY %s LIMIT %s FOR UPDATE SKIP LOCKED)""",
                group.id,
                self._dial_orders[group.campaign_id.dial_order],
                limit,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _filter_ready(self, campaigns, now):
        ready = super()._filter_ready(campaigns, now)
        waiting = (campaigns - ready).target_group_ids
        return campaigns & (ready | self._filter_queued(waiting).campaign_id) if waiting else ready
