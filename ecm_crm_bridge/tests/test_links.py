from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestLinks(BridgeCase):
    """Contacts that came without their customer find it (R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.create_partner(
            "Anna Berg", phone="030 23125001", ref="K-4711", email="anna@berg.example"
        )

    @classmethod
    def create_partner(cls, name, **values):
        return cls.env["res.partner"].create({"name": name, "country_id": cls.de.id, **values})

    def bring(self, rows, header="phone_1,customer key,e-mail"):
        """Upload rows; then the background jobs.

        :return: the contacts
        """
        self.upload("\n".join([header, *rows]))
        self.env["ecm.contact"]._cron_link()
        self.env.invalidate_all()
        return self.contacts_of(self.campaign)

    def test_by_number_key_and_email(self):
        rows = ["+493023125001,,", "+493023125090,K-4711,", "+493023125091,,Anna@Berg.example"]
        self.assertEqual(self.bring(rows).mapped("partner_id"), self.partner)
        self.assertEqual(len(self.contacts_of(self.campaign).filtered("partner_id")), 3)

    def test_by_another_number_of_the_contact(self):
        contact = self.bring(["+493023125090,+493023125001"], "phone_1,phone_2")
        self.assertEqual(contact.partner_id, self.partner)

    def test_who_may_be_several_persons_gets_no_customer(self):
        self.create_partner("Tom Berg", phone="030 23125001")
        self.assertFalse(self.bring(["+493023125001,,"]).partner_id)

    def test_several_people_of_one_company_are_the_company(self):
        company = self.create_partner("Berg Ltd", is_company=True, phone="030 23125077")
        self.create_partner("Clerk", parent_id=company.id, phone="030 23125077")
        self.assertEqual(self.bring(["+493023125077,,"]).partner_id, company)

    def test_the_key_says_more_than_the_number(self):
        other = self.create_partner("Other", ref="K-1")
        self.assertEqual(self.bring(["+493023125001,K-1,"]).partner_id, other)

    def test_another_companys_customer_is_not_found(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        self.partner.company_id = company
        self.assertFalse(self.bring(["+493023125001,K-4711,"]).partner_id)

    def test_the_one_open_lead_is_found_with_its_customer(self):
        lead = self.create_lead("+493023125055", partner_id=self.partner.id)
        lead.phone = "+493023125055"
        contact = self.bring(["+493023125055,,"])
        self.assertEqual((contact.lead_id, contact.partner_id), (lead, lead.partner_id))

    def test_of_several_open_leads_none_is_taken(self):
        self.create_lead("+493023125055")
        self.create_lead("+493023125055")
        self.assertFalse(self.bring(["+493023125055,,"]).lead_id)

    def test_a_lost_lead_is_not_taken(self):
        self.create_lead("+493023125055").action_set_lost()
        self.assertFalse(self.bring(["+493023125055,,"]).lead_id)

    def test_what_somebody_chose_stays(self):
        other = self.create_partner("Other")
        contact = self.create_contact(phone_1="+493023125001", partner_id=other.id)
        self.env["ecm.contact"]._cron_link()
        self.assertEqual(contact.partner_id, other)

    def test_what_came_long_ago_is_looked_at_once(self):
        contact = self.create_contact(phone_1="+493023125090")
        self.env.flush_all()
        self.env.cr.execute("UPDATE ecm_contact SET added_at = added_at - interval '1 day'")
        self.env["ecm.contact"]._cron_link()
        parameters = self.env["ir.config_parameter"].sudo()
        self.assertEqual(int(parameters.get_param("ecm_crm_bridge.linked_up_to")), contact.id)
        self.partner.phone = "+493023125090"
        self.env["ecm.contact"]._cron_link()
        self.env.invalidate_all()
        self.assertFalse(contact.partner_id)

    def test_merged_customers_and_leads_keep_their_contacts(self):
        lead, other = self.create_lead("+493023125055"), self.create_lead("+493023125056")
        contacts = self.create_contact(lead_id=lead.id) | self.create_contact(lead_id=other.id)
        merged = (lead | other).merge_opportunity(auto_unlink=True)
        self.env.invalidate_all()
        self.assertEqual(contacts.lead_id, merged)

    def test_a_deleted_customer_leaves_the_contact(self):
        contact = self.create_contact(partner_id=self.create_partner("Gone").id)
        contact.partner_id.unlink()
        self.env.invalidate_all()
        self.assertTrue(contact.exists())
        self.assertFalse(contact.partner_id)


@tagged("post_install", "-at_install")
class TestTimeline(BridgeCase):
    """What campaigns have done is seen on leads and customers, by whoever may (R1, R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Anna Berg"})
        cls.lead = cls.create_lead(user_id=cls.sales.id, partner_id=cls.partner.id)
        cls.contact = cls.create_contact(lead_id=cls.lead.id, partner_id=cls.partner.id)
        cls.env["ecm.attempt"].create(
            {
                "key": "timeline-1",
                "contact_id": cls.contact.id,
                "campaign_id": cls.campaign.id,
                "company_id": cls.campaign.company_id.id,
                "channel": "voice",
                "number": "+493023125000",
                "claimed_at": "2026-07-01 10:00:00",
                "outcome_id": cls.env.ref("ecm_campaign.ecm_outcome_no_answer").id,
                "agent": "a.berg",
            }
        )

    def test_the_salesperson_sees_the_attempts_on_the_lead_and_the_customer(self):
        for record in (self.lead, self.partner):
            [attempt] = record.with_user(self.sales).ecm_attempts
            self.assertEqual(attempt["number"], "+493023125000")
            self.assertEqual(attempt["time"], "2026-07-01 10:00:00")
            self.assertEqual((attempt["agent"], attempt["campaign"]), ("a.berg", "Spring offer"))
            self.assertEqual(record.with_user(self.sales).ecm_contact_count, 1)

    def test_a_colleague_does_not_see_them_on_the_customer(self):
        colleague = self.create_sales("ecm_colleague")
        self.assertFalse(self.partner.with_user(colleague).ecm_attempts)
        self.assertEqual(self.partner.with_user(colleague).ecm_contact_count, 0)

    def test_another_companys_are_not_seen(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreign = self.create_manager(
            "ecm_foreign", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        self.assertFalse(self.partner.with_user(foreign).ecm_attempts)

    def test_the_contacts_are_opened_by_who_may_see_them(self):
        action = self.lead.with_user(self.manager).action_view_ecm_contacts()
        self.assertEqual(self.env["ecm.contact"].search(action["domain"]), self.contact)
        with self.assertRaises(AccessError):
            self.lead.with_user(self.sales).action_view_ecm_contacts()
