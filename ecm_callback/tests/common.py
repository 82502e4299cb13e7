from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import fields

from ..exceptions import CallbackRefused
from odoo.addons.ecm_campaign.tests.common import ResultCase

# A Wednesday, nine o'clock in Berlin.
NOW = datetime(2026, 7, 1, 7)
NUMBER = "+493023125000"


class CallbackCase(ResultCase):
    """A skill in Berlin that is open from nine to five on weekdays, with an agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.callbacks = cls.create_strategy(
            "1", name="Callbacks", kind="callback", is_capped=True, max_attempts=4
        )
        for code in ("busy", "agent_no_answer"):
            cls.add_rule(cls.callbacks.attempt_ids[0], code, action="again", delay_minutes=20)
        cls.campaign.callback_strategy_id = cls.callbacks
        cls.campaign.presented_number = "+49 30 111"
        cls.hours = cls.env["ecm.calling.hours"].create(
            {
                "name": "Office",
                "saturday": False,
                **dict.fromkeys(
                    ("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00–17:00"
                ),
                "holiday_ids": [
                    fields.Command.create(
                        {"name": "Fair", "date_from": "2026-07-03", "date_to": "2026-07-03"}
                    )
                ],
            }
        )
        cls.skill = cls.create_skill("Sales desk")
        cls.user = cls.create_user("agent")
        cls.anna = cls.create_agent("Anna", user_id=cls.user.id)

    def setUp(self):
        super().setUp()
        frozen = freeze_time(NOW)
        self.time = frozen.start()
        self.addCleanup(frozen.stop)

    @classmethod
    def create_skill(cls, name, **values):
        return cls.env["ecm.callback.skill"].create(
            {
                "name": name,
                "campaign_id": cls.campaign.id,
                "hours_id": cls.hours.id,
                "tz": "Europe/Berlin",
                "slot_length": "30",
                "capacity": 2,
                **values,
            }
        )

    @classmethod
    def create_agent(cls, name, **values):
        return cls.env["ecm.callback.agent"].create({"name": name, "tz": "Europe/Berlin", **values})

    def ask(self, number=NUMBER, after=timedelta(hours=1), user=None, **values):
        """A callback that is asked for now.

        :param after: how long from now it is due
        """
        callbacks = self.env["ecm.callback"].with_user(user or self.env.user)
        return callbacks.create(
            {
                "number": number,
                "due_at": fields.Datetime.now() + after,
                "skill_id": self.skill.id,
                **values,
            }
        )

    def assertRefused(self, code, number=NUMBER, **values):  # noqa: N802  in the style of unittest
        """:return: the error"""
        with self.assertRaises(CallbackRefused) as caught:
            self.ask(number, **values)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def pass_time(self, **later):
        """The clock goes on, and the scheduler runs."""
        self.env.flush_all()
        self.time.move_to(fields.Datetime.now() + timedelta(**later))
        self.run_scheduler()

    def run_scheduler(self):
        self.env["ecm.callback"]._cron_schedule()
        self.env.invalidate_all()
