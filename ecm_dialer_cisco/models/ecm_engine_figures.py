import logging
from functools import partial

from odoo import fields, models

from ..clients.exceptions import Rejected
from odoo.addons.ecm_campaign.tools.crash_points import reach

_logger = logging.getLogger(__name__)


class EcmEngineFigures(models.AbstractModel):
    """Reads what a dialer itself counts of its campaigns. One that is busy (HTTP 503) is asked no
    more in this turn, and after some failures in a row left alone for a while.
    """

    _name = "ecm.engine.figures.mixin"
    _description = "Figures of Dialers"

    def _read_figures_safely(self, dialer):
        """Read them when it is time; whatever is wrong, the dialer is fed all the same."""
        now = fields.Datetime.now()
        if not dialer._is_figures_due(now) or dialer._is_left_alone("figures", now):
            return
        self._work_safely(
            partial(self._read_figures, dialer),
            partial(self._note_figures_failure, dialer),
            partial(_logger.exception, "Reading the figures of %s failed", dialer.name),
        )

    def _note_figures_failure(self, dialer, error):
        _logger.info("%s: its figures cannot be read: %s", dialer.name, error)
        now = fields.Datetime.now()
        self._atomically(lambda: dialer._note_trouble("figures", error, now))

    def _read_figures(self, dialer):
        """
        :raise clients.exceptions.DialerError: it cannot be asked, or is busy
        """
        client = dialer._get_client()
        targets = {target.key: target for target in dialer._get_counted_campaigns()}
        # No transaction is open while the dialer is asked.
        self._commit()
        reach("figures.asking")
        answers = _ask(client, targets)
        reach("figures.asked")
        found = {target: answers[key] for key, target in targets.items()}
        self._atomically(partial(dialer._note_figures, found))
        reach("figures.noted")


def _ask(client, keys):
    """:return: ``{key: clients.base.CampaignFigures, or why this campaign has none}``"""
    answers = {}
    for key in keys:
        try:
            answers[key] = client.figures(key)
        except Rejected as error:
            # A wrong password is every campaign's.
            if error.needs_person:
                raise
            answers[key] = error
    return answers
