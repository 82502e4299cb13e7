"""What the engine's tests expect, while another transaction is in the way of each step."""

from . import test_claims, test_doubts, test_feed, test_refusals, test_results
from odoo.addons.ecm_campaign.tests.collisions import Collisions


class TestFeedInCollisions(Collisions, test_feed.TestFeed):
    """Claim, receipt, give back."""


class TestClaimsInCollisions(Collisions, test_claims.TestClaims):
    """Claims with limits that are counted over campaigns."""


class TestRefusalsInCollisions(Collisions, test_refusals.TestRefusals):
    """Halving and put-off."""


class TestDoubtsInCollisions(Collisions, test_doubts.TestDoubts):
    """What is settled by asking."""


class TestResultsInCollisions(Collisions, test_results.TestResults):
    """Results and what follows."""
