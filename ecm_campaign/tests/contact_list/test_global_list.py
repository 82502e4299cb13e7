from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import CampaignCase

NUMBER, OTHER, LISTED = "+493023125001", "+493023125002", "+493023125003"


class TestGlobalList(CampaignCase):
    """One file that feeds several campaigns (L7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second, cls.third = (
            cls.create_campaign("Second offer"),
            cls.create_campaign("Third offer"),
        )

    def feed(self, contact_list, campaigns):
        """The wizard, as a supervisor uses it, and the background import.

        :return: the global list
        """
        action = contact_list.action_feed_campaigns()
        form = Form(self.env["ecm.global.list.feed"].with_context(**action["context"]))
        for campaign in campaigns:
            form.campaign_ids.add(campaign)
        action = form.save().action_feed()
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return self.env["ecm.global.list"].browse(action["res_id"])

    def test_each_campaign_gets_a_list_by_its_own_rules(self):
        dnc_list = self.env["ecm.dnc.list"].create(
            {"name": "Not there", "campaign_ids": self.third.ids}
        )
        dnc_list.api_add([LISTED])
        self.create_contact(self.second, phone_1=NUMBER)
        contact_list = self.upload(
            f"phone;contract\n{NUMBER};A\n{OTHER};B\n{LISTED};C\nnonsense;D\n"
        )
        global_list = self.feed(contact_list, [self.second, self.third])
        self.assertEqual(global_list, contact_list.global_list_id)
        self.assertEqual(global_list.campaign_ids, self.campaign | self.second | self.third)
        lists = {record.campaign_id: record for record in global_list.list_ids}
        self.assertEqual(set(global_list.list_ids.mapped("state")), {"done"})
        self.assertEqual(
            (lists[self.second].uploaded_count, lists[self.second].duplicate_count), (2, 1)
        )
        self.assertEqual(
            (lists[self.third].uploaded_count, lists[self.third].dnc_corporate_contacts), (3, 1)
        )
        self.assertEqual(
            (global_list.uploaded_count, global_list.failed_count, global_list.duplicate_count),
            (8, 3, 1),
        )
        self.assertEqual(global_list.pending_count, 7)
        self.assertEqual(
            self.contacts_of(self.third)[0].business_parameters["business_parameter_1"],
            "A",
            "columns as corrected",
        )

    def test_stopping_reaches_every_campaign(self):
        global_list = self.feed(self.upload(f"phone\n{NUMBER}\n"), [self.second])
        global_list.action_stop()
        self.assertEqual(set(global_list.list_ids.mapped("status")), {"stopped"})
        self.assertFalse(self.contacts_of(self.second).is_ready)
        global_list.action_restart()
        self.assertTrue(self.contacts_of(self.second).is_ready)

    def test_a_campaign_is_fed_once_and_by_its_own_company(self):
        global_list = self.feed(self.upload(f"phone\n{NUMBER}\n"), [self.second])
        with self.assertRaisesRegex(UserError, "already"):
            global_list.feed_campaigns(self.second)
        company = self.env["res.company"].create({"name": "Other company"})
        with self.assertRaisesRegex(UserError, "company"):
            global_list.feed_campaigns(self.create_campaign("Abroad", company_id=company.id))
        with self.assertRaisesRegex(UserError, "Choose a campaign"):
            self.feed(global_list.list_ids[0], [])

    def test_the_file_stays_when_a_list_goes(self):
        contact_list = self.upload(f"phone\n{NUMBER}\n")
        global_list = self.feed(contact_list, [self.second])
        contact_list.unlink()
        global_list.feed_campaigns(self.third)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual(len(self.contacts_of(self.third)), 1)

    @mute_logger(
        "odoo.models",
        "odoo.orm.models",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_rule",
    )
    def test_agents_and_other_companies_may_not(self):
        contact_list = self.upload(f"phone\n{NUMBER}\n")
        global_list = self.feed(contact_list, [self.second])
        agent = self.create_user("agent")
        for change in (
            lambda: contact_list.with_user(agent)._make_global(),
            lambda: global_list.with_user(agent).feed_campaigns(self.third),
            lambda: (
                self.env["ecm.global.list.feed"]
                .with_user(agent)
                .create({"list_id": contact_list.id})
            ),
        ):
            with self.assertRaises(AccessError):
                change()
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.create_user(
            "supervisor", company_ids=[(6, 0, company.ids)], company_id=company.id
        )
        self.assertFalse(
            self.env["ecm.global.list"].with_user(stranger).search([("id", "=", global_list.id)])
        )

    def test_bad_values_are_counted_for_each_phone(self):
        contact_list = self.upload(
            f"phone1;phone2;phone3\n{NUMBER};nonsense;030\n"
            f"+49302312500199999;{OTHER};{OTHER}\n{OTHER};12;\n;1;2\n"
        )
        counts = [contact_list[f"failed_phone_{number}"] for number in range(1, 6)]
        self.assertEqual(counts, [1, 2, 1, 0, 0])
        self.assertEqual(contact_list.uploaded_count, 2)
