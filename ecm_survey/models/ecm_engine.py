from dataclasses import replace

from odoo import models

from odoo.addons.ecm_agent.const import CHANNEL


class EcmEngine(models.AbstractModel):
    _inherit = "ecm.engine"

    def _get_endings(self, rows, by_key):
        """A dialer that tells of a conversation, and of no wrap-up, gets that of the script
        (requirement R10). Who calls by hand says it at the desk.
        """
        endings = super()._get_endings(rows, by_key)
        untold = []
        for row in rows:
            ending = endings[row.id]
            is_told = row.channel == CHANNEL or ending.business_outcome_id
            if ending.outcome.is_live_voice and not is_told:
                untold.append(row.id)
        if not untold:
            return endings
        for attempt_id, outcome in self.env["ecm.attempt"]._get_script_outcomes(untold).items():
            endings[attempt_id] = replace(
                endings[attempt_id],
                business_outcome_id=outcome.id,
                wrap_up=outcome._get_wrap_up(),
            )
        return endings
