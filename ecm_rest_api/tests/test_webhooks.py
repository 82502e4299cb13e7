import json
import threading
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from standardwebhooks.webhooks import Webhook

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError

from ..exceptions import WrongValue
from ..models import ecm_webhook
from ..tools.sender import Sent
from .common import ApiCase
from odoo.addons.ecm_campaign.tests.common import ResultCase

URL = "https://crm.example.com/outcomes"


class Receivers:
    """Stands in for the sender: notes what would leave, and answers as it is told."""

    def __init__(self):
        self.requests = []
        self.answers = {}

    def __call__(self, _allowed):
        return self

    def send(self, url, body, headers):
        self.requests.append((url, body, headers))
        answers = self.answers.get(url, [])
        return answers.pop(0) if answers else Sent(200, "", 0.01)

    def close(self):
        pass


class TestWebhooks(ApiCase, ResultCase):
    """Other systems are told of results, signed, until they take them (requirement R4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.create_user("administrator", login="ecm_webhooks")
        _key, cls.secret = cls.create_key("Webhooks", user=cls.administrator)
        cls.env["ecm.webhook"].search([]).active = False

    def setUp(self):
        super().setUp()
        self.receivers = Receivers()
        self.patch(ecm_webhook, "Sender", self.receivers)

    def make(self, **values):
        response = self.post("/webhooks", {"name": "CRM", "url": URL, **values})
        self.assertEqual(response.status_code, 201, response.text)
        return response.json()

    def tell(self, number=1, campaign=None):
        """So many results, and what is sent of them."""
        for _number in range(number):
            self.end(self.send(self.create_contact(campaign)), "busy")
        return self.run_cron()

    def run_cron(self):
        """:return: bodies of the requests"""
        self.receivers.requests.clear()
        self.env["ecm.webhook"]._cron_send()
        self.env.invalidate_all()
        return [json.loads(body) for _url, body, _headers in self.receivers.requests]

    def deliveries(self, webhook):
        domain = [("webhook_id", "=", webhook["id"])]
        return self.env["ecm.webhook.delivery"].search(domain, order="id")

    def test_a_receiver_checks_the_signature_with_the_librarys_code(self):
        webhook = self.make()
        [body] = self.tell(2)
        self.assertEqual([one["outcome"] for one in body["events"]], ["busy", "busy"])
        [(url, content, headers)] = self.receivers.requests
        self.assertEqual(url, URL)
        self.assertEqual(Webhook(webhook["secret"]).verify(content, headers), body)
        with self.assertRaises(Exception):  # noqa: B017  the library's own
            Webhook(webhook["secret"]).verify(content + b" ", headers)
        [delivery] = self.deliveries(webhook)
        self.assertEqual(
            (delivery.state, delivery.tries, delivery.event_count), ("delivered", 1, 2)
        )
        self.assertEqual(self.run_cron(), [])

    def test_the_secret_is_shown_once(self):
        webhook = self.make()
        shown = self.get(f"/webhooks/{webhook['id']}").json()
        self.assertNotIn("secret", shown)
        renewed = self.post(f"/webhooks/{webhook['id']}/secret", None).json()
        self.assertNotEqual(renewed["secret"], webhook["secret"])
        self.tell()
        [(_url, content, headers)] = self.receivers.requests
        Webhook(renewed["secret"]).verify(content, headers)
        record = self.env["ecm.webhook"].browse(webhook["id"]).with_user(self.administrator)
        with self.assertRaises(AccessError):
            record.read(["secret"])
        self.env["ir.config_parameter"].set_param("ecm_rest_api.log_details", "1")

    def test_what_was_before_is_not_told_unless_it_is_asked_for(self):
        self.tell()
        webhook = self.make()
        self.assertEqual(self.run_cron(), [])
        begin = self.get("/outcomes?cursor=latest").json()["next_cursor"]
        [body] = self.tell()
        told = body["events"][0]["id"]
        answer = self.post(f"/webhooks/{webhook['id']}/replay", {"cursor": begin})
        self.assertEqual(answer.status_code, 202, answer.text)
        [body] = self.run_cron()
        self.assertEqual([one["id"] for one in body["events"]], [told])
        self.post(f"/webhooks/{webhook['id']}/replay", None)
        self.assertGreaterEqual(sum(len(one["events"]) for one in self.run_cron()), 2)

    def test_so_many_at_once(self):
        self.make(batch_size=2)
        bodies = self.tell(5)
        self.assertEqual([len(body["events"]) for body in bodies], [2, 2, 1])
        ids = [one["id"] for body in bodies for one in body["events"]]
        self.assertEqual(ids, sorted(ids))

    def test_of_some_campaigns_and_without_corrections(self):
        other = self.create_campaign("Other", strategy_id=self.own_strategy.id)
        self.make(campaign_ids=[other.id], event_kind="outcome")
        self.assertEqual(self.tell(), [])
        [body] = self.tell(1, other)
        attempt = self.env["ecm.attempt"].browse(body["events"][0]["attempt_id"])
        self.assertEqual(attempt.campaign_id, other)
        # Told a second time, it is a correction.
        self.env["ecm.api.event"]._note(attempt.ids)
        self.assertEqual(self.run_cron(), [])
        self.make(name="All")
        self.env["ecm.api.event"]._note(attempt.ids)
        [body] = self.run_cron()
        self.assertEqual(body["events"][0]["type"], "outcome_corrected")

    def test_a_receiver_that_fails_is_tried_again_later_and_in_order(self):
        webhook = self.make(batch_size=1)
        self.receivers.answers[URL] = [Sent(503, "HTTP 503", 0.01)]
        self.assertEqual(len(self.tell(2)), 1)
        record = self.env["ecm.webhook"].browse(webhook["id"])
        self.assertEqual((record.failure_count, record.last_error), (1, "HTTP 503"))
        first, second = self.deliveries(webhook)
        self.assertEqual((first.state, first.status, first.tries), ("waiting", 503, 1))
        self.assertEqual(self.run_cron(), [])
        with freeze_time(fields.Datetime.now() + timedelta(seconds=15)):
            bodies = self.run_cron()
        uids = [headers["webhook-id"] for _url, _body, headers in self.receivers.requests]
        self.assertEqual((len(bodies), uids), (2, [first.uid, second.uid]))
        self.assertEqual((record.failure_count, record.last_error), (0, False))
        self.assertEqual(first.tries, 2)

    def test_the_receivers_own_pause_holds(self):
        webhook = self.make()
        self.receivers.answers[URL] = [Sent(429, "HTTP 429", 0.01, wait=1800)]
        self.tell()
        record = self.env["ecm.webhook"].browse(webhook["id"])
        pause = record.paused_until - fields.Datetime.now()
        self.assertAlmostEqual(pause.total_seconds(), 1800, delta=20)

    def test_one_that_is_refused_for_what_it_holds_keeps_no_other_back(self):
        webhook = self.make(batch_size=1)
        self.receivers.answers[URL] = [Sent(400, "HTTP 400", 0.01)]
        self.assertEqual(len(self.tell(3)), 3)
        states = self.deliveries(webhook).mapped("state")
        self.assertEqual(states, ["waiting", "delivered", "delivered"])

    def test_one_that_fails_delays_no_other(self):
        self.make()
        other = "https://other.example.com/x"
        self.make(name="Other", url=other)
        self.receivers.answers[URL] = [Sent(0, "ConnectTimeoutError", 10.0)]
        self.tell()
        self.assertEqual({url for url, _body, _headers in self.receivers.requests}, {URL, other})
        self.tell()
        self.assertEqual([url for url, _body, _headers in self.receivers.requests], [other])

    def test_one_that_is_slow_delays_no_other(self):
        """The others have got all of theirs before the slow one has answered the first time."""
        others = threading.Event()
        self.make(batch_size=1)
        self.make(name="Other", url="https://other.example.com/x", batch_size=1)
        waited = []

        def send(url, body, headers):
            self.receivers.requests.append((url, body, headers))
            if url == URL and not waited:
                waited.append(others.wait(20))
            if [one[0] for one in self.receivers.requests].count(
                "https://other.example.com/x"
            ) == 3:
                others.set()
            return Sent(200, "", 0.01)

        self.receivers.send = send
        self.assertEqual(len(self.tell(3)), 6)
        self.assertEqual(waited, [True])

    def test_a_receiver_that_is_gone_is_switched_off(self):
        webhook = self.make()
        self.receivers.answers[URL] = [Sent(410, "HTTP 410", 0.01)]
        self.tell()
        self.assertFalse(self.get(f"/webhooks/{webhook['id']}").json()["active"])
        self.assertEqual(self.tell(), [])
        # Mended, it goes on where it was.
        self.call("PATCH", f"/webhooks/{webhook['id']}", {"active": True})
        with freeze_time(fields.Datetime.now() + timedelta(seconds=60)):
            self.assertEqual(sum(len(one["events"]) for one in self.run_cron()), 2)

    def test_one_that_nobody_takes_is_given_up(self):
        webhook = self.make()
        self.receivers.answers[URL] = [Sent(500, "HTTP 500", 0.01)] * 2
        self.tell()
        with freeze_time(fields.Datetime.now() + timedelta(days=4)):
            self.run_cron()
        [delivery] = self.deliveries(webhook)
        self.assertEqual((delivery.state, delivery.tries), ("failed", 2))
        path = f"/webhooks/{webhook['id']}/deliveries"
        [shown] = self.get(path).json()["items"]
        self.assertEqual((shown["state"], shown["error"]), ("failed", "HTTP 500"))
        answer = self.post(f"{path}/{delivery.id}/replay", None)
        self.assertEqual(answer.status_code, 202, answer.text)
        self.env["ecm.webhook"].browse(webhook["id"]).url = URL
        [_body] = self.run_cron()
        self.assertEqual(delivery.state, "delivered")
        self.assertEqual(self.receivers.requests[0][2]["webhook-id"], shown["uid"])

    def test_a_death_between_sending_and_noting_sends_again(self):
        """At least once: with the same id, by which the receiver knows it."""
        webhook = self.make()
        delivery = self.env["ecm.webhook.delivery"]
        dying = patch.object(type(delivery), "_note_sent", side_effect=KeyboardInterrupt)
        with dying, suppress(KeyboardInterrupt):
            self.tell()
        [left] = self.deliveries(webhook)
        self.assertEqual((left.state, left.tries), ("waiting", 1))
        with freeze_time(fields.Datetime.now() + timedelta(seconds=15)):
            [_body] = self.run_cron()
        self.assertEqual(self.receivers.requests[0][2]["webhook-id"], left.uid)

    def test_one_that_is_deleted_while_it_is_sent_keeps_no_other_from_being_noted(self):
        webhook = self.make()
        other = self.make(name="Other", url="https://other.example.com/x")
        record = self.env["ecm.webhook"].browse(webhook["id"])
        note = type(self.env["ecm.webhook.delivery"])._note_sent

        def delete_first(delivery, sent):
            if delivery.exists() and delivery.webhook_id == record:
                record.unlink()
            note(delivery, sent)

        self.patch(type(self.env["ecm.webhook.delivery"]), "_note_sent", delete_first)
        self.tell()
        self.assertFalse(record.exists())
        self.assertEqual(self.deliveries(other).state, "delivered")

    def test_a_test_without_results(self):
        webhook = self.make()
        self.assertEqual(self.post(f"/webhooks/{webhook['id']}/test", None).status_code, 202)
        [body] = self.run_cron()
        self.assertEqual((body["type"], body["events"]), ("test", []))

    def test_addresses_that_nothing_is_sent_to(self):
        for url in (
            "http://crm.example.com/",
            "ftp://xyz",
            "https://a:b@crm.example.com/",
            "https://",
        ):
            with self.subTest(url):
                response = self.post("/webhooks", {"name": "CRM", "url": url})
                self.assertProblem(response, "invalid", 422, "url")
        settings = self.env["ecm.api.settings"].create({"webhook_hosts": "crm.local 10.0.0.0/8"})
        settings.action_save()
        self.make(url="http://crm.local:8080/x")
        self.make(url="http://10.1.2.3/x")
        settings.webhook_hosts = "a/b"
        with self.assertRaises(UserError):
            settings.action_save()

    def test_who_may_not_and_what_is_of_others(self):
        webhook = self.make()
        path = f"/webhooks/{webhook['id']}"
        _key, supervisor = self.create_key("Supervisor")
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_webhooks_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        _key, foreign = self.create_key("Foreign", user=foreigner)
        _key, reader = self.create_key("Reader", "webhooks:read", user=self.administrator)
        [_body] = self.tell()
        [delivery] = self.deliveries(webhook)
        for method, where, body in (
            ("GET", path, None),
            ("PATCH", path, {"name": "x"}),
            ("POST", f"{path}/secret", None),
            ("POST", f"{path}/test", None),
            ("POST", f"{path}/replay", None),
            ("GET", f"{path}/deliveries", None),
            ("POST", f"{path}/deliveries/{delivery.id}/replay", None),
            ("DELETE", path, None),
        ):
            with self.subTest(f"{method} {where}"):
                response = self.call(method, where, body, secret=foreign)
                self.assertProblem(response, "not-found", 404)
                response = self.call(method, where, body, secret=supervisor)
                self.assertProblem(response, "forbidden", 403)
                if method != "GET":
                    response = self.call(method, where, body, secret=reader)
                    self.assertProblem(response, "scope", 403)
        self.assertEqual(self.get("/webhooks", secret=foreign).json()["items"], [])
        self.assertEqual(self.call("DELETE", path).json(), {"id": webhook["id"]})

    def test_a_webhook_of_another_company_is_told_nothing(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        self.env["ecm.webhook"].create({"name": "x", "url": URL, "company_id": company.id})
        self.assertEqual(self.tell(), [])

    def test_the_verbs(self):
        webhooks = self.env["ecm.webhook"].with_user(self.administrator)
        made = webhooks.api_create({"name": "CRM", "url": URL})
        self.assertTrue(made["secret"].startswith("whsec_"))
        changed = webhooks.api_update(made["id"], {"batch_size": 5})
        self.assertEqual(changed["batch_size"], 5)
        for wrong in ({"name": "x"}, {"name": "x", "url": URL, "place": 1}):
            with self.subTest(str(wrong)), self.assertRaises(ValidationError):
                webhooks.api_create(wrong)
        for empty in (False, ""):
            with self.subTest(empty), self.assertRaises(WrongValue):
                webhooks.api_update(made["id"], {"url": empty})
        with self.assertRaises(AccessError):
            webhooks.with_user(self.user).api_create({"name": "CRM", "url": URL})
