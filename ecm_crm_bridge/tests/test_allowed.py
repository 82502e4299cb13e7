from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.allowed import AllowedCase


@tagged("post_install", "-at_install")
class TestAllowed(AllowedCase):
    """Nobody reaches what nobody has allowed (R8)."""

    addon = "ecm_crm_bridge"
    below = ("ecm_campaign",)

    @classmethod
    def _make_records(cls):
        contact = cls.create_contact()
        contact.lead_id = cls.env["crm.lead"].create({"name": "Whose methods are tried"})
        contact.partner_id = cls.env["res.partner"].create({"name": "Whose methods are tried"})
        launches = cls.env["ecm.crm.launch"].with_user(cls.users["supervisor"])
        cls.env["ecm.attempt"].create(
            {
                "key": "allowed-1",
                "contact_id": contact.id,
                "campaign_id": cls.campaign.id,
                "company_id": cls.campaign.company_id.id,
                "channel": "voice",
                "claimed_at": "2026-07-01 10:00:00",
            }
        )
        launches.create({"campaign_id": cls.campaign.id, "choice": "domain"})
        rule = cls.env["ecm.writeback.rule"].create({"name": "Rule", "note": "Called"})
        cls.env["ecm.writeback.value"].create(
            {"rule_id": rule.id, "field_key": "crm.lead:priority", "value": "1"}
        )
        cls.env["ecm.phone.quality"]._note(cls.env.company.id, ["+493023125000"], "invalid")
        attempt = cls.env["ecm.attempt"].create(
            {
                "key": "allowed-2",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "done",
                "claimed_at": "2026-07-01 10:00:00",
                "outcome_id": cls.env.ref("ecm_campaign.ecm_outcome_busy").id,
            }
        )
        cls.env.flush_all()
        cls.env["ecm.writeback.task"]._queue(attempt.ids)
        event = cls.env["ecm.crm.event"].create({"name": "Lead won"})
        event._follow()
        contact.lead_id.action_set_won()
        cls.env.flush_all()
        event._follow()

    def test_models_fields_methods_and_routes(self):
        self.check_everything()

    def test_another_company(self):
        self.check_foreign_company()

    def test_another_companys_methods(self):
        self.check_foreign_methods()
