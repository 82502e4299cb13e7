from odoo.tests import new_test_user, tagged

from odoo.addons.ecm_campaign.tests.common import CampaignCase, TourCase

GROUPS = "sales_team.group_sale_salesman,ecm_crm_bridge.ecm_crm_bridge_group_launch"


@tagged("post_install", "-at_install")
class TestScreens(TourCase, CampaignCase):
    """What a sales person does with the mouse (R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.campaign.is_crm_launch = True
        cls.sales = new_test_user(cls.env, login="ecm_sales", groups=GROUPS)

    def create_lead(self, name, phone):
        values = {"name": name, "phone": phone, "user_id": self.sales.id, "type": "opportunity"}
        return self.env["crm.lead"].create(values)

    def test_leads_are_launched_from_their_list(self):
        first = self.create_lead("Fair lead A", "+493023125000")
        self.create_lead("Fair lead B", False)
        action = self.env.ref("crm.crm_lead_action_pipeline")
        url = f"/odoo/action-{action.id}?view_type=list"
        self.start_tour(url, "ecm_crm_launch", login="ecm_sales")
        launch = self.env["ecm.crm.launch"].search([("user_id", "=", self.sales.id)])
        self.assertEqual(launch.state, "done")
        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual(self.contacts_of(self.campaign).lead_id, first)

    def test_a_call_that_may_be_two_leads(self):
        self.create_lead("First lead", "+493023125000")
        self.create_lead("Second lead", "+493023125000")
        self.start_tour("/ecm/pop?phone=%2B493023125000", "ecm_crm_pop", login="ecm_sales")

    def test_what_campaigns_have_done_stands_on_the_lead(self):
        lead = self.create_lead("First lead", "+493023125000")
        contact = self.create_contact(lead_id=lead.id)
        self.env["ecm.attempt"].create(
            {
                "key": "tour-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.campaign.company_id.id,
                "channel": "voice",
                "state": "done",
                "number": "+493023125000",
                "claimed_at": "2026-07-01 10:00:00",
                "outcome_id": self.env.ref("ecm_campaign.ecm_outcome_no_answer").id,
            }
        )
        self.start_tour(f"/odoo/crm.lead/{lead.id}", "ecm_crm_timeline", login="ecm_sales")
