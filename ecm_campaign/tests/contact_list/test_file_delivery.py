import base64
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import HttpCase, tagged

from ..common import CampaignCase

CONTENT = b"phone,first name\n+493023125001,Anna\n+493023125002,Bernd\n"
TEXT = base64.b64encode(CONTENT).decode()


class TestFileDelivery(CampaignCase):
    """An outside system delivers a file by RPC, as a supervisor (L1, I7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")

    def deliver(self, *args, user=None, **values):
        """:return: the list whose id is answered"""
        lists = self.env["ecm.contact.list"].with_user(user or self.supervisor)
        answer = call_kw(lists, "create_from_file", args, values)
        self.assertIsInstance(answer, int)
        return self.env["ecm.contact.list"].browse(answer)

    def keep(self, user):
        content = base64.b64decode(TEXT)
        attachments = self.env["ir.attachment"].with_user(user)
        values = {"name": "june.csv", "raw": content, "res_model": "ecm.contact.upload"}
        return attachments.create(values)

    def assert_refused(self, sentence, *args, error=UserError, **values):
        with self.subTest(sentence=sentence), self.assertRaisesRegex(error, sentence):
            self.deliver(*args, **values)

    def test_content_in_base64(self):
        contact_list = self.deliver(self.campaign.id, "june.csv", TEXT)
        values = (contact_list.name, contact_list.state, contact_list.source, contact_list.mode)
        self.assertEqual(values, ("june.csv", "queued", "api", "append"))
        self.assertEqual(contact_list.user_id, self.supervisor)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("done", 2))

    def test_base64_that_is_broken_into_lines(self):
        text = base64.encodebytes(CONTENT * 5).decode()
        contact_list = self.deliver(self.campaign.id, "june.csv", content_base64=text)
        self.assertEqual(contact_list.attachment_id.raw, CONTENT * 5)

    def test_an_upload_of_ones_own(self):
        file = self.keep(self.supervisor)
        contact_list = self.deliver(self.campaign.id, "june.csv", attachment_id=file.id)
        self.assertEqual(contact_list.attachment_id, file)
        self.assertEqual((file.res_model, file.res_id), ("ecm.contact.list", contact_list.id))

    def test_no_other_file(self):
        others = self.keep(self.env.user)
        taken = self.deliver(self.campaign.id, "june.csv", TEXT).attachment_id
        for file in (others, taken):
            with self.subTest(file=file.res_model), self.assertRaises(AccessError):
                self.deliver(self.campaign.id, "june.csv", attachment_id=file.id)

    def test_profile_and_mode(self):
        profile = self.env["ecm.import.profile"].create(
            {"name": "Bank", "mode": "overwrite", "duplicate_policy": "allow"}
        )
        settings = {"profile_id": profile.id}
        contact_list = self.deliver(self.campaign.id, "june.csv", TEXT, **settings)
        self.assertEqual((contact_list.profile_id, contact_list.mode), (profile, "overwrite"))
        self.assertEqual(contact_list.duplicate_policy, "allow")
        contact_list = self.deliver(self.campaign.id, "june.csv", TEXT, mode="update", **settings)
        self.assertEqual(contact_list.mode, "update")

    def test_what_is_wrong_is_said(self):
        campaign = self.campaign.id
        self.assert_refused("Campaign.*none.*0", 0, "june.csv", TEXT)
        self.assert_refused("Campaign.*none.*first", "first", "june.csv", TEXT)
        self.assert_refused("Profile.*none.*999999", campaign, "x.csv", TEXT, profile_id=999999)
        self.assert_refused("append, overwrite, update", campaign, "x.csv", TEXT, mode="all")
        self.assert_refused("name", campaign, " ", TEXT)
        self.assert_refused("either", campaign, "x.csv")
        self.assert_refused("either", campaign, "x.csv", TEXT, attachment_id=1)
        self.assert_refused("base64", campaign, "x.csv", CONTENT.decode())
        self.assert_refused("base64", campaign, "x.csv", [1])
        self.assert_refused("CSV or XLSX", campaign, "x.csv", "iVBORw0KGgo" + "A" * 41)

    def test_a_file_beyond_the_limit_is_refused(self):
        uploads = type(self.env["ecm.contact.upload"])
        with patch.object(uploads, "_get_max_size", return_value=len(CONTENT) - 1):
            self.assert_refused("larger", self.campaign.id, "june.csv", TEXT)

    def test_only_whoever_may_change_the_campaign(self):
        agent = self.create_user("agent")
        with self.assertRaises(AccessError):
            self.deliver(self.campaign.id, "june.csv", TEXT, user=agent)
        company = self.env["res.company"].create({"name": "Other"})
        foreign = self.create_campaign("Foreign", company_id=company.id)
        with self.assertRaises(AccessError):
            self.deliver(foreign.id, "june.csv", TEXT)
        self.assertFalse(self.env["ir.attachment"].search([("name", "=", "june.csv")]))


@tagged("post_install", "-at_install")
class TestFileDeliveryByHttp(HttpCase, CampaignCase):
    """The same over the wire: what is sent and answered is plain JSON (I7)."""

    def test_json_rpc(self):
        supervisor = self.create_user("supervisor")
        self.authenticate(supervisor.login, supervisor.login)
        params = {
            "model": "ecm.contact.list",
            "method": "create_from_file",
            "args": [self.campaign.id, "june.csv", TEXT],
            "kwargs": {},
        }
        answer = self.make_jsonrpc_request("/web/dataset/call_kw", params)
        contact_list = self.env["ecm.contact.list"].browse(answer)
        self.assertEqual((contact_list.name, contact_list.state), ("june.csv", "queued"))
