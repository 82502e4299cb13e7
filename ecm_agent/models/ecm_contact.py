from odoo import api, fields, models
from odoo.tools import SQL

from ..const import CHANNEL, SENT_STATE, TAKES, TRY_MINUTES
from .ecm_campaign import SCRIPT_FIELDS

SKIPPED = "skipped"


class EcmContact(models.Model):
    _inherit = "ecm.contact"

    state = fields.Selection(
        selection_add=[(SENT_STATE, "With an Agent"), ("connected",)],
        ondelete={SENT_STATE: "set default"},
    )

    # An agent's own callbacks, and those that are nobody's own any more.
    _personal_callbacks = models.Index(
        "(callback_agent, next_attempt_at) WHERE callback = 'personal' AND state = 'pending'"
    )

    @api.model
    def _erase_linked(self, contact_ids):
        """What agents have noted on cards, and the numbers that they called (requirement N6)."""
        counts = super()._erase_linked(contact_ids)
        self.env.cr.execute(
            SQL(
                "UPDATE ecm_card SET number = NULL, note = NULL WHERE contact_id = ANY(%s)",
                list(contact_ids),
            )
        )
        return {**counts, "ecm.card": self.env.cr.rowcount}

    def _get_script_values(self):
        """Fields and business parameters, as scripts have them (requirement R10).

        :return: ``{name: value}``
        """
        self.ensure_one()
        values = {name: self[name] for name in SCRIPT_FIELDS}
        for item in self.read(["business_parameters"])[0]["business_parameters"] or ():
            values[item["name"]] = item.get("value")
        return values

    @api.model
    def _get_block_reasons(self):
        return [*super()._get_block_reasons(), (SKIPPED, self.env._("Skipped by an agent"))]

    @api.model
    def _get_taker_condition(self, channel):
        """A personal callback is for its agent (requirement S7)."""
        condition = super()._get_taker_condition(channel)
        taker = self.env.context.get(TAKES)
        if channel != CHANNEL or taker is None:
            return condition
        if taker.only is not None:
            return SQL("%s AND c.id = ANY(%s)", condition, list(taker.only))
        is_own = SQL("c.callback IS DISTINCT FROM 'personal' OR c.callback_agent = %s", taker.agent)
        return SQL("%s AND (%s)", condition, is_own)

    @api.model
    def _find_own_callbacks(self, agent, campaigns, now, limit=20):
        """An agent's callbacks that are due in some campaigns (index ``_personal_callbacks``).

        :param datetime now: naive UTC
        :return: list of ids, the one that was due first in front
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """SELECT id FROM ecm_contact
                    WHERE callback_agent = %s AND callback = 'personal' AND state = 'pending'
                      AND next_attempt_at <= %s AND channel = %s AND campaign_id = ANY(%s)
                 ORDER BY next_attempt_at, id LIMIT %s""",
                agent,
                now,
                CHANNEL,
                campaigns.ids,
                limit,
            )
        )
        return [contact_id for (contact_id,) in self.env.cr.fetchall()]

    @api.model
    def _make_ready(self, contact_ids, now):
        """Contacts are due that a turn would promote soon.

        :param datetime now: naive UTC
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET is_ready = TRUE
                    WHERE id IN (SELECT c.id FROM ecm_contact c
                                  WHERE c.id = ANY(%s) AND NOT c.is_ready AND c.state = 'pending'
                                    AND c.next_attempt_at <= %s
                                    FOR UPDATE SKIP LOCKED)""",
                list(contact_ids),
                now,
            )
        )

    @api.model
    def _open_personal(self, campaigns, now):
        """Personal callbacks whose agent did not come for them in time are anybody's from now on
        (requirement S7; index ``_personal_callbacks``).

        People who take their cards are not tried in turn, as a dialer tries them: each try to reach
        the agent is a quarter of an hour here.

        :param datetime now: naive UTC
        :return: how many
        """
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET callback = 'normal'
                    WHERE id IN (SELECT c.id
                                   FROM ecm_contact c JOIN ecm_campaign p ON p.id = c.campaign_id
                                  WHERE c.callback = 'personal' AND c.state = 'pending'
                                    AND c.callback_agent IS NOT NULL AND c.next_attempt_at <= %(now)s
                                    AND c.channel = %(channel)s AND c.campaign_id = ANY(%(ids)s)
                                    AND c.callback_retained IS NOT TRUE
                                    AND p.callback_release <> 'never'
                                    AND GREATEST(c.callback_due, c.next_attempt_at)
                                        + CASE p.callback_release
                                          WHEN 'retries' THEN p.callback_agent_tries * %(minutes)s
                                          ELSE p.callback_personal_hours * 60
                                          END * interval '1 minute' <= %(now)s
                                    FOR UPDATE OF c SKIP LOCKED)""",
                now=now,
                channel=CHANNEL,
                ids=campaigns.ids,
                minutes=TRY_MINUTES,
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount
