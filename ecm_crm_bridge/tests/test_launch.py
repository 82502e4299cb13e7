from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BridgeCase


@tagged("post_install", "-at_install")
class TestLaunch(BridgeCase):
    """Leads and customers become contacts of a campaign, and nobody twice (R1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create(
            {"name": "Anna Berg", "phone": "030 23125001", "ref": "K-1", "country_id": cls.de.id}
        )
        cls.lead = cls.create_lead("030 23125000", contact_name="Tom Maria Busch", user_id=False)

    def test_a_lead_becomes_a_contact_that_knows_it(self):
        self.lead.write({"partner_id": self.partner.id, "phone": "030 23125000"})
        self.launch(self.lead)
        contact = self.contacts_of(self.campaign)
        self.assertEqual(contact.lead_id, self.lead)
        self.assertEqual(contact.partner_id, self.partner)
        self.assertEqual(contact.phone_1, "+493023125000")
        self.assertEqual((contact.first_name, contact.last_name), ("Anna", "Berg"))
        self.assertEqual(contact.account_number, "K-1")
        self.assertTrue(contact.is_ready)

    def test_business_parameters_are_called_as_in_crm(self):
        self.lead.expected_revenue = 1200
        self.launch(self.lead)
        contact = self.contacts_of(self.campaign)
        [read] = contact.read(["business_parameters"])
        values = {item["string"]: item.get("value") for item in read["business_parameters"]}
        self.assertEqual(values["Opportunity"], "A lead")
        self.assertEqual(values["Expected Revenue"], "1200")

    def test_a_customer_becomes_a_contact(self):
        self.launch(self.partner)
        contact = self.contacts_of(self.campaign)
        self.assertEqual((contact.partner_id, contact.lead_id.id), (self.partner, False))
        self.assertEqual(contact.phone_1, "+493023125001")

    def test_launching_the_same_leads_twice_contacts_nobody_twice(self):
        self.launch(self.lead)
        self.lead.phone = "030 23125099"
        again = self.launch(self.lead)
        self.assertEqual(len(self.contacts_of(self.campaign)), 1)
        self.assertEqual((again.added_count, again.duplicate_count), (0, 1))
        reject = again.list_ids.reject_ids
        self.assertEqual(reject.reason_text, "This record is in the campaign already.")

    def test_a_name_is_split(self):
        self.launch(self.lead)
        contact = self.contacts_of(self.campaign)
        self.assertEqual((contact.first_name, contact.last_name), ("Tom Maria", "Busch"))

    def test_a_closed_contact_is_not_contacted_again(self):
        self.launch(self.lead)
        self.contacts_of(self.campaign).action_withdraw()
        again = self.launch(self.lead)
        self.assertEqual((again.added_count, again.duplicate_count), (0, 1))

    def test_in_any_campaign(self):
        self.launch(self.lead)
        other = self.create_campaign("Other")
        self.assertEqual(self.launch(self.lead, other, known_scope="company").added_count, 0)
        self.assertEqual(self.launch(self.lead, other).added_count, 1)

    def test_the_preview_says_what_becomes_of_whom(self):
        self.launch(self.lead)
        twice = self.create_lead("+49 30 23125003") | self.create_lead("030/23125003")
        listed = self.create_lead("+49 30 23125004")
        self.env["phone.blacklist"].add("+493023125004")
        without = self.create_lead(False) | self.create_lead("no number")
        known_number = self.create_lead("+493023125000")
        draft = self.draft(self.lead | twice | listed | without | known_number)
        counts = {
            name: draft[f"{name}_count"]
            for name in ("record", "fitting", "no_number", "repeated", "known", "dnc")
        }
        expected = {
            "record": 7,
            "fitting": 1,
            "no_number": 2,
            "repeated": 1,
            "known": 2,
            "dnc": 1,
        }
        self.assertEqual(counts, expected)
        # What was said is what comes of it.
        launch = self.import_launch(draft)
        self.assertEqual(launch.added_count, 2)
        self.assertEqual(launch.listed_count, 1)
        self.assertEqual(launch.failed_count, 2)
        self.assertEqual(launch.duplicate_count, 3)

    def test_the_whole_filter(self):
        leads = self.create_lead("+493023125005", name="Fair A") | self.create_lead(
            "+493023125006", name="Fair B"
        )
        none = self.env["crm.lead"].with_context(active_domain=[["name", "=like", "Fair _"]])
        draft = self.draft(none)
        self.assertEqual((draft.choice, draft.record_count), ("domain", 2))
        self.import_launch(draft)
        self.assertEqual(self.contacts_of(self.campaign).lead_id, leads)

    def test_a_saved_filter(self):
        self.create_lead("+493023125005", name="Fair A")
        values = {"name": "Fair", "model_id": "crm.lead", "domain": "[('name', '=', 'Fair A')]"}
        saved = self.env["ir.filters"].create(values)
        draft = self.draft(self.env["crm.lead"], choice="filter", filter_id=saved)
        self.assertEqual(draft.fitting_count, 1)
        self.assertEqual(self.import_launch(draft).added_count, 1)

    def test_a_filter_that_depends_on_who_asks_is_refused(self):
        draft = self.draft(self.env["crm.lead"], domain="[('user_id', '=', uid)]")
        self.assertIn("change with whoever looks", draft.preview_problem)
        with self.assertRaises(UserError):
            draft.action_launch()

    def test_a_filter_that_is_none_is_said_so(self):
        for wrong in ("[('nothing', '=', 1)]", "[(", "[('name', 'is', 1)]"):
            draft = self.draft(self.env["crm.lead"], domain=wrong)
            with self.subTest(wrong):
                self.assertTrue(draft.preview_problem)
                with self.assertRaises(UserError):
                    draft.action_launch()

    def test_of_many_the_preview_is_an_estimate(self):
        leads = self.lead
        for number in range(5):
            leads |= self.create_lead(f"+49302312501{number}")
        limit = "odoo.addons.ecm_crm_bridge.models.launch.ecm_crm_launch_preview.PREVIEW_LIMIT"
        with patch(limit, 3):
            draft = self.draft(leads)
            self.assertEqual((draft.record_count, draft.fitting_count), (6, 6))
            self.assertTrue(draft.is_sample)

    def test_many_are_launched_in_the_background(self):
        leads = self.lead | self.create_lead("+493023125005")
        draft = self.draft(leads)
        self.patch(type(draft), "_count_at_once", lambda launch: 1)
        draft.action_launch()
        self.assertEqual(draft.state, "queued")
        self.assertFalse(draft.list_ids)
        self.env["ecm.crm.launch"]._cron_launch()
        self.assertEqual(draft.state, "done")
        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual(len(self.contacts_of(self.campaign)), 2)

    def test_a_new_campaign_from_a_template(self):
        action = self.campaign.action_save_template()
        template = self.env["ecm.campaign"].browse(action["res_id"])
        draft = self.draft(self.lead, template=template, campaign_name="From the fair")
        self.assertEqual(draft.fitting_count, 1)
        launch = self.import_launch(draft)
        self.assertEqual(launch.campaign_id.name, "From the fair")
        self.assertFalse(launch.campaign_id.is_running)
        self.assertEqual(self.contacts_of(launch.campaign_id).lead_id, self.lead)

    def test_without_a_campaign_nothing_is_launched(self):
        values = {"record_ids": self.lead.ids, "choice": "chosen"}
        draft = self.env["ecm.crm.launch"].with_user(self.manager).create(values)
        with self.assertRaisesRegex(UserError, "Choose the campaign"):
            draft.action_launch()

    def test_what_was_launched_is_not_launched_again(self):
        launch = self.launch(self.lead)
        with self.assertRaisesRegex(UserError, "already"):
            launch.action_launch()

    def test_fields_are_chosen_and_what_is_none_is_refused(self):
        draft = self.draft(self.lead)
        line = draft.line_ids.filtered(lambda line: line.target == "account_number")
        line.field_name = "name"
        self.import_launch(draft)
        self.assertEqual(self.contacts_of(self.campaign).account_number, "A lead")
        for wrong in ("nothing", "name.more", "partner_id.image_128", "partner_id.nothing"):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                line.field_name = wrong

    def test_without_a_field_for_phone_1_the_preview_says_so(self):
        draft = self.draft(self.lead)
        draft.line_ids.filtered(lambda line: line.target == "phone_1").unlink()
        draft.invalidate_recordset()
        self.assertIn("phone 1", draft.preview_problem)

    def test_other_systems_need_not_name_the_fields(self):
        launches = self.env["ecm.crm.launch"].with_user(self.manager)
        values = {"choice": "chosen", "campaign_id": self.campaign.id}
        draft = launches.create({**values, "model": "res.partner", "record_ids": self.partner.ids})
        self.assertEqual(self.import_launch(draft).added_count, 1)
        self.assertEqual(self.contacts_of(self.campaign).partner_id, self.partner)

    def test_what_moves_on_still_knows_its_lead(self):
        self.launch(self.lead)
        contact = self.contacts_of(self.campaign)
        self.assertLessEqual({"partner_id", "lead_id"}, set(contact._get_taken_along()))


@tagged("post_install", "-at_install")
class TestLaunchBySales(BridgeCase):
    """Sales people launch what they see, into what they may (R1, R8)."""

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger("odoo.addons.base.models.ir_rule", "odoo.models"))

    def test_only_own_leads_are_launched(self):
        own = self.create_lead("+493023125005", user_id=self.sales.id)
        other = self.create_lead("+493023125006", user_id=self.env.ref("base.user_admin").id)
        launch = self.launch(own | other, user=self.sales)
        self.assertEqual(self.contacts_of(self.campaign).lead_id, own)
        self.assertEqual(launch.sudo().added_count, 1)

    def test_a_campaign_that_is_not_for_sales_is_refused(self):
        own = self.create_lead("+493023125005", user_id=self.sales.id)
        other = self.create_campaign("Not for sales")
        draft = self.draft(own, user=self.sales)
        draft.sudo().campaign_id = other
        with self.assertRaises(AccessError):
            draft.action_launch()

    def test_without_the_right_nobody_launches(self):
        other = self.create_sales("ecm_sales_without", launch=False)
        with self.assertRaises(AccessError):
            self.env["crm.lead"].with_user(other).action_ecm_launch()

    def test_somebody_elses_launch_is_not_seen(self):
        own = self.create_lead("+493023125005", user_id=self.sales.id)
        launch = self.launch(own, user=self.sales)
        colleague = self.create_sales("ecm_colleague")
        with self.assertRaises(AccessError):
            launch.with_user(colleague).read(["name"])
        supervisor = self.create_user("supervisor")
        self.assertEqual(launch.with_user(supervisor).name, launch.name)

    def test_another_companys_leads_and_campaigns_are_refused(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreign = self.create_sales(
            "ecm_foreign_sales", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        launches = self.env["ecm.crm.launch"].with_user(foreign)
        lead = self.create_lead("+493023125005", company_id=self.env.company.id)
        with self.assertRaises(AccessError):
            draft = launches.create(
                {"choice": "chosen", "record_ids": lead.ids, "campaign_id": self.campaign.id}
            )
            draft.action_launch()
        self.assertFalse(self.contacts_of(self.campaign))

    def test_the_engines_fields_are_set_by_nobody(self):
        draft = self.draft(
            self.create_lead("+493023125005", user_id=self.sales.id), user=self.sales
        )
        for name, value in (("state", "live"), ("user_id", self.env.user.id), ("error", "x")):
            with self.subTest(name), self.assertRaises(AccessError):
                draft.write({name: value})
