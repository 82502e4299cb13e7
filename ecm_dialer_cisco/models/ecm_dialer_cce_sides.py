import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..clients.exceptions import DialerError, Unreachable
from odoo.addons.ecm_campaign.actions import notify

_logger = logging.getLogger(__name__)

SIDE_FIELDS = {"host", "host_2", "cce_side", "cce_delivery", "provider"}


class EcmDialerCceSides(models.AbstractModel):
    """On which side of a CCE contacts are written to its dialing lists (requirement F8).

    No table says which Campaign Manager is active: the side that was chosen stays until its Logger
    could not be reached several times in a row while the other one answers, as CCE itself does not
    go back by itself.
    """

    _name = "ecm.dialer.cce.sides.mixin"
    _description = "Sides of a CCE"

    cce_active_side = fields.Selection(
        [("A", "Side A"), ("B", "Side B")],
        "Side in use",
        readonly=True,
        copy=False,
        tracking=True,
        help="Whose dialing lists contacts are written to. Changes by itself when this side's "
        "Logger cannot be reached several times in a row (Failures before a pause) and the other "
        "one answers.",
    )
    cce_side_failures = fields.Integer(readonly=True, copy=False)
    cce_switched_at = fields.Datetime("Side changed on", readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        dialers = super().create(vals_list)
        dialers._begin_on_own_side()
        return dialers

    def write(self, vals):
        result = super().write(vals)
        # Whoever enters other Loggers means the first of them.
        if vals.keys() & SIDE_FIELDS:
            self._begin_on_own_side()
        return result

    def _begin_on_own_side(self):
        for dialer in self.sudo():
            side = dialer.cce_side if dialer._has_two_sides() else False
            if dialer.cce_active_side != side:
                dialer.write({"cce_active_side": side, "cce_side_failures": 0})

    def _has_two_sides(self):
        return bool(self.provider == "cce" and self.cce_delivery != "rest" and self.host_2)

    def _get_loggers(self):
        """The Logger that contacts are written to, its side, and the other one, if there is one."""
        if not self._has_two_sides():
            return self.host, self.cce_side, ""
        if self.cce_active_side in (False, self.cce_side):
            return self.host, self.cce_side, self.host_2
        return self.host_2, self.cce_active_side, self.host

    def _choose_side(self):
        """Ask the side that contacts are written to, and go to the other one when it has not
        answered several times in a row. Called at the beginning of each turn.
        """
        if not self._has_two_sides():
            return
        engine = self.env["ecm.engine"]
        with engine._exclusively(self) as is_ours:
            if not is_ours:
                return
            client = self._get_client()
            engine._commit()
            error = self._ask_side(client, client.config.sides[0])
            if isinstance(error, Unreachable):
                self._note_silent_side(client, error)
            elif self.cce_side_failures:
                engine._atomically(lambda: self.write({"cce_side_failures": 0}))

    def _ask_side(self, client, side):
        """:return: what is wrong with it, or None"""
        try:
            client.check_side(side)
        except DialerError as error:
            return error
        return None

    def _note_silent_side(self, client, error):
        engine, failures = self.env["ecm.engine"], self.cce_side_failures + 1
        other = client.config.sides[1]
        if failures < self.failures_to_open or self._ask_side(client, other):
            engine._atomically(lambda: self.write({"cce_side_failures": failures}))
            return
        _logger.warning(
            "%s: contacts are written to side %s from now on: %s", self.name, other.name, error
        )
        engine._atomically(lambda: self._switch_side(other.name))

    def _switch_side(self, name):
        self.write(
            {
                "cce_active_side": name,
                "cce_side_failures": 0,
                "cce_switched_at": fields.Datetime.now(),
            }
        )
        # What could not be sent to the other side may be sent to this one.
        self._try_soon()

    def action_switch_side(self):
        """Write contacts to the other side from now on."""
        self.check_access("write")
        for dialer in self:
            if not dialer._has_two_sides():
                raise UserError(self.env._("Enter the Logger of the other side first."))
            dialer.sudo()._switch_side("A" if dialer._get_loggers()[1] == "B" else "B")
        return notify(self.env._("Contacts are written to the other side from now on."), "info")
