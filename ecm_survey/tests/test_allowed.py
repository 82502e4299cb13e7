from odoo.tests import tagged

from .common import ScriptCase
from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase, ScriptCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_survey"
    below = ("ecm_campaign", "ecm_agent")

    @classmethod
    def _make_records(cls):
        cls.create_contact()
        cls.env["ecm.card"].with_user(cls.anna).request_card()
        attempt = cls.env["ecm.card"].with_user(cls.anna)._get_in_hand(cls.anna).sudo().attempt_id
        sheet = cls.env["survey.user_input"]._open_sheet(attempt, "anna")
        sheet._save_lines(cls.buys, str(cls.yes.id))

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
