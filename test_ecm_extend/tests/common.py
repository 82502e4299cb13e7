from odoo.addons.test_ecm_campaign.tests.common import EngineCase
from odoo.addons.test_ecm_extend.models.letter import POSTED

HOME, MOBILE = "+493023125001", "+493023125002"
# What follows no answer, on whatever channel: the attempt of that position after five minutes.
NEXT = {
    position: {
        "no_answer": {"next": position, "delay_minutes": 5},
        "busy": {"next": position, "delay_minutes": 5},
    }
    for position in (1, 2, 3)
}


class LetterCase(EngineCase):
    """Campaigns that call and write, on a fake dialer and a letter office."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.office = cls.env["ecm.letter.office"].create({"name": "Office"})

    def setUp(self):
        super().setUp()
        POSTED.clear()

    @classmethod
    def mix(cls, *attempts, **values):
        """A strategy whose attempts are on phone 1: each is ``(channel, rules)``, see
        `create_strategy`.
        """
        strategy = cls.create_strategy(*((1, rules) for _channel, rules in attempts), **values)
        for attempt, (channel, _rules) in zip(strategy.attempt_ids, attempts, strict=True):
            attempt.channel = channel
        return strategy

    def run_mixed(self, strategy, **values):
        """A running campaign on the dialer and the office."""
        return self.run_campaign(strategy, **{"letter_office_id": self.office.id, **values})

    def post(self):
        """One run of the feeder for the office.

        :return: what was posted in it
        """
        before = len(POSTED)
        self.engine._feed_target(self.office)
        self.env.invalidate_all()
        return POSTED[before:]

    def report(self, contact, code):
        """The office tells what came of a contact's letter.

        :return: how many attempts got a result
        """
        return self.office.receive_results({contact.current_attempt_id.key: code})

    def check(self, contact, name):
        """What Explain says in one of its checks: ``(verdict, sentence)``."""
        self.env.flush_all()
        checks = {row["check"]: row for row in contact.explain()[0]["checks"]}
        return checks[name]["verdict"], checks[name]["detail"]
