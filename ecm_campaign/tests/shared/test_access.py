from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..common import CampaignCase

MODELS = (
    "ecm.campaign",
    "ecm.contact.list",
    "ecm.contact",
    "ecm.strategy",
    "ecm.outcome",
    "ecm.attempt",
)


REFUSALS = (
    "odoo.models",
    "odoo.orm.models",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
)


class TestAccess(CampaignCase):
    """Roles and companies (R8)."""

    def setUp(self):
        super().setUp()
        # Not around the class: what `mute_logger` makes of a class is a function, which never runs.
        self.enterContext(mute_logger(*REFUSALS))

    def test_no_role_sees_nothing(self):
        user = self.env["res.users"].create({"name": "No role", "login": "norole"})
        for model in MODELS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(user).search([])

    def test_agents_read_and_change_nothing(self):
        agent = self.create_user("agent")
        contact = self.create_contact()
        changes = {self.campaign: "name", contact: "first_name", self.strategy: "name"}
        for record, name in changes.items():
            with self.subTest(model=record._name):
                record.with_user(agent).read(["display_name"])
                with self.assertRaises(AccessError):
                    record.with_user(agent).write({name: "Other"})
                with self.assertRaises(AccessError):
                    record.with_user(agent).unlink()
        for action in (
            self.campaign.with_user(agent).action_start,
            self.campaign.with_user(agent).action_feed_now,
            contact.with_user(agent).action_withdraw,
        ):
            with self.assertRaises(AccessError):
                action()

    def test_supervisors_run_campaigns_but_do_not_write_history(self):
        supervisor = self.create_user("supervisor")
        campaign = self.campaign.with_user(supervisor)
        campaign.description = "Mine"
        self.create_contact().with_user(supervisor).action_withdraw()
        with self.assertRaises(AccessError):
            self.env["ecm.attempt"].with_user(supervisor).create({"key": "x"})

    def test_another_company_is_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.create_user(
            "administrator", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        contact = self.create_contact()
        own_strategy = self.strategy.copy({"company_id": self.env.company.id})
        for record in (self.campaign, contact, own_strategy, own_strategy.attempt_ids[0]):
            with self.subTest(model=record._name):
                self.assertFalse(record.with_user(stranger).search([("id", "=", record.id)]))
                with self.assertRaises(AccessError):
                    record.with_user(stranger).read(["display_name"])
        with self.assertRaises(AccessError):
            contact.with_user(stranger).action_withdraw()
