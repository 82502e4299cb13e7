from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_users import check_identity

AGENT = "ecm_campaign.ecm_campaign_group_agent"


class EcmApiKeyCreate(models.TransientModel):
    """*New API key*: for whom, for what, until when. The secret is shown once."""

    _name = "ecm.api.key.create"
    _description = "New API Key"

    name = fields.Char(required=True, help="Of the system that uses it.")
    user_id = fields.Many2one(
        "res.users",
        required=True,
        domain=lambda self: [("all_group_ids", "in", self.env.ref(AGENT).ids)],
        help="Calls are made in the name of this user, with this user's rights. A user of its own "
        "for each system shows in records who changed them.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    scope_ids = fields.Many2many("ecm.api.scope", string="Scopes", required=True)
    rate_limit = fields.Integer("Calls a minute", help="0: as the settings say.")
    expires_on = fields.Date(
        default=lambda self: fields.Date.today() + timedelta(days=365),
        help="Last day on which it is good. Empty: until it is revoked.",
    )

    @check_identity
    def action_create(self):
        """Make the key and show its secret."""
        self.ensure_one()
        _key, secret = self._make()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.users.apikeys.show",
            "name": self.env._("API key is ready"),
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_key": secret},
        }

    def _make(self):
        """:return: the key, and its secret
        :raise UserError: its user has no part in campaigns, or it would be over at once
        """
        self.check_access("write")
        self._check_user()
        if self.expires_on and self.expires_on < fields.Date.today():
            raise UserError(self.env._("The key would have expired already: choose a later day."))
        # Until that day is over.
        end = self.expires_on and fields.Datetime.to_datetime(self.expires_on) + timedelta(days=1)
        return self.env["ecm.api.key"]._make(self._prepare_values(), end)

    def _check_user(self):
        user = self.user_id.sudo()
        if not user.has_group(AGENT):
            raise UserError(self.env._("%s has no role in campaigns: give one first.", user.name))
        if self.company_id not in self.env.companies:
            raise AccessError(self.env._("Make keys for a company that you work for."))
        # Whoever runs campaigns must not become whoever runs Odoo.
        if user.has_group("base.group_system") and not self.env.is_system():
            raise AccessError(
                self.env._("Only administrators of Odoo make keys for an administrator of Odoo.")
            )

    def _prepare_values(self):
        return {
            "name": self.name,
            "user_id": self.user_id.id,
            "company_id": self.company_id.id,
            "rate_limit": self.rate_limit,
            "scope_ids": [fields.Command.set(self.scope_ids.ids)],
        }
