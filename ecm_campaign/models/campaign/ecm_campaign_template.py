from itertools import count

from odoo import fields, models
from odoo.exceptions import UserError

from ...actions import open_form, open_window


class EcmCampaignTemplateMixin(models.AbstractModel):
    """Campaigns that others begin as (C10). A template is archived: it is chosen, fed and counted
    nowhere.
    """

    _name = "ecm.campaign.template.mixin"
    _description = "Templates of Campaigns"

    is_template = fields.Boolean("Template", readonly=True, copy=False)

    def write(self, vals):
        if vals.get("active") and any(self.mapped("is_template")):
            raise UserError(self.env._("A template never runs: choose “New campaign” on it."))
        return super().write(vals)

    def action_save_template(self):
        """Keep the settings of this campaign for others, and open the template."""
        self.ensure_one()
        self.check_access("write")
        base = self.env._("%s (template)", self.name)
        template = self._copy_as(base, active=False)
        # Nobody sets it by hand.
        template.sudo().is_template = True
        return open_form(template)

    def action_new_campaign(self):
        """A campaign with the settings of this template, and open it."""
        self.ensure_one()
        base = self.name.removesuffix(self.env._("%s (template)", ""))
        return open_form(self._copy_as(base, active=True))

    def _copy_as(self, base, **values):
        """:param base: the name, which gets a number where it is taken"""
        everything = self.sudo().with_context(active_test=False)
        alike = everything.search([("name", "=like", f"{base}%")])
        taken = set(alike.mapped("name"))
        name, numbers = base, count(2)
        while name in taken:
            name = f"{base} {next(numbers)}"
        return self.copy({"name": name, **values})

    def action_view_templates(self):
        """Open the templates, to begin a campaign from one."""
        return open_window(self.env, "ecm_campaign.ecm_campaign_template_action")
