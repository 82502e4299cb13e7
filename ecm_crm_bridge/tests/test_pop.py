from urllib.parse import quote, urlsplit

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestPop(BridgeCase):
    """A call opens the record of whoever is on the phone (R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pops = cls.env["ecm.crm.pop"].with_user(cls.manager)
        cls.partner = cls.env["res.partner"].create(
            {"name": "Anna Berg", "phone": "+49 30 23125001", "ref": "K-4711"}
        )
        cls.lead = cls.create_lead("+493023125000", user_id=cls.sales.id)

    def path(self, record):
        return f"/odoo/{record._name}/{record.id}"

    def test_one_record_opens_at_once(self):
        self.assertEqual(self.pops._get_path("+493023125000"), self.path(self.lead))
        self.assertEqual(self.pops._get_path("030 23125001"), self.path(self.partner))
        # A plus in an address that nobody encoded.
        self.assertEqual(self.pops._get_path(" 493023125001"), self.path(self.partner))

    def test_the_customers_key(self):
        self.assertEqual(self.pops._get_path(account="K-4711"), self.path(self.partner))
        self.create_contact(account_number="K-1", lead_id=self.lead.id)
        self.assertEqual(self.pops._get_path(account="K-1"), self.path(self.lead))

    def test_the_dialers_account_number_is_an_attempts_key(self):
        contact = self.create_contact(lead_id=self.lead.id, partner_id=self.partner.id)
        self.env["ecm.attempt"].create(
            {
                "key": "ABC-0001",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.campaign.company_id.id,
                "channel": "voice",
                "claimed_at": "2026-07-01 10:00:00",
            }
        )
        # It says more than the number, which somebody else may have as well.
        path = self.pops._get_path("+493023125001", "ABC-0001")
        self.assertEqual(path, self.path(self.lead))

    def test_a_lead_stands_for_its_customer(self):
        lead = self.create_lead("+49 30 23125001", partner_id=self.partner.id)
        self.assertEqual(self.pops._get_path("+493023125001"), self.path(lead))

    def test_several_matches_are_a_list(self):
        other = self.create_lead("+493023125000", name="Other")
        pop = self.get_pop("+493023125000")
        self.assertEqual(set(pop.line_ids.mapped("res_id")), {self.lead.id, other.id})
        action = pop.line_ids[0].with_user(self.manager).action_open()
        self.assertEqual(action["res_model"], "crm.lead")

    def test_nobody_is_a_form_to_create(self):
        pop = self.get_pop("+493023125099")
        self.assertFalse(pop.line_ids)
        self.assertTrue(pop.may_create_lead)
        context = pop.action_create_lead()["context"]
        self.assertEqual(context["default_phone"], "+493023125099")

    def get_pop(self, phone):
        path = self.pops._get_path(phone)
        self.assertTrue(path.startswith("/odoo/ecm.crm.pop/"), path)
        return self.pops.browse(int(path.rpartition("/")[2]))

    def test_a_number_that_only_campaigns_know(self):
        contact = self.create_contact(phone_1="+493023125080", phone_2="+493023125081")
        self.assertEqual(self.pops._get_path("+493023125081"), self.path(contact))

    def test_others_leads_are_not_opened(self):
        colleague = self.create_sales("ecm_colleague")
        pops = self.env["ecm.crm.pop"].with_user(colleague)
        self.assertIn("ecm.crm.pop", pops._get_path("+493023125000"))
        self.create_contact(account_number="K-1", lead_id=self.lead.id)
        self.assertIn("ecm.crm.pop", pops._get_path(account="K-1"))

    def test_another_companys_contacts_are_not_found(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreign = self.create_manager(
            "ecm_foreign", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        self.create_contact(phone_1="+493023125080", account_number="K-9")
        pops = self.env["ecm.crm.pop"].with_user(foreign)
        self.assertIn("ecm.crm.pop", pops._get_path("+493023125080"))
        self.assertIn("ecm.crm.pop", pops._get_path(account="K-9"))

    def test_somebody_elses_pop_is_not_read(self):
        pop = self.get_pop("+493023125099")
        self.assertFalse(self.env["ecm.crm.pop"].with_user(self.sales).search([]))
        self.assertTrue(pop.exists())


@tagged("post_install", "-at_install")
class TestPopAddress(HttpCase):
    """The address that the agent's desktop opens (R1)."""

    def test_who_is_not_logged_in_logs_in_first(self):
        response = self.url_open("/ecm/pop?phone=123", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])
        self.assertIn("pop", response.headers["Location"])

    def test_who_is_logged_in_comes_to_the_record(self):
        group = "sales_team.group_sale_salesman_all_leads"
        new_test_user(self.env, login="ecm_pop", groups=group, password="ecm_pop_password")
        lead = self.env["crm.lead"].create({"name": "Called", "phone": "+493023125000"})
        self.authenticate("ecm_pop", "ecm_pop_password")
        response = self.url_open(f"/ecm/pop?phone={quote('+493023125000')}", allow_redirects=False)
        self.assertEqual(urlsplit(response.headers["Location"]).path, f"/odoo/crm.lead/{lead.id}")

    @mute_logger("odoo.http")
    def test_portal_users_are_refused(self):
        new_test_user(
            self.env, login="ecm_portal", groups="base.group_portal", password="ecm_portal_password"
        )
        self.authenticate("ecm_portal", "ecm_portal_password")
        response = self.url_open("/ecm/pop?phone=123", allow_redirects=False)
        self.assertEqual(response.status_code, 403)
