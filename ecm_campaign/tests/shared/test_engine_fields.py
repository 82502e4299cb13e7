from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from ..common import CampaignCase

NUMBER, OTHER = "+493023125001", "+493023125002"
# What must never come from outside, among the fields that the mixin finds by itself.
WORST = {
    "ecm.contact": {
        "state": "connected",
        "is_ready": True,
        "number_to_call": "hello",
        "attempt_count": -1,
        "current_attempt_id": 1,
        "close_reason": "live_voice",
        "resume_at": "2026-01-01 10:00:00",
        "chained_from_id": 1,
        "target_group_id": 1,
    },
    "ecm.contact.list": {
        "state": "done",
        "status": "active",
        "options": {"columns": {"0": "phone_1"}},
        "resume_line": 7,
        "uploaded_count": 7,
        "dnc_national_contacts": 7,
        "mode": "overwrite",
        "company_id": 1,
        "global_list_id": 1,
    },
    "ecm.contact.withdrawal": {"state": "queued", "resume_line": 0, "withdrawn_count": 7},
    "ecm.dnc.load": {"state": "done", "loaded_count": 7, "meets_listed": True},
    "ecm.global.list": {"list_ids": [(5,)]},
    "ecm.dry.run": {"state": "done", "hints": "All is well", "attempt_count": 7, "user_id": 1},
    "ecm.target.group": {"drawn_count": 0},
    "ecm.campaign": {
        "started_at": "2026-01-01 10:00:00",
        "selection_changed_at": False,
        "times_changed_at": False,
    },
    "ecm.campaign.group": {"buffer_size": 7},
    "ecm.dnc.list": {"is_deleting": True},
    "ecm.dnc.entry": {"added_by": 1},
}


