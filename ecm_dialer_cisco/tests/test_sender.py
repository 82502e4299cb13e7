from datetime import datetime

from odoo.tests import BaseCase

from ..clients.base import PushReceipt
from ..clients.exceptions import Busy, InDoubt, NotFound, Rejected, Unauthorized, Unreachable
from ..sender import DialerSender
from .common import FakeClient
from odoo.addons.ecm_campaign import exceptions
from odoo.addons.ecm_campaign.tools.channel import Outgoing

NOW = datetime(2026, 11, 21, 12)


class TestSender(BaseCase):
    """What the engine is told of a client's answers: above all, what is surely not at the dialer
    (F6).
    """

    def setUp(self):
        super().setUp()
        self.client = FakeClient()
        self.sender = DialerSender(self.client, "7", "Sales")

    def send(self, *numbers):
        """:return: the receipt of contacts with the keys k-0, k-1 …"""
        batch = [
            Outgoing(place, f"k-{place}", place, number, "Ada", "Byron")
            for place, number in enumerate(numbers)
        ]
        return self.sender.send(batch)

    def test_names_and_numbers_arrive(self):
        receipt = self.send("+493023125000")
        [contact] = self.client.dialled
        self.assertEqual((contact.key, contact.number), ("k-0", "+493023125000"))
        self.assertEqual((contact.first_name, contact.last_name), ("Ada", "Byron"))
        self.assertEqual((receipt.accepted, receipt.refused), ({"k-0"}, set()))

    def test_what_the_dialer_refuses_is_told_apart(self):
        self.client.refuse_numbers = {"+493023125001"}
        receipt = self.send("+493023125000", "+493023125001")
        self.assertEqual((receipt.accepted, receipt.refused), ({"k-0"}, {"k-1"}))

    def test_errors_of_the_client_are_those_of_the_engine(self):
        for error, expected in (
            (InDoubt("no answer"), exceptions.InDoubt),
            (Rejected("bad row", "InvalidInput"), exceptions.Rejected),
            (Rejected("not for you", "403"), exceptions.Unavailable),
            (Unauthorized("wrong password", "401"), exceptions.Unavailable),
            (NotFound("no campaign", "404"), exceptions.Unavailable),
            (Busy("importing"), exceptions.Unavailable),
            (Unreachable("down"), exceptions.Unavailable),
        ):
            self.client.failures = [error]
            with self.subTest(error=error), self.assertRaisesRegex(expected, str(error)):
                self.send("+493023125000")

    def test_a_dialer_that_is_down_is_down_for_all_its_campaigns(self):
        for error, is_whole in (
            (Busy("importing"), False),
            (NotFound("no campaign", "404"), False),
            (Unauthorized("wrong password", "401"), True),
            (Unreachable("down"), True),
        ):
            self.client.failures = [error]
            with self.subTest(error=error), self.assertRaises(exceptions.Unavailable) as raised:
                self.send("+493023125000")
            self.assertEqual(raised.exception.whole_service, is_whole)

    def test_what_a_push_in_several_requests_left_over_is_told(self):
        for error, expected in (
            (Busy("importing"), exceptions.Unavailable),
            (Rejected("bad row", "InvalidInput"), exceptions.Unavailable),
            (InDoubt("no answer"), exceptions.InDoubt),
        ):
            self.client.receipt = PushReceipt(
                frozenset({"k-0"}), frozenset(), unsent=frozenset({"k-1"}), failure=error
            )
            receipt = self.send("+493023125000", "+493023125001")
            self.assertEqual((receipt.accepted, receipt.unsent), ({"k-0"}, {"k-1"}))
            self.assertIs(type(receipt.failure), expected)
            self.assertEqual(str(receipt.failure), str(error))

    def test_a_dialer_that_cannot_be_asked_says_nothing_of_what_it_knows(self):
        self.send("+493023125000")
        self.assertEqual(self.sender.find({"k-0", "k-9"}, NOW), {"k-0"})
        self.client.find_error = Busy("importing")
        with self.assertRaises(exceptions.Unavailable):
            self.sender.find({"k-0"}, NOW)
