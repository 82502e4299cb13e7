from odoo import fields, models


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    agent_team_id = fields.Many2one(
        "ecm.team",
        "Team",
        readonly=True,
        ondelete="restrict",
        help="Whose agent made this call by hand.",
    )

    # What agents have in hand.
    _agent_team_open = models.Index(
        "(agent_team_id, state, claimed_at) WHERE agent_team_id IS NOT NULL "
        "AND state IN ('claimed', 'sent')"
    )
