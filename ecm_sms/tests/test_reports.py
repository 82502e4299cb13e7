from odoo.exceptions import ValidationError

from ..clients.answers import Answer
from ..clients.callbacks import Report
from ..models import ecm_sms_report
from .common import TAKEN, FakeGateway, SmsCase
from odoo.addons.ecm_campaign.tools.turn import Turn


class TestReports(SmsCase):
    """What a gateway reports of a message, in any order and any number (M2)."""

    def setUp(self):
        super().setUp()
        self.contacts = self.create_people(3)
        self.sent = self.turn()
        self.reports = self.env["ecm.sms.report"]

    def tell(self, *reports, gateway=None):
        """Reports that come together, each ``(key or contact, status)``."""
        told = []
        for whose, status in reports:
            key = whose if isinstance(whose, str) else whose.attempt_ids.key
            told.append(Report(key, "", status))
        self.reports._keep(gateway or self.gateway, told)

    def test_delivered(self):
        self.tell((self.contacts[0], "8"), (self.contacts[0], "1"), (self.contacts[1], "8"))
        self.turn()
        states = [contact.sms_message_ids.state for contact in self.contacts]
        self.assertEqual(states, ["delivered", "sent", "sent"])
        # A message that was delivered still waits for its reply.
        self.assertEqual(self.contacts[0].state, "sms_sent")
        self.assertFalse(self.reports.search([("gateway_id", "=", self.gateway.id)]))

    def test_a_failure_is_a_result(self):
        self.tell((self.contacts[0], "2"), (self.contacts[0], "2"))
        self.turn()
        attempt = self.contacts[0].attempt_ids
        self.assertEqual((attempt.outcome_id.code, attempt.raw_code), ("sms_failed", "2"))
        self.assertEqual(self.contacts[0].sms_message_ids.failure, "sms_not_delivered")
        self.assertEqual(self.contacts[0].state, "retries_completed")

    def test_nothing_goes_back(self):
        self.tell((self.contacts[0], "1"))
        self.turn()
        self.tell((self.contacts[0], "8"), (self.contacts[0], "1"))
        self.turn()
        self.assertEqual(self.contacts[0].sms_message_ids.state, "delivered")

    def test_a_report_before_the_receipt(self):
        contact = self.create_people(4)[3]

        def answer(message):
            self.reports._keep(self.gateway, [Report(message.key, "", "1")])
            self.reports._apply_waiting(self.gateway, Turn())
            return TAKEN

        # The answer touches records: nothing may be claimed on the same cursor meanwhile.
        self.patch(FakeGateway, "holds_records", True)
        self.answer(answer)
        self.turn()
        self.assertEqual(contact.sms_message_ids.state, "delivered")
        self.assertEqual(contact.current_attempt_id.state, "sent")

    def test_an_unknown_message_is_kept_and_shown(self):
        self.tell(("nobody's", "1"))
        self.turn()
        report = self.reports.search([("key", "=", "nobody's")])
        self.assertFalse(report.problem, "its message may be on its way")
        self.wait(minutes=11)
        self.turn()
        self.assertEqual(report.problem, "message")

    def test_an_unknown_status_is_kept_and_shown(self):
        self.tell((self.contacts[0], "lost in space"))
        self.turn()
        report = self.reports.search([("status", "=", "lost in space")])
        self.assertEqual(report.problem, "status")
        self.assertEqual(self.contacts[0].sms_message_ids.state, "sent")

    def test_another_gateway_tells_nothing_of_our_messages(self):
        other = self.gateway.copy({"name": "Other", "is_enabled": True})
        self.tell((self.contacts[0], "2"), gateway=other)
        self.turn(other)
        self.assertEqual(self.contacts[0].state, "sms_sent")

    def test_a_message_is_known_by_the_gateways_own_id(self):
        self.contacts[1].sms_message_ids.reference = "gw-7"
        self.reports._keep(self.gateway, [Report("", "gw-7", "1")])
        self.turn()
        self.assertEqual(self.contacts[1].sms_message_ids.state, "delivered")

    def test_many_at_once(self):
        reports = [(self.contacts[number % 3], "8") for number in range(20)]
        self.patch(ecm_sms_report, "REPORT_BATCH", 6)
        self.tell(*reports, *[(contact, "1") for contact in self.contacts])
        self.turn()
        self.assertEqual(set(self.contacts.sms_message_ids.mapped("state")), {"delivered"})
        self.assertFalse(self.reports.search([("gateway_id", "=", self.gateway.id)]))

    def test_ten_thousand_are_applied_in_a_turn(self):
        known = [(self.contacts[number % 3], "1") for number in range(5000)]
        unknown = [(f"nobody's {number}", "1") for number in range(5000)]
        self.tell(*known, *unknown)
        self.turn()
        self.assertEqual(set(self.contacts.sms_message_ids.mapped("state")), {"delivered"})
        left = [("gateway_id", "=", self.gateway.id)]
        self.assertEqual(self.reports.search_count(left), 5000)
        self.wait(minutes=11)
        self.turn()
        self.assertEqual(self.reports.search_count([*left, ("problem", "=", "message")]), 5000)

    def test_a_test_message_leaves_no_unknown_report(self):
        self.tell(("test-1f", "1"))
        self.turn()
        self.assertFalse(self.reports.search([("key", "=", "test-1f")]))


class TestAsking(SmsCase):
    """A gateway that does not report by itself is asked (M2)."""

    def setUp(self):
        super().setUp()
        self.gateway.write(
            {
                "poll_url": "http://gateway.test/status/{reference}",
                "poll_status": "status",
                "status_map": "arrived = delivered\nlost = sms_not_delivered\nunder way = sent",
            }
        )
        self.answer(lambda message: Answer("accepted", f"gw{message.number[-4:]}"))
        self.contacts = self.create_people(3)
        self.turn()
        self.messages = self.contacts.sms_message_ids.sorted("number")

    def ask(self, **said):
        """A turn in which the gateway says so of its ids.

        :return: the questions
        """
        FakeGateway.said, before = said, len(FakeGateway.asked)
        self.turn()
        return [question.reference for question in FakeGateway.asked[before:]]

    def test_it_is_asked_until_it_knows(self):
        self.assertFalse(self.ask(), "too early")
        self.wait(minutes=1)
        asked = self.ask(gw0000="arrived", gw0001="lost", gw0002="under way")
        self.assertEqual(sorted(asked), ["gw0000", "gw0001", "gw0002"])
        self.assertEqual(self.messages.mapped("state"), ["delivered", "failed", "sent"])
        self.assertEqual(self.messages[1].contact_id.state, "retries_completed")
        self.assertFalse(self.ask())
        self.wait(minutes=1)
        self.assertEqual(self.ask(gw0002="arrived"), ["gw0002"])
        self.wait(days=1)
        self.assertFalse(self.ask())

    def test_it_is_asked_ever_less_often_and_not_for_ever(self):
        count = 0
        for _quarter in range(4 * 24 * 4):
            self.wait(minutes=15)
            count += len(self.ask())
        self.assertLess(count, 3 * 80)
        self.assertGreater(count, 3 * 60)
        self.assertFalse(any(self.messages.mapped("ask_at")))

    def test_one_that_reports_by_itself_is_not_asked(self):
        self.gateway.poll_url = False
        contact = self.create_people(4)[3]
        self.turn()
        self.assertFalse(contact.sms_message_ids.ask_at)

    def test_an_address_needs_a_place_of_the_status(self):
        with self.assertRaises(ValidationError):
            self.gateway.poll_url = "http://gateway.test/{nobody}"
