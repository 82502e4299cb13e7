"""What the dialer's tests expect, while another transaction is in the way of each step."""

from . import test_dialer, test_end_of_hours, test_feed, test_results
from odoo.addons.ecm_campaign.tests.collisions import Collisions


class TestFeedInCollisions(Collisions, test_feed.TestFeed):
    """Claims and receipts."""


class TestResultsInCollisions(Collisions, test_results.TestResults):
    """Results, callbacks at the dialer, what was deleted there."""


class TestEndOfHoursInCollisions(Collisions, test_end_of_hours.TestEndOfHours):
    """What is taken back."""


class TestDialerInCollisions(Collisions, test_dialer.TestDialer):
    """The mirror of campaigns, and purges."""
