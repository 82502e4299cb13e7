import logging

from ..common import EngineCase

ENGINE = "odoo.addons.ecm_campaign.models.engine.ecm_engine"


class TestLog(EngineCase):
    """What an operator reads in the log of the feeder."""

    def feed_logged(self):
        """One run of the scheduled action.

        :return: list of ``(level, text)``
        """
        with self.assertLogs(ENGINE, logging.INFO) as logged:
            self.engine._feed_safely(self.target)
        return [(record.levelno, record.getMessage()) for record in logged.records]

    def test_a_feed_says_how_many_and_how_long(self):
        campaign = self.run_campaign(self.create_strategy((1, {})))
        self.create_contact(campaign)
        ((level, text),) = self.feed_logged()
        self.assertEqual(level, logging.INFO)
        self.assertRegex(text, r"^Fake: 1 sent in \d+\.\d s$")

    def test_a_feed_without_contacts_says_nothing(self):
        self.run_campaign(self.create_strategy((1, {})))
        with self.assertNoLogs(ENGINE, logging.INFO):
            self.engine._feed_safely(self.target)

    def test_the_first_failure_in_a_row_warns_and_the_recovery_is_told(self):
        campaign = self.run_campaign(self.create_strategy((1, {})))
        self.create_contact(campaign)
        self.target.fault = "unavailable"
        self.assertEqual(
            self.feed_logged(), [(logging.WARNING, "Fake: cannot be fed: down")], "the first"
        )
        self.wait(hours=1)
        self.target.fault = "unavailable"
        self.assertEqual(
            self.feed_logged(), [(logging.INFO, "Fake: cannot be fed: down")], "one of many"
        )
        self.wait(hours=1)
        recovery, (_level, sent) = self.feed_logged()
        self.assertIn("1 sent", sent)
        self.assertEqual(recovery, (logging.INFO, "Fake: works again after 2 failures"))
