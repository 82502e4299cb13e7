from collections import defaultdict

from odoo import fields, models

from odoo.addons.ecm_campaign.exceptions import InDoubt, Rejected, Unavailable
from odoo.addons.ecm_campaign.tools.channel import Receipt

# What each target took, and the fault of its next request, by id: what is sent stays sent, whatever
# becomes of the transaction.
SENT = defaultdict(list)
FAULTS = {}


class EcmFakeTarget(models.Model):
    """A dialer that takes everything and calls nobody, unless it is told to fail."""

    _name = "ecm.fake.target"
    _description = "Fake Dialer"
    _inherit = ["ecm.feed.target"]
    _attempt_field = "fake_target_id"
    _channel = "voice"
    _sent_state = "sent_to_dialer"

    name = fields.Char(default="Fake")
    batch_size = fields.Integer(default=500)

    @property
    def sent(self):
        """What it took, as ``tools.channel.Outgoing``."""
        return SENT[self.id]

    @property
    def fault(self):
        """What happens to the next request: ``unavailable``, ``rejected``, ``lost_request``,
        ``lost_answer``; or a function that takes the batch first, and names one of these or answers.
        """
        return FAULTS.get(self.id)

    @fault.setter
    def fault(self, word):
        FAULTS[self.id] = word

    def _get_channel_label(self):
        return self.env._("Voice")

    def _get_awaiting_text(self, since, number):
        return self.env._(
            "It is at the dialer since %(since)s, with attempt %(number)s.",
            since=since,
            number=number,
        )

    def _get_running_campaigns(self):
        running = [("fake_target_id", "=", self.id), ("is_running", "=", True)]
        return self.env["ecm.campaign"].search(running, order="id")

    def _get_room(self):
        return 10_000 - self.env["ecm.attempt"]._count_at(self)

    def _get_batch_size(self):
        return self.batch_size

    def _get_sender(self):
        return FakeSender(self.id)


class FakeSender:
    """Keeps what it is sent."""

    def __init__(self, target_id):
        self.target_id = target_id

    def send(self, batch):
        """See ``tools.channel.Sender``."""
        fault = FAULTS.pop(self.target_id, None)
        if callable(fault):
            fault = fault(batch)
        if isinstance(fault, Receipt):
            return fault
        if fault == "unavailable":
            raise Unavailable("down")
        if fault == "rejected":
            raise Rejected("bad row")
        if fault == "lost_request":
            raise InDoubt("no answer")
        SENT[self.target_id] += batch
        if fault == "lost_answer":
            raise InDoubt("no answer")
        return Receipt(frozenset(outgoing.key for outgoing in batch))

    def find(self, keys):
        """See ``tools.channel.Sender``."""
        return {outgoing.key for outgoing in SENT[self.target_id]} & keys


class EcmAttempt(models.Model):
    _inherit = "ecm.attempt"

    fake_target_id = fields.Many2one("ecm.fake.target", readonly=True, index="btree_not_null")


class EcmCampaign(models.Model):
    _inherit = "ecm.campaign"

    fake_target_id = fields.Many2one("ecm.fake.target")

    def _get_feed_targets(self):
        return [*super()._get_feed_targets(), *self.fake_target_id]
