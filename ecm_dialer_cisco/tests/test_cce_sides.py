from types import SimpleNamespace

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..clients.cce_config import Side
from ..clients.exceptions import Unauthorized, Unreachable
from .common import DialerCase

MODULE = "odoo.addons.ecm_dialer_cisco.models.ecm_dialer_cce_sides"
A, B = Side("A", "logger-a.invalid"), Side("B", "logger-b.invalid")


class TestCceSides(DialerCase):
    """Contacts are written to the side that answers, and not here and there (F8)."""

    def setUp(self):
        super().setUp()
        self.dialer.write(
            {
                "provider": "cce",
                "host": A.host,
                "host_2": B.host,
                "cce_reporting_host": "aw.invalid",
            }
        )
        self.silent = {}
        self.client.check_side = self.check_side
        self.client.config = SimpleNamespace(sides=[A, B])

    def check_side(self, side):
        if error := self.silent.get(side.name):
            raise error

    def turn(self, times=1):
        for _turn in range(times):
            config = self.dialer._prepare_client_config()
            self.client.config = SimpleNamespace(sides=config.sides)
            with mute_logger(MODULE):
                self.dialer._choose_side()
            self.env.invalidate_all()

    def get_side(self):
        config = self.dialer._prepare_client_config()
        return config.sides[0]

    def test_the_first_logger_is_written_to(self):
        self.assertEqual(self.dialer.cce_active_side, "A")
        self.assertEqual(self.get_side(), A)
        self.dialer.host_2 = False
        self.assertFalse(self.dialer.cce_active_side)
        self.assertEqual(self.dialer._prepare_client_config().sides, [A])

    def test_a_side_that_is_silent_three_times_in_a_row_is_left(self):
        self.silent = {"A": Unreachable("no network")}
        self.turn(2)
        self.assertEqual(self.get_side(), A)
        self.dialer.write({"sending_failures": 3, "sending_until": "2100-01-01"})
        self.turn()
        self.assertEqual(self.get_side(), B)
        self.assertTrue(self.dialer.cce_switched_at)
        self.assertFalse(self.dialer._is_left_alone("sending", self.dialer.cce_switched_at))
        # It does not go back by itself.
        self.silent = {}
        self.turn(5)
        self.assertEqual(self.get_side(), B)
        self.silent = {"B": Unreachable("no network")}
        self.turn(3)
        self.assertEqual(self.get_side(), A)

    def test_a_side_that_answers_in_between_is_kept(self):
        for _times in range(3):
            self.silent = {"A": Unreachable("no network")}
            self.turn(2)
            self.silent = {}
            self.turn()
        self.assertEqual(self.get_side(), A)

    def test_where_both_are_silent_nothing_changes(self):
        self.silent = {"A": Unreachable("no network"), "B": Unreachable("no network")}
        self.turn(5)
        self.assertEqual(self.get_side(), A)
        del self.silent["B"]
        self.turn()
        self.assertEqual(self.get_side(), B)

    def test_a_wrong_password_is_no_reason_to_leave(self):
        self.silent = {"A": Unauthorized("Login failed.")}
        self.turn(5)
        self.assertEqual(self.get_side(), A)

    def test_other_loggers_begin_with_the_first(self):
        self.dialer.action_switch_side()
        self.assertEqual(self.get_side(), B)
        self.dialer.host = "logger-c.invalid"
        self.assertEqual(self.get_side(), Side("A", "logger-c.invalid"))

    def test_an_administrator_changes_the_side(self):
        self.dialer.with_user(self._user("administrator")).action_switch_side()
        self.assertEqual(self.get_side(), B)
        with self.assertRaises(AccessError):
            self.dialer.with_user(self._user("supervisor")).action_switch_side()
        self.dialer.host_2 = False
        with self.assertRaisesRegex(UserError, "Logger of the other side"):
            self.dialer.action_switch_side()

    def test_over_rest_and_at_a_uccx_there_are_no_sides(self):
        self.dialer.cce_delivery = "rest"
        self.assertFalse(self.dialer.cce_active_side)
        self.silent = {"A": Unreachable("no network")}
        self.turn(3)
        self.assertFalse(self.dialer.cce_side_failures)
        config = self.dialer._prepare_client_config()
        self.assertEqual(config.rest.node_urls, ["https://aw.invalid:443"])
        self.dialer.cce_reporting_host_2 = "aw2.invalid"
        config = self.dialer._prepare_client_config()
        self.assertEqual(config.rest.node_urls[1:], ["https://aw2.invalid:443"])
        self.assertEqual(config.reporting_host_2, "aw2.invalid")

    def test_hosts_are_names(self):
        with self.assertRaisesRegex(ValidationError, "is not a host name"):
            self.dialer.cce_reporting_host_2 = "https://aw2.invalid"
