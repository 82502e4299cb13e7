from odoo import fields, models

from ..clients.base import CampaignFigures
from .ecm_dialer_figures import FIGURES_INTERVAL

# Fields by the names of CampaignFigures.
FIGURES = (
    "records",
    "closed",
    "attempts",
    "voice",
    "busy",
    "no_answer",
    "machine",
    "abandoned",
    "callbacks",
    "personal_callbacks",
)
# What is older says nothing of this moment.
OLDEST_COUNT = 2 * FIGURES_INTERVAL


class EcmDialerCampaignFigures(models.AbstractModel):
    """What the dialer itself counts of a Cisco campaign, whoever sent the contacts."""

    _name = "ecm.dialer.campaign.figures.mixin"
    _description = "Figures of a Cisco Campaign"

    counted_at = fields.Datetime("Counted on", readonly=True, copy=False)
    counted_records = fields.Integer("Records", readonly=True, copy=False)
    counted_closed = fields.Integer("Closed", readonly=True, copy=False)
    counted_attempts = fields.Integer("Attempts", readonly=True, copy=False)
    counted_voice = fields.Integer("Voice", readonly=True, copy=False)
    counted_busy = fields.Integer("Busy", readonly=True, copy=False)
    counted_no_answer = fields.Integer("No answer", readonly=True, copy=False)
    counted_machine = fields.Integer("Answering machine", readonly=True, copy=False)
    counted_abandoned = fields.Integer("Abandoned", readonly=True, copy=False)
    counted_callbacks = fields.Integer("Callbacks", readonly=True, copy=False)
    counted_personal_callbacks = fields.Integer("Personal callbacks", readonly=True, copy=False)
    has_open_count = fields.Boolean(
        readonly=True, copy=False, help="The dialer told both records and closed ones."
    )
    figures_error = fields.Char("Not counted", readonly=True, copy=False)

    def _note_figures(self, figures, now):
        """
        :param figures: ``clients.base.CampaignFigures``, or the error in their place
        """
        if not isinstance(figures, CampaignFigures):
            self.figures_error = str(figures)[:500]
            return
        values = {f"counted_{name}": getattr(figures, name) or 0 for name in FIGURES}
        values["has_open_count"] = figures.open is not None
        self.write({**values, "counted_at": now, "figures_error": False})

    def _get_open_count(self):
        """Records that the dialer may still call, as it counts them; None where that is not known,
        or too long ago.
        """
        is_fresh = self.counted_at and self.counted_at > fields.Datetime.now() - OLDEST_COUNT
        if not (is_fresh and self.has_open_count):
            return None
        return max(0, self.counted_records - self.counted_closed)

    def _count_held(self):
        """How many contacts count as being at the dialer, where it is asked how many more it gets:
        those that were sent from here, or all that it counts, if there are more.
        """
        held = self.env["ecm.attempt"]._count_at(self)
        if not self.dialer_id._heeds_count():
            return held
        return max(held, self._get_open_count() or 0)
