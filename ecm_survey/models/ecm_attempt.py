from datetime import timedelta
from urllib.parse import quote

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hash_sign

from ..const import FILLED_HOURS, LINK_HOURS, SCOPE
from odoo.addons.ecm_agent.const import CHANNEL
from odoo.addons.ecm_campaign.fields import UncheckedMany2one
from odoo.addons.ecm_campaign.tools.results import Result


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    # On the attempt itself, so that a result and a script that end at the same moment meet: one of
    # the two transactions is tried again, and sees the other.
    script_outcome_id = UncheckedMany2one(
        "ecm.business.outcome",
        "Wrap-up of the script",
        readonly=True,
        help="What the answers to the script come to.",
    )

    # -- links ------------------------------------------------------------------------------------

    def _get_guidance_path(self, agent, user=None):
        path = super()._get_guidance_path(agent, user)
        return path or (self._may_be_guided() and self._make_link(agent, user)) or None

    def _may_be_guided(self):
        """Whether there is a script that may be filled in now: during the call, and a while after."""
        if not self.sudo().campaign_id.survey_id:
            return False
        if self.state in ("claimed", "sent"):
            return True
        since = fields.Datetime.now() - timedelta(hours=FILLED_HOURS)
        return bool(self.called_at and self.called_at >= since)

    def _make_link(self, agent, user):
        """:param str agent: as attempts name whoever is on the phone; empty where nobody knows
        :param user: who alone may open it; None for whoever has the link
        """
        values = [self.id, agent or "", user.id if user else 0]
        token = hash_sign(self.sudo().env, SCOPE, values, expiration_hours=LINK_HOURS)
        return f"/ecm/script/{quote(token)}"

    # -- wrap-up ----------------------------------------------------------------------------------

    @api.model
    def _get_script_outcomes(self, attempt_ids):
        """What completed scripts say of calls.

        :return: ``{attempt id: ecm.business.outcome}``
        """
        self.flush_model(["script_outcome_id"])
        query = SQL(
            """SELECT a.id, b.id FROM ecm_attempt a
                 JOIN ecm_business_outcome b ON b.id = a.script_outcome_id
                WHERE a.id = ANY(%s)""",
            list(attempt_ids),
        )
        outcomes = self.env["ecm.business.outcome"].sudo()
        return {
            attempt: outcomes.browse(outcome) for attempt, outcome in self.env.execute_query(query)
        }

    def _note_script_outcome(self, outcome):
        """A script was completed. A result that was there before, and that says nothing of a
        wrap-up, is told anew with it; one that comes later finds it.

        :param outcome: ``ecm.business.outcome``
        """
        self.ensure_one()
        self.script_outcome_id = outcome
        self.env.flush_all()
        if self._awaits_script_outcome():
            self.env["ecm.engine"].sudo()._apply_results([self._get_corrected()])

    def _awaits_script_outcome(self):
        """Whether a dialer has told that somebody was reached, and not what it came to."""
        is_told = self.state == "done" and self.channel != CHANNEL
        return is_told and self.outcome_id.is_live_voice and not self.business_outcome_id

    def _get_corrected(self):
        """The result as it was told.

        :rtype: tools.results.Result
        """
        return Result(
            self.key,
            self.outcome_id.code,
            raw_code=self.raw_code or "",
            called_at=self.called_at,
            agent=self.agent or None,
            duration_seconds=self.duration_seconds,
            wrap_up=self.wrap_up or None,
            reference=self.dialer_reference or None,
            corrects=True,
        )

    @api.model
    def _get_guess_condition(self):
        """What a script's wrap-up completes, whoever the agent was."""
        return SQL(
            """(%s OR a.script_outcome_id IS NOT NULL AND a.business_outcome_id IS NULL
                   AND a.outcome_id IN (SELECT id FROM ecm_outcome WHERE is_live_voice))""",
            super()._get_guess_condition(),
        )
