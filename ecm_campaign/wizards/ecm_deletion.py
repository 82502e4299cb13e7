from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..actions import open_window

# Where the user is once the records are gone.
NEXT_ACTIONS = {
    "ecm.campaign": "ecm_campaign.ecm_campaign_action",
    "ecm.contact.list": "ecm_campaign.ecm_contact_list_action",
}


class EcmDeletion(models.TransientModel):
    """Says how much goes with campaigns or lists before they are deleted, or why they must stay."""

    _name = "ecm.deletion"
    _description = "Delete Campaigns or Lists"

    campaign_ids = fields.Many2many(
        "ecm.campaign",
        readonly=True,
        context={"active_test": False},
        default=lambda self: self._get_chosen("ecm.campaign"),
    )
    list_ids = fields.Many2many(
        "ecm.contact.list",
        readonly=True,
        default=lambda self: self._get_chosen("ecm.contact.list"),
    )
    contact_count = fields.Integer("Contacts", compute="_compute_contact_count")
    summary = fields.Char(compute="_compute_summary")
    obstacle = fields.Char(compute="_compute_obstacle")

    def _get_chosen(self, model):
        """What the action was called on, if it is of this model."""
        context = self.env.context
        ids = []
        if context.get("active_model") == model:
            ids = context.get("active_ids")
        return [fields.Command.set(ids)]

    @api.depends("campaign_ids", "list_ids")
    def _compute_contact_count(self):
        contacts = self.env["ecm.contact"]
        for wizard in self:
            of_campaigns = Domain("campaign_id", "in", wizard.campaign_ids.ids)
            of_lists = Domain("list_id", "in", wizard.list_ids.ids)
            either = of_campaigns | of_lists
            wizard.contact_count = contacts.search_count(either)

    @api.depends("contact_count")
    def _compute_summary(self):
        for wizard in self:
            texts = []
            for label, count in wizard._get_counts():
                if count:
                    texts.append(f"{label}: {count:,}")
            wizard.summary = " · ".join(texts)

    def _get_counts(self):
        """:return: list of ``(what goes, how many)``"""
        campaigns = self.campaign_ids
        # A campaign takes its lists along.
        lists = campaigns.list_ids | self.list_ids
        return [
            (self.env._("Campaigns"), len(campaigns)),
            (self.env._("Lists"), len(lists)),
            (self.env._("Contacts that were never called"), self.contact_count),
        ]

    @api.depends("campaign_ids", "list_ids")
    def _compute_obstacle(self):
        for wizard in self:
            wizard.obstacle = wizard._find_obstacle()

    def _find_obstacle(self):
        """:return: the sentence of the first guard that would refuse, or False"""
        # The guards themselves are asked: what they refuse is said in one place.
        try:
            for records in (self.campaign_ids._origin, self.list_ids._origin):
                for guard in records._ondelete_methods:
                    guard(records)
        except UserError as error:
            return str(error)
        return False

    def action_delete(self):
        """Delete them, and go back to what is left.

        :raise UserError: they must stay
        """
        self.ensure_one()
        records = self.campaign_ids or self.list_ids
        records.unlink()
        # The form of what is gone cannot be shown again.
        action = NEXT_ACTIONS[records._name]
        return open_window(self.env, action, target="main")
