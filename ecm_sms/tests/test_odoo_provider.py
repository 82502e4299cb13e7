import re
from unittest.mock import patch

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, JsonRpcException, tagged

from ..odoo_gateway import OdooGateway
from ..sender import make_message
from .common import SmsCase
from odoo.addons.ecm_campaign.tools.circuit import CLOSED, OPEN
from odoo.addons.iap.tools import iap_tools

UUID = re.compile(r"[0-9a-f]{32}")


class FakeIap:
    """Odoo's paid service as ``iap_jsonrpc`` reaches it: keeps what it is sent, and says a state of
    each message.

    :param state: function from a number to the service's word, None: it says nothing of it
    """

    def __init__(self):
        self.calls, self.state, self.error = [], lambda number: "processing", None

    def call(self, url, method="call", params=None, timeout=15):
        """See ``iap_tools.iap_jsonrpc``."""
        self.calls.append((url, params))
        if self.error:
            raise_as_odoo(self.error)
        return [
            {"uuid": addressed["uuid"], "state": self.state(addressed["number"])}
            for message in params["messages"]
            for addressed in message["numbers"]
            if self.state(addressed["number"])
        ]


def raise_as_odoo(error):
    """As ``iap_jsonrpc`` has it: what went wrong stands behind Odoo's own error."""
    if isinstance(error, iap_tools.InsufficientCreditError):
        raise error
    try:
        raise error
    except (requests.RequestException, iap_tools.IAPServerError):
        # Odoo's own code does not chain it by hand either.
        raise AccessError(repr(error))  # noqa: B904


