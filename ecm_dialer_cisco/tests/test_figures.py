from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.tools import mute_logger

from ..clients.base import CampaignFigures
from ..clients.exceptions import Busy, NotFound, Unauthorized
from .common import DialerCase

ENGINE = "odoo.addons.ecm_dialer_cisco.models.ecm_engine_figures"
NOW = datetime(2026, 3, 2, 9, 0)


class TestFigures(DialerCase):
    """What CCE's REST interface counts of its campaigns is read, shown, and heeded where somebody
    wants that (F1, R9).
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dialer.write(
            {
                "provider": "cce",
                "cce_delivery": "rest",
                "host": "logger.invalid",
                "cce_reporting_host": "aw.invalid",
            }
        )

    def setUp(self):
        super().setUp()
        frozen = freeze_time(NOW)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)
        self.client.counted = {"7": CampaignFigures(records=9, closed=4, attempts=12, busy=3)}

    def read(self, **delta):
        self.clock.tick(timedelta(**delta))
        with mute_logger(ENGINE):
            self.engine._read_figures_safely(self.dialer)
        self.env.invalidate_all()

    def read_health(self):
        readings = self.env["ecm.health"].sudo()._get_health_readings()
        key = f"ecm.dialer,{self.dialer.id},figures"
        return next((each for each in readings if each.key == key), None)

    def test_they_are_kept_with_the_campaign_and_shown_in_health(self):
        self.read()
        target = self.target
        self.assertEqual(
            (target.counted_records, target.counted_closed, target.counted_attempts),
            (9, 4, 12),
        )
        self.assertEqual((target.counted_busy, target.counted_voice), (3, 0))
        self.assertEqual((target.counted_at, self.dialer.figures_at), (NOW, NOW))
        reading = self.read_health()
        self.assertEqual((reading.backlog, reading.last_success_at, reading.error), (5, NOW, ""))
        self.assertEqual((reading.behind, reading.is_failing), (0, False))

    def test_only_dialers_that_tell_them_are_asked(self):
        self.dialer.cce_delivery = "database"
        self.read()
        self.assertFalse(self.dialer.figures_at)
        self.assertIsNone(self.read_health())

    def test_only_campaigns_that_are_fed_from_here_are_asked_about(self):
        self.env["ecm.dialer.campaign"].create(
            {"dialer_id": self.dialer.id, "key": "8", "name": "Others", "kind": "agent"}
        )
        self.read()
        self.assertEqual(self.client.asked_figures, ["7"])

    def test_they_are_read_every_five_minutes_and_at_each_turn_where_room_depends_on_them(self):
        self.read()
        self.read(minutes=1)
        self.assertEqual(len(self.client.asked_figures), 1)
        self.read(minutes=5)
        self.assertEqual(len(self.client.asked_figures), 2)
        self.dialer.cce_heeds_count = True
        self.read(minutes=1)
        self.assertEqual(len(self.client.asked_figures), 3)

    def test_a_busy_dialer_is_left_alone_longer_each_time(self):
        self.client.counted = {"7": Busy("busy")}
        for _time in range(3):
            self.read(minutes=1)
        self.assertEqual((self.dialer.figures_failures, self.dialer.figures_error), (3, "busy"))
        self.assertTrue(self.read_health().is_failing)
        self.assertEqual(len(self.client.asked_figures), 3)
        self.read()
        self.assertEqual(len(self.client.asked_figures), 3)
        # The dialer is fed all the same.
        self._create_contacts(1)
        self.feed()
        self.assertEqual(len(self.client.dialled), 1)
        self.client.counted = {"7": CampaignFigures(records=1, closed=1)}
        self.read(minutes=5)
        self.assertFalse(self.dialer.figures_failures)
        self.assertEqual(self.read_health().backlog, 0)

    def test_after_a_busy_answer_no_other_campaign_is_asked_about(self):
        other = self.target.copy({"key": "8", "name": "Another"})
        self._create_campaign("Another", dialer_campaign_id=other.id)
        self.client.counted = dict.fromkeys("78", Busy("busy"))
        self.read()
        self.assertEqual(len(self.client.asked_figures), 1)

    def test_a_campaign_without_figures_keeps_no_other_waiting(self):
        other = self.target.copy({"key": "8", "name": "Another"})
        self._create_campaign("Another", dialer_campaign_id=other.id)
        self.client.counted |= {"8": NotFound("gone")}
        self.read()
        self.assertEqual((self.target.counted_records, other.figures_error), (9, "gone"))
        reading = self.read_health()
        self.assertEqual((reading.backlog, reading.error), (5, "Another: gone"))

    def test_with_a_wrong_password_nobody_knocks_for_a_while(self):
        self.client.counted = {"7": Unauthorized("no")}
        self.read()
        self.read(minutes=1)
        self.assertEqual(len(self.client.asked_figures), 1)

    def test_room_is_what_was_sent_from_here_unless_the_count_is_heeded(self):
        self.dialer.contacts_at_dialer = 10
        self.client.counted = {"7": CampaignFigures(records=12, closed=5)}
        self.read()
        self.assertEqual(self.target._get_room(), 10)
        self.dialer.cce_heeds_count = True
        self.assertEqual(self.target._get_room(), 3)
        # Ours may stand in the queue of imports, and are not counted yet.
        self._create_contacts(3)
        self.feed()
        self.assertEqual((len(self.client.dialled), self.target._get_room()), (3, 3))
        self.client.counted = {"7": CampaignFigures(records=5, closed=5)}
        self.read(minutes=1)
        self.assertEqual(self.target._get_room(), 7)

    def test_an_old_or_partial_count_is_not_heeded(self):
        self.dialer.write({"contacts_at_dialer": 10, "cce_heeds_count": True})
        self.client.counted = {"7": CampaignFigures(records=12)}
        self.read()
        self.assertEqual(self.target._get_room(), 10)
        self.client.counted = {"7": CampaignFigures(records=12, closed=5)}
        self.read(minutes=1)
        self.assertEqual(self.target._get_room(), 3)
        self.clock.tick(timedelta(minutes=11))
        self.assertEqual(self.target._get_room(), 10)

    def test_a_retry_button_reads_them_with_the_next_turn(self):
        self.client.counted = {"7": Busy("busy")}
        for _time in range(3):
            self.read(minutes=1)
        self.env["ecm.health"]._retry_reading("figures", self.dialer)
        self.client.counted = {"7": CampaignFigures(records=2, closed=1)}
        self.read()
        self.assertEqual(self.read_health().backlog, 1)
