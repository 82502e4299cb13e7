from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (E8, E25, R8)."""

    addon = "ecm_rest_api"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        contact = cls.create_contact()
        values = {"kind": "outcome", "noted_at": "2026-11-29", "contact_id": contact.id}
        values |= {"campaign_id": contact.campaign_id.id, "company_id": contact.company_id.id}
        # Nobody asks for the attempt that is told of.
        cls.env["ecm.api.event"].create({**values, "attempt_id": 1})
        # That of the demo data is switched off.
        cls.env["ecm.webhook"].create({"name": "CRM", "url": "https://crm.example.com/"})

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
