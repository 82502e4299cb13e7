from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_report"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        contact = cls.create_contact()
        contact_list = cls.env["ecm.contact.list"].create(
            {"name": "reported.csv", "campaign_id": cls.campaign.id}
        )
        cls.env.cr.execute(
            """INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel,
                                        claimed_at, called_at)
               VALUES ('reported', %s, %s, %s, 'done', 'voice', now() AT TIME ZONE 'UTC',
                       now() AT TIME ZONE 'UTC')""",
            [contact.id, cls.campaign.id, cls.campaign.company_id.id],
        )
        contact.list_id = contact_list

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
