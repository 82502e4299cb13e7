from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_email"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        cls.env["ecm.email.sender"].create(
            {"name": "Whose methods are tried", "email_from": "a@example.com"}
        )

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
