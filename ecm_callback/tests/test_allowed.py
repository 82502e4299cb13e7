from odoo.tests import tagged

from .common import NUMBER
from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_callback"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        cls.create_contact()
        skill = cls.env["ecm.callback.skill"].create(
            {"name": "Whose methods are tried", "campaign_id": cls.campaign.id}
        )
        cls.env["ecm.callback"]._create_unchecked(
            {"number": NUMBER, "due_at": "2026-07-01 12:00:00", "skill_id": skill.id}
        )

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
