from odoo import api, models
from odoo.exceptions import AccessError

from ...const import ADMINISTRATOR


class EcmAllCompaniesMixin(models.AbstractModel):
    """Records that all companies have in common. What one company changes happens to the others, so
    where there are several only administrators do (requirements S5, R8).
    """

    _name = "ecm.all.companies.mixin"
    _description = "Shared by All Companies"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_may_change()
        return super().create(vals_list)

    def write(self, vals):
        self._check_may_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shared(self):
        self._check_may_change()

    def _check_may_change(self):
        """:raise AccessError: others' results depend on it"""
        if self.env.su or self.env.user.has_group(ADMINISTRATOR):
            return
        if self.env["res.company"].sudo().search_count([], limit=2) > 1:
            raise AccessError(
                self.env._(
                    "All companies have these in common: ask an administrator to change them."
                )
            )
