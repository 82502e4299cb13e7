from unittest.mock import patch

from odoo.tests import tagged

from ..clients.answers import Answer
from ..clients.callbacks import Report
from .common import FakeGateway, SmsCase
from odoo.addons.sms.tools.sms_api import SmsApi


@tagged("post_install", "-at_install")
class TestOdooMessages(SmsCase):
    """Odoo's own messages through the company's gateway (M6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.sms_gateway_id = cls.gateway
        cls.partner = cls.env["res.partner"].create({"name": "Ann", "phone": "+493023125000"})

    def compose(self, partners, body="Hello", **values):
        """Send a message to partners, as Odoo's composer does."""
        composer = self.env["sms.composer"].create(
            {
                "body": body,
                "composition_mode": "mass" if len(partners) > 1 else "comment",
                "res_model": "res.partner",
                "res_ids": partners.ids,
                "mass_keep_log": True,
                **values,
            }
        )
        composer._action_send_sms()
        self.process_queue()
        self.env.flush_all()
        self.env.invalidate_all()

    def process_queue(self):
        """Odoo's scheduled action, without its commit."""
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_a, **_k: 0):
            self.env["sms.sms"]._process_queue()

    def get_notices(self):
        return self.env["ecm.sms.notice"].search([("gateway_id", "=", self.gateway.id)])

    def get_notification(self, partner=None):
        message = (partner or self.partner).message_ids[:1]
        return message.notification_ids

    def tell(self, status):
        key = self.get_notices()[:1].key
        self.env["ecm.sms.report"]._keep(self.gateway, [Report(key, "", status)])
        self.turn()

    def test_a_message_of_the_chatter_goes_through_it(self):
        self.compose(self.partner)
        self.assertEqual(self.get_notification().notification_status, "process")
        self.assertFalse(FakeGateway.sent, "it is written down first")
        [message] = self.turn()
        self.assertEqual((message.number, message.text), ("+493023125000", "Hello"))
        self.assertEqual(self.get_notification().notification_status, "pending")
        self.tell("1")
        self.assertEqual(self.get_notification().notification_status, "sent")
        self.assertFalse(self.turn(), "once")

    def test_what_is_not_delivered_is_seen_in_the_chatter(self):
        self.compose(self.partner)
        self.turn()
        self.tell("2")
        notification = self.get_notification()
        self.assertEqual(notification.notification_status, "exception")
        self.assertEqual(notification.failure_type, "sms_not_delivered")

    def test_what_the_gateway_refuses_is_seen_in_the_chatter(self):
        self.answer(Answer("refused", failure="sms_invalid_destination", text="unknown number"))
        self.compose(self.partner)
        self.turn()
        self.assertEqual(self.get_notices().state, "failed")
        self.assertIn(self.get_notification().notification_status, ("exception", "bounce"))

    def test_many_at_once(self):
        partners = self.env["res.partner"].create(
            [{"name": f"P{count}", "phone": f"+4930231260{count:02d}"} for count in range(20)]
        )
        self.compose(partners)
        self.assertEqual(len(self.turn()), 20)
        self.assertEqual(set(self.get_notices().mapped("state")), {"sent"})

    def test_a_gateway_that_takes_nothing_loses_none(self):
        self.answer(Answer("busy", text="later"))
        self.compose(self.partner)
        self.turn()
        self.assertEqual(self.get_notices().state, "queued")
        self.assertTrue(self.gateway.paused_until)
        self.answer(Answer("accepted"))
        self.wait(minutes=30)
        self.assertEqual(len(self.turn()), 1)
        self.assertFalse(self.gateway.last_error)

    def test_a_doubt_counts_as_sent(self):
        self.answer(Answer("doubtful"))
        self.compose(self.partner)
        self.turn()
        self.assertEqual(self.get_notices().state, "doubtful")
        self.answer(Answer("accepted"))
        self.wait(minutes=30)
        self.assertFalse(self.turn())
        self.assertEqual(self.get_notification().notification_status, "pending")

    def test_a_process_that_dies_while_it_sends_sends_nothing_again(self):
        self.compose(self.partner)
        notices = self.env["ecm.sms.notice"]
        self.assertEqual(len(notices._claim(self.gateway)), 1)
        self.assertFalse(self.turn(), "another process may be at it")
        self.wait(minutes=30)
        self.assertFalse(self.turn())
        self.assertEqual(self.get_notices().state, "doubtful")

    def test_what_is_a_day_old_is_not_sent(self):
        self.answer(Answer("busy"))
        self.compose(self.partner)
        self.env.cr.execute(
            "UPDATE ecm_sms_notice SET made_at = %s WHERE gateway_id = %s",
            ("2026-03-01 08:00:00", self.gateway.id),
        )
        self.answer(Answer("accepted"))
        self.env.invalidate_all()
        self.assertFalse(self.turn())
        self.assertEqual(self.get_notices().failure, "sms_expired")

    def test_wrong_numbers_and_a_gateway_that_is_off(self):
        messages = [
            {
                "content": "Hello",
                "numbers": [
                    {"uuid": "a" * 32, "number": "12"},
                    {"uuid": "b" * 32, "number": False},
                    {"uuid": "c" * 32, "number": "030 23125000"},
                ],
            }
        ]
        api_of_company = self.env.company._get_sms_api_class()(self.env)
        results = api_of_company._send_sms_batch(messages)
        states = [result["state"] for result in results]
        self.assertEqual(states, ["wrong_number_format", "sms_number_missing", "processing"])
        self.assertEqual(self.get_notices().number, "+493023125000")
        api_of_company._send_sms_batch(messages)
        self.assertEqual(len(self.get_notices()), 1, "what is on its way is not sent twice")
        self.gateway.is_enabled = False
        results = api_of_company._send_sms_batch(messages)
        self.assertEqual({result["state"] for result in results}, {"server_error"})

    def test_what_odoo_sends_is_for_administrators_and_not_for_ever(self):
        self.compose(self.partner)
        self.env["ecm.sms.notice"]._queue(self.gateway, "answer", [("+4930231250", "No", False)])
        notices = self.get_notices()
        supervisor, administrator = map(self.create_user, ("supervisor", "administrator"))
        seen = notices.with_user(supervisor).search([("id", "in", notices.ids)])
        self.assertEqual(seen.mapped("purpose"), ["answer"])
        seen = notices.with_user(administrator).search([("id", "in", notices.ids)])
        self.assertEqual(seen, notices)
        self.wait(days=31)
        self.env["ecm.sms.notice"]._gc_odoo()
        self.assertEqual(self.get_notices().mapped("purpose"), ["answer"])

    def test_they_go_before_campaigns(self):
        self.create_people(3)
        self.compose(self.partner)
        self.assertEqual(self.turn()[0].text, "Hello")

    # -- several companies ------------------------------------------------------------------------

    def create_company(self, name, **values):
        company = self.env["res.company"].create({"name": name})
        values = {"name": name, "is_enabled": True, "company_id": company.id, **values}
        company.sms_gateway_id = self.env["ecm.sms.gateway"].create(values)
        return company

    def queue_for(self, *companies):
        """One message of each company, in Odoo's queue."""
        for count, company in enumerate(companies):
            self.env["sms.sms"].with_company(company).create(
                {"number": f"+49302312500{count}", "body": company.name}
            )

    def test_two_companies_in_one_queue(self):
        first, second = self.create_company("First"), self.create_company("Second")
        self.queue_for(first, second)
        self.process_queue()
        for company in (first, second):
            gateway = company.sms_gateway_id
            texts = [message.text for message in self.turn(gateway)]
            self.assertEqual(texts, [company.name])

    def test_messages_of_records_of_two_companies(self):
        """Odoo's queue asks for the one company of all of them, and fails."""
        first, second = self.create_company("First"), self.create_company("Second")
        for company in (first, second):
            partner = self.env["res.partner"].create(
                {"name": company.name, "company_id": company.id, "phone": "+493023125000"}
            )
            message = partner.message_post(body=company.name, message_type="sms")
            self.assertEqual(message.record_company_id, company)
            self.env["sms.sms"].create(
                {"number": partner.phone, "body": company.name, "mail_message_id": message.id}
            )
        self.process_queue()
        self.assertEqual([m.text for m in self.turn(first.sms_gateway_id)], ["First"])
        self.assertEqual([m.text for m in self.turn(second.sms_gateway_id)], ["Second"])

    def test_companies_without_a_gateway_go_as_ever(self):
        plain, other = self.env["res.company"].create([{"name": "Plain"}, {"name": "Other"}])
        asked = []

        def take(_api, messages, delivery_reports_url=False):
            asked.extend(messages)
            numbers = [number for message in messages for number in message["numbers"]]
            return [{"uuid": number["uuid"], "state": "success"} for number in numbers]

        self.queue_for(plain, other, self.env.company)
        with patch.object(SmsApi, "_send_sms_batch", take):
            self.process_queue()
        self.assertEqual({message["content"] for message in asked}, {"Plain", "Other"})
        self.assertEqual(self.get_notices().text, self.env.company.name)
