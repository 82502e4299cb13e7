from itertools import count

from odoo import models


class EcmCopyNameMixin(models.AbstractModel):
    """A record whose copies have names of their own, however often it is copied (C10)."""

    _name = "ecm.copy.name.mixin"
    _description = "Record with Numbered Copies"

    def copy_data(self, default=None):
        given = (default or {}).get("name")
        vals_list = super().copy_data(default)
        for record, vals in zip(self, vals_list, strict=True):
            vals["name"] = given or record._get_copy_name()
        return vals_list

    def _get_copy_name(self):
        """A name that no record has, archived ones included."""
        everything = self.sudo().with_context(active_test=False)
        taken = set(everything.search([("name", "like", self.name)]).mapped("name"))
        first = self.env._("%s (copy)", self.name)
        if first not in taken:
            return first
        others = (
            self.env._("%(name)s (copy %(number)s)", name=self.name, number=number)
            for number in count(2)
        )
        return next(name for name in others if name not in taken)
