from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


class EcmCallbackAgent(models.Model):
    """An agent who keeps personal callbacks (requirements B4, B10): the name at the dialer, and when
    the agent is there.

    Where the agent is a user whose working schedule and leaves HR keeps, these count as well.
    """

    _name = "ecm.callback.agent"
    _description = "Agent for Callbacks"
    _inherit = [
        "ecm.logged.mixin",
        "ecm.callback.hours.mixin",
        "ecm.callback.desktop.mixin",
        "ecm.engine.fields.mixin",
    ]
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(
        "Name at the dialer",
        required=True,
        help="As the dialer writes it: the agent's login there.",
    )
    user_id = fields.Many2one(
        "res.users",
        domain=[("share", "=", False)],
        help="Sees these callbacks under *My callbacks*, and gets an activity for each.",
    )
    capacity = fields.Integer(default=1)
    open_limit = fields.Integer(
        "Open callbacks", default=20, help="So many are promised at once, at most; 0: any number."
    )
    skill_ids = fields.Many2many("ecm.callback.skill", string="Skills", check_company=True)

    _name_unique = models.UniqueIndex(
        "(company_id, lower(name))", "There is already an agent with this name."
    )
    _limit_positive = models.Constraint(
        "CHECK(open_limit >= 0)", "Open callbacks: a number, or 0 for any."
    )

    def _get_calendar(self):
        """The agent's own hours, else what HR keeps."""
        resource = self._get_resources()[:1]
        return super()._get_calendar() or resource.calendar_id

    def _get_resources(self):
        """The user as HR plans it, in the agent's company; with all rights."""
        resources = self.user_id.sudo().resource_ids
        return resources.filtered(lambda each: each.company_id in (self.company_id, False))

    def _get_leaves_domain(self, now):
        """The agent's own leaves, too."""
        domain = Domain(super()._get_leaves_domain(now))
        if resources := self._get_resources():
            own = Domain("resource_id", "in", resources.ids)
            domain |= own & Domain("date_to", ">=", now - timedelta(days=2))
        return domain

    @api.model
    def _find_by_name(self, company, name):
        """The agent that the dialer calls so, in whatever case; empty where there is none."""
        if not name:
            return self.browse()
        domain = [("company_id", "=", company.id), ("name", "=ilike", _escape(name.strip()))]
        return self.sudo().search(domain, limit=1)


def _escape(text):
    """A text that stands for itself in ``=ilike``."""
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text