class OdooProviderCase(SmsCase):
    """A campaign on a gateway of the kind *Odoo's own*."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("sms.endpoint", "http://iap.example.com")
        cls.odoo = cls.env["ecm.sms.gateway"].create(
            {"name": "Odoo", "preset": "odoo", "is_enabled": True}
        )
        cls.texts = cls.create_texts("Through Odoo", sms_gateway_id=cls.odoo.id)

    def setUp(self):
        super().setUp()
        self.iap = FakeIap()
        patcher = patch.object(iap_tools, "iap_jsonrpc", self.iap.call)
        patcher.start()
        self.addCleanup(patcher.stop)

    def turn(self, gateway=None):
        """One turn of Odoo's gateway.

        :return: what its calls held
        """
        before = len(self.iap.calls)
        super().turn(gateway or self.odoo)
        return [params for _url, params in self.iap.calls[before:]]

    def get_tracker(self, contact):
        references = contact.sms_message_ids.mapped("reference")
        return self.env["sms.tracker"].search([("sms_uuid", "in", references)])


class TestOdooProvider(OdooProviderCase):
    """Messages of campaigns through Odoo's own providers (M1, M2)."""

    def test_they_go_as_odoo_sends_them(self):
        contacts = self.create_people(3)
        contacts[2].first_name = contacts[1].first_name
        [params] = self.turn()
        [(url, _params)] = self.iap.calls
        self.assertEqual(url, "http://iap.example.com/api/sms/3/send")
        self.assertTrue(params["webhook_url"].endswith("/sms/status"))
        counts = {each["content"]: len(each["numbers"]) for each in params["messages"]}
        self.assertEqual(counts, {"Hello P0!": 1, "Hello P1!": 2})
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})
        for contact in contacts:
            self.assertRegex(contact.sms_message_ids.reference, UUID)
            self.assertEqual(len(self.get_tracker(contact)), 1)

    def test_what_is_reported_to_odoo_is_applied(self):
        contacts = self.create_people(3)
        self.turn()
        arrived, wrong, late = map(self.get_tracker, contacts)
        arrived._action_update_from_sms_state("pending")
        arrived._action_update_from_sms_state("sent")
        wrong._action_update_from_provider_error("invalid_destination")
        late._action_update_from_provider_error("expired")
        self.turn()
        messages = [contact.sms_message_ids for contact in contacts]
        self.assertEqual([each.state for each in messages], ["delivered", "failed", "failed"])
        self.assertEqual(messages[1].failure, "sms_invalid_destination")
        self.assertEqual(messages[2].failure, "sms_expired")
        outcomes = contacts.attempt_ids.outcome_id.mapped("code")
        self.assertEqual(set(outcomes), {"invalid_number", "sms_failed"})

    def test_a_report_may_be_faster_than_the_receipt(self):
        contact = self.create_people(1)
        told = []

        def tell(number):
            if not told:
                told.append(number)
                self.env.invalidate_all()
                self.get_tracker(contact)._action_update_from_sms_state("sent")
            return "success"

        self.iap.state = tell
        self.turn()
        self.turn()
        self.assertEqual(contact.sms_message_ids.state, "delivered")

    def test_trackers_of_others_report_nothing_here(self):
        self.env["sms.tracker"].create({"sms_uuid": "a" * 32})._action_update_from_sms_state("sent")
        self.assertFalse(self.env["ecm.sms.report"].search([("gateway_id", "=", self.odoo.id)]))

    def test_what_the_service_says_of_one_message(self):
        said = {
            "0000": "success",
            "0001": "wrong_number_format",
            "0002": "country_not_supported",
            "0003": "duplicate_message",
            "0004": "server_error",
            "0005": None,
        }
        contacts = self.create_people(6)
        self.iap.state = lambda number: said[number[-4:]]
        self.turn()
        states = [contact.sms_message_ids.state for contact in contacts]
        self.assertEqual(states, ["sent", "failed", "failed", "failed", "doubtful", "doubtful"])
        codes = [contact.attempt_ids.outcome_id.code for contact in contacts]
        self.assertEqual(codes[:4], [False, "invalid_number", "sms_failed", "sms_failed"])
        self.assertEqual(set(contacts[4:].mapped("state")), {"sms_sent"}, "in doubt: not again")

    def test_without_credits_nobody_is_lost(self):
        contacts = self.create_people(3)
        self.iap.state = lambda number: "insufficient_credit"
        self.turn()
        self.assertEqual(set(contacts.mapped("state")), {"pending"})
        self.assertEqual(self.odoo.circuit_state, OPEN)
        self.assertIn("enough credits", self.odoo.last_error)
        self.assertNotIn("<a", self.odoo.last_error)
        self.iap.state = lambda number: "success"
        self.odoo.action_try_now()
        self.turn()
        self.assertEqual(set(contacts.mapped("state")), {"sms_sent"})
        self.assertEqual(self.odoo.circuit_state, CLOSED)

    def test_errors_of_the_call(self):
        refused = requests.ConnectionError(
            MaxRetryError(None, "/", NewConnectionError(None, "refused"))
        )
        denied, busy, broken = (requests.Response() for _each in range(3))
        denied.status_code, busy.status_code, broken.status_code = 401, 503, 500
        for error, kind in (
            (refused, "unreachable"),
            (requests.ConnectTimeout(), "unreachable"),
            (requests.HTTPError(response=denied), "misused"),
            (requests.HTTPError(response=busy), "busy"),
            (iap_tools.InsufficientCreditError("No credit"), "misused"),
            (requests.HTTPError(response=broken), "doubtful"),
            (requests.ReadTimeout(), "doubtful"),
            (requests.ConnectionError("reset"), "doubtful"),
            (iap_tools.IAPServerError("no"), "doubtful"),
        ):
            with self.subTest(error=repr(error)):
                self.iap.error = error
                self.odoo._close_circuit("sending")
                self.odoo._forget_failures()
                number = f"+4930231{len(self.iap.calls):04d}"
                contact = self.create_contact(self.texts, phone_1=number)
                self.turn()
                expected = "sms_sent" if kind == "doubtful" else "pending"
                self.assertEqual(contact.state, expected)
                self.assertTrue(self.odoo.last_error)
                contact.filtered(lambda each: each.state == "pending").unlink()

    def test_calls_are_small_and_end_with_a_failure(self):
        self.env["ir.config_parameter"].set_param("sms.session.batch.size", 2)
        contacts = self.create_people(5)
        self.iap.state = lambda number: "unregistered" if number.endswith("0002") else "success"
        calls = self.turn()
        self.assertEqual(len(calls), 2)
        self.assertEqual(
            contacts.mapped("state"), ["sms_sent", "sms_sent", "pending", "sms_sent", "pending"]
        )

    def test_the_rate_is_kept(self):
        waits = []
        gateway = OdooGateway(None, "", 10, rate=2)
        gateway._pace._sleep, gateway._pace._clock = waits.append, lambda: 0.0
        gateway._api = self.env.company._get_sms_api_class()(self.env)
        gateway.send([make_message(str(n), "+4930231250", "Hi") for n in range(3)])
        self.assertEqual(waits[-2:], [0.5, 1.0])

    def test_a_test_message_shows_what_odoo_is_asked(self):
        test = self.env["ecm.sms.test"].create({"gateway_id": self.odoo.id})
        test.write({"number": "+4930231250", "text": "Hi there"})
        test.action_send()
        self.assertEqual(test.verdict, "accepted")
        self.assertIn("Hi there", test.request)

    def test_the_companys_own_gateway_does_not_come_between(self):
        self.env.company.sms_gateway_id = self.gateway
        self.create_people(1)
        self.assertEqual(len(self.turn()), 1)
        self.assertFalse(self.env["ecm.sms.notice"].search([("gateway_id", "=", self.odoo.id)]))

    def test_chosen_for_odoos_own_messages_it_changes_nothing(self):
        self.env.company.sms_gateway_id = self.odoo
        sms = self.env["sms.sms"].create({"number": "+493023125000", "body": "Own"})
        with patch.object(self.registry["ir.cron"], "_commit_progress", lambda *_a, **_k: 0):
            sms._process_queue()
        [(_url, params)] = self.iap.calls
        self.assertEqual(params["messages"][0]["content"], "Own")

    def test_what_another_kind_has_left_behind_is_not_used(self):
        self.odoo.write({"poll_url": "http://gateway.example.com/{key}", "poll_status": "status"})
        contact = self.create_people(1)
        self.turn()
        self.wait(minutes=2)
        self.turn()
        self.assertFalse(contact.sms_message_ids.ask_at)

    def test_an_account_that_is_not_there_is_told(self):
        contact = self.create_people(1)
        problem = UserError("No service exists with the provided technical name")
        with patch.object(self.registry["iap.account"], "get", side_effect=problem):
            self.turn()
        self.assertIn("No service exists", self.odoo.last_error)
        self.assertEqual((contact.state, self.odoo.circuit_state), ("pending", OPEN))

    def test_its_form_asks_for_nothing(self):
        form = Form(self.env["ecm.sms.gateway"])
        form.name, form.preset = "Another", "odoo"
        gateway = form.save()
        self.assertFalse(gateway.takes_replies)
        form.preset = "kannel"
        gateway = form.save()
        self.assertTrue(gateway.takes_replies)
        self.assertIn("sendsms", gateway.url)


@tagged("post_install", "-at_install")
class TestOdooReports(OdooProviderCase, HttpCase):
    """Delivery reports where Odoo's own service tells them."""

    def tell(self, uuids, status):
        statuses = [{"sms_status": status, "uuids": uuids}]
        return self.make_jsonrpc_request("/sms/status", {"message_statuses": statuses})

    def test_a_report_of_the_service(self):
        contacts = self.create_people(3)
        self.turn()
        uuids = [contact.sms_message_ids.reference for contact in contacts]
        self.assertEqual(self.tell(uuids[:2], "delivered"), "OK")
        self.tell(uuids[2:], "not_delivered")
        self.tell(["b" * 32], "delivered")
        self.turn()
        states = [contact.sms_message_ids.state for contact in contacts]
        self.assertEqual(states, ["delivered", "delivered", "failed"])
        with self.assertRaises(JsonRpcException):
            self.tell(["no uuid"], "delivered")
