from odoo.tests import tagged

from .common import AgentCase
from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase, AgentCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_agent"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        agent = cls.users["agent"]
        cls.team.user_ids |= agent
        cls.create_contact()
        cls.env["ecm.card"].with_user(agent).request_card()

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
