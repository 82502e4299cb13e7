from datetime import timedelta

from odoo import fields, models

# So often it is read what the dialer counts, where nothing depends on it.
FIGURES_INTERVAL = timedelta(minutes=5)


class EcmDialerFigures(models.AbstractModel):
    """What the dialer itself counts of its campaigns: ``runtimestats`` of CCE's REST interface
    (requirement F1).
    """

    _name = "ecm.dialer.figures.mixin"
    _description = "Figures of a Dialer"

    cce_heeds_count = fields.Boolean(
        "Heed CCE's own count",
        tracking=True,
        help="Send no more than there is room for beside the open records that CCE counts itself, "
        "other systems' among them. Cisco does not say how old its figures are, nor when they begin "
        "anew: compare them on the Cisco campaign for a day or two before you switch this on.",
    )
    figures_at = fields.Datetime("Figures read on", readonly=True, copy=False)
    figures_failures = fields.Integer(readonly=True, copy=False)
    figures_until = fields.Datetime(readonly=True, copy=False)
    figures_error = fields.Char("Figures not read", readonly=True, copy=False)

    def _tells_figures(self):
        """Whether the dialer says what it counts."""
        return self.provider == "cce" and self.cce_delivery == "rest"

    def _heeds_count(self):
        """Whether room depends on them."""
        return self._tells_figures() and self.cce_heeds_count

    def _is_figures_due(self, now):
        """Whether it is time to read them: in every turn where room depends on them."""
        if not self._tells_figures():
            return False
        is_fresh = self.figures_at and self.figures_at > now - FIGURES_INTERVAL
        return self._heeds_count() or not is_fresh

    def _get_counted_campaigns(self):
        """Those whose figures are read: the ones that are fed from here."""
        return self._get_present_campaigns().filtered("campaign_ids")

    def _note_figures(self, found):
        """Keep what was read, in the caller's transaction.

        :param found: ``{dialer campaign: clients.base.CampaignFigures, or why there are none}``
        """
        now = fields.Datetime.now()
        for target, figures in found.items():
            target._note_figures(figures, now)
        self._close_circuit("figures")
        self.figures_at = now
