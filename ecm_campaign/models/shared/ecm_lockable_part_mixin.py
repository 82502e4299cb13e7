from odoo import api, models


class EcmLockablePartMixin(models.AbstractModel):
    """A part of a strategy or of a group of wrap-ups (requirement S8).

    What decides about calls changes only while no campaign that uses it runs. The whole knows
    whether that is so and answers ``_check_editable``; its parts ask it before they change.
    """

    _name = "ecm.lockable.part.mixin"
    _description = "Part of What a Running Campaign Uses"

    # The field that leads to the whole.
    _whole_field = "strategy_id"
    # Fields that decide nothing about calls, and may change at any time.
    _free_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_whole_editable()
        return parts

    def write(self, vals):
        if self._free_fields.issuperset(vals):
            return super().write(vals)
        self._check_whole_editable()
        result = super().write(vals)
        # A part may have moved into another whole.
        self._check_whole_editable()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        self._check_whole_editable()

    def _check_whole_editable(self):
        """:raise UserError: naming the running campaigns"""
        self[self._whole_field]._check_editable()
