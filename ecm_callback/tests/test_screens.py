from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.ecm_campaign.tests.common import CampaignCase, TourCase

VIEWS = ("list", "form", "kanban", "calendar", "pivot", "graph", "search", "activity")


@tagged("post_install", "-at_install")
class TestScreens(TourCase, CampaignCase):
    """What a supervisor does with callbacks in Odoo (B10)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor", tz="Europe/Berlin")
        cls.campaign.callback_strategy_id = cls.env.ref("ecm_campaign.ecm_strategy_callback")
        cls.skill = cls.env["ecm.callback.skill"].create(
            {"name": "Front desk", "campaign_id": cls.campaign.id, "tz": "Europe/Berlin"}
        )

    def ask(self):
        return (
            self.env["ecm.callback"]
            .with_user(self.supervisor)
            .create(
                {
                    "number": "+493023125078",
                    "last_name": "Brandt",
                    "skill_id": self.skill.id,
                    "due_at": fields.Datetime.now() + timedelta(minutes=40),
                }
            )
        )

    def start(self, page, tour):
        self.start_tour(f"/odoo/{page}", tour, login=self.supervisor.login, timeout=120)
        self.env.invalidate_all()

    def test_every_view_renders(self):
        views = self.env["ecm.callback"].get_views([(False, name) for name in VIEWS])["views"]
        self.assertEqual(set(views), set(VIEWS))

    def test_the_report_counts_what_was_kept(self):
        callbacks = self.env["ecm.callback"]
        values = {
            "number": "+493023125078",
            "skill_id": self.skill.id,
            "due_at": "2026-01-05 09:00",
        }
        for kept in ("on_time", "on_time", "late", "missed"):
            callbacks._create_unchecked({**values, "state": "finished", "kept": kept})
        rows = callbacks.formatted_read_group(
            [("skill_id", "=", self.skill.id)], ["kept"], ["__count"]
        )
        counted = {row["kept"]: row["__count"] for row in rows}
        self.assertEqual(counted, {"on_time": 2, "late": 1, "missed": 1})

    def test_cancelled_in_the_form(self):
        callback = self.ask()
        self.start("outbound-my-callbacks?view_type=list", "ecm_callback_cancel")
        self.assertEqual(callback.state, "cancelled")

    def test_dragged_to_another_day_in_the_calendar(self):
        self.skill.horizon_days = 90
        first = fields.Date.today().replace(day=1)
        day = (first + timedelta(days=32)).replace(day=11)
        callback = self.ask()
        callback.due_at = fields.Datetime.to_datetime(day) + timedelta(hours=10)
        self.start("outbound-callbacks", "ecm_callback_drag")
        moved = fields.Datetime.to_datetime(day) + timedelta(days=1, hours=10)
        self.assertEqual((callback.due_at, callback.promised_at), (moved, moved))
        self.assertEqual(callback.move_count, 2)

    def test_a_free_slot_is_taken_in_the_form(self):
        before = self.env["ecm.callback"].search([])
        self.start("outbound-callbacks/new", "ecm_callback_free_slot")
        callback = self.env["ecm.callback"].search([]) - before
        self.assertEqual((callback.number, callback.state), ("+493023125078", "scheduled"))
        self.assertEqual(callback.due_at, callback.slot_at)

    def test_seen_in_the_calendar(self):
        self.ask()
        self.start("outbound-callbacks", "ecm_callback_calendar")