class TestEngineFields(CampaignCase):
    """What the engine writes no supervisor writes, whatever the way (I3, E25)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor")
        cls.agent = cls.create_user("agent")
        cls.other = cls.create_campaign("Summer offer").with_user(cls.supervisor)
        cls.list_of_other = cls.env["ecm.contact.list"].create(
            {"name": "July", "campaign_id": cls.other.id}
        )
        cls.env = cls.env(user=cls.supervisor)
        cls.campaign = cls.campaign.with_user(cls.supervisor)
        cls.contacts = cls.env["ecm.contact"]

    def _get_values(self, model):
        """What a supervisor gives to create a record of this model."""
        company = {"company_id": self.env.company.id}
        of_campaign = {"campaign_id": self.campaign.id}
        values = {
            "ecm.contact": {**of_campaign, "phone_1": NUMBER},
            "ecm.contact.list": {**of_campaign, "name": "June"},
            "ecm.contact.withdrawal": {**company, "match": "phone", "reason": "Paid"},
            "ecm.global.list": {**company, "name": "June"},
            "ecm.dry.run": of_campaign,
            "ecm.target.group": {**of_campaign, "name": "Gold"},
            "ecm.campaign": {"name": "Autumn offer", "strategy_id": self.strategy.id},
            "ecm.campaign.group": {"name": "Evening"},
            "ecm.dnc.list": {"name": "Registry"},
        }
        if model in ("ecm.dnc.load", "ecm.dnc.entry"):
            dnc_list = self.env["ecm.dnc.list"].create({"name": f"List for {model}"})
            of_list = {"list_id": dnc_list.id}
            values["ecm.dnc.load"] = {**of_list, "file": b"KzQ5MzAyMzEyNTAwMQ=="}
            values["ecm.dnc.entry"] = {**of_list, "value": NUMBER}
        return values[model]

    def _each(self):
        """:return: iterator of ``(a supervisor's record, its values, field, value to refuse)``"""
        for model, worst in WORST.items():
            values = self._get_values(model)
            record = self.env[model].create(values)
            for name, value in worst.items():
                yield record, values, name, value

    def test_none_is_changed(self):
        for record, _values, name, value in self._each():
            with self.subTest(model=record._name, field=name):
                before = record[name]
                with self.assertRaisesRegex(AccessError, record._fields[name].string):
                    record.write({name: value})
                self.assertEqual(record[name], before)

    def test_none_is_given_at_creation(self):
        for record, values, name, value in self._each():
            is_refused = self.assertRaisesRegex(AccessError, "cannot be set by hand")
            with self.subTest(model=record._name, field=name), is_refused:
                record.create({**values, name: value})

    def test_none_comes_from_the_context(self):
        contacts = self.contacts.with_context(default_state="connected", default_is_ready=False)
        contact = contacts.create(self._get_values("ecm.contact"))
        self.assertEqual((contact.state, contact.is_ready), ("pending", True))

    def test_none_comes_from_an_import(self):
        """Odoo's own import of records."""
        names = ["campaign_id/.id", "phone_1", "attempt_count"]
        result = self.contacts.load(names, [[str(self.campaign.id), NUMBER, "7"]])
        self.assertFalse(result["ids"])
        self.assertIn("Attempts made", result["messages"][0]["message"])
        result = self.contacts.load(names[:2], [[str(self.campaign.id), NUMBER]])
        self.assertTrue(result["ids"], result["messages"])

    def test_none_is_taken_along_by_a_copy(self):
        contact_list = self.env["ecm.contact.list"].create(self._get_values("ecm.contact.list"))
        contact_list.sudo().write({"uploaded_count": 7, "failed_count": 7, "state": "done"})
        copy = contact_list.copy()
        self.assertEqual((copy.uploaded_count, copy.failed_count, copy.state), (0, 0, "draft"))

    def test_campaign_company_and_list_of_a_contact_are_fixed(self):
        contact = self.contacts.create(self._get_values("ecm.contact"))
        company = self.env["res.company"].sudo().create({"name": "Other company"})
        changes = {
            "campaign_id": self.other.id,
            "company_id": company.id,
            "list_id": self.list_of_other.id,
            "next_attempt_at": "2026-01-01 10:00:00",
        }
        for name, value in changes.items():
            with self.subTest(field=name), self.assertRaises(AccessError):
                contact.write({name: value})
        contact.write({"campaign_id": self.campaign.id, "first_name": "Anna"})
        self.assertEqual((contact.campaign_id, contact.first_name), (self.campaign, "Anna"))

    def test_a_contact_comes_into_no_list_of_another_campaign(self):
        values = {**self._get_values("ecm.contact"), "list_id": self.list_of_other.id}
        with self.assertRaisesRegex(ValidationError, "another campaign"):
            self.contacts.create(values)

    def test_a_list_stays_in_its_campaign(self):
        contact_list = self.list_of_other.with_user(self.supervisor)
        with self.assertRaises(AccessError):
            contact_list.campaign_id = self.campaign

    def test_phone_1_is_never_empty(self):
        contact = self.contacts.create(self._get_values("ecm.contact"))
        with self.assertRaisesRegex(ValidationError, "Phone 1"):
            self.contacts.with_context(default_phone_1="").create({"campaign_id": self.campaign.id})
        for empty in ("", False):
            with self.subTest(phone=empty):
                with self.assertRaisesRegex(ValidationError, "Phone 1"):
                    contact.write({"phone_1": empty})
                with self.assertRaisesRegex(ValidationError, "Phone 1"):
                    self.contacts.create({"campaign_id": self.campaign.id, "phone_1": empty})

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.models", "odoo.orm.models")
    def test_agents_change_nothing_at_all(self):
        contact = self.contacts.create(self._get_values("ecm.contact")).with_user(self.agent)
        for change in ({"state": "connected"}, {"first_name": "Anna"}):
            with self.subTest(change=change), self.assertRaises(AccessError):
                contact.write(change)

    # -- what a supervisor does goes on working ---------------------------------------------------

    def test_contacts_by_hand(self):
        form = Form(self.contacts.with_context(default_campaign_id=self.campaign.id))
        form.phone_1 = "030 23125001"
        form.first_name = "Anna"
        contact = form.save()
        self.assertEqual((contact.number_to_call, contact.is_ready), (NUMBER, True))
        with Form(contact) as form:
            form.phone_2 = "030 23125002"
        self.assertEqual(contact.phone_2, OTHER)
        contact.action_withdraw("Paid")
        self.assertEqual(contact.state, "withdrawn")

    def test_a_contact_for_later(self):
        contact = self.contacts.create(
            {**self._get_values("ecm.contact"), "next_attempt_at": "2099-01-01 10:00:00"}
        )
        self.assertFalse(contact.is_ready)

    def test_a_list_from_upload_to_its_end(self):
        contact_list = self.queue(f"phone\n{NUMBER}\n")
        self.assertEqual((contact_list.state, contact_list.user_id), ("queued", self.supervisor))
        self.env["ecm.contact.list"].sudo()._cron_import()
        self.env.invalidate_all()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("done", 1))
        contact_list.action_stop()
        self.assertEqual(contact_list.status, "stopped")
        contact_list.action_restart()
        self.assertEqual(contact_list.status, "active")
        contact_list.date_start = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(contact_list.status, "planned")
        contact_list.date_start = False
        self.assertEqual(contact_list.status, "active")

    def test_a_list_for_later(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        contact_list = self.queue(f"phone\n{NUMBER}\n", date_start=tomorrow)
        self.assertEqual(contact_list.status, "planned")

    def test_an_import_that_is_cancelled(self):
        contact_list = self.queue(f"phone\n{NUMBER}\n")
        contact_list.action_cancel()
        self.assertEqual(contact_list.state, "cancelled")

    def test_a_dry_run_and_another_one(self):
        self.contacts.create(self._get_values("ecm.contact"))
        run = self.env["ecm.dry.run"].browse(self.campaign.action_dry_run()["res_id"])
        run.action_run()
        self.assertEqual((run.state, run.contact_count), ("done", 1))
        again = self.env["ecm.dry.run"].browse(run.action_again()["res_id"])
        self.assertEqual((again.state, again.rates_source), ("draft", run.rates_source))
        self.assertTrue(again.rate_ids)
        again.sudo().state = "queued"
        again.action_cancel()
        self.assertEqual(again.state, "cancelled")

    def test_a_campaign_its_selection_and_its_group(self):
        group = self.env["ecm.campaign.group"].create(self._get_values("ecm.campaign.group"))
        group.sudo().buffer_size = 7
        group.increment = 40
        self.assertEqual(group.buffer_size, 0)
        self.campaign.selection_domain = "[('first_name', '=', 'Anna')]"
        self.assertTrue(self.campaign.selection_changed_at)
        with (
            patch.object(type(self.campaign), "_check_can_start"),
            patch.object(type(self.campaign), "_trigger_feed"),
        ):
            self.campaign.action_start()
        self.assertTrue(self.campaign.started_at)

    def test_a_large_do_not_contact_list_is_deleted(self):
        dnc_list = self.env["ecm.dnc.list"].create({"name": "Registry"})
        dnc_list.api_add([NUMBER])
        with patch("odoo.addons.ecm_campaign.models.dnc.ecm_dnc_list.DELETE_AT_ONCE", 1):
            dnc_list.unlink()
        self.assertTrue(dnc_list.is_deleting)


@tagged("post_install", "-at_install")
class TestEngineFieldsByRpc(HttpCase):
    """The same through the door that a script takes."""

    def test_a_supervisor_is_refused_by_rpc(self):
        user = new_test_user(
            self.env, login="ecm_rpc", groups="ecm_campaign.ecm_campaign_group_supervisor"
        )
        strategy = self.env.ref("ecm_campaign.ecm_strategy_voice")
        campaign = self.env["ecm.campaign"].create(
            {"name": "RPC", "strategy_id": strategy.id, "duplicate_policy": "allow"}
        )
        self.authenticate(user.login, user.login)
        values = {"campaign_id": campaign.id, "phone_1": NUMBER}
        [contact_id] = self._call("create", [values])
        with mute_logger("odoo.http"):
            for change in ({"state": "connected"}, {"is_ready": False}, {"number_to_call": "1"}):
                with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                    self._call("write", [contact_id], change)
            with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                self._call("create", [{**values, "state": "connected"}])
        self.assertTrue(self._call("write", [contact_id], {"first_name": "Anna"}))

    def _call(self, method, *args):
        params = {"model": "ecm.contact", "method": method, "args": args, "kwargs": {}}
        return self.make_jsonrpc_request(f"/web/dataset/call_kw/ecm.contact/{method}", params)
